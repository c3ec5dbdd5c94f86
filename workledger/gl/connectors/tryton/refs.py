"""Ids of records over there as documents carry them: `account.invoice,12`, as Tryton itself writes references."""

from workledger.gl.connector import Rejected

INVOICE = "account.invoice"
MOVE = "account.move"
LINE = "account.move.line"
RECONCILIATION = "account.move.reconciliation"
PARTY = "party.party"


def ref(model: str, number: int) -> str:
    """Return the reference to a record."""
    return f"{model},{number}"


def number_of(reference: str, model: str) -> int:
    """Return the number in a reference. Raises Rejected where it names something else."""
    found, _, number = reference.partition(",")
    if found != model or not number.isdigit():
        raise Rejected(f"{reference or 'Nothing'} is not a record of {model} in Tryton.")
    return int(number)


def payment_ref(move_id: int, party_id: int) -> str:
    """Return the reference to one customer's part of a move: a deposit of a bank may hold payments of many."""
    return f"{ref(MOVE, move_id)}/{ref(PARTY, party_id)}"


def payment_of(reference: str) -> tuple[int, int]:
    """Return move and party of a payment's reference. Raises Rejected."""
    move, _, party = reference.partition("/")
    return number_of(move, MOVE), number_of(party, PARTY)
