"""Check digits for the numbers that the sample letters carry.

The numbers must hold their check digit and must not belong to anybody:
bank codes begin with 9 (German bank codes begin with 1 to 8), VAT numbers with
DE999, the district of the Leitweg-ID does not exist, and the phone numbers are
from the ranges that the Bundesnetzagentur sets aside for films.
"""


def mod97(text):
    """Remainder of ISO 7064 Mod 97-10; letters count A=10 to Z=35."""
    return int("".join(str(int(c, 36)) for c in text)) % 97


def iban(bank, account):
    """German IBAN of a bank code and an account number, in groups of four."""
    bban = f"{bank:>08}{account:>010}"
    raw = f"DE{98 - mod97(bban + 'DE00'):02d}{bban}"
    return " ".join(raw[i : i + 4] for i in range(0, len(raw), 4))


def iban_ok(text):
    raw = text.replace(" ", "")
    return len(raw) == 22 and mod97(raw[4:] + raw[:4]) == 1


def leitweg(coarse, fine):
    """Leitweg-ID with its check number (KoSIT, format specification 2.0)."""
    return f"{coarse}-{fine}-{98 - mod97(coarse + fine + '00'):02d}"


def leitweg_ok(text):
    return mod97(text.replace("-", "").upper()) == 1


def mod11_10(digits):
    """Check digit of ISO 7064 Mod 11,10 (VAT and tax numbers)."""
    product = 10
    for d in digits:
        total = (int(d) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def vat(digits):
    return f"DE{digits}{mod11_10(digits)}"


def vat_ok(text):
    raw = text.replace(" ", "")[2:]
    return len(raw) == 9 and mod11_10(raw[:8]) == int(raw[8])


def luhn(digits):
    """Mod 10 check digit, which our town puts at the end of a Kassenzeichen."""
    total = 0
    for i, d in enumerate(reversed(digits)):
        n = int(d) * (2 if i % 2 == 0 else 1)
        total += n - 9 if n > 9 else n
    return -total % 10


def kassenzeichen(office, kind, number):
    """Kassenzeichen of our town: office, kind of revenue, number, check digit."""
    return f"{office}.{kind}.{number}.{luhn(office + kind + number)}"


def kassenzeichen_ok(text):
    raw = text.replace(".", "")
    return luhn(raw[:-1]) == int(raw[-1])
