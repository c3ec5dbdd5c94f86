"""Forms of pages: fields as data, what was typed understood, and every problem beside its field.

A form holds no rules. It turns texts into the values an action takes, hands them over, and shows what the action
says: problems by field, warnings to be confirmed. Where a text is not understood the action is tried as a dry run
with a stand-in, so that a person still sees all problems at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Problem, Refused
from workledger.web import formats
from workledger.web.acting import act_options, today
from workledger.web.inputs import NotUnderstood, parse_date, parse_money

Kind = Literal[
    "text", "email", "lines", "secret", "date", "number", "whole", "choice", "id", "find", "find_id", "check",
    "many", "file", "rows",
]  # fmt: skip
Run = Callable[[Mapping[str, Any], Options], object]
_MOST_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a form asks. `options` are (value, word) or (value, word, hint); fields of one `row` stand abreast.

    Kinds and their values: text, email, lines, secret, choice, find (str); date (date or None); number (Decimal or
    None, at most `places` decimals, `unit` behind it); whole (int or None); id, find_id (int or None); check (bool);
    many (list of str); file (its text, or `initial` when none was chosen); rows (list of dicts of what was filled in,
    by the names of `columns`; `noun` is what a row is). 'find' kinds are searched by typing.

    `when` tells which choice the field is for: 'unused=roll_over', or 'kind=a|b'. A field that begins a section may
    fold it: the section opens by itself where something in it differs from its `default`; `about` says what it is for.
    """

    name: str
    label: str
    kind: Kind = "text"
    help: str = ""
    required: bool = False
    options: tuple[tuple[Any, ...], ...] = ()
    empty: str = ""
    unit: str = ""
    places: int = 2
    row: str = ""
    section: str = ""
    accept: str = ""
    columns: tuple["Field", ...] = ()
    noun: str = ""
    when: str = ""
    folds: bool = False
    about: str = ""
    default: Any = None


@dataclass(slots=True)
class BoundField:
    """A field with what stands in it and what is wrong with it."""

    field: Field
    text: str
    error: str
    checked: bool = False
    chosen: tuple[str, ...] = ()
    marked: bool = False
    is_hidden: bool = False
    rows: tuple["BoundRow", ...] = ()
    blank: "BoundRow | None" = None

    @property
    def is_set(self) -> bool:
        """Whether it says something else than what goes without saying."""
        if self.is_hidden:
            return False
        if self.field.kind == "check":
            return bool(self.error) or self.checked != bool(self.field.default)
        return bool(self.error or self.rows or self.chosen) or self.text != _written(self.field.default)

    @property
    def words(self) -> str:
        """The word of the chosen option, for fields that are searched."""
        return next((str(option[1]) for option in self.field.options if str(option[0]) == self.text), "")

    @property
    def triples(self) -> list[tuple[str, str, str]]:
        """The options as value, word and hint."""
        return [
            (str(each[0]), str(each[1]), str(each[2]) if len(each) > 2 else "") for each in self.field.options
        ]


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A row of a list: its number and its cells; those of the row 'below' stand under the others."""

    number: str
    cells: tuple[BoundField, ...]

    @property
    def abreast(self) -> int:
        """How many cells stand beside each other."""
        return sum(cell.field.row != "below" for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading, in rows; one that folds is open where something in it is set."""

    section: str
    rows: tuple[tuple[BoundField, ...], ...]

    @property
    def first(self) -> Field:
        """The field that begins it."""
        return self.rows[0][0].field

    @property
    def is_open(self) -> bool:
        """Whether something in it is set or wrong."""
        return any(bound.is_set for row in self.rows for bound in row)


@dataclass
class Form:
    """Fields, what stands in them, and what an action said."""

    fields: tuple[Field, ...]
    initial: Mapping[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    loose: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    _typed: dict[str, Any] | None = None

    def submit(self, request: HttpRequest, run: Run) -> tuple[bool, object]:
        """Read what was sent and act. Returns whether it was done, and the action's result.

        Raises NotFound and Forbidden, which are no matter of a field.
        """
        self._read(request)
        misread = bool(self.errors)
        options = act_options(request)
        result: object = None
        try:
            result = run(self.values, replace(options, dry_run=True) if misread else options)
        except NeedsConfirmation as asked:
            if not misread:
                self.warnings = list(asked.problems)
                return False, None
        except (Forbidden, NotFound):
            raise
        except Refused as refused:
            self._take(refused.problems)
        return not self.errors and not self.loose, result

    def _take(self, problems: Iterable[Problem]) -> None:
        names = {each.name for each in self.fields}
        for problem in problems:
            place = problem.field if problem.field in names else self._cell(problem.field)
            if not place:
                self.loose.append(problem)
            elif place not in self.errors:
                self.errors[place] = problem.message

    def _cell(self, path: str) -> str:
        """Return the cell that a path such as 'tiers.1.price' means, the row's first one for 'tiers.1', else nothing."""
        for each in self.fields:
            if each.kind != "rows" or not path.startswith(f"{each.name}."):
                continue
            number, _, column = path.removeprefix(f"{each.name}.").partition(".")
            names = [about.name for about in each.columns]
            return f"{each.name}.{number}.{column if column in names else names[0]}"
        return ""

    def _read(self, request: HttpRequest) -> None:
        self._typed = {}
        for each in self.fields:
            try:
                self.values[each.name] = self._value(each, request)
            except NotUnderstood as error:
                self.errors[each.name] = str(error)
                self.values[each.name] = _stand_in(each)

    def _value(self, each: Field, request: HttpRequest) -> Any:
        assert self._typed is not None
        if each.kind == "check":
            self._typed[each.name] = each.name in request.POST
            return self._typed[each.name]
        if each.kind == "many":
            self._typed[each.name] = request.POST.getlist(each.name)
            return self._typed[each.name]
        if each.kind == "file":
            return self._file(each, request)
        if each.kind == "rows":
            return self._rows(each, request)
        text = request.POST.get(each.name, "").replace("\r\n", "\n")
        self._typed[each.name] = text
        if each.options and text and text not in (str(option[0]) for option in each.options):
            raise NotUnderstood("Choose one of the list.")
        value = _understood(each, text)
        if each.required and (value is None or (each.kind == "choice" and not text)):
            raise NotUnderstood(f"{each.label} is needed here.")
        return value

    def _rows(self, each: Field, request: HttpRequest) -> list[dict[str, Any]]:
        """Read the rows in the order in which they were sent; those with nothing in them are left out."""
        assert self._typed is not None
        self._typed[each.name] = typed = _typed_rows(each, request)
        return [self._row(each, number, texts) for number, texts in enumerate(typed)]

    def _row(self, each: Field, number: int, texts: Mapping[str, str]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for column in each.columns:
            if not texts.get(column.name):
                continue
            try:
                row[column.name] = _understood(column, texts[column.name])
            except NotUnderstood as error:
                self.errors[f"{each.name}.{number}.{column.name}"] = str(error)
                row[column.name] = _stand_in(column)
        return row

    def _file(self, each: Field, request: HttpRequest) -> str:
        sent = request.FILES.get(each.name)
        if sent is None:
            return str(self.initial.get(each.name, ""))
        if (sent.size or 0) > _MOST_FILE_BYTES:
            raise NotUnderstood("This file is larger than 1 MB. Choose a smaller one.")
        try:
            return bytes(sent.read()).decode()
        except UnicodeDecodeError:
            message = "This file is no text. Choose a file of the kind that is asked for."
            raise NotUnderstood(message) from None

    @property
    def problems(self) -> list[Problem]:
        """All problems, for the summary above the form."""
        found = [
            Problem("", message, place)
            for each in self.fields
            for place, message in self.errors.items()
            if place == each.name or (each.kind == "rows" and place.startswith(f"{each.name}."))
        ]
        return [*found, *(replace(problem, field="") for problem in self.loose)]

    @property
    def has_file(self) -> bool:
        """Whether a file may be sent."""
        return any(each.kind == "file" for each in self.fields)

    @property
    def groups(self) -> Iterator[Group]:
        """The fields by heading and row."""
        for section, fields in groupby(self._sections(), key=lambda pair: pair[0]):
            rows = groupby((each for _, each in fields), key=lambda each: each.row or each.name)
            group = Group(section, tuple(tuple(self._bound(each) for each in row) for _, row in rows))
            if group.first.folds:  # whoever opens it knows that it may stay as it is
                for bound in (bound for row in group.rows for bound in row):
                    bound.marked = False
            yield group

    def _sections(self) -> Iterator[tuple[str, Field]]:
        section = ""
        for each in self.fields:
            section = each.section or section
            yield section, each

    def _bound(self, each: Field) -> BoundField:
        value = self._now(each.name)
        is_marked = not (each.required or each.when or (each.kind == "choice" and not each.empty))
        bound = BoundField(each, "", self.errors.get(each.name, ""), marked=is_marked)
        bound.is_hidden = not self._is_for(each)
        if each.kind == "rows":
            bound.rows = tuple(
                self._bound_row(each, str(number), row) for number, row in enumerate(value or ())
            )
            bound.blank = self._bound_row(each, BLANK, {})
        elif each.kind == "check":
            bound.checked = bool(value)
        elif each.kind == "many":
            bound.chosen = tuple(str(chosen) for chosen in value or ())
        elif each.kind not in ("secret", "file"):
            bound.text = value if isinstance(value, str) else _written(value)
        return bound

    def _now(self, name: str) -> Any:
        return (self.initial if self._typed is None else self._typed).get(name)

    def _is_for(self, each: Field) -> bool:
        """Return whether the choice that a field is for is made."""
        if not each.when:
            return True
        name, wanted = condition(each)
        other = next((field for field in self.fields if field.name == name), None)
        is_made = str(self._now(name) or "") in wanted
        return is_made and (other is None or self._is_for(other))

    def _bound_row(self, each: Field, number: str, row: Mapping[str, Any]) -> BoundRow:
        cells = []
        for column in each.columns:
            place = f"{each.name}.{number}.{column.name}"
            value = row.get(column.name, column.default)
            text = value if isinstance(value, str) else _written(value)
            cell = BoundField(replace(column, name=place), text, self.errors.get(place, ""))
            if column.when:
                name, wanted = condition(column)
                choice = next(about for about in each.columns if about.name == name)
                cell.is_hidden = str(row.get(name, choice.default) or "") not in wanted
                cell.field = replace(cell.field, when=f"{each.name}.{number}.{column.when}")
            cells.append(cell)
        return BoundRow(number, tuple(cells))


BLANK = "new"
"""The number of the row that new rows are made from."""


def condition(each: Field) -> tuple[str, list[str]]:
    """Return the field that decides whether this one is asked, and the values for which it is."""
    name, _, wanted = each.when.partition("=")
    return name, wanted.split("|")


def _typed_rows(each: Field, request: HttpRequest) -> list[dict[str, str]]:
    """Return the texts of rows by column in the order of the page, without rows in which nothing was written."""
    names = {column.name for column in each.columns}
    written = {column.name for column in each.columns if column.kind != "choice"}
    rows: dict[str, dict[str, str]] = {}
    for key, text in request.POST.items():
        if key.startswith(f"{each.name}."):
            number, _, column = key.removeprefix(f"{each.name}.").partition(".")
            if column in names:
                rows.setdefault(number, {})[column] = str(text).strip()
    return [row for row in rows.values() if any(row.get(name) for name in written)]


_STAND_INS: dict[str, Any] = {"date": date(2000, 1, 1), "number": Decimal(1), "whole": 1, "rows": ()}


def _stand_in(each: Field) -> Any:
    """Return a value to try an act with, where what was typed is none."""
    if each.options and each.kind != "many":
        return each.options[0][0]
    return _STAND_INS.get(each.kind, "")


def _understood(each: Field, text: str) -> Any:
    match each.kind:
        case "date":
            return parse_date(text, today=today())
        case "number":
            return parse_money(text, places=each.places, decimal_mark=formats.decimal_mark())
        case "whole":
            return _whole(text)
        case "id" | "find_id":
            return int(text) if text.isascii() and text.isdigit() else None
    return text


def _whole(text: str) -> int | None:
    written = text.strip()
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise NotUnderstood("Write a whole number such as 30.")
    return int(written)


def _written(value: Any) -> str:
    """Return a value as the reader would type it."""
    if value is None:
        return ""
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(value, Decimal):
        plain = f"{value.normalize():f}"
        return plain.replace(".", formats.decimal_mark())
    return str(value)


class UploadForm(Form):
    """A form whose file is taken by the act as it was sent, not read as text; its value is the file's name."""

    def _file(self, each: Field, request: HttpRequest) -> str:
        sent = request.FILES.get(each.name)
        return (sent.name or "") if sent is not None else ""


@dataclass(frozen=True, slots=True)
class FormPage:
    """What stands around a form. `crumbs` are (word, address); `done` is where to go after, `said` the message then,
    and either may be made of the result; `removal` is the word and address of the act that takes away what the form
    is about."""

    title: str
    crumbs: tuple[tuple[str, str], ...]
    act: str
    done: str | Callable[[Any], str]
    said: str | Callable[[Any], str]
    lead: str = ""
    cancel: str = ""
    removal: tuple[str, str] | None = None
    template: str = "web/form.html"
    context: Mapping[str, Any] = field(default_factory=dict)


def form_page(request: HttpRequest, form: Form, run: Run, around: FormPage) -> HttpResponse:
    """Show a form, or act on what was sent: then go on with a message, or show it again with what is wrong."""
    status = 200
    if request.method == "POST":
        is_done, result = form.submit(request, run)
        if is_done:
            messages.success(request, around.said(result) if callable(around.said) else around.said)
            return redirect(around.done(result) if callable(around.done) else around.done)
        status = 409 if form.warnings else 422
    cancel = around.cancel or (around.crumbs[-1][1] if around.crumbs else "")
    context = {"form": form, "around": around, "cancel": cancel, **around.context}
    return render(request, around.template, context, status=status)
