"""What paper, scanners and phones do to a page.

A page is a float array, 0 black to 1 white: rows x columns (grey) or rows x
columns x 3 (colour). Each function gives a new page. All chance comes from the
generator that is handed in, so a letter comes out the same each time.
"""

import numpy as np
from PIL import Image
from scipy import ndimage


def planes(page):
    """The page as rows x columns x channels, one channel for grey."""
    return page if page.ndim == 3 else page[:, :, None]


def alike(page, value):
    """A rows x columns array shaped so that it multiplies or adds to page."""
    return value if page.ndim == 2 else value[:, :, None]


def clouds(random, shape, cell):
    """Smooth noise, about -1 to 1, that changes over `cell` pixels."""
    small = random.standard_normal((shape[0] // cell + 3, shape[1] // cell + 3)).astype(np.float32)
    big = ndimage.zoom(small, cell, order=1)[: shape[0], : shape[1]]
    return ndimage.gaussian_filter(big, cell / 2) * 1.6


def soften(page, radius):
    """The blur of toner on paper and of the scanner's lens, in pixels."""
    return ndimage.gaussian_filter(page, (radius, radius, 0) if page.ndim == 3 else radius)


def toner(random, page, amount=0.06):
    """Print that is not evenly black and whose edges are a little rough."""
    rough = clouds(random, page.shape[:2], 3) * amount + clouds(random, page.shape[:2], 40) * amount * 0.5
    return np.clip(page + alike(page, rough) * (1 - page) * 2, 0, 1)


def pale(page, ink):
    """Print with hardly any toner left: `ink` 1 is full black, 0 nothing."""
    return 1 - (1 - page) * ink


def paper(random, page, tint, grain=0.006, cloud=0.006):
    """Paper of a tint (grey value or RGB, 0 to 1) with clouds and grain."""
    tint = np.asarray(tint, dtype=np.float32)
    if page.ndim == 2:
        tint = tint.mean()
    shade = 1 + clouds(random, page.shape[:2], 180) * cloud + random.standard_normal(page.shape[:2]).astype(np.float32) * grain
    return np.clip(page * tint * alike(page, shade), 0, 1)


def show_through(page, other, amount=0.08, radius=3.0):
    """The print of the other side, mirrored, faint and blurred."""
    mirrored = soften(other[:, ::-1], radius)
    return np.clip(page - (1 - mirrored) * amount, 0, 1)


def folds(random, page, at=(105, 210), depth=0.07):
    """Creases across the page at millimetres from the top."""
    rows = np.arange(page.shape[0], dtype=np.float32)[:, None]
    columns = np.arange(page.shape[1], dtype=np.float32)[None, :]
    shade = np.ones(page.shape[:2], dtype=np.float32)
    for mm in at:
        y = mm / 297 * page.shape[0] + random.uniform(-6, 6) + columns * random.uniform(-0.003, 0.003)
        d = rows - y
        width = page.shape[0] / 297
        shade -= depth * np.exp(-((d / (0.35 * width)) ** 2)) - depth * 0.4 * np.exp(-(((d - width) / width) ** 2))
    return np.clip(page * alike(page, shade), 0, 1)


def holes(random, page, dpi, darkness=0.25):
    """Two filing holes at the left edge, 80 mm apart, seen as dark discs."""
    page = page.copy()
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    middle = page.shape[0] / 2 + random.uniform(-20, 20)
    for side in (-1, 1):
        d = np.hypot(y - (middle + side * 40 / 25.4 * dpi), x - 11 / 25.4 * dpi) - 2.75 / 25.4 * dpi
        inside = np.clip(0.5 - d / 2, 0, 1).astype(np.float32)
        page = page * alike(page, 1 - inside) + darkness * alike(page, inside)
    return page


def edges(page, left=0.0, right=0.0, top=0.0, bottom=0.0, pixels=14):
    """The shadow that the lid leaves along the rim, 0 none to 1 black."""
    h, w = page.shape[:2]
    y, x = np.arange(h, dtype=np.float32)[:, None], np.arange(w, dtype=np.float32)[None, :]
    shade = 1 - left * np.exp(-x / pixels) - right * np.exp(-(w - 1 - x) / pixels) - top * np.exp(-y / pixels) - bottom * np.exp(-(h - 1 - y) / pixels)
    return np.clip(page * alike(page, shade), 0, 1)


def dust(random, page, specks=40, streak=False):
    """Specks, and the fine line that dirt on the glass of a feeder draws."""
    page = page.copy()
    h, w = page.shape[:2]
    for _ in range(specks):
        y, x = int(random.integers(3, h - 3)), int(random.integers(3, w - 3))
        r = int(random.integers(1, 3))
        page[y : y + r, x : x + r] *= random.uniform(0.3, 0.8)
    if streak:
        x = int(w * random.uniform(0.955, 0.975))
        page[:, x : x + 1] *= 0.82
    return page


def turn(page, degrees, ground=0.94):
    """The page lying askew on the glass: clockwise degrees."""
    fill = tuple(int(255 * g) for g in (ground if hasattr(ground, "__len__") else (ground,) * planes(page).shape[2]))
    return array(picture(page).rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=fill if page.ndim == 3 else fill[0]))


def picture(page):
    return Image.fromarray((np.clip(page, 0, 1) * 255 + 0.5).astype(np.uint8))


def array(image):
    return np.asarray(image, dtype=np.float32) / 255


def grey(page):
    return page if page.ndim == 2 else page @ np.asarray([0.299, 0.587, 0.114], dtype=np.float32)


def bitonal(page, threshold=0.6):
    """Black and white, as a scanner in text mode makes it."""
    return Image.fromarray(np.where(grey(page) < threshold, 0, 255).astype(np.uint8)).convert("1", dither=Image.Dither.NONE)


def steps(page, levels):
    """Fewer grey levels, so that a lossless file stays small."""
    return np.round(page * (levels - 1)) / (levels - 1)


def photo(random, page, size=(2448, 3264)):
    """A phone's picture of the page on a wooden table: perspective, a warm lamp
    from one side, a soft shadow of the phone, lens blur and sensor noise."""
    w, h = size
    table = desk(random, size)
    # corners of the sheet in the picture: top left, top right, bottom right, bottom left
    corners = [(0.085 * w, 0.052 * h), (0.905 * w, 0.031 * h), (0.955 * w, 0.968 * h), (0.040 * w, 0.950 * h)]
    sheet = picture(page).convert("RGB")
    mask = Image.new("L", sheet.size, 255)
    coefficients = homography(corners, sheet.size)
    warp = lambda image: image.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    inside = ndimage.gaussian_filter(array(warp(mask)), 1.0)[:, :, None]
    shadow = ndimage.gaussian_filter(inside[:, :, 0], 18)[:, :, None]
    scene = table * (1 - 0.45 * shadow) * (1 - inside) + array(warp(sheet)) * inside
    y, x = np.mgrid[0:1:h * 1j, 0:1:w * 1j].astype(np.float32)
    light = 0.98 - 0.30 * y + 0.10 * x - 0.16 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    light -= 0.13 / (1 + np.exp(-(y * 1.1 + x * 0.45 - 1.22) * 22))
    scene = scene * light[:, :, None] * np.asarray([1.0, 0.965, 0.885], dtype=np.float32)
    scene = soften(scene, 0.7) + random.standard_normal((h, w, 3)).astype(np.float32) * 0.010
    return np.clip(scene, 0, 1)


def desk(random, size):
    """A wooden table top."""
    w, h = size
    grain = ndimage.zoom(random.standard_normal((h // 6 + 2, w // 160 + 2)).astype(np.float32), (6, 160), order=1)[:h, :w]
    grain = ndimage.gaussian_filter(grain, (1.2, 30)) + 0.6 * clouds(random, (h, w), 120)
    return np.clip(np.asarray([0.50, 0.35, 0.22], dtype=np.float32) * (1 + 0.16 * grain[:, :, None]), 0, 1)


def homography(corners, size):
    """Coefficients for PIL's PERSPECTIVE that put a sheet into four corners."""
    w, h = size
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (w, 0), (w, h), (0, h)]):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.solve(np.asarray(rows, dtype=np.float64), np.asarray(values, dtype=np.float64)).tolist()
