"""Pictures of places that don't exist: hills, sky, sea, a city, a planet. Each is drawn from its seed alone.

What does not belong here: abstract pictures (``artwork``) and pages with text (``printed``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from media_pipeline.demo.artwork.noise import Array, Size, field, picture, plane, profile, ramp


@dataclass(frozen=True, slots=True)
class Light:
    """The colours of a time of day: the sky from top to horizon, and the land from far to near."""

    sky: tuple[str, ...]
    land: tuple[str, str]
    disc: str = ""
    """Colour of sun or moon; none when empty."""
    disc_at: tuple[float, float] = (0.7, 0.35)
    stars: int = 0


DAWN = Light(("#39426b", "#9a6f8f", "#f0a58b", "#ffe0b5"), ("#d79a8e", "#2b2340"), "#fff3d6", (0.68, 0.50))
NOON = Light(("#2f7fc1", "#7db9e0", "#d7ecf5"), ("#a9c8cf", "#1f4a3a"))
DUSK = Light(("#1d1e4b", "#6a2c70", "#e0526a", "#ffb26b"), ("#b0506f", "#150f2b"), "#ffd9a0", (0.34, 0.56))
NIGHT = Light(("#050914", "#0d1b3a", "#23406b"), ("#2c4a70", "#04070f"), "#f4f1de", (0.76, 0.22), stars=500)
DESERT = Light(("#3b8ea5", "#a9d0c4", "#fbe6c2"), ("#f0bf86", "#8a3b1e"), "#fffbe8", (0.24, 0.24))
ARCTIC = Light(("#7fb0d0", "#c5dcea", "#fbf4f4"), ("#d3e3ec", "#3d6484"))
FOREST = Light(("#9db7a5", "#cfdccb", "#f2efdf"), ("#b9cbb8", "#14302a"), "#ffffff", (0.5, 0.30))


def hills(seed: int, size: Size, light: Light, layers: int = 7, roughness: float = 0.52) -> Image.Image:
    """Ranges of hills, one before the other, paler with distance."""
    rng = np.random.default_rng(seed)
    canvas = _sky(rng, size, light)
    for layer in range(layers):
        _lay_range(canvas, rng, light, (layer + 1) / layers, roughness)
    return picture(canvas)


def _sky(rng: np.random.Generator, size: Size, light: Light) -> Array:
    x, y = plane(size)
    canvas = np.repeat(ramp(np.clip(y[:, :1] * 1.35, 0, 1), light.sky), size[0], axis=1)
    clouds = field(rng, size, (3, 9), 4)
    canvas += (np.clip(clouds - 0.55, 0, 1) * (1 - y) * (30 if light.stars else 110))[..., None]
    if light.stars:
        _sprinkle(canvas, rng, light.stars)
    if light.disc:
        distance = np.hypot((x - light.disc_at[0]) * size[0] / size[1], y - light.disc_at[1])
        glow = np.exp(-distance * 7) * 0.55
        disc = np.clip((0.052 - distance) * size[1] / 2, 0, 1)
        share = np.clip(glow + disc, 0, 1)[..., None]
        canvas += (ramp(np.array(0, np.float32), (light.disc,)) - canvas) * share
    return canvas


def _sprinkle(canvas: Array, rng: np.random.Generator, stars: int) -> None:
    height, width = canvas.shape[:2]
    rows, columns = rng.integers(0, height * 2 // 3, stars), rng.integers(0, width - 1, stars)
    brightness = (rng.random(stars) ** 3 * 200 + 40)[:, None]
    canvas[rows, columns] += brightness
    canvas[rows, columns + 1] += brightness / 2


def _lay_range(canvas: Array, rng: np.random.Generator, light: Light, nearness: float, roughness: float) -> None:
    height, width = canvas.shape[:2]
    outline = profile(rng, width, max(2, round(4 * width / height * (1.4 - nearness))), 7, roughness)
    crest = (0.40 + 0.50 * nearness - outline * (0.10 + 0.13 * nearness)) * height
    top = int(crest.min())
    depth = np.arange(top, height, dtype=np.float32)[:, None] - crest[None, :]
    colour = ramp(np.array(nearness**1.3, np.float32), light.land)
    # Mist gathers at the foot of a range, so the next one stands out.
    mist = ramp(np.array(1.0, np.float32), light.sky) - colour
    haze = np.clip(depth / (height * 0.30), 0, 1) * np.float32((1 - nearness) * 0.8)
    cover = np.clip(depth, 0, 1)
    for channel in range(3):
        land = colour[channel] + mist[channel] * haze
        canvas[top:, :, channel] += (land - canvas[top:, :, channel]) * cover


def aurora(seed: int, size: Size) -> Image.Image:
    """Green and violet curtains over a black wood."""
    rng = np.random.default_rng(seed)
    canvas = _sky(rng, size, Light(("#02040c", "#061022", "#0d2a3a"), ("#000000", "#000000"), stars=600))
    y = plane(size)[1]
    for colour, base, strength in (("#35f2a0", 0.52, 1.0), ("#6fffd0", 0.42, 0.6), ("#a05cff", 0.34, 0.55)):
        fold = base + (profile(rng, size[0], 3, 3) - 0.5)[None, :] * 0.35
        rays = 0.35 + profile(rng, size[0], 60, 3)[None, :]
        above = fold - y
        curtain = np.where(above > 0, np.exp(-above * 7), np.exp(above * 60)) * rays * strength
        canvas += ramp(np.array(0, np.float32), (colour,)) * curtain[..., None] * 0.75
    image = picture(canvas)
    draw = ImageDraw.Draw(image)
    for _ in range(150):
        _spruce(draw, rng, size)
    return image


def _spruce(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: Size) -> None:
    width, height = size
    x, tall = rng.random() * width, height * (0.07 + 0.15 * rng.random())
    foot = height * 0.98 + tall * 0.1
    for step in range(7):
        top = foot - tall + tall * step / 8
        spread = tall * 0.035 * (step + 1.5)
        draw.polygon([(x, top), (x - spread, top + tall / 4), (x + spread, top + tall / 4)], fill="#010505")
    draw.rectangle((0, height * 0.965, width, height), fill="#010505")


def sea(seed: int, size: Size) -> Image.Image:
    """A low sun over water."""
    rng = np.random.default_rng(seed)
    light = Light(("#24345c", "#7d5a80", "#f08a5d", "#ffd68a"), ("#000000", "#000000"), "#fff0c8", (0.5, 0.47))
    canvas = _sky(rng, size, light)
    width, height = size
    horizon = round(height * 0.55)
    x, y = plane((width, height - horizon))
    waves = field(rng, (width, height - horizon), (5, 70), 3)
    water = ramp(np.clip(y + (waves - 0.5) * 0.25, 0, 1), ("#e89a6b", "#7c5a74", "#2a3a5e", "#101a33"))
    path = np.exp(-(((x - 0.5) / (0.03 + 0.14 * y)) ** 2)) * (waves > 0.52)
    water += (path * (1 - y * 0.6))[..., None] * np.array((230, 170, 90), np.float32)
    canvas[horizon:] = water
    return picture(canvas)


def planet(seed: int, side: int) -> Image.Image:
    """A banded planet, lit from the left, before stars."""
    rng = np.random.default_rng(seed)
    canvas: Array = np.full((side, side, 3), (6, 7, 14), np.float32)
    rows, columns = rng.integers(0, side, 700), rng.integers(0, side, 700)
    canvas[rows, columns] += (rng.random(700) ** 3 * 220 + 30)[:, None]
    x, y = plane((side, side))
    x, y = (x - 0.54) / 0.36, (y - 0.5) / 0.36
    inside = x**2 + y**2
    z = np.sqrt(np.clip(1 - inside, 0, 1))
    swirl = field(rng, (side, side), (3, 12), 5)
    bands = 0.5 + 0.5 * np.sin((y + x * 0.22) * 15 + swirl * 5)
    surface = ramp(bands, ("#5a2a1b", "#c8744a", "#f3d9a8", "#e9b872", "#8c4a36"))
    lit = np.clip(-0.75 * x - 0.25 * y + 0.6 * z, 0.015, 1)
    edge = np.clip((1 - inside) * side * 0.18, 0, 1)[..., None]
    canvas += (surface * lit[..., None] - canvas) * edge
    halo = np.exp(-np.clip(inside - 1, 0, None) * 16) * (1 - edge[..., 0]) * np.clip(-x, 0, 1)
    canvas += halo[..., None] * np.array((150, 110, 80), np.float32)
    return picture(canvas)


def skyline(seed: int, size: Size) -> Image.Image:
    """A city by night, its windows lit."""
    rng = np.random.default_rng(seed)
    dusk = Light(("#0b1030", "#2d2a5e", "#8a3f72", "#f2785c"), ("#000000", "#000000"), "#ffe2b0", (0.22, 0.30), 150)
    image = picture(_sky(rng, size, dusk))
    draw = ImageDraw.Draw(image)
    width, height = size
    for layer, colour in enumerate(("#3c2a58", "#241d42", "#0e0f24")):
        x = -20.0
        while x < width:
            wide = rng.integers(width // 34, width // 15)
            top = height * (0.46 + 0.14 * layer - 0.30 * rng.random() ** 1.6)
            draw.rectangle((x, top, x + wide, height), fill=colour)
            if layer:
                _light_windows(draw, rng, (x, top, x + wide, height))
            x += wide + rng.integers(0, 6)
    return image


def _light_windows(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, house: tuple[float, float, float, float]
) -> None:
    left, top, right, bottom = (int(edge) for edge in house)
    for y in range(top + 10, bottom - 6, 15):
        for x in range(left + 7, right - 9, 12):
            if rng.random() < 0.36:
                draw.rectangle((x, y, x + 5, y + 7), fill=("#ffd98a", "#ffb95e", "#fff1c9")[rng.integers(3)])


def lighthouse(seed: int, size: Size) -> Image.Image:
    """An upright picture of a lighthouse in the evening, so that one sees which way is up."""
    image = hills(seed, size, DUSK, layers=3, roughness=0.4)
    width, height = size
    beam = Image.new("L", size)
    lamp = (width * 0.42, height * 0.315)
    ImageDraw.Draw(beam).polygon([lamp, (width * 1.1, height * 0.10), (width * 1.1, height * 0.30)], fill=120)
    image.paste("#fff1b8", mask=beam.filter(ImageFilter.GaussianBlur(width / 60)))
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, height), (0, height * 0.80), (width * 0.6, height * 0.76), (width, height)], fill="#0b0a1c")
    for stripe in range(7):
        top, foot = (height * (0.35 + 0.065 * edge) for edge in (stripe, stripe + 1))
        inset, wider = (width * (0.065 + 0.006 * edge) for edge in (stripe, stripe + 1))
        x = width * 0.42
        edge = [(x - inset, top), (x + inset, top), (x + wider, foot), (x - wider, foot)]
        draw.polygon(edge, fill="#c8323c" if stripe % 2 == 0 else "#f5ead8")
    draw.rectangle((width * 0.335, height * 0.342, width * 0.505, height * 0.352), fill="#14122a")
    draw.rectangle((width * 0.37, height * 0.290, width * 0.47, height * 0.342), fill="#ffe9a3")
    draw.pieslice((width * 0.36, height * 0.255, width * 0.48, height * 0.325), 180, 360, fill="#14122a")
    return image
