"""A scenario's text as statements, each checked against its form. Every problem is found at once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from workledger.scenarios.calc import layout, words
from workledger.scenarios.calc.forms import FORMS, LINE, Below, Form, When
from workledger.scenarios.calc.layout import Node, Problem, ScenarioInvalid
from workledger.scenarios.calc.words import Misread, Span

_WHEN = re.compile(r"(\d{4}-\d\d-\d\d(?:\.\.\d{4}-\d\d-\d\d)?)\s+(.*)")
_SET = re.compile(r"([A-Za-z_][\w.]*)\s*=\s*(.+)")
_ITEM = re.compile(r"([A-Za-z_][\w.]*):\s+(.+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a scenario: what its form names, its day if it has one, and what stands below it.

    `terms` are what `key = value` and `key: part value, …` lines say, nested; `rows` are an expectation's lines.
    """

    line: int
    verb: str
    values: dict[str, Any]
    days: Span | None = None
    terms: dict[str, Any] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    below: tuple["Statement", ...] = ()

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, otherwise: Any = None) -> Any:
        """Return what the statement says for a word, `otherwise` where it says nothing."""
        return self.values.get(key, otherwise)

    @property
    def on(self) -> date:
        """The day of a dated statement."""
        assert self.days is not None
        return self.days.start


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario: its title and its statements in order."""

    title: str
    statements: tuple[Statement, ...]

    def days(self) -> Iterator[date]:
        """Yield every day that the scenario names."""
        pending = list(self.statements)
        while pending:
            each = pending.pop()
            pending += each.below
            if each.days:
                yield each.days.start
                yield each.days.end - timedelta(days=1)
            yield from (value for value in each.values.values() if isinstance(value, date))
            yield from (value.start for value in each.values.values() if isinstance(value, Span))


def parse(text: str) -> Scenario:
    """Read a scenario. Raises `ScenarioInvalid` with every problem."""
    problems: list[Problem] = []
    found = [statement for node in layout.nodes(text) if (statement := _statement(node, problems))]
    title = layout.title(text)
    if not title:
        problems.append(Problem(1, "Begin with a comment that says in one line what the scenario shows."))
    if not any(each.verb == "firm" for each in found):
        problems.append(Problem(1, "No firm is named: firm Nordlicht GmbH, Germany, EUR."))
    if problems:
        raise ScenarioInvalid(sorted(problems))
    return Scenario(title, tuple(found))


def _statement(node: Node, problems: list[Problem]) -> Statement | None:
    said, text = _day_of(node.text)
    form = _form(text)
    if form is None:
        problems.append(Problem(node.line, f"'{text}' begins with no verb of a scenario."))
        return None
    return _read(node, form, said, text, problems)


def _day_of(text: str) -> tuple[str, str]:
    found = _WHEN.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)


def _form(text: str) -> Form | None:
    fitting = [verb for verb in FORMS if text == verb or text.startswith(f"{verb} ")]
    return FORMS[max(fitting, key=len)] if fitting else None


def _read(node: Node, form: Form, said: str, text: str, problems: list[Problem]) -> Statement | None:
    before = len(problems)
    days = _days(node, form, said, problems)
    values = _values(node, form, text.removeprefix(form.verb).strip(), problems)
    terms: dict[str, Any] = {}
    rows: tuple[str, ...] = ()
    below: list[Statement] = []
    match form.below:
        case Below.NOTHING:
            problems += [
                Problem(child.line, f"Nothing stands below '{form.verb}'.") for child in node.children
            ]
        case Below.TERMS:
            terms = _terms(node.children, problems)
        case Below.ROWS:
            rows = tuple(_row(child, problems) for child in node.children)
        case Below.LINES:
            for child in node.children:
                if not child.text.startswith("line "):
                    problems.append(
                        Problem(child.line, "Below a contract stand its lines: line NAME, MODEL.")
                    )
                elif line := _read(child, LINE, "", child.text, problems):
                    below.append(line)
        case Below.ACT:
            if len(node.children) != 1:
                problems.append(Problem(node.line, "One act stands below this: the one that is refused."))
            below += [found for child in node.children if (found := _statement(child, problems))]
    if len(problems) > before:
        return None
    return Statement(node.line, form.verb, values, days, terms, rows, tuple(below))


def _days(node: Node, form: Form, said: str, problems: list[Problem]) -> Span | None:
    if not said:
        if form.when is not When.NEVER:
            problems.append(Problem(node.line, f"Say on which day: 2026-01-31 {form.verb} …"))
        return None
    if form.when is When.NEVER:
        problems.append(Problem(node.line, f"'{form.verb}' has no day of its own before it."))
    elif form.when is When.DAY and ".." in said:
        problems.append(Problem(node.line, f"'{form.verb}' is of one day."))
    try:
        return words.span(said)
    except Misread as error:
        problems.append(Problem(node.line, str(error)))
        return None


def _values(node: Node, form: Form, text: str, problems: list[Problem]) -> dict[str, Any]:
    given = words.parts(text)
    values: dict[str, Any] = {}
    if len(given) < len(form.needs):
        problems.append(Problem(node.line, f"'{form.verb}' needs: {', '.join(form.needs)}."))
        return values
    try:
        for (key, reader), part in zip(form.needs.items(), given, strict=False):
            values[key] = reader(part)
        for part in given[len(form.needs) :]:
            key, value = _optional(form, part)
            if key in values:
                raise Misread(f"'{key}' is said twice.")
            values[key] = value
        missing = sorted(form.must - values.keys())
        if missing:
            raise Misread(f"'{form.verb}' needs also: {', '.join(missing)}.")
    except Misread as error:
        problems.append(Problem(node.line, str(error)))
    return values


def _optional(form: Form, part: str) -> tuple[str, Any]:
    if words.is_quoted(part):
        if not form.text:
            raise Misread(f"'{form.verb}' takes no text in quotation marks.")
        return form.text, words.text(part)
    fitting = [key for key in form.may if part == key or part.startswith(f"{key} ")]
    if not fitting:
        known = ", ".join([*form.may, *(['"…"'] if form.text else [])]) or "nothing more"
        raise Misread(f"'{part}' is not understood. '{form.verb}' takes: {known}.")
    key = max(fitting, key=len)
    return key, form.may[key](part.removeprefix(key).strip())


def _row(node: Node, problems: list[Problem]) -> str:
    problems += [Problem(child.line, "Nothing stands below a row.") for child in node.children]
    return row(node.text)


def row(text: str) -> str:
    """Return a row with single spaces in and around its cells, so that the author may align them."""
    return " | ".join(" ".join(cell.split()) for cell in text.split("|")).strip()


def _terms(children: tuple[Node, ...], problems: list[Problem]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in children:
        problems += [Problem(child.line, "Nothing stands below a term.") for child in node.children]
        if single := _SET.fullmatch(node.text):
            clash = _put(found, single[1], _scalar(single[2]))
        elif item := _ITEM.fullmatch(node.text):
            document: dict[str, Any] = {}
            clash = False
            for part in words.parts(item[2]):
                key, _, value = part.partition(" ")
                clash |= not value or _put(document, key, _scalar(value.strip()))
            held = _held(found, item[1])
            clash |= held is None
            if held is not None:
                held.append(document)
        else:
            problems.append(
                Problem(node.line, "Write a term as 'key = value' or as 'key: part value, part value'.")
            )
            continue
        if clash:
            problems.append(
                Problem(node.line, f"'{node.text}' says something twice, or a part has no value.")
            )
    return found


def _put(document: dict[str, Any], path: str, value: Any) -> bool:
    """Set a dotted key; returns whether something stands there already."""
    *outer, key = path.split(".")
    inner = _inner(document, outer)
    if inner is None or key in inner:
        return True
    inner[key] = value
    return False


def _inner(document: dict[str, Any], path: Sequence[str]) -> dict[str, Any] | None:
    """Return the document at a path, making it; None where something else stands there."""
    for key in path:
        found: Any = document.setdefault(key, {})
        if not isinstance(found, dict):
            return None
        document = found
    return document


def _held(document: dict[str, Any], path: str) -> list[Any] | None:
    *outer, key = path.split(".")
    inner = _inner(document, outer)
    held: Any = None if inner is None else inner.setdefault(key, [])
    return held if isinstance(held, list) else None


def _scalar(word: str) -> Any:
    """Return a value as a document holds it: true and false, none, lists in brackets, amounts without commas, words."""
    if word in ("true", "false"):
        return word == "true"
    if word == "none":
        return None
    if word.startswith("[") and word.endswith("]"):
        return [_scalar(part) for part in words.parts(word[1:-1])]
    try:
        return str(words.number(word))
    except Misread:
        return words.name(word)
