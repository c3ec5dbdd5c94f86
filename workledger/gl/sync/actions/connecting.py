"""Connecting a general ledger, and changing how."""

import secrets as randomness
from datetime import date

from workledger.billing.models import Invoice
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.gl import registry, secrets
from workledger.gl.registry import ConnectorKind
from workledger.gl.sync import journals, queueing
from workledger.gl.sync.models import Connection, JournalGrain, Opening
from workledger.ledger.models import Book, JournalEntry
from workledger.receivables.models import Payment


@action("gl.connect_ledger", needs=Permission.MANAGE_SYNC)
def connect_ledger(
    *,
    actor: Actor,
    book_id: int,
    connector: str,
    name: str,
    settings: dict[str, str],
    starts_on: date,
    opening: Opening = Opening.SEND,
    journal_grain: JournalGrain = JournalGrain.DAY,
) -> int:
    """Connect a general ledger to a book from a day on; returns the connection's id.

    What stood in the books before that day is queued as the opening journal (or noted as standing there already), then
    invoices, credit notes and payments since. Settings that are secret name a secret (`gl.secrets`).
    Refuses: not_found, name_missing, connector_unknown, setting_missing, secret_name, gl_connection_name_once.
    """
    book: Book = locks.one(Book.objects.visible_to(actor), book_id)
    problems = Problems()
    problems.check(name.strip(), "name_missing", "Name the general ledger.", "name")
    kind = registry.find(connector)
    problems.check(kind, "connector_unknown", "Choose a general ledger that is installed.", "connector")
    kept = _checked(kind, settings, problems) if kind else {}
    problems.check(
        not Connection.objects.filter(book=book, name=name.strip()).exists(),
        "gl_connection_name_once", "These books have a connection of that name already.", "name",
    )  # fmt: skip
    problems.refuse()
    connection = Connection.objects.create(
        book=book, connector=connector, name=name.strip(), settings=kept, starts_on=starts_on, opening=opening,
        journal_grain=journal_grain, key_prefix=f"wl-{randomness.token_hex(4)}",
    )  # fmt: skip
    _queue_all(connection)
    record(connection, f"Connected {connection.name} to the books of {book.name} from {starts_on:%-d %B %Y}")
    return int(connection.pk)


def _checked(kind: ConnectorKind, settings: dict[str, str], problems: Problems) -> dict[str, str]:
    """Return the settings that a connector knows, trimmed."""
    kept = {field.name: settings.get(field.name, field.default).strip() for field in kind.fields}
    for field in kind.fields:
        value = kept[field.name]
        problems.check(
            value or not field.is_required, "setting_missing", f"Fill in: {field.label}.", field.name
        )
        problems.check(
            not (field.is_secret and value) or secrets.NAME.fullmatch(value),
            "secret_name",
            f"{field.label}: give the name of a secret, in capitals, not the secret itself. TRYTON_PASSWORD, say,"
            f" means the environment variable {secrets.variable_of('TRYTON_PASSWORD')}.",
            field.name,
        )
    return kept


def _queue_all(connection: Connection) -> None:
    """Queue the opening and every document since. Entries that no document carries wait for their journal."""
    view = queueing.view_of(connection)
    journals.queue_opening(connection, view)
    since = JournalEntry.objects.filter(book_id=connection.book_id, date__gte=connection.starts_on)
    ids = since.values("pk")
    invoices = Invoice.objects.filter(entity_id=connection.book_id, journal_entry_id__in=ids)
    queueing.queue_invoices(connection, view, list(invoices.values_list("pk", flat=True)))
    payments = Payment.objects.filter(entity_id=connection.book_id, journal_entry_id__in=ids)
    queueing.queue_payments(connection, view, list(payments.values_list("pk", flat=True)))


@action("gl.change_connection", needs=Permission.MANAGE_SYNC)
def change_connection(
    *,
    actor: Actor,
    connection_id: int,
    name: str,
    settings: dict[str, str],
    journal_grain: JournalGrain = JournalGrain.DAY,
) -> None:
    """Change a connection's name, settings and how finely journals go. What is queued stays as it is.

    Refuses: not_found, name_missing, connector_unknown, setting_missing, secret_name, gl_connection_name_once.
    """
    connection: Connection = locks.for_update(Connection.objects.visible_to(actor), connection_id)
    kind = registry.find(connection.connector)
    problems = Problems()
    problems.check(name.strip(), "name_missing", "Name the general ledger.", "name")
    problems.check(kind, "connector_unknown", f"The connector {connection.connector} is not installed here.")
    kept = _checked(kind, settings, problems) if kind else {}
    others = Connection.objects.filter(book_id=connection.book_id, name=name.strip()).exclude(
        pk=connection.pk
    )
    problems.check(
        not others.exists(),
        "gl_connection_name_once", "These books have a connection of that name already.", "name",
    )  # fmt: skip
    problems.refuse()
    connection.name, connection.settings, connection.journal_grain = name.strip(), kept, journal_grain
    connection.save(update_fields=["name", "settings", "journal_grain"])
    record(connection, f"Changed how {connection.name} is connected")


@action("gl.switch_connection", needs=Permission.MANAGE_SYNC)
def switch_connection(*, actor: Actor, connection_id: int, is_on: bool, reason: str) -> None:
    """Stop sending to a general ledger, or go on. Documents queue all the while.

    Refuses: not_found, reason_missing.
    """
    connection: Connection = locks.for_update(Connection.objects.visible_to(actor), connection_id)
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why.", "reason")
    problems.refuse()
    connection.is_on = is_on
    connection.save(update_fields=["is_on"])
    record(connection, f"{'Switched on' if is_on else 'Paused'} {connection.name}: {reason.strip()}")
