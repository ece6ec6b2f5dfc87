#!/usr/bin/env python3
"""Reads every letter with tesseract and tells how well that went, and holds the
check digits of all numbers in the texts against their rules.

The error of a page is the share of the printed characters that were misread or
missed; noise is what was read where nothing is printed (tesseract makes words of
drawings, signatures, table lines and creases), as a share of the same. Words are
compared wherever they stand on the page, since columns and tables may be read in
another order. What holds neither letter nor digit is left out, and so are ² and
³, which tesseract's German model does not have. The limit is 2 %, for the phone's
picture 5 %; noise has none. `-v` prints the words.
"""

import csv
import pathlib
import re
import subprocess
import sys
import tempfile
from collections import Counter

from PIL import Image, ImageOps

import checkdigits

ROOT = pathlib.Path(__file__).resolve().parent.parent
NUMBERS = (
    ("IBAN", r"DE\d{2}(?:\s\d{4}){4}\s\d{2}", lambda s: checkdigits.iban_ok(re.sub(r"\s", "", s)) and re.sub(r"\s", "", s)[4] == "9"),
    ("Leitweg-ID", r"\b\d{8}-\w+-\d{2}\b", checkdigits.leitweg_ok),
    ("USt-IdNr.", r"\bDE\d{9}\b", lambda s: checkdigits.vat_ok(s) and s.startswith("DE999")),
    ("Kassenzeichen", r"\b\d{2}\.\d{4}\.\d{6}\.\d\b", checkdigits.kassenzeichen_ok),
)


def pictures(path, folder):
    """The pages of a letter as pictures, as a viewer would show them."""
    if path.suffix == ".pdf":
        subprocess.run(["pdftoppm", "-r", "300", "-gray", "-png", path, folder / "p"], check=True)
        return [Image.open(p) for p in sorted(folder.glob("p-*.png"))]
    image, pages = Image.open(path), []
    for i in range(getattr(image, "n_frames", 1)):
        image.seek(i)
        pages.append(ImageOps.exif_transpose(image.convert("L")))
        pages[-1].info["dpi"] = image.info.get("dpi", (300, 300))
    return pages


def read(image, folder):
    # A phone does not say how far away the paper was.
    dpi = round(image.info.get("dpi", (300, 300))[0])
    dpi = dpi if dpi > 100 else 280
    image.save(folder / "read.png", dpi=(dpi, dpi))
    return subprocess.run(["tesseract", folder / "read.png", "-", "-l", "deu+eng", "--psm", "3", "--dpi", str(dpi)],
                          check=True, capture_output=True, env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"}).stdout.decode()


def distance(a, b):
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def words(text):
    text = re.sub(r"\bm[²³23?]", "m", text)
    return [w for w in text.split() if any(c.isalnum() for c in w)]


def compare(printed, found):
    """(share of characters lost, share of noise, share of printed words found)."""
    want, got = words(printed), words(found)
    missing, extra = Counter(want) - Counter(got), Counter(got) - Counter(want)
    # Pair what was misread with what it should have been, nearest first.
    wrong, left = 0, list(extra.elements())
    for word in sorted(missing.elements(), key=len, reverse=True):
        best = min(left, key=lambda w: distance(word, w), default=None)
        if best is not None and distance(word, best) < len(word):
            wrong += distance(word, best)
            left.remove(best)
        else:
            wrong += len(word)
    printed = max(1, sum(map(len, want)))
    return wrong / printed, sum(map(len, left)) / printed, 1 - sum(missing.values()) / max(1, len(want))


def main(wanted):
    bad = 0
    for row in csv.DictReader(open(ROOT / "letters.tsv", encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE):
        path = ROOT / "letters" / row["file"]
        if wanted and not any(path.name.startswith(w) for w in wanted):
            continue
        texts = path.with_suffix(".txt").read_text(encoding="utf-8").split("\f")
        for name, pattern, holds in NUMBERS:
            for number in re.findall(pattern, "\n".join(texts)):
                if not holds(number):
                    bad += 1
                    print(f"{path.name}: {name} {number} does not hold")
        with tempfile.TemporaryDirectory() as tmp:
            folder = pathlib.Path(tmp)
            for i, (image, text, turn) in enumerate(zip(pictures(path, folder), texts, row["turn"].split(",")), 1):
                dpi = image.info.get("dpi")
                image = image.rotate(-int(turn), expand=True)
                if dpi:
                    image.info["dpi"] = dpi
                found = read(image, folder)
                if not text.strip():
                    print(f"{path.name} {i}: blank, {len(found.split())} words read")
                    continue
                error, noise, recall = compare(text, found)
                limit = 0.05 if "phone" in row["kind"] else 0.02
                if error > limit:
                    bad += 1
                print(f"{path.name} {i}: error {100 * error:.2f} %, noise {100 * noise:.2f} %, words found {100 * recall:.1f} %{'  <-- over the limit' if error > limit else ''}", flush=True)
                if "-v" in sys.argv:
                    want, got = Counter(words(text)), Counter(words(found))
                    print("   printed:", " ".join((want - got).elements()), "\n   read:   ", " ".join((got - want).elements()))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main([a for a in sys.argv[1:] if a != "-v"]))
