"""Connecting a general ledger, changing how, pausing it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.gl import registry
from workledger.gl.registry import ConnectorKind
from workledger.gl.sync import actions
from workledger.gl.sync.models import Connection, JournalGrain, Opening
from workledger.ledger import queries as ledger
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page

_P = Permission
_SYNC = "General ledger sync"


def _of_kind(kind: ConnectorKind) -> Iterator[Field]:
    """Yield the settings of a connector as fields of a form."""
    for at, each in enumerate(kind.fields):
        help_text = each.help
        if each.is_secret:
            help_text = (
                f"{each.help} The name of a secret, such as TRYTON_PASSWORD: it stands where Workledger runs, in the"
                " environment variable WORKLEDGER_GL_ and that name."
            ).strip()
        yield Field(
            each.name, each.label, help=help_text, required=each.is_required,
            section=f"How {kind.label} is reached" if at == 0 else "",
        )  # fmt: skip


_GRAIN = Field(
    "journal_grain", "Journals", "choice", options=tuple(JournalGrain.choices),
    help="What no invoice or payment carries: work priced, its cost, recognized revenue, accruals.",
)  # fmt: skip


@page(_P.MANAGE_SYNC)
def new(request: ActingRequest) -> HttpResponse:
    """Connect a general ledger: choose which, then how it is reached."""
    kinds = registry.kinds()
    chosen = request.GET.get("connector", "") or (kinds[0].name if len(kinds) == 1 else "")
    kind = registry.find(chosen)
    if kind is None:
        return render(request, "web/sync/choose.html", {"kinds": kinds})
    books = ledger.books(request.actor)
    fields = (
        Field("name", "Name", required=True, help="As your books are called there."),
        Field("book_id", "Books", "id", required=True, options=tuple((book.id, book.name) for book in books)),
        Field("starts_on", "From", "date", required=True,
              help="Documents from this day on are sent. The first day of a period is usual."),
        Field("opening", "Before that", "choice", options=tuple(Opening.choices)),
        _GRAIN,
        *_of_kind(kind),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.connect_ledger.using(options)(
            actor=request.actor,
            book_id=values["book_id"] or 0,
            connector=kind.name,
            name=values["name"],
            settings={each.name: values[each.name] for each in kind.fields},
            starts_on=values["starts_on"] or date.max,
            opening=Opening(values["opening"]),
            journal_grain=JournalGrain(values["journal_grain"]),
        )

    initial: dict[str, Any] = {each.name: each.default for each in kind.fields}
    initial |= {"name": kind.label, "starts_on": today().replace(day=1), "opening": Opening.SEND.value,
                "journal_grain": JournalGrain.DAY.value, "book_id": books[0].id if books else None}  # fmt: skip
    around = FormPage(
        title=f"Connect {kind.label}",
        crumbs=((_SYNC, reverse("sync")),),
        act="Connect",
        done=lambda connection_id: reverse("sync-outbox", args=[connection_id]),
        said="Connected. Documents queue from now on with every act.",
        lead="Invoices, credit notes and payments are sent one by one, everything else as journals.",
    )
    return form_page(request, Form(fields, initial), run, around)


@page(_P.MANAGE_SYNC)
def change(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Change how a general ledger is reached."""
    row = locks.one(Connection.objects.visible_to(request.actor), connection_id)
    kind = registry.find(row.connector) or ConnectorKind(row.connector, row.connector, (), _not_installed)
    fields = (Field("name", "Name", required=True), _GRAIN, *_of_kind(kind))

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_connection.using(options)(
            actor=request.actor,
            connection_id=connection_id,
            name=values["name"],
            settings={each.name: values[each.name] for each in kind.fields},
            journal_grain=JournalGrain(values["journal_grain"]),
        )

    here = reverse("sync-outbox", args=[connection_id])
    around = FormPage(
        title="Settings",
        crumbs=((_SYNC, reverse("sync")), (row.name, here)),
        act="Save",
        done=here,
        said="The connection is changed.",
        lead="What is queued already stays as it is.",
    )
    initial = {**row.settings, "name": row.name, "journal_grain": row.journal_grain}
    return form_page(request, Form(fields, initial), run, around)


def _not_installed(settings: Mapping[str, str]) -> Any:
    raise registry.NotInstalled(", ".join(settings))


@page(_P.MANAGE_SYNC)
def switch(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Pause a connection, or go on."""
    row = locks.one(Connection.objects.visible_to(request.actor), connection_id)
    turns_on = not row.is_on

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.switch_connection.using(options)(
            actor=request.actor, connection_id=connection_id, is_on=turns_on, reason=values["reason"]
        )

    here = reverse("sync-outbox", args=[connection_id])
    around = FormPage(
        title=f"{'Go on with' if turns_on else 'Pause'} {row.name}",
        crumbs=((_SYNC, reverse("sync")), (row.name, here)),
        act="Go on" if turns_on else "Pause",
        done=here,
        said="Documents are sent again."
        if turns_on
        else "Nothing is sent until you go on. Documents queue meanwhile.",
    )
    return form_page(request, Form((Field("reason", "Why", "lines", required=True),)), run, around)
