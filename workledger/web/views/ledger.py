"""The books: trial balance, journal, entries, account activity."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Actor, Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.gl.exporters import FORMS
from workledger.ledger import actions, queries
from workledger.ledger.dimensions import Dimension, choices, labels
from workledger.ledger.queries import AccountActivity, Cursor, EntryDetail
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import number_of
from workledger.web.trails import page_url

_P = Permission
_DAY = timedelta(days=1)
_TRAIL_ROWS = 12
_SPLITS = (Dimension.CLIENT, Dimension.CONTRACT, Dimension.CONTRACT_LINE, Dimension.PROJECT)
_FILTERS = (Dimension.CLIENT, Dimension.PROJECT, Dimension.PERSON)
_KINDS = {
    "time_approved": "Time approved",
    "time_withdrawn": "Approval withdrawn",
    "work_priced": "Work priced",
    "work_priced_reversal": "Pricing reversed",
    "written_down": "Written down",
    "invoice_issued": "Invoice issued",
    "invoice_issued_reversal": "Invoice credited",
    "payment_received": "Payment received",
    "payment_received_reversal": "Payment voided",
    "payment_allocated": "Payment allocated",
    "payment_allocated_reversal": "Allocation taken back",
    "early_discount": "Early-payment discount",
    "early_discount_reversal": "Discount taken back",
    "debt_written_off": "Bad debt",
    "accrual": "Accrued",
    "accrual_reversal": "Accrual reversed",
    "revaluation": "Revalued",
    "revaluation_reversal": "Revaluation reversed",
    "revaluation_settled": "Exchange remainder cleared",
    "expense_approved": "Expense approved",
    "expense_approved_reversal": "Expense withdrawn",
    "expense_reimbursed": "Expenses reimbursed",
    "expense_reimbursed_reversal": "Reimbursement taken back",
    "vendor_bill_matched": "Vendor's bill matched",
    "vendor_bill_matched_reversal": "Match taken back",
    "vendor_bill_paid": "Vendor's bill paid",
    "manual": "By hand",
    "manual_reversal": "Reversal by hand",
}
_SOURCES = {
    "time": "Time", "item": "Priced work", "invoice": "Invoice", "expense": "Expense", "reimbursement": "Reimbursement",
    "vendor_bill": "Vendor's bill", "accrual": "Accruals", "revaluation": "Revaluation", "person": "Person",
}  # fmt: skip
_MOST_LINES = 6


def kind_words(kind: str) -> str:
    """Return the kind of an entry as people read it."""
    return _KINDS.get(kind) or kind.replace("_", " ").capitalize()


def source_words(kind: str) -> str:
    """Return the kind of the document behind a posting as people read it."""
    return _SOURCES.get(kind, kind.replace("_", " ").capitalize())


def _day(text: str) -> date | None:
    """Return the day an address names, as people type it; refuses what is none."""
    try:
        return parse_date(text, today=today())
    except NotUnderstood as error:
        raise Refused.because("bad_day", str(error)) from None


def book_filter(actor: Actor) -> list[tuple[int, str]]:
    """What a choice of books offers: nothing where there is one."""
    books = queries.books(actor)
    return [(book.id, book.name) for book in books] if len(books) > 1 else []


def days(request: ActingRequest) -> tuple[date | None, date | None]:
    """Return the first and the last day asked for."""
    return _day(request.GET.get("since", "")), _day(request.GET.get("through", ""))


def after(last: date | None) -> date | None:
    """Return the day after the last one asked for."""
    return last + _DAY if last and last < date.max else None


# --- trial balance ---------------------------------------------------------------------------------------


@page(_P.VIEW_LEDGER)
@require_GET
def trial_balance(request: ActingRequest) -> HttpResponse:
    """Every account's balance at the end of a day."""
    actor, asked = request.actor, request.GET
    as_of = _day(asked.get("as_of", "")) or today()
    book = queries.default_book(actor, number_of(asked.get("book")))
    split = next((each for each in _SPLITS if each == asked.get("split")), None)
    balance = queries.trial_balance(actor, book.id, as_of, split=split)
    names = (
        labels(actor, split, {part.dimension_id for line in balance.lines for part in line.parts})
        if split
        else {}
    )

    def address(account_id: int, part: int | None = None) -> str:
        about = {"through": as_of.isoformat()}
        if split and part is not None:
            about[split.value] = str(part)
        return f"{reverse('account_activity', args=[account_id])}?{urlencode(about)}"

    groups = [
        (
            group,
            [
                (
                    line,
                    address(line.account_id),
                    [
                        (
                            names.get(part.dimension_id) or _none_of(split),
                            max(part.balance, Decimal(0)),
                            max(-part.balance, Decimal(0)),
                            address(line.account_id, part.dimension_id),
                        )
                        for part in line.parts
                    ],
                )
                for line in group.lines
            ],
        )
        for group in balance.groups
    ]
    context = {
        "balance": balance,
        "groups": groups,
        "as_of": as_of,
        "split": split,
        "splits": [(each.value, each.label.lower()) for each in _SPLITS],
        "books": book_filter(actor),
    }
    return render(request, "web/ledger/trial_balance.html", context)


def _none_of(dimension: Dimension | None) -> str:
    return f"No {dimension.label.lower()}" if dimension else ""


# --- account activity ------------------------------------------------------------------------------------


@page(_P.VIEW_LEDGER)
@require_GET
def account(request: ActingRequest, account_id: int) -> HttpResponse:
    """What moved on an account, newest first, with its running balance; in the panel, the trail of its balance."""
    actor, asked = request.actor, request.GET
    since, through = days(request)
    where = {
        dimension: [number]
        for dimension in Dimension
        if (number := number_of(asked.get(dimension.value))) is not None
    }
    in_panel = bool(getattr(request, "htmx", False))
    found = queries.account_activity(
        actor,
        account_id,
        start=since,
        end=after(through),
        where=where,
        after=Cursor.parse(asked.get("cursor", "")),
        limit=_TRAIL_ROWS if in_panel else 100,
    )
    names = _names(actor, [row.dimensions for row in found.rows])
    limits = [
        labels(actor, dimension, ids).get(ids[0]) or _none_of(dimension) for dimension, ids in where.items()
    ]
    if in_panel:
        trail = _account_trail(request, found, names, through, limits)
        return render(request, "web/partials/trail.html", {"trail": trail})
    context = {
        "activity": found,
        "rows": [
            (row, _about(names, row.dimensions), _source(row.source_kind, row.source_id))
            for row in found.rows
        ],
        "has_hours": any(row.seconds for row in found.rows),
        "has_foreign": any(row.currency != found.book.currency for row in found.rows),
        "next": str(found.next or ""),
        "since": since,
        "through": through,
        "limits": limits,
        "filters": [
            (dimension.value, dimension.label, choices(actor, dimension), asked.get(dimension.value, ""))
            for dimension in _FILTERS
        ],
        "filtered": bool(where or since or through),
    }
    return render(request, "web/ledger/account.html", context)


def _account_trail(
    request: ActingRequest,
    found: AccountActivity,
    names: Mapping[Dimension, Mapping[int, str]],
    through: date | None,
    limits: list[str],
) -> dict[str, Any]:
    currency = found.book.currency
    when = f" at the end of {formats.day(through)}" if through else ""
    whose = f", for {', '.join(limits)}" if limits else ""
    opening = [{"sign": "", "label": "Opening", "value": formats.money(found.opening, currency)}]
    return {
        "title": f"{found.account.code} {found.account.name}",
        "value": formats.money(found.closing, currency),
        "sentence": f"The balance of this account{when}{whose}: what was debited less what was credited.",
        "formula": [
            *(opening if found.opening else []),
            {"sign": "+" if found.opening else "", "label": "Debits", "value": formats.money(found.debits, currency)},
            {"sign": "\N{MINUS SIGN}", "label": "Credits", "value": formats.money(found.credits, currency)},
            {"sign": "=", "label": "Balance", "value": formats.money(found.closing, currency)},
        ],
        "rows_label": "Newest postings",
        "rows": [
            {
                "name": row.description,
                "note": " · ".join(filter(None, [formats.day(row.date), _about(names, row.dimensions)])),
                "value": _side(row.debit, row.credit, currency),
                "href": reverse("entry", args=[row.entry_id]),
            }
            for row in found.rows
        ],
        "more_url": request.get_full_path(),
        "more_label": "All postings",
        "basis": "Counted in the books by posting date.",
    }  # fmt: skip


def _side(debit: Decimal, credit: Decimal, currency: str) -> str:
    return f"{'Credit' if credit else 'Debit'} {formats.amount(credit or debit, currency)}"


def _names(actor: Actor, about: Iterable[Mapping[Dimension, int]]) -> dict[Dimension, dict[int, str]]:
    """Return the names of everything these postings are about: one query a dimension."""
    ids: dict[Dimension, set[int]] = {}
    for dimensions in about:
        for dimension, identifier in dimensions.items():
            ids.setdefault(dimension, set()).add(identifier)
    return {dimension: labels(actor, dimension, wanted) for dimension, wanted in ids.items()}


def _about(names: Mapping[Dimension, Mapping[int, str]], dimensions: Mapping[Dimension, int]) -> str:
    """Return what a posting is about in a few words: whom it concerns, on what, by whom."""
    shown = [
        names.get(dimension, {}).get(dimensions[dimension], "")
        for dimension in (Dimension.CLIENT, Dimension.PROJECT, Dimension.TASK, Dimension.PERSON)
        if dimension in dimensions
    ]
    return ", ".join(filter(None, shown))


def _source(kind: str, identifier: int | None) -> tuple[str, str]:
    """Return the words and the address of the document behind a posting; '' where there is none."""
    return source_words(kind), page_url(kind, identifier) if identifier else ""


# --- journal ---------------------------------------------------------------------------------------------


@page(_P.VIEW_LEDGER)
@require_GET
def journal(request: ActingRequest) -> HttpResponse:
    """Journal entries, newest first."""
    actor, asked = request.actor, request.GET
    since, through = days(request)
    book = queries.default_book(actor, number_of(asked.get("book")))
    kind, source = asked.get("kind", ""), asked.get("source", "")
    found = queries.journal(
        actor,
        book.id,
        start=since,
        end=after(through),
        kind=kind,
        source_kind=source,
        after=Cursor.parse(asked.get("cursor", "")),
    )
    context = {
        "journal": found,
        "rows": [
            (row, kind_words(row.kind), _source(row.source_kind, row.source_id) if row.source_kind else ("", ""))
            for row in found.rows
        ],
        "next": str(found.next or ""),
        "since": since,
        "through": through,
        "kinds": list(_KINDS.items()),
        "sources": [  # entries of other kinds name documents per posting
            (name, _SOURCES[name]) for name in ("invoice", "expense", "reimbursement", "vendor_bill")
        ],
        "books": book_filter(actor),
        "filtered": bool(kind or source or since or through),
        "may_post": actor.can(_P.POST_JOURNAL),
        "forms": [
            (form.label, reverse("journal-export", args=[form.name])) for form in FORMS.values() if not form.one_book
        ],
    }  # fmt: skip
    return render(request, "web/ledger/journal.html", context)


@page(_P.VIEW_LEDGER)
@require_GET
def entry(request: ActingRequest, entry_id: int) -> HttpResponse:
    """One journal entry with its postings and the act behind it; in the panel, its sides alone."""
    found = queries.entry(request.actor, entry_id)
    names = _names(request.actor, [side.dimensions for side in found.postings])
    if getattr(request, "htmx", False):
        return render(request, "web/partials/trail.html", {"trail": _entry_trail(found, names)})
    context = {
        "found": found,
        "entry": found.entry,
        "kind": kind_words(found.entry.kind),
        "document": _source(found.entry.source_kind, found.entry.source_id) if found.entry.source_kind else None,
        "rows": [
            (side, _about(names, side.dimensions), _source(side.source_kind, side.source_id))
            for side in found.postings
        ],
        "has_hours": any(side.seconds for side in found.postings),
        "has_sources": any(side.source_kind and side.source_kind != found.entry.source_kind for side in found.postings),
        "foreign": [each for each in found.currencies if each != found.book.currency],
        "sees_log": request.actor.can(_P.VIEW_LOG),
        "may_reverse": found.can_be_reversed and request.actor.can(_P.POST_JOURNAL),
    }  # fmt: skip
    return render(request, "web/ledger/entry.html", context)


def _entry_trail(found: EntryDetail, names: Mapping[Dimension, Mapping[int, str]]) -> dict[str, Any]:
    currency = found.book.currency
    return {
        "title": found.entry.description,
        "value": formats.money(found.debit, currency),
        "sentence": f"Journal entry {found.entry.id} of {formats.day(found.entry.date)}, {kind_words(found.entry.kind).lower()}."
        " Its debits and credits are equal.",
        "rows_label": "Postings",
        "rows": [
            {
                "name": f"{side.account_code} {side.account_name}",
                "note": _about(names, side.dimensions),
                "value": _side(side.debit, side.credit, currency),
                "href": reverse("account_activity", args=[side.account_id]),
            }
            for side in found.postings[:_TRAIL_ROWS]
        ],
        "more_url": reverse("entry", args=[found.entry.id]),
        "more_label": f"The entry with {found.posting_count} postings",
        "basis": found.period_name,
    }  # fmt: skip


# --- journals by hand ------------------------------------------------------------------------------------


@page(_P.POST_JOURNAL)
def new_entry(request: ActingRequest) -> HttpResponse:
    """Post a journal that no document makes."""
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    options = tuple(
        (line.id, f"{line.code} {line.name}", line.kind.label)
        for line in queries.accounts(request.actor, book.id)
        if line.is_open and line.role not in actions.FOLLOWS_DOCUMENTS
    )
    lines = range(1, _MOST_LINES + 1)
    fields = [
        Field("description", "What it is for", required=True),
        Field("date", "Date", "date", required=True),
    ]
    for number in lines:
        row = f"line{number}"
        required = number <= 2
        fields += [
            Field(f"lines.{number}.account_id", f"Account of line {number}", "find_id", required=required,
                  options=options, row=row, section="Lines" if number == 1 else ""),
            Field(f"lines.{number}.debit", "Debit", "number", required=required, unit=book.currency, row=row),
            Field(f"lines.{number}.credit", "Credit", "number", required=required, unit=book.currency, row=row),
        ]  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        typed = [
            number
            for number in lines
            if any(values[f"lines.{number}.{part}"] for part in ("account_id", "debit", "credit"))
        ]
        sent = actions.ManualJournal(
            book_id=book.id,
            date=values["date"] or date.min,
            description=values["description"],
            lines=[
                actions.ManualLine(
                    account_id=values[f"lines.{number}.account_id"] or 0,
                    debit=values[f"lines.{number}.debit"] or Decimal(0),
                    credit=values[f"lines.{number}.credit"] or Decimal(0),
                )
                for number in typed
            ],
        )
        try:
            return actions.post_manual_journal.using(options)(actor=request.actor, journal=sent)
        except Refused as refused:
            raise _as_typed(refused, typed) from None

    around = FormPage(
        title="New journal entry",
        crumbs=(("Journal", reverse("journal")),),
        act="Post",
        done=lambda entry_id: reverse("entry", args=[entry_id]),
        said="The journal is posted.",
        lead=f"For {book.name}, in {book.currency}. What documents post, such as invoices and payments, is not posted here.",
    )
    return form_page(request, Form(tuple(fields), {"date": today()}), run, around)


def _as_typed(refused: Refused, typed: list[int]) -> Refused:
    """Return the refusal with its problems beside the lines as they were typed, some of which were left empty."""
    problems = []
    for problem in refused.problems:
        parts = problem.field.split(".")
        if len(parts) == 3 and parts[0] == "lines":
            at = typed[int(parts[1]) - 1]
            problem = type(problem)(problem.code, problem.message, f"lines.{at}.{parts[2]}")
        problems.append(problem)
    return type(refused)(problems)


@page(_P.POST_JOURNAL)
def reverse_entry(request: ActingRequest, entry_id: int) -> HttpResponse:
    """Undo a journal posted by hand."""
    found = queries.entry(request.actor, entry_id)
    fields = (
        Field("reason", "Why", "lines", required=True),
        Field("on", "Dated", "date", required=True, help="In an open period, not before the entry itself."),
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.reverse_entry.using(options)(
            actor=request.actor, entry_id=entry_id, on=values["on"] or date.min, reason=values["reason"]
        )

    here = reverse("entry", args=[entry_id])
    around = FormPage(
        title="Reverse an entry",
        crumbs=(("Journal", reverse("journal")), (f"Entry {entry_id}", here)),
        act="Reverse",
        done=lambda new_id: reverse("entry", args=[new_id]),
        said="The entry is reversed.",
        lead=f"{found.entry.description}, {formats.money(found.debit, found.book.currency)}. Both entries stay and point at each other.",
    )
    return form_page(request, Form(fields, {"on": max(today(), found.entry.date)}), run, around)
