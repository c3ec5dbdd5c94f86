"""Comparing both sides: what stands here, what stands there, and what of the difference is on its way."""

from datetime import date, timedelta
from decimal import Decimal

from workledger.core import locks
from workledger.core.access import Actor, Permission, system_actor
from workledger.core.door import action, record
from workledger.directory.models import Client
from workledger.gl.calc import wire
from workledger.gl.calc.effects import Moves, added, negated
from workledger.gl.calc.tying import by_place, compare
from workledger.gl.connector import ExternalBalance
from workledger.gl.sync import documents, journals, queueing
from workledger.gl.sync.documents import BookView
from workledger.gl.sync.models import UNSENT, Connection, ExternalId, Outgoing, TieOut, TieOutRow
from workledger.kernel.money import money_words
from workledger.ledger.dimensions import Dimension
from workledger.ledger.sums import Key, balances

_DAY = timedelta(days=1)
_ZERO = Decimal(0)


@action("gl.note_tie_out", needs=Permission.MANAGE_SYNC, logs_input=False)
def note_tie_out(*, actor: Actor, connection_id: int, as_of: date, theirs: list[ExternalBalance]) -> int:
    """Compare the books at the end of a day with balances of the other side; returns the tie-out's id.

    Refuses: not_found.
    """
    connection: Connection = locks.one(
        Connection.objects.visible_to(actor).select_related("book"), connection_id
    )
    view = queueing.view_of(connection)
    names = documents.accounts_by_code(view)
    refs = dict(
        ExternalId.objects.filter(connection=connection, ref__startswith="customer:").values_list(
            "external_id", "ref"
        )
    )
    found = compare(
        _ours(connection, view, as_of),
        by_place(theirs, view.charted, refs, names.keys()),
        _waiting(connection, view, as_of),
    )
    client_ids = {wire.local_id(row.place[1]) for row in found}
    clients = dict(Client.objects.filter(pk__in=client_ids).values_list("pk", "name"))
    tie = TieOut.objects.create(
        connection=connection,
        as_of=as_of,
        places=len(found),
        waiting=sum((abs(row.waiting) for row in found), _ZERO),
        difference=sum((abs(row.unexplained) for row in found), _ZERO),
    )
    TieOutRow.objects.bulk_create(
        TieOutRow(
            tie_out=tie,
            account=row.place[0][:40],
            account_name=names.get(row.place[0], "")[:200],
            client_id=wire.local_id(row.place[1]),
            name=clients.get(wire.local_id(row.place[1]), ""),
            ours=row.ours,
            theirs=row.theirs,
            waiting=row.waiting,
        )
        for row in found
    )
    record(tie, f"Compared {connection.name} at the end of {as_of:%-d %B %Y}: {_verdict(view, tie)}")
    return int(tie.pk)


def _verdict(view: BookView, tie: TieOut) -> str:
    if not tie.difference:
        return "both sides tie"
    return f"{money_words(tie.difference, view.currency)} are not explained"


def _ours(connection: Connection, view: BookView, as_of: date) -> Moves:
    """Return our balances by place, less what stands there on an account of their own choice."""
    # Both sides are compared whole, whoever asks: the amounts shown are limited by who may see the tie-out.
    rows = balances(
        system_actor("sync"),
        by=[Key.ACCOUNT, Dimension.CLIENT],
        book_ids=[connection.book_id],
        end=as_of + _DAY,
    )
    parts: list[Moves] = []
    for row in rows:
        account_id, client_id = row.key
        account = view.mapping.account(account_id)
        customer = wire.customer_ref(client_id) if client_id else ""
        parts.append({view.charted.place(account, customer): row.balance})
    kept = Outgoing.objects.filter(connection=connection, on__lte=as_of).exclude(kept_there=[])
    accounts = {place[0] for part in parts for place in part}
    for stored in kept.values_list("kept_there", flat=True):
        moves = queueing.from_rows(stored)
        parts.append(negated({place: amount for place, amount in moves.items() if place[0] in accounts}))
    return added(parts)


def _waiting(connection: Connection, view: BookView, as_of: date) -> Moves:
    """Return what our books have and the other side shall get yet."""
    unsent = Outgoing.objects.filter(connection=connection, state__in=UNSENT, on__lte=as_of)
    parts = [queueing.from_rows(rows) for rows in unsent.values_list("effect", flat=True)]
    return added([*parts, journals.waiting_moves(connection, view, as_of)])
