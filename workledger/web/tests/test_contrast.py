"""Every pair of colours in use, in both themes, against WCAG 2.2 AA: reckoned from the tokens themselves."""

import math
import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[1] / "static/web/css/tokens.css").read_text()
_PAIR = re.compile(
    r"--([\w-]+): light-dark\(oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\), oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)\)"
)
COLOURS = {
    name: {"light": (float(a), float(b), float(c)), "dark": (float(d), float(e), float(f))}
    for name, a, b, c, d, e, f in _PAIR.findall(TOKENS)
}
SURFACES = ("paper", "raised", "sunken", "hover")
TEXT = [
    (ink, surface)
    for ink in ("ink", "ink-2", "ink-3", "accent", "good", "warn", "bad", "info")
    for surface in SURFACES
]
TEXT += [(tone, f"{tone}-tint") for tone in ("accent", "good", "warn", "bad", "info")]
TEXT += [("ink", f"{tone}-tint") for tone in ("accent", "good", "warn", "bad", "info")]
TEXT += [
    ("ink-2", "rule"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-bad", "bad"),
    ("on-bad", "bad-strong"),
]
TEXT += [("ink", "rule"), ("accent-strong", "paper"), ("accent-strong", "raised")]
SHAPES = [
    (shape, surface)
    for shape in ("edge", "focus", "subject", "warn-fill", "bad-fill")
    for surface in ("paper", "raised")
]
SHAPES += [("focus", "sunken")]


def linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Return linear sRGB of an OKLCH colour, clipped to the gamut."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    level = lightness / 100
    long = (level + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (level - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (level - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return tuple(min(max(part, 0.0), 1.0) for part in (red, green, blue))  # type: ignore[return-value]


def contrast(one: str, other: str, theme: str) -> float:
    """Return the contrast ratio of two tokens in a theme."""
    shades = []
    for name in (one, other):
        red, green, blue = linear(*COLOURS[name][theme])
        shades.append(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    return max(shades) / min(shades)


def test_black_on_white_is_twenty_one() -> None:
    assert linear(100, 0, 0) == pytest.approx((1, 1, 1), abs=1e-4)
    assert linear(0, 0, 0) == (0, 0, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "surface"), TEXT)
def test_text_reads(ink: str, surface: str, theme: str) -> None:
    assert contrast(ink, surface, theme) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "surface"), SHAPES)
def test_shapes_are_seen(shape: str, surface: str, theme: str) -> None:
    assert contrast(shape, surface, theme) >= 3
