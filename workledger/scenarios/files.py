"""Scenario files: finding and reading them."""

import re
from pathlib import Path

from workledger.scenarios.calc.grammar import Scenario, parse
from workledger.scenarios.calc.layout import Problem, ScenarioInvalid

_YEAR = re.compile(r"(?<!\d)\d{4}(?=-\d\d(-\d\d)?(?!\d))")
PACK = Path(__file__).parent / "pack"


def pack() -> list[Path]:
    """Return the files that come with Workledger, by name."""
    return sorted(PACK.glob("*.txt"))


def read(path: Path, *, years: int = 0) -> Scenario:
    """Read a file, with its days so many years later. Raises `ScenarioInvalid`, and OSError where it cannot be opened.

    Later days have other weekdays and other Februaries, so that what is expected may not hold then.
    """
    try:
        return parse(later(path.read_text(encoding="utf-8"), years))
    except UnicodeDecodeError as error:
        raise ScenarioInvalid([Problem(1, "This is no text in UTF-8.")]) from error


def later(text: str, years: int) -> str:
    """Return a scenario with its days so many years later."""
    return _YEAR.sub(lambda found: f"{int(found[0]) + years:04}", text) if years else text
