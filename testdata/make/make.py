#!/usr/bin/env python3
"""Makes the sample letters, their texts, the table and the broken files.

Run it from anywhere: `python3 make.py` makes all, `python3 make.py 04 12` only
the letters whose names begin so (the table is always written whole, from the
files that are there). ../README.md says what it needs.
"""

import csv
import io
import pathlib
import sys

import img2pdf
import numpy as np
import pikepdf
from PIL import Image

import broken
import paper
import scanner
from recipes import LETTERS

OUT = paper.HERE.parent
LICENCE = "EUPL-1.2"


def sheet(random, page, r, back=None):
    """One side as the recipe's paper and scanner give it."""
    d = r.dpi
    page = scanner.toner(random, page, r.toner)
    page = scanner.pale(page, r.ink)
    page = scanner.soften(page, r.blur * d / 200)
    if back is not None:
        page = scanner.show_through(page, back, radius=3.0 * d / 200)
    page = scanner.paper(random, page, r.tint, r.grain, r.cloud)
    if r.folds:
        page = scanner.folds(random, page)
    if r.holes:
        page = scanner.holes(random, page, d)
    tint = r.tint if page.ndim == 3 else float(np.mean(r.tint))
    page = scanner.turn(page, r.skew + random.uniform(-0.15, 0.15), tint)
    page = scanner.dust(random, page, r.dust, r.streak)
    page = scanner.edges(page, left=r.lid, top=r.lid * 0.6, pixels=6 * d / 200)
    return np.clip((page - r.black) / (r.white - r.black), 0, 1)


def sides(random, r, pictures, texts):
    """All sides in the order of the scan, with their texts; blank backs too."""
    if not r.duplex:
        return [sheet(random, p, r) for p in pictures], texts
    pages, words = [], []
    empty = np.ones_like(pictures[0])
    for front, text in zip(pictures, texts):
        pages += [sheet(random, front, r), sheet(random, empty, r, back=front)]
        words += [text, ""]
    return pages, words


def jpeg(page, r, **more):
    out = io.BytesIO()
    scanner.picture(page).save(out, "JPEG", quality=r.quality, dpi=(r.dpi, r.dpi), optimize=True, **more)
    return out.getvalue()


def tiff(pages, dpi):
    """A TIFF of many pages: CCITT G4 for bitonal pictures, deflate for others."""
    out = io.BytesIO()
    first = pages[0]
    first.save(out, "TIFF", save_all=True, append_images=pages[1:], dpi=(dpi, dpi),
               compression="group4" if first.mode == "1" else "tiff_adobe_deflate")
    return out.getvalue()


def scanned_pdf(pictures):
    """A PDF with nothing but pictures, as an office scanner writes it."""
    return img2pdf.convert(pictures, nodate=True, producer="Scanstation 4", engine=img2pdf.Engine.internal)


def born_digital(pdf):
    """What Chromium printed, with fixed dates so that it comes out the same."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as doc:
        doc.docinfo["/CreationDate"] = doc.docinfo["/ModDate"] = "D:20261116093000+01'00'"
        doc.docinfo["/Title"] = "Antrag auf Informationszugang"
        doc.save(out, deterministic_id=True, linearize=False)
    return out.getvalue()


def photographed(random, r, page):
    """A phone's JPEG: pixels lie on their side, EXIF says how to turn them."""
    page = scanner.toner(random, page, r.toner)
    page = scanner.folds(random, scanner.paper(random, page, r.tint, r.grain))
    upright = scanner.picture(scanner.photo(random, page))
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn clockwise by 90 degrees to see it upright
    exif[0x010F], exif[0x0110] = "Muster", "Telefon 7"
    exif[0x0132] = "2026:11:08 18:21:40"
    out = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=r.quality, exif=exif, optimize=True)
    return out.getvalue()


def file(random, r, pictures, texts, printed):
    """The bytes of the letter's file, and the text of each side."""
    if r.form == "born-digital":
        return born_digital(printed), texts
    if r.form == "photo":
        return photographed(random, r, pictures[0]), texts
    pages, texts = sides(random, r, pictures, texts)
    pages = [np.rot90(p, 2) if r.upside_down else p for p in pages]
    if r.form == "jpeg":
        return jpeg(pages[0], r), texts
    if r.form == "png":
        out = io.BytesIO()
        image = scanner.picture(scanner.steps(pages[0], r.levels))
        if image.mode == "RGB":
            image = image.quantize(r.levels, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        image.save(out, "PNG", dpi=(r.dpi, r.dpi), optimize=True)
        return out.getvalue(), texts
    if r.form == "tiff":
        images = [scanner.bitonal(p) if r.bitonal else scanner.picture(scanner.steps(p, r.levels)) for p in pages]
        return tiff(images, r.dpi), texts
    if r.form == "pdf":
        bitonal = range(1, len(pages) + 1) if r.bitonal else r.bitonal_pages
        return scanned_pdf([tiff([scanner.bitonal(p)], r.dpi) if i in bitonal else jpeg(p, r)
                            for i, p in enumerate(pages, 1)]), texts
    raise SystemExit(f"{r.name}: no such form: {r.form}")


def make(r):
    random = np.random.default_rng(r.seed)
    data, texts = file(random, r, *paper.letter(r.stem, r.dpi, r.colour))
    (OUT / "letters" / r.name).write_bytes(data)
    text = "\f".join(t + "\n" if t else "" for t in texts)
    (OUT / "letters" / f"{r.stem}.txt").write_text(text, encoding="utf-8")
    print(f"{r.name}: {len(data) // 1024} KB, {len(texts)} pages", flush=True)


def table():
    """letters.tsv, from the recipes and the texts beside the letters."""
    with open(OUT / "letters.tsv", "w", encoding="utf-8", newline="") as f:
        rows = csv.writer(f, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        rows.writerow(["file", "pages", "blank", "department", "type", "turn", "kind", "notes", "licence"])
        for r in LETTERS:
            texts = (OUT / "letters" / f"{r.stem}.txt").read_text(encoding="utf-8").split("\f")
            blank = [str(i) for i, t in enumerate(texts, 1) if not t.strip()]
            turns = [r.turns.get(i, 180 if r.upside_down else 0) for i in range(1, len(texts) + 1)]
            rows.writerow([r.name, len(texts), ",".join(blank) or "-", r.type.split("-")[0] if r.type != "review" else "-",
                           r.type, ",".join(map(str, turns)), r.kind, r.notes, LICENCE])


def main(wanted):
    (OUT / "letters").mkdir(exist_ok=True)
    for r in LETTERS:
        if not wanted or any(r.name.startswith(w) for w in wanted):
            make(r)
    table()
    if not wanted or "bad" in wanted:
        broken.make(OUT / "bad")


if __name__ == "__main__":
    main(sys.argv[1:])
