"""Icons: the sizes that Splunk Web asks for, and really a picture."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
SIZES = {
    "static/appIcon.png": (36, 36),
    "static/appIcon_2x.png": (72, 72),
    "static/appIconAlt.png": (36, 36),
    "static/appIconAlt_2x.png": (72, 72),
    "static/appLogo.png": (160, 40),
    "static/appLogo_2x.png": (320, 80),
    "appserver/static/slack_audit_monitor.png": (48, 48),
}


def read_png(path: Path) -> tuple[int, int, list[bytes]]:
    """Return width, height and the pixels (four bytes each) of an 8-bit RGBA file, per the PNG specification."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert zlib.crc32(kind + body) == checksum, f"{path.name}: chunk {kind!r} is damaged"
        chunks[kind] = chunks.get(kind, b"") + body
        at += 12 + length
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colours, interlaced) == (8, 6, 0), f"{path.name}: not plain 8-bit RGBA"
    return width, height, _unfilter(zlib.decompress(chunks[b"IDAT"]), width, height)


def _unfilter(packed: bytes, width: int, height: int) -> list[bytes]:
    row_bytes = width * 4
    above = bytearray(row_bytes)
    pixels: list[bytes] = []
    for row in range(height):
        start = row * (row_bytes + 1)
        method, line = packed[start], bytearray(packed[start + 1 : start + 1 + row_bytes])
        for index in range(row_bytes):
            left = line[index - 4] if index >= 4 else 0
            up = above[index]
            corner = above[index - 4] if index >= 4 else 0
            line[index] = (line[index] + _predict(method, left, up, corner)) & 255
        pixels += [bytes(line[index : index + 4]) for index in range(0, row_bytes, 4)]
        above = line
    return pixels


def _predict(method: int, left: int, up: int, corner: int) -> int:
    if method == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda value: abs(guess - value))
    return (0, left, up, (left + up) // 2)[method]


@pytest.mark.parametrize("name", SIZES)
def test_icon_has_its_size_and_shows_something(name: str) -> None:
    width, height, pixels = read_png(ROOT / name)
    assert (width, height) == SIZES[name]
    solid = [pixel for pixel in pixels if pixel[3] == 255]
    clear = [pixel for pixel in pixels if pixel[3] == 0]
    assert len(solid) > len(pixels) // 20, "hardly anything is drawn"
    assert len(clear) > len(pixels) // 20, "no clear ground: it would stand in a box"
    assert len({pixel[:3] for pixel in solid}) >= 3, "one flat colour"


def test_the_variants_differ() -> None:
    pictures = [(ROOT / name).read_bytes() for name in SIZES]
    assert len(set(pictures)) == len(pictures)


def test_nothing_else_lies_in_static() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in (ROOT / "static").rglob("*")}
    assert found == {name for name in SIZES if name.startswith("static/")}
