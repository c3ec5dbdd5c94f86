"""The lines of a scenario as a tree: what stands further in belongs to the line above it."""

from dataclasses import dataclass
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong in a line, as a sentence."""

    line: int
    message: str


class ScenarioInvalid(ValueError):
    """A text that is no scenario, with every problem that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"line {line}: {message}" for line, message in problems))


@dataclass(frozen=True, slots=True)
class Node:
    """A line without its comment, counted from 1, with the lines that belong to it."""

    line: int
    text: str
    children: tuple["Node", ...] = ()


def title(text: str) -> str:
    """Return the comment on the first line, '' where there is none."""
    first = text.partition("\n")[0].strip()
    return first.lstrip("# ").strip() if first.startswith("#") else ""


def without_comment(line: str) -> str:
    """Return a line up to a '#' that begins a word outside quotes."""
    quoted = False
    for place, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif sign == "#" and not quoted and (place == 0 or line[place - 1].isspace()):
            return line[:place].rstrip()
    return line.rstrip()


@dataclass(slots=True)
class _Open:
    depth: int
    line: int
    text: str
    children: list[Node]

    def closed(self) -> Node:
        return Node(self.line, self.text, tuple(self.children))


def nodes(text: str) -> list[Node]:
    """Return the outermost lines with what belongs to them. Raises `ScenarioInvalid`."""
    problems: list[Problem] = []
    top: list[Node] = []
    stack: list[_Open] = []

    def close(depth: int) -> None:
        while stack and stack[-1].depth >= depth:
            node = stack.pop().closed()
            (stack[-1].children if stack else top).append(node)

    for number, raw in enumerate(text.split("\n"), start=1):
        line = without_comment(raw)
        if not line.strip():
            continue
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            problems.append(Problem(number, "This line is set in with a tab. Use spaces."))
            continue
        if line.count('"') % 2:
            problems.append(Problem(number, "A quotation mark is missing."))
            continue
        depth = len(indent)
        before = [each.depth for each in stack]
        close(depth)
        siblings = {each for each in before if each >= depth}
        if siblings and depth not in siblings:
            problems.append(Problem(number, "This line is set in unlike those beside it."))
        if depth and not stack:
            problems.append(Problem(number, "This line is set in, but there is no line that it belongs to."))
        stack.append(_Open(depth, number, line.strip(), []))
    close(0)
    if problems:
        raise ScenarioInvalid(problems)
    return top
