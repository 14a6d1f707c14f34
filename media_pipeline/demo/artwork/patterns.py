"""Abstract pictures: patterns, tilings, fields. Each is drawn from its seed alone.

What does not belong here: places (``scenery``) and pages with text (``printed``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from media_pipeline.demo.artwork.noise import Array, Size, field, picture, plane, profile, ramp, stretched

BAUHAUS = ("#e63946", "#f1c453", "#1d3557", "#457b9d", "#f1faee")
SUNSET = ("#001219", "#0a9396", "#e9d8a6", "#ee9b00", "#bb3e03", "#9b2226")
LAGOON = ("#03045e", "#0077b6", "#00b4d8", "#90e0ef", "#f8f9fa")
ORCHARD = ("#283618", "#606c38", "#fefae0", "#dda15e", "#bc6c25")


def quilt(seed: int, side: int, count: int = 8, colours: Sequence[str] = BAUHAUS) -> Image.Image:
    """Square tiles of quarter circles, discs and triangles."""
    rng = np.random.default_rng(seed)
    cell = 2 * side // count
    image = Image.new("RGB", (cell * count, cell * count))
    draw = ImageDraw.Draw(image)
    for row in range(count):
        for column in range(count):
            ground, figure, dot = (colours[int(index)] for index in rng.permutation(len(colours))[:3])
            box = (column * cell, row * cell, (column + 1) * cell, (row + 1) * cell)
            draw.rectangle(box, fill=ground)
            _tile(draw, int(rng.integers(5)), box, figure, dot)
    return image.resize((side, side), Image.Resampling.LANCZOS)


def _tile(draw: ImageDraw.ImageDraw, kind: int, box: tuple[int, int, int, int], figure: str, dot: str) -> None:
    left, top, right, bottom = box
    side = right - left
    middle = (left + side // 2, top + side // 2)
    if kind == 0:
        draw.pieslice((left - side, top - side, right, bottom), 0, 90, fill=figure)
        draw.pieslice((left - side // 2, top - side // 2, middle[0], middle[1]), 0, 90, fill=dot)
    elif kind == 1:
        draw.pieslice((left, top, right + side, bottom + side), 180, 270, fill=figure)
    elif kind == 2:
        draw.polygon([(left, top), (right, top), (left, bottom)], fill=figure)
    elif kind == 3:
        draw.ellipse((left + side // 8, top + side // 8, right - side // 8, bottom - side // 8), fill=figure)
        draw.ellipse((left + side // 3, top + side // 3, right - side // 3, bottom - side // 3), fill=dot)
    else:
        draw.pieslice((left, top - side // 2, right, middle[1]), 0, 180, fill=figure)
        draw.pieslice((left, middle[1], right, bottom + side // 2), 180, 360, fill=dot)


def stained_glass(seed: int, size: Size, panes: int = 90, colours: Sequence[str] = SUNSET) -> Image.Image:
    """The cells around random points, leaded."""
    rng = np.random.default_rng(seed)
    x, y = plane(size)
    x = x * size[0] / size[1]
    points = rng.random((panes, 2), np.float32) * np.array((size[0] / size[1], 1), np.float32)
    nearest: Array = np.full(x.shape, np.inf, np.float32)
    second = nearest.copy()
    owner = np.zeros(x.shape, np.intp)
    for pane, (px, py) in enumerate(points):
        distance = np.hypot(x - px, y - py)
        closer = distance < nearest
        second = np.where(closer, nearest, np.minimum(second, distance))
        nearest = np.where(closer, distance, nearest)
        owner[closer] = pane
    shade = ramp(np.clip(points[:, 1] + rng.normal(0, 0.13, panes).astype(np.float32), 0, 1), colours)
    canvas = shade[owner] * (1.12 - nearest * 2.4)[..., None]
    return picture(canvas * np.clip((second - nearest) * size[1] / 5, 0, 1)[..., None])


def facets(seed: int, size: Size, columns: int = 18, colours: Sequence[str] = LAGOON) -> Image.Image:
    """A low-poly surface: triangles over a jittered grid."""
    rng = np.random.default_rng(seed)
    width, height = size[0] * 2, size[1] * 2
    rows = max(2, round(columns * height / width))
    relief = field(rng, (columns + 3, rows + 3), (3, 3), 3)
    jitter = rng.random((rows + 3, columns + 3, 2)) * 0.75
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)

    def corner(row: int, column: int) -> tuple[float, float]:
        across, down = jitter[row, column]
        return ((column - 1 + across) * width / columns, (row - 1 + down) * height / rows)

    for row in range(rows + 2):
        for column in range(columns + 2):
            a, b, c, d = ((row, column), (row, column + 1), (row + 1, column), (row + 1, column + 1))
            for triangle in ((a, b, d), (a, d, c)):
                level = np.mean([relief[at] for at in triangle]) + rng.normal(0, 0.035)
                colour = ramp(np.array(level, np.float32).clip(0, 1), colours)
                draw.polygon([corner(*at) for at in triangle], fill=(int(colour[0]), int(colour[1]), int(colour[2])))
    return image.resize(size, Image.Resampling.LANCZOS)


def currents(seed: int, size: Size, lines: int = 900, colours: Sequence[str] = SUNSET) -> Image.Image:
    """Lines that follow a field of directions."""
    rng = np.random.default_rng(seed)
    width, height = size
    angle = field(rng, size, (2, 2), 3) * 4.5 * math.pi
    image = Image.new("RGB", size, "#f6f1e4")
    draw = ImageDraw.Draw(image)
    for _ in range(lines):
        x, y = rng.random() * width, rng.random() * height
        path = [(x, y)]
        for _step in range(int(rng.integers(20, 70))):
            if not (0 <= x < width and 0 <= y < height):
                break
            turn = float(angle[int(y), int(x)])
            x, y = x + 9 * math.cos(turn), y + 9 * math.sin(turn)
            path.append((x, y))
        draw.line(path, fill=colours[int(rng.integers(len(colours)))], width=int(rng.integers(2, 8)), joint="curve")
    return image


def pulses(seed: int, size: Size, lines: int = 56) -> Image.Image:
    """White ridge lines on black, each hiding what is behind it."""
    rng = np.random.default_rng(seed)
    width, height = size[0] * 2, size[1] * 2
    image = Image.new("RGB", (width, height), "#08090c")
    draw = ImageDraw.Draw(image)
    x = np.linspace(width * 0.18, width * 0.82, 420)
    middle = np.exp(-(((x / width - 0.5) / 0.13) ** 2))
    for line in range(lines):
        base = height * (0.17 + 0.68 * line / (lines - 1))
        y = base - profile(rng, len(x), 18, 4, 0.6) * middle * height * 0.11 - rng.random(len(x)) * 5
        path = list(zip(x.tolist(), y.tolist(), strict=True))
        draw.polygon([*path, (x[-1], base + 60), (x[0], base + 60)], fill="#08090c")
        draw.line(path, fill="#f2f2ee", width=4)
    return image.resize(size, Image.Resampling.LANCZOS)


def marble(seed: int, size: Size, colours: Sequence[str] = LAGOON) -> Image.Image:
    """Veins: noise, shifted by noise."""
    rng = np.random.default_rng(seed)
    warp = field(rng, size, (2, 2), 4)
    fine = field(rng, size, (5, 4), 5)
    x, y = plane(size)
    veins = 0.5 + 0.5 * np.sin((x * 1.5 + y * 2 + warp * 2.6 + fine * 0.5) * 9)
    gold = np.clip(1 - np.abs(veins - 0.86) * 26, 0, 1)[..., None] * field(rng, size, (4, 4), 2)[..., None]
    canvas = ramp(veins * 0.75 + fine * 0.25, colours)
    return picture(canvas + (np.array((214, 170, 84), np.float32) - canvas) * gold)


def julia(size: Size, constant: complex = -0.79 + 0.15j, steps: int = 90) -> Image.Image:
    """A Julia set, smoothly coloured by how fast each point escapes."""
    x, y = plane(size)
    z = ((x - 0.5) * 3.1 + 1j * (y - 0.5) * 3.1 * size[1] / size[0]).astype(np.complex64)
    escaped: Array = np.zeros(x.shape, np.float32)
    for _ in range(steps):
        alive = np.abs(z) < 4
        z[alive] = z[alive] ** 2 + np.complex64(constant)
        escaped += alive
    smooth = escaped - np.log2(np.log2(np.clip(np.abs(z), 2.1, 1e6)))
    level = stretched(np.sqrt(np.clip(smooth, 0, None)))
    return picture(ramp(level, ("#0b0420", "#3b1d6e", "#c8356b", "#ff9f5a", "#fff7d6", "#101030")))


def sunflower(side: int, seeds: int = 1500) -> Image.Image:
    """Dots at the golden angle, the way a sunflower sets its seeds."""
    image = Image.new("RGB", (side * 2, side * 2), "#14213d")
    draw = ImageDraw.Draw(image)
    shades = ramp(np.linspace(0, 1, seeds, dtype=np.float32), ("#fff3b0", "#fca311", "#e85d04", "#9d0208"))
    for number in range(seeds):
        radius, turn = math.sqrt(number / seeds) * side * 0.92, number * 2.39996323
        x, y = side + radius * math.cos(turn), side + radius * math.sin(turn)
        dot = side * (0.006 + 0.012 * number / seeds)
        red, green, blue = (int(value) for value in shades[number])
        draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=(red, green, blue))
    return image.resize((side, side), Image.Resampling.LANCZOS)


def contours(seed: int, size: Size, colours: Sequence[str] = ORCHARD) -> Image.Image:
    """A map of a landscape by its height lines."""
    height = field(np.random.default_rng(seed), size, (4, 3), 4) * 16
    tints = ramp(np.floor(height) / 16, (*colours[1:3], *colours[3:]))
    line = np.abs(height - np.round(height))
    down, across = (np.diff(height, axis=axis, append=height.take([-1], axis)) for axis in (0, 1))
    slope = np.hypot(down, across) + 1e-4
    ink = np.clip(1.4 - line / slope, 0, 1) * np.where(np.round(height) % 4 == 0, 1.0, 0.45)
    return picture(tints * (1 - ink[..., None] * 0.8))


def badge(side: int) -> Image.Image:
    """A round mark on nothing: RGBA, with soft edges and half-transparent parts."""
    image = Image.new("RGBA", (side * 2, side * 2))
    draw = ImageDraw.Draw(image)
    for ring, (colour, alpha) in enumerate((("#0f4c5c", 255), ("#f4a261", 150), ("#0f4c5c", 255), ("#e9f5f2", 90))):
        inset = side * 0.06 * (ring + 1) ** 1.35
        draw.ellipse((inset, inset, side * 2 - inset, side * 2 - inset), fill=(*_rgb(colour), alpha))
    for spoke in range(12):
        turn = spoke * math.pi / 6
        outer = (side + side * 0.56 * math.cos(turn), side + side * 0.56 * math.sin(turn))
        sides = [
            (side + side * 0.10 * math.cos(turn + quarter), side + side * 0.10 * math.sin(turn + quarter))
            for quarter in (math.pi / 2, -math.pi / 2)
        ]
        draw.polygon([outer, *sides], fill=(*_rgb("#e76f51" if spoke % 3 == 0 else "#2a9d8f"), 255))
    return image.resize((side, side), Image.Resampling.LANCZOS)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue
