"""What is printed: tables of text, and aims with whether they are met."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound that a figure should not pass (or, with `at_least`, reach)."""

    what: str
    found: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps the bound."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    @property
    def line(self) -> str:
        """One sentence with both sides."""
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:,g} {self.unit}"
        found = f"{self.found:,.2f}" if self.found < 10 else f"{self.found:,.0f}"
        return f"{'met   ' if self.is_met else 'MISSED'}  {self.what}: {found} {self.unit}, aim {bound}"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their heads: the first to the left, the others to the right."""
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()

    return "\n".join([title, line(heads), line(["-" * width for width in widths]), *map(line, rows), ""])
