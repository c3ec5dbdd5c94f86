"""Scenario files: finding and reading them."""

from pathlib import Path

from workledger.scenarios.calc.grammar import Scenario, parse
from workledger.scenarios.calc.layout import Problem, ScenarioInvalid

PACK = Path(__file__).parent / "pack"


def pack() -> list[Path]:
    """Return the files that come with Workledger, by name."""
    return sorted(PACK.glob("*.txt"))


def read(path: Path) -> Scenario:
    """Read a file. Raises `ScenarioInvalid`, and OSError where it cannot be opened."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioInvalid([Problem(1, "This is no text in UTF-8.")]) from error
