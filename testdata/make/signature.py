"""Signatures that look written by hand and belong to nobody: a chain of loops
of changing size, drawn with a broad nib."""

import math

import numpy as np


def svg(options):
    """An SVG for `seed=1 letters=7 colour=#123456`."""
    o = dict(part.split("=") for part in options.split())
    random = np.random.default_rng(int(o["seed"]))
    points = pen(random, int(o["letters"]))
    nib = math.radians(random.uniform(30, 50))
    pieces = []
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        direction = math.atan2(y1 - y0, x1 - x0)
        width = 0.55 + 1.5 * abs(math.sin(direction - nib)) ** 1.4
        pieces.append(f'<path d="M{x0:.2f} {y0:.2f}L{x1:.2f} {y1:.2f}" stroke-width="{width:.2f}"/>')
    right = max(x for x, _ in points) + 4
    return (f'<svg viewBox="-4 -30 {right + 4:.0f} 52" style="overflow:visible"><g fill="none" '
            f'stroke="{o["colour"]}" stroke-linecap="round">{"".join(pieces)}</g></svg>')


def pen(random, letters):
    """The way of the pen: one tall loop for the initial, then small letters,
    some with a stem up or down, then a stroke that runs out."""
    way, x = [], 0.0
    for i in range(letters):
        first = i == 0
        wide = random.uniform(9, 12) if first else random.uniform(4.5, 9)
        up = random.uniform(22, 26) if first else (random.uniform(15, 20) if random.random() < 0.25 else random.uniform(4, 8))
        down = random.uniform(6, 10) if not first and random.random() < 0.2 else random.uniform(0, 1.5)
        loop = random.uniform(2.5, 4.0) if first else random.uniform(1.2, 3.2)
        for s in np.linspace(0, 1, 30, endpoint=False):
            a = 2 * math.pi * s
            rise = (1 - math.cos(a)) / 2
            y = -up * rise ** 1.2 + down * max(0.0, -math.sin(a)) ** 2
            way.append((x + wide * s - loop * math.sin(a) + 0.28 * -y, y - i * 0.35))
        x += wide
    end_x, end_y = way[-1]
    for s in np.linspace(0, 1, 24):
        way.append((end_x + random.uniform(22, 23) * s, end_y - 5 * math.sin(s * math.pi * 0.9) + 2 * s))
    return way
