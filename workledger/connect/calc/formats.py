"""Which column of which tool means what: data, and the few functions that match a header against it.

Names are compared without case, without a trailing question mark and with single spaces; a currency in brackets at the
end (`Amount (EUR)`) is read off the name. Within a field, earlier names win over later ones.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from workledger.connect.calc.values import DateOrder

FormatName = Literal["harvest", "toggl", "clockify", "kimai", "csv"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file.

    `columns`: for each field of a row the header names that carry it. `required`: groups of fields of which the file must
    have at least one. `ambiguous_order`: how 03/04 is read when the whole file leaves it open. `zero_rate_is_none`: the
    tool writes 0 where no rate is set.
    """

    name: FormatName
    label: str
    columns: Mapping[str, Names]
    required: tuple[Names, ...]
    ambiguous_order: DateOrder
    zero_rate_is_none: bool = True


_HARVEST = Format(
    name="harvest",
    label="Harvest",
    columns={
        "date": ("date", "spent date"),
        "client": ("client",),
        "project": ("project",),
        "project_code": ("project code",),
        "task": ("task",),
        "note": ("notes", "note"),
        "duration": ("hours",),
        "billable_hours": ("hours rounded", "rounded hours"),
        "billable": ("billable",),
        "invoiced": ("invoiced",),
        "first_name": ("first name",),
        "last_name": ("last name",),
        "email": ("email",),
        "role": ("roles", "role"),
        "rate": ("billable rate",),
        "amount": ("billable amount",),
        "cost_rate": ("cost rate",),
        "currency": ("currency",),
    },
    required=(("date",), ("project",), ("duration",), ("first_name", "last_name")),
    ambiguous_order="month_first",
)

_TOGGL = Format(
    name="toggl",
    label="Toggl Track",
    columns={
        "person": ("user", "member"),
        "email": ("email",),
        "client": ("client",),
        "project": ("project",),
        "task": ("task",),
        "note": ("description",),
        "billable": ("billable",),
        "date": ("start date",),
        "start": ("start time",),
        "end_date": ("end date", "stop date"),
        "end": ("end time", "stop time"),
        "duration": ("duration",),
        "tags": ("tags",),
        "rate": ("billable rate", "hourly rate", "rate"),
        "amount": ("amount",),
        "currency": ("currency",),
        "external_id": ("time entry id", "id"),
    },
    required=(("date",), ("project",), ("duration",), ("person", "email")),
    ambiguous_order="month_first",
)

_CLOCKIFY = Format(
    name="clockify",
    label="Clockify",
    columns={
        "project": ("project", "projekt"),
        "client": ("client", "kunde"),
        "note": ("description", "beschreibung"),
        "task": ("task", "activity", "aufgabe"),
        "person": ("user", "benutzer"),
        "email": ("email", "e-mail"),
        "tags": ("tags", "tag"),
        "billable": ("billable", "abrechenbar"),
        "date": ("start date", "startdatum"),
        "start": ("start time", "startzeit"),
        "end_date": ("end date", "enddatum"),
        "end": ("end time", "endzeit"),
        # The clock form comes first: the decimal form is rounded, and empty in some workspaces.
        "duration": ("duration (h)", "dauer (h)"),
        "decimal_duration": ("duration (decimal)", "dauer (dezimal)", "dauer (dezimalzahl)"),
        "rate": ("billable rate", "hourly rate", "abrechenbarer tarif", "stundensatz"),
        "amount": ("billable amount", "rechnungsbetrag", "abrechenbarer betrag"),
        "cost_rate": ("cost rate", "kostensatz"),
        "currency": ("currency", "währung"),
        "invoiced": ("invoiced",),
    },
    required=(("date",), ("project",), ("duration", "decimal_duration"), ("person", "email")),
    ambiguous_order="month_first",
)

_KIMAI = Format(
    name="kimai",
    label="Kimai",
    columns={
        "date": ("date", "datum"),
        "start": ("from", "begin", "von", "beginn"),
        "end": ("to", "end", "bis", "ende"),
        "duration": ("duration", "dauer"),
        "currency": ("currency", "währung"),
        "amount": ("price", "rate", "preis", "lohn"),
        "cost_amount": ("internal price", "internal rate", "interner preis", "interner lohn"),
        "rate": (
            "hourly price",
            "hourly rate",
            "preis pro stunde",
            "stundenpreis",
            "stundensatz",
            "stundenlohn",
        ),
        "fixed_price": ("fixed price", "fixed rate", "festpreis"),
        "person": ("name", "alias"),
        "username": ("username", "user", "benutzername", "benutzer"),
        "email": ("e-mail", "email"),
        "client": ("customer", "kunde"),
        "project": ("project", "projekt"),
        "project_code": ("project number", "projektnummer"),
        "task": ("activity", "tätigkeit"),
        "note": ("description", "beschreibung"),
        "billable": ("billable", "abrechenbar"),
        "tags": ("tags", "schlagworte", "schlagwörter"),
        "invoiced": ("exported", "exportiert"),
        "external_id": ("id",),
    },
    required=(
        ("date",),
        ("project",),
        ("duration",),
        ("person", "username", "email"),
        ("start", "task", "client"),
    ),
    ambiguous_order="day_first",
)

_PLAIN = Format(
    name="csv",
    label="plain CSV",
    columns={
        "date": ("date", "datum"),
        "person": ("person", "mitarbeiter"),
        "email": ("email", "e-mail"),
        "client": ("client", "kunde"),
        "project": ("project", "projekt"),
        "project_code": ("project_code", "project code", "projektcode"),
        "phase": ("phase",),
        "task": ("task", "aufgabe"),
        "duration": ("hours", "stunden"),
        "billable": ("billable", "abrechenbar"),
        "billable_hours": ("billable_hours", "billable hours", "abrechenbare stunden"),
        "note": ("note", "notiz"),
        "rate": ("rate", "stundensatz"),
        "amount": ("amount", "betrag"),
        "cost_rate": ("cost_rate", "cost rate", "kostensatz"),
        "currency": ("currency", "währung"),
        "role": ("role", "rolle"),
        "tags": ("tags",),
        "start": ("start",),
        "end": ("end", "ende"),
        "invoiced": ("invoiced", "abgerechnet"),
        "external_id": ("id",),
    },
    required=(("date",), ("person", "email"), ("project",), ("duration",)),
    ambiguous_order="day_first",
    zero_rate_is_none=False,
)

BY_NAME: Mapping[FormatName, Format] = {f.name: f for f in (_HARVEST, _TOGGL, _CLOCKIFY, _KIMAI, _PLAIN)}

FIELDS: Names = tuple(sorted({field for f in BY_NAME.values() for field in f.columns}))

_CURRENCY_SUFFIX = re.compile(r"(.*?)\s*\(([A-Za-z]{3})?\)")


@dataclass(frozen=True, slots=True)
class Columns:
    """A header understood: where each field stands, what was ignored and which currencies column names state.

    `amounts` lists every column of the amount with its currency, because a workspace with several currencies
    has one column for each.
    """

    width: int
    positions: Mapping[str, int]
    ignored: Names
    currency: str | None
    amounts: tuple[tuple[int, str | None], ...]


def normalise_header(name: str) -> tuple[str, str | None]:
    """The name to compare, and the currency stated in brackets at its end, if any."""
    text = " ".join(name.replace("\ufeff", "").split()).rstrip("?").rstrip()
    found = _CURRENCY_SUFFIX.fullmatch(text)
    if found and (found[2] is None or found[2].isupper()):
        return found[1].casefold(), found[2]
    return text.casefold(), None


def map_columns(header: Sequence[str], fmt: Format) -> Columns:
    """Find the fields of a format in a header. Says nothing of missing ones; see `missing_columns`."""
    names = [normalise_header(cell) for cell in header]
    places: dict[str, list[int]] = {}
    for position, (name, _) in enumerate(names):
        places.setdefault(name, []).append(position)
    positions: dict[str, int] = {}
    amounts: tuple[tuple[int, str | None], ...] = ()
    for field, wanted in fmt.columns.items():
        found = next((places[name] for name in wanted if name in places), None)
        if found is None:
            continue
        positions[field] = found[0]
        if field == "amount":
            amounts = tuple((position, names[position][1]) for position in found)
    used = set(positions.values()) | {position for position, _ in amounts}
    stated = (names[positions[field]][1] for field in ("amount", "rate", "cost_rate") if field in positions)
    return Columns(
        width=len(header),
        positions=positions,
        ignored=tuple(cell.strip() for i, cell in enumerate(header) if i not in used and cell.strip()),
        currency=next((code for code in stated if code), None),
        amounts=amounts,
    )


def missing_columns(columns: Columns, fmt: Format, *, given: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The required columns a header lacks, as words ("first name or last name"). `given` fields are not asked for."""
    return tuple(
        " or ".join(fmt.columns[field][0] for field in group)
        for group in fmt.required
        if not any(field in columns.positions or field in given for field in group)
    )


def detect_format(header: Sequence[str]) -> FormatName | None:
    """The format whose required columns are all there and that knows most of the others; None when none fits.

    A person column may be missing: exports of one's own time have none.
    """
    best: tuple[int, FormatName] | None = None
    for fmt in BY_NAME.values():
        columns = map_columns(header, fmt)
        if missing_columns(columns, fmt, given=frozenset(("person", "first_name"))):
            continue
        score = len(columns.positions)
        if best is None or score > best[0]:
            best = (score, fmt.name)
    return best[1] if best else None
