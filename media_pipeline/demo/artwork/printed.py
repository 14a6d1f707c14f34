"""Pictures with text: a chart, a screenshot, pages of a report, in Pillow's own typeface, so all machines agree.

What does not belong here: pictures without text (``scenery``, ``artwork``), and the PDF around the pages (``clips``).
"""

from __future__ import annotations

from functools import partial

from PIL import Image, ImageDraw, ImageFont

from media_pipeline.demo.artwork.noise import Size

INK, GREY, FAINT, PAPER = "#1f2933", "#7b8794", "#e4e7eb", "#fcfcfa"
_READINGS = (31, 28, 35, 44, 41, 52, 58, 63, 60, 49, 43, 38)
_LAST_YEAR = (27, 29, 30, 36, 40, 45, 50, 52, 55, 47, 39, 33)
_CODE = (
    ("#c792ea", "from "), ("#eeffff", "tide import Gauge, average\n\n"),
    ("#546e7a", "# Mean water level, in centimetres, by month\n"),
    ("#c792ea", "def "), ("#82aaff", "monthly"), ("#eeffff", "(gauge: "), ("#ffcb6b", "Gauge"),
    ("#eeffff", ", year: "), ("#ffcb6b", "int"), ("#eeffff", "):\n    readings = gauge.readings(year)\n"),
    ("#c792ea", "    for "), ("#eeffff", "month "), ("#c792ea", "in "), ("#eeffff", "range("), ("#f78c6c", "1"),
    ("#eeffff", ", "), ("#f78c6c", "13"), ("#eeffff", "):\n        values = [r.level "), ("#c792ea", "for "),
    ("#eeffff", "r "), ("#c792ea", "in "), ("#eeffff", "readings "), ("#c792ea", "if "),
    ("#eeffff", "r.month == month]\n"), ("#c792ea", "        yield "),
    ("#eeffff", "month, average(values)\n\n"), ("#89ddff", ">>> "),
    ("#eeffff", "dict(monthly(Gauge("), ("#c3e88d", '"north-pier"'), ("#eeffff", "), "), ("#f78c6c", "2026"),
    ("#eeffff", "))\n"), ("#c3e88d", "{1: 31.2, 2: 28.4, 3: 35.0, 4: 44.1, 5: 41.3, …}"),
)  # fmt: skip


def type_of(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The typeface at this size in pixels."""
    return ImageFont.load_default(size)


def chart(size: Size) -> Image.Image:
    """Bars for this year, a line for the last."""
    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.text((width * 0.06, height * 0.06), "Mean water level at North Pier", INK, type_of(height * 0.055))
    draw.text((width * 0.06, height * 0.135), "Centimetres above chart datum, by month", GREY, type_of(height * 0.032))
    left, right, top, foot = width * 0.10, width * 0.95, height * 0.24, height * 0.86

    def level(value: float) -> float:
        return foot - (foot - top) * value / 70

    for value in range(0, 71, 10):
        draw.line((left, level(value), right, level(value)), fill=FAINT, width=2)
        draw.text((left - 14, level(value)), str(value), GREY, type_of(height * 0.028), anchor="rm")
    step = (right - left) / 12
    middles = [left + step * (month + 0.5) for month in range(12)]
    for middle, value, name in zip(middles, _READINGS, "JFMAMJJASOND", strict=True):
        colour = "#0b7285" if value < 60 else "#e8590c"
        draw.rounded_rectangle((middle - step * 0.32, level(value), middle + step * 0.32, foot), 6, fill=colour)
        draw.text((middle, foot + 12), name, INK, type_of(height * 0.032), anchor="ma")
    line = [(middle, level(value)) for middle, value in zip(middles, _LAST_YEAR, strict=True)]
    draw.line(line, fill="#495057", width=5, joint="curve")
    for x, y in line:
        draw.ellipse((x - 8, y - 8, x + 8, y + 8), fill=PAPER, outline="#495057", width=4)
    draw.text((right, height * 0.155), "bars: 2026    line: 2025", GREY, type_of(height * 0.03), anchor="ra")
    return image


def screenshot(size: Size) -> Image.Image:
    """An editor's window with a little program."""
    width, height = size
    image = Image.new("RGB", size, "#8fa7b8")
    draw = ImageDraw.Draw(image)
    window = (width * 0.05, height * 0.07, width * 0.95, height * 0.93)
    draw.rounded_rectangle(window, 18, fill="#1e272e")
    draw.rounded_rectangle((*window[:3], window[1] + 54), 18, fill="#2f3b44", corners=(True, True, False, False))
    for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        x = window[0] + 34 + number * 32
        draw.ellipse((x - 9, window[1] + 18, x + 9, window[1] + 36), fill=colour)
    face = type_of(height * 0.033)
    draw.text((width / 2, window[1] + 27), "monthly.py", "#b0bec5", face, anchor="mm")
    left, y, leading = window[0] + 90, window[1] + 92, height * 0.052
    x, number = left, 1
    write = partial(draw.text, font=face)
    write((left - 24, y), "1", "#546e7a", anchor="ra")
    for colour, text in _CODE:
        for index, part in enumerate(text.split("\n")):
            if index:
                x, y, number = left, y + leading, number + 1
                write((left - 24, y), str(number), "#546e7a", anchor="ra")
            indent = len(part) - len(part.lstrip(" ")) if x == left else 0
            x += indent * face.getlength("n")
            write((x, y), part[indent:], colour)
            x += face.getlength(part[indent:])
    return image


def report_pages(illustration: Image.Image) -> list[Image.Image]:
    """Two A4 pages at 100 dots an inch: a cover, and a page of text with a chart."""
    return [_cover(illustration), _text_page()]


def _cover(illustration: Image.Image) -> Image.Image:
    page = Image.new("RGB", (827, 1169), PAPER)
    draw = ImageDraw.Draw(page)
    page.paste(illustration.resize((827, 551)), (0, 0))
    draw.rectangle((64, 600, 136, 608), fill="#e8590c")
    draw.multiline_text((64, 640), "Tides, gauges\nand a year of waiting", INK, type_of(58), spacing=14)
    draw.text((64, 812), "Annual report of the North Pier Observatory, 2026", GREY, type_of(25))
    draw.text((64, 1090), "A sample document. Nothing in it is true.", GREY, type_of(19))
    return page


def _text_page() -> Image.Image:
    page = Image.new("RGB", (827, 1169), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((64, 70), "1   What the gauge saw", INK, type_of(36))
    sentence = (
        "The gauge is read every six minutes, by day and by night, and whoever is on duty\n"
        "writes down what the sky did meanwhile. In July both were remarkable: the level rose\n"
        "above sixty centimetres for the first time since the pier was built, and it did not rain."
    )
    draw.multiline_text((64, 140), sentence, INK, type_of(18), spacing=10)
    page.paste(chart((1398, 932)).resize((699, 466), Image.Resampling.LANCZOS), (64, 260))
    draw.multiline_text((64, 760), "\n\n".join((sentence, sentence)), INK, type_of(18), spacing=10)
    draw.text((413, 1100), "2", GREY, type_of(18), anchor="mm")
    return page
