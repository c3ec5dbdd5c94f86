"""The typefaces of documents: which there are, and which characters they can show.

Inter sets everything that a European reader writes; Noto faces stand in for other scripts and for signs. Both come
from packages under the SIL Open Font License, so a document looks the same on every machine and no system font is
asked. An archival PDF may not hold a character without a shape, hence the look at each font's character map.
"""

import re
import struct
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

FAMILY = "Inter"
"""The face that every document is set in."""

FALLBACK_FAMILIES: tuple[str, ...] = (
    "Noto Sans",
    "Noto Emoji",
    "Noto Sans Symbols",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Gujarati",
    "Noto Sans Gurmukhi",
    "Noto Sans Kannada",
    "Noto Sans Malayalam",
    "Noto Sans Oriya",
    "Noto Sans Sinhala",
    "Noto Sans Khmer",
    "Noto Sans Lao",
    "Noto Sans Myanmar",
    "Noto Sans Ethiopic",
)
"""The faces asked, in this order, for characters that `FAMILY` lacks."""

REPLACEMENT = "\ufffd"
"""What stands for a character that no face can show."""

_MAIN = ("fontpkg_inter", "files/Inter[opsz,wght].ttf")
_IGNORABLE = "\u200c\u200d\ufe0e\ufe0f"
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff\ue000-\uf8ff\U000e0000-\U0010ffff]"
)


def directories() -> list[str]:
    """Return the folders that hold the typefaces."""
    return [str(_path("fontpkg_inter", "files")), str(_path("manimgx_fonts", ""))]


def scrub(text: str) -> str:
    """Drop what is no text: control characters, marks that turn the reading direction, private-use characters.

    Line ends stay, tabs become spaces.
    """
    if text.isprintable():
        return text
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\t", " "))


def families_for(characters: set[str]) -> tuple[str, ...]:
    """Return the families that a text of these characters needs."""
    return (FAMILY,) if characters <= main_coverage() else (FAMILY, *FALLBACK_FAMILIES)


def without_shape(characters: set[str]) -> set[str]:
    """Return the characters that no face can show."""
    strange = characters - main_coverage()
    return strange - full_coverage() if strange else strange


@cache
def main_coverage() -> frozenset[str]:
    """Return the characters that `FAMILY` shows, and the line end, which needs no shape."""
    return frozenset(_characters(_path(*_MAIN))) | {"\n"}


@cache
def full_coverage() -> frozenset[str]:
    """Return the characters that any of the faces shows, and the joiners that only shape their neighbours."""
    covered = set(main_coverage()) | set(_IGNORABLE)
    for family in FALLBACK_FAMILIES:
        covered.update(_characters(_path("manimgx_fonts", f"{family.replace(' ', '')}[wght].ttf")))
    return frozenset(covered)


def _path(package: str, name: str) -> Path:
    return Path(str(files(package).joinpath(name)))


def _characters(path: Path) -> Iterator[str]:
    """Read a TrueType file's character map, in the two forms in use (formats 4 and 12).

    A map lists every character it gives a glyph; format 4 may list a gap as glyph 0 inside a segment that goes
    through its glyph array, so those are looked up one by one.
    """
    data = path.read_bytes()
    (tables,) = struct.unpack_from(">H", data, 4)
    directory = {data[12 + 16 * index : 16 + 16 * index]: 12 + 16 * index for index in range(tables)}
    (cmap,) = struct.unpack_from(">I", data, directory[b"cmap"] + 8)
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    offsets = {cmap + struct.unpack_from(">HHI", data, cmap + 4 + 8 * index)[2] for index in range(count)}
    for offset in sorted(offsets):
        (form,) = struct.unpack_from(">H", data, offset)
        if form == 12:
            (groups,) = struct.unpack_from(">I", data, offset + 12)
            for first, last, _glyph in struct.iter_unpack(
                ">III", data[offset + 16 : offset + 16 + 12 * groups]
            ):
                yield from map(chr, range(first, last + 1))
        elif form == 4:
            yield from _segments(data, offset)


def _segments(data: bytes, offset: int) -> Iterator[str]:
    (doubled,) = struct.unpack_from(">H", data, offset + 6)
    form = f">{doubled // 2}H"
    ends = struct.unpack_from(form, data, offset + 14)
    starts = struct.unpack_from(form, data, offset + 16 + doubled)
    ranges_at = offset + 16 + 3 * doubled
    ranges = struct.unpack_from(form, data, ranges_at)
    for index, (first, last, step) in enumerate(zip(starts, ends, ranges, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            if step:
                (glyph,) = struct.unpack_from(">H", data, ranges_at + 2 * index + step + 2 * (code - first))
                if glyph == 0:
                    continue
            yield chr(code)
