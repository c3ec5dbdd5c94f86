"""Every statement a scenario may hold: its verb, what it needs, what it may say, what may stand below it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from workledger.scenarios.calc import words
from workledger.scenarios.calc.words import Reader


class When(Enum):
    """Which day a statement begins with."""

    NEVER = "never"
    DAY = "day"
    DAYS = "days"


class Below(Enum):
    """What may stand below a statement."""

    NOTHING = "nothing"
    LINES = "lines"
    TERMS = "terms"
    ROWS = "rows"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Form:
    """A statement's form. `needs` stand in their order; `may` stand after them in any order, each led by its word.

    `text` names the value of a text in quotation marks, '' where there is none.
    """

    verb: str
    needs: Mapping[str, Reader] = field(default_factory=dict)
    may: Mapping[str, Reader] = field(default_factory=dict)
    when: When = When.NEVER
    below: Below = Below.NOTHING
    text: str = ""
    must: frozenset[str] = frozenset()


_NAME, _AMOUNT, _DAY, _COUNT, _TIME = words.name, words.number, words.day, words.count, words.seconds
_WORK: dict[str, Reader] = {"line": _NAME, "contract": _NAME, "person": _NAME, "day": _DAY}
_PICKED = _WORK | {"reason": _NAME}

_SETUP = (
    Form("firm", {"name": _NAME, "country": _NAME, "currency": _NAME}, {"prefix": _NAME, "tax": words.percent}),
    Form("office", {"name": _NAME, "country": _NAME}, {"region": _NAME}),
    Form(
        "person",
        {"name": _NAME, "role": _NAME},
        {"cost": _AMOUNT, "from": _DAY, "firm": _NAME, "office": _NAME, "contractor": words.flag, "week": _TIME},
    ),
    Form(
        "client",
        {"name": _NAME, "country": _NAME},
        {
            "net": _COUNT, "currency": _NAME, "tax": words.percent, "reverse charge": words.flag,
            "exempt": words.flag, "outside": words.flag, "zero rated": words.flag, "lines by": _NAME,
            "needs a purchase order": words.flag, "vat": _NAME,
        },
    ),
    Form(
        "contract",
        {"name": _NAME, "client": _NAME, "currency": _NAME},
        {"from": _DAY, "to": _DAY, "firm": _NAME, "net": _COUNT, "order": _NAME, "notes": words.flag},
        below=Below.LINES,
        must=frozenset({"from"}),
    ),
    Form("project", {"name": _NAME}, {"contract": _NAME}, must=frozenset({"contract"})),
    Form(
        "task", {"name": _NAME, "line": _NAME}, {"project": _NAME, "contract": _NAME, "kind": _NAME}
    ),
    Form("tax code", {"name": _NAME, "percentage": words.percent}, {"from": _DAY, "firm": _NAME}),
    Form("category", {"name": _NAME}, {"not rebilled": words.flag, "keeps tax": words.flag}),
    Form(
        "rate",
        {"who": _NAME, "price": _AMOUNT},
        {
            "from": _DAY, "to": _DAY, "contract": _NAME, "client": _NAME, "line": _NAME, "kind": _NAME,
            "currency": _NAME, "firm": _NAME, "beside": words.flag,
        },
    ),
    Form("kind", {"name": _NAME}),
    Form("exchange", {"base": _NAME, "quote": _NAME, "rate": _AMOUNT}, when=When.DAY),
)  # fmt: skip

LINE = Form(
    "line",
    {"name": _NAME, "model": _NAME},
    {"price": _AMOUNT, "budget": _TIME, "tax code": _NAME, "revenue": _NAME},
    below=Below.TERMS,
)

_ACTS = (
    Form(
        "time",
        {"person": _NAME, "task": _NAME, "hours": _TIME},
        {"billable": _TIME, "project": _NAME},
        When.DAYS,
        text="note",
    ),
    Form(
        "change time",
        {"person": _NAME, "task": _NAME, "hours": _TIME},
        {"day": _DAY, "billable": _TIME, "project": _NAME},
        When.DAY,
        must=frozenset({"day"}),
    ),
    Form(
        "expense",
        {"person": _NAME, "task": _NAME, "category": _NAME, "amount": _AMOUNT},
        {"currency": _NAME, "tax": _AMOUNT, "project": _NAME, "not billable": words.flag},
        When.DAY,
        text="what",
    ),
    Form("approve", {}, {"person": _NAME}, When.DAY),
    Form("withdraw approval", {"person": _NAME, "task": _NAME}, {"day": _DAY, "project": _NAME}, When.DAY,
         text="reason", must=frozenset({"day", "reason"})),
    Form("import", {"format": _NAME}, {"firm": _NAME}, When.DAY, Below.ROWS),
    Form("reimburse", {"person": _NAME}, {}, When.DAY),
    Form("bill", {}, {"through": _DAY, "client": _NAME, "contract": _NAME}, When.DAY),
    Form("issue", {}, {"contract": _NAME}, When.DAY),
    Form("credit invoice", {"invoice": _COUNT}, {}, When.DAY, text="reason", must=frozenset({"reason"})),
    Form("pay invoice", {"invoice": _COUNT, "amount": _AMOUNT}, {}, When.DAY, text="reference"),
    Form("settle invoice", {"invoice": _COUNT}, {}, When.DAY, text="reference"),
    Form("void payment", {"payment": _COUNT}, {}, When.DAY, text="reason", must=frozenset({"reason"})),
    Form("write off invoice", {"invoice": _COUNT}, {"amount": _AMOUNT, "tax relief": words.flag}, When.DAY,
         text="reason", must=frozenset({"reason"})),
    Form("take back write-off of invoice", {"invoice": _COUNT}, {"amount": _AMOUNT}, When.DAY, text="reason",
         must=frozenset({"reason"})),
    Form("allocate deposit", {"payment": _COUNT, "invoice": _COUNT, "amount": _AMOUNT}, {}, When.DAY),
    Form("accept", {"milestone": _NAME}, _WORK | {"by": _NAME}, When.DAY, text="evidence", must=frozenset({"by"})),
    Form("charge", {"instalment": _NAME}, _WORK, When.DAY),
    Form("units", {"line": _NAME, "quantity": _AMOUNT, "period": words.span}, {}, When.DAY),
    Form("progress", {"line": _NAME}, {"to": words.percent}, When.DAY, text="evidence"),
    Form("release retainage", {"line": _NAME}, {"amount": _AMOUNT}, When.DAY),
    Form("block", {"line": _NAME}, {}, When.DAY),
    Form("take back charge", {"charge": _NAME}, _WORK, When.DAY, text="reason", must=frozenset({"reason"})),
    Form("hold", {}, _PICKED, When.DAY, text="note", must=frozenset({"reason"})),
    Form("release", {}, _WORK, When.DAY),
    Form("write off", {}, _PICKED, When.DAY, text="note", must=frozenset({"reason"})),
    Form("write down", {"amount": _AMOUNT}, _PICKED, When.DAY, text="note", must=frozenset({"reason"})),
    Form("write down pre-bill", {"line": _NAME, "amount": _AMOUNT}, {"reason": _NAME}, When.DAY, text="note",
         must=frozenset({"reason"})),
    Form("drop pre-bill", {"contract": _NAME}, {"line": _NAME, "hold": words.flag}, When.DAY),
    Form("lock", {"period": words.span}, {"firm": _NAME}, When.DAY),
    Form("close", {"period": words.span}, {"firm": _NAME}, When.DAY),
    Form("open", {"period": words.span}, {"firm": _NAME}, When.DAY),
    Form("end contract", {"contract": _NAME}, {}, When.DAY),
    Form("terms", {"line": _NAME}, {"model": _NAME}, When.DAY, Below.TERMS),
    Form("act", {"action": _NAME}, {"as": _NAME}, When.DAY, Below.TERMS),
)  # fmt: skip

_REVENUE = (
    Form("obligations", {"contract": _NAME}, {"price": _AMOUNT}, When.DAY, Below.ROWS),
    Form(
        "estimate",
        {"obligation": _NAME},
        {
            "hours": _TIME, "hours to come": _TIME, "cost": _AMOUNT, "cost to come": _AMOUNT, "materials": _AMOUNT,
            "delivered": _AMOUNT, "unused": words.percent, "from": _DAY,
        },
        When.DAY,
        text="why",
    ),
    Form("reach", {"obligation": _NAME, "value": _AMOUNT}, {}, When.DAY, text="evidence"),
    Form("hand over", {"obligation": _NAME}, {}, When.DAY, text="evidence"),
    Form("fulfil", {"obligation": _NAME}, {}, When.DAY, text="why"),
    Form("use", {"obligation": _NAME}, {"for": _NAME}, When.DAY, text="why", must=frozenset({"for"})),
    Form(
        "uncertain",
        {"name": _NAME, "way": _NAME},
        {"contract": _NAME, "obligation": _NAME, "stays": _AMOUNT, "from": _DAY},
        When.DAY,
        Below.ROWS,
        text="why",
    ),
    Form("modify", {"contract": _NAME, "answer": _NAME}, {}, When.DAY, Below.ROWS, text="why"),
    Form("change order", {"contract": _NAME, "title": _NAME}, {"from": _DAY}, When.DAY, Below.TERMS),
    Form("decide", {"contract": _NAME, "answer": _NAME}, {"from": _DAY}, When.DAY, Below.ROWS, text="why"),
    Form("recognize", {"month": words.span}, {"firm": _NAME}, When.DAY),
    Form("expect revenue", {"obligation": _NAME}, {"by year": words.flag}, below=Below.ROWS),
    Form("expect price", {"obligation": _NAME, "amount": _NAME}, {"on": _DAY}),
    Form("expect progress", {"obligation": _NAME, "amount": _NAME}, {"on": _DAY}),
    Form("expect position", {"amount": _NAME}, {"contract": _NAME}),
    Form("expect provision", {"amount": _NAME}, {"contract": _NAME}),
    Form("expect remaining", {"on": _DAY}, {"contract": _NAME}, below=Below.ROWS),
    Form("expect uncertain", {"name": _NAME}, below=Below.ROWS),
    Form("expect modifications", {"number": _COUNT}),
)  # fmt: skip

_EXPECTATIONS = (
    Form("expect invoices", {"number": _COUNT}),
    Form("expect pre-bills", {"number": _COUNT}),
    Form("expect unpriced", {"number": _COUNT}),
    Form("expect invoice", {"number": _COUNT}, below=Below.ROWS),
    Form("expect credit note", {"number": _COUNT}, below=Below.ROWS),
    Form("expect pre-bill", {"contract": _NAME}, below=Below.ROWS),
    Form("expect items", {"line": _NAME}, below=Below.ROWS),
    Form("expect hours", {"line": _NAME}, below=Below.ROWS),
    Form("expect statement", {"line": _NAME, "through": _DAY}, below=Below.ROWS),
    Form("expect trial balance", {}, {"firm": _NAME}, below=Below.ROWS),
    Form("expect postings of invoice", {"number": _COUNT}, below=Below.ROWS),
    Form("expect postings of credit note", {"number": _COUNT}, below=Below.ROWS),
    Form("expect postings of payment", {"number": _COUNT}, below=Below.ROWS),
    Form("expect time", {"person": _NAME, "task": _NAME}, {"day": _DAY, "is": _NAME}, must=frozenset({"day", "is"})),
    Form("expect wip", {"amount": _NAME}, _WORK),
    Form("expect held", {"amount": _NAME}, _WORK),
    Form("expect over cap", {"amount": _NAME}, _WORK),
    Form("expect open invoice", {"number": _COUNT, "amount": _NAME}),
    Form("expect balance", {"account": _NAME, "amount": _NAME}, {"firm": _NAME, "month": words.span}),
    Form("expect unchanged invoice", {"number": _COUNT}),
    Form("expect same invoices", {"first": _COUNT, "second": _COUNT}),
    Form("expect import", {}, {"created": _COUNT, "matched": _COUNT}, must=frozenset({"created", "matched"})),
    Form("expect metric", {"metric": _NAME, "figure": _NAME}, {"contract": _NAME, "in": words.span}),
    Form("expect refused", {"code": _NAME}, below=Below.ACT),
)  # fmt: skip

FORMS: dict[str, Form] = {form.verb: form for form in (*_SETUP, *_ACTS, *_REVENUE, *_EXPECTATIONS)}
