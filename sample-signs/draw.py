"""Draws the sample signs of this folder: python sample-signs/draw.py

Shapes by coordinates, at four times the size and averaged, before a sky that is not all of one colour.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE, TIMES = 256, 4
RED, WHITE, BLUE = (176, 24, 36), (236, 236, 232), (24, 78, 160)


def backdrop(side):
    """Sky over trees, and a post."""
    rows = np.linspace(0, 1, side)[:, None, None]
    sky = np.array([150, 178, 205]) * (1 - rows) + np.array([205, 212, 214]) * rows
    picture = Image.fromarray(np.uint8(np.broadcast_to(sky, (side, side, 3))))
    pen = ImageDraw.Draw(picture)
    pen.rectangle([0.47 * side, 0.5 * side, 0.53 * side, side], fill=(120, 124, 126))
    for k in range(24):
        x, size = side * k / 23, side * (0.06 + 0.03 * np.sin(5 * k))
        pen.ellipse([x - size, 0.97 * side - size, x + size, side + size], fill=(58, 84 + 3 * (k % 5), 52))
    return picture


def at(side, points):
    return [(x * side, y * side) for x, y in points]


def circle(pen, side, radius, fill, centre=(0.5, 0.5)):
    (x, y), r = centre, radius
    pen.ellipse([(x - r) * side, (y - r) * side, (x + r) * side, (y + r) * side], fill=fill)


def no_entry(pen, side):
    circle(pen, side, 0.42, WHITE)
    circle(pen, side, 0.40, RED)
    pen.rectangle([0.20 * side, 0.43 * side, 0.80 * side, 0.57 * side], fill=WHITE)


def give_way(pen, side):
    pen.polygon(at(side, [(0.06, 0.14), (0.94, 0.14), (0.5, 0.90)]), fill=RED)
    pen.polygon(at(side, [(0.22, 0.235), (0.78, 0.235), (0.5, 0.715)]), fill=WHITE)


def ahead_only(pen, side):
    circle(pen, side, 0.42, WHITE)
    circle(pen, side, 0.40, BLUE)
    pen.rectangle([0.455 * side, 0.30 * side, 0.545 * side, 0.78 * side], fill=WHITE)
    pen.polygon(at(side, [(0.5, 0.18), (0.70, 0.44), (0.62, 0.50), (0.5, 0.34), (0.38, 0.50), (0.30, 0.44)]), fill=WHITE)


def draw(sign):
    side = SIZE * TIMES
    picture = backdrop(side)
    sign(ImageDraw.Draw(picture), side)
    return picture.filter(ImageFilter.GaussianBlur(TIMES)).resize((SIZE, SIZE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    for sign in (no_entry, give_way, ahead_only):
        draw(sign).save(Path(__file__).parent / f"{sign.__name__.replace('_', '-')}.png", optimize=True)
