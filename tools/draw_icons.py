"""Draw the app's icons into static/ and appserver/static/.

The mark: a speech bubble that holds four lines of a log, one of them lit and circled - somebody said something,
and one line of it deserves a look. Drawn large and reduced, from numbers in a 72-unit square.

Needs Pillow (requirements/icons.txt). The drawn files are committed: run this only to change the mark.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
UNIT = 72  # the mark is described in a square of this many units
OVERSAMPLING = 16

PETROL = (38, 84, 104, 255)
PALE = (226, 238, 243, 255)
MIST = (158, 192, 205, 255)
AMBER = (255, 178, 36, 255)
NIGHT = (24, 47, 58, 255)
CLEAR = (0, 0, 0, 0)

Colour = tuple[int, int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours of one variant: `bubble` behind, `line` for ordinary log lines, `lit` for the one that matters."""

    bubble: Colour
    line: Colour
    lit: Colour
    word: Colour  # the name in the logo


ON_LIGHT = Palette(bubble=PETROL, line=MIST, lit=AMBER, word=NIGHT)
ON_DARK = Palette(bubble=PALE, line=(120, 158, 173, 255), lit=(216, 122, 0, 255), word=PALE)


def draw_mark(size: int, palette: Palette) -> Image.Image:
    """Return the mark as a square picture of `size` pixels on a clear ground."""
    scale = size * OVERSAMPLING / UNIT
    picture = Image.new("RGBA", (size * OVERSAMPLING, size * OVERSAMPLING), CLEAR)
    pen = ImageDraw.Draw(picture)

    def units(*values: float) -> list[float]:
        return [value * scale for value in values]

    pen.rounded_rectangle(units(3, 4, 69, 57), radius=13 * scale, fill=palette.bubble)
    pen.polygon(units(15, 54, 15, 69, 33, 54), fill=palette.bubble)
    for top, right in ((13, 55), (24, 47), (46, 50)):
        pen.rounded_rectangle(units(14, top, right, top + 4.5), radius=2.25 * scale, fill=palette.line)
    pen.rounded_rectangle(units(14, 34, 45, 40), radius=3 * scale, fill=palette.lit)
    pen.ellipse(units(46, 27.5, 65, 46.5), fill=palette.bubble)
    pen.ellipse(units(48, 29.5, 63, 44.5), fill=palette.lit)
    pen.ellipse(units(52, 33.5, 59, 40.5), fill=palette.bubble)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def draw_logo(width: int, height: int, palette: Palette) -> Image.Image:
    """Return mark and name side by side, `width` x `height` pixels, as Splunk's app bar shows them."""
    picture = Image.new("RGBA", (width, height), CLEAR)
    mark = draw_mark(height - height // 10, palette)
    picture.alpha_composite(mark, (0, height // 20))
    font = ImageFont.load_default(size=height * 0.36)
    pen = ImageDraw.Draw(picture)
    left = mark.width + height // 8
    pen.text((left, height * 0.29), "Slack Audit", font=font, fill=palette.word, anchor="lm")
    pen.text((left, height * 0.71), "Monitor", font=font, fill=palette.word, anchor="lm")
    return picture


def pictures() -> dict[str, Image.Image]:
    """Return every icon by its path in the app. Sizes are those that Splunk Web asks for."""
    drawn: dict[str, Image.Image] = {}
    for alternative, palette in (("", ON_LIGHT), ("Alt", ON_DARK)):
        drawn[f"static/appIcon{alternative}.png"] = draw_mark(36, palette)
        drawn[f"static/appIcon{alternative}_2x.png"] = draw_mark(72, palette)
    # The logo stands on the app bar, which is dark (its colour is set in default/data/ui/nav).
    drawn["static/appLogo.png"] = draw_logo(160, 40, ON_DARK)
    drawn["static/appLogo_2x.png"] = draw_logo(320, 80, ON_DARK)
    drawn["appserver/static/slack_audit_monitor.png"] = draw_mark(48, ON_LIGHT)
    return drawn


def main() -> None:
    """Write every icon below `--into` (default: the repository)."""
    parser = argparse.ArgumentParser(description="Draw the app's icons.")
    parser.add_argument("--into", type=Path, default=ROOT, help="folder that gets static/ and appserver/static/")
    into: Path = parser.parse_args().into
    for name, picture in pictures().items():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target, format="PNG", optimize=True)
        print(f"{name}  {picture.width}x{picture.height}  {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
