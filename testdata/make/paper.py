"""From the HTML of a letter to clean pages: pictures, text, or a PDF."""

import pathlib
import re
import subprocess
import tempfile

import numpy as np
from PIL import Image

import signature

HERE = pathlib.Path(__file__).resolve().parent

# Rotated and widely spaced words come out of a PDF letter by letter; the text is
# therefore taken from a second print in which nothing is rotated or spaced.
UPRIGHT = """<style>* { transform: none !important; letter-spacing: normal !important }
.side { left: 0 !important; transform: scale(.7) !important }</style>"""


def html(name, extra=""):
    """The whole HTML of a letter, with its signatures drawn."""
    body = (HERE / "pages" / f"{name}.html").read_text(encoding="utf-8")
    body = re.sub(r"\{\{signature (.*?)\}\}", lambda m: signature.svg(m[1]), body)
    css = (HERE / "pages" / "post.css").read_text(encoding="utf-8")
    return (f"<!doctype html><html lang=de><meta charset=utf-8><title>{name}</title>"
            f"<style>{css}</style>{body}{extra}</html>")


def printed(name, folder, extra=""):
    """The letter as a PDF that Chromium prints."""
    source = folder / "page.html"
    source.write_text(html(name, extra), encoding="utf-8")
    pdf = folder / f"page{len(extra)}.pdf"
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
         f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={pdf}", source.as_uri()],
        check=True, capture_output=True, timeout=120)
    return pdf


def texts(name, folder):
    """The words of each page in the order in which the HTML gives them."""
    pdf = printed(name, folder, UPRIGHT)
    raw = subprocess.run(["pdftotext", "-raw", "-enc", "UTF-8", pdf, "-"],
                         check=True, capture_output=True).stdout.decode("utf-8")
    # A soft hyphen is in the PDF whether or not the line breaks there; where it
    # does, Chromium adds a hyphen that one can see.
    raw = raw.replace("\u00ad\n\u2010", "-").replace("\u00ad\n", "").replace("\u00ad", "").replace("\u2010", "-")
    pages = raw.split("\f")[:-1]
    return ["\n".join(" ".join(line.split()) for line in page.strip().splitlines()) for page in pages]


def letter(name, dpi, colour=True):
    """Pictures (float arrays, 0 black to 1 white, rows x columns x 3 or rows x
    columns), texts, and the bytes of the printed PDF."""
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        pdf = printed(name, folder)
        subprocess.run(["pdftoppm", "-r", str(dpi), "-png", pdf, folder / "p"], check=True, capture_output=True)
        pictures = [np.asarray(Image.open(p).convert("RGB" if colour else "L"), dtype=np.float32) / 255
                    for p in sorted(folder.glob("p-*.png"))]
        found = texts(name, folder)
        if len(found) != len(pictures):
            raise SystemExit(f"{name}: {len(pictures)} pictures, {len(found)} pages of text; does a page overflow?")
        return pictures, found, pdf.read_bytes()
