"""Files that no letter can come out of, small ones, each with its own fault."""

import csv
import io
import struct
import subprocess
import zlib

import img2pdf
import numpy as np

import paper
import scanner

SIDE = 20_000  # pixels of the bomb's side


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb():
    """A valid PNG, bitonal, that swells from 49 KB to 400 million pixels.
    Deflate cannot do better than about 1 to 1030."""
    packer = zlib.compressobj(9)
    row = bytes(1 + SIDE // 8)
    data = b"".join(packer.compress(row * 500) for _ in range(SIDE // 500)) + packer.flush()
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def half(data):
    return data[: len(data) // 2]


def picture(page, form, **more):
    out = io.BytesIO()
    scanner.picture(page).save(out, form, dpi=(75, 75), **more)
    return out.getvalue()


def encrypted(pdf, folder):
    """The PDF with a user password, AES-128; the same bytes each time."""
    plain, locked = folder / "plain.tmp", folder / "encrypted.pdf"
    plain.write_bytes(pdf)
    subprocess.run(["qpdf", "--static-id", "--static-aes-iv", "--allow-weak-crypto",
                    "--encrypt", "geheim", "geheim", "128", "--use-aes=y", "--", plain, locked], check=True)
    plain.unlink()


FAULTS = (
    ("zero-bytes.pdf", "give-back", "an empty file: nothing was transferred"),
    ("garbage.bin", "give-back", "4 KB of noise: no kind of file that we know"),
    ("truncated.jpg", "give-back|ask-person", "the lower half of the picture is missing; must not be filed as if it were whole"),
    ("truncated.png", "give-back|ask-person", "the lower half of the picture is missing, the last chunk too"),
    ("truncated.tif", "give-back|ask-person", "two pages announced, the data end within them"),
    ("truncated.pdf", "give-back|ask-person", "no trailer and no cross-reference table: the transfer broke off"),
    ("encrypted.pdf", "ask-person", "opens only with a password, which is: geheim"),
    ("bomb.png", "give-back", "20,000 x 20,000 pixels in 49 KB: refused by its header, before any decoding"),
    ("text-named.pdf", "give-back", "plain text in spite of its name"),
)


def make(folder):
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(99)
    pages, _, _ = paper.letter("12-bauantrag", 75, colour=False)
    whole = img2pdf.convert([picture(pages[0], "JPEG", quality=50)], nodate=True, producer="Scanstation 4", engine=img2pdf.Engine.internal)
    two = io.BytesIO()
    images = [scanner.bitonal(p) for p in pages[:2]]
    images[0].save(two, "TIFF", save_all=True, append_images=images[1:], compression="group4", dpi=(75, 75))
    files = {
        "zero-bytes.pdf": b"",
        "garbage.bin": random.integers(0, 256, 4096, dtype=np.uint8).tobytes(),
        "truncated.jpg": half(picture(pages[0], "JPEG", quality=50)),
        "truncated.png": half(picture(scanner.steps(pages[0], 8), "PNG")),
        "truncated.tif": half(two.getvalue()),
        "truncated.pdf": half(whole),
        "bomb.png": bomb(),
        "text-named.pdf": "Dies ist kein PDF, sondern ein Text.\nDer Absender hat nur den Namen der Datei geändert.\n".encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    encrypted(whole, folder)
    with open(folder.parent / "bad.tsv", "w", encoding="utf-8", newline="") as f:
        rows = csv.writer(f, delimiter="\t", lineterminator="\n")
        rows.writerow(["file", "verdict", "fault"])
        rows.writerows(FAULTS)
