"""What other terms of a contract line would make of its unbilled time: priced for show, nothing written."""

from collections.abc import Iterable
from decimal import Decimal

from workledger.billing.books import Books
from workledger.billing.models import BillableItem
from workledger.billing.settling import Known, lines, settle, unbilled
from workledger.billing.writing import Derivations, NewItem
from workledger.contracts.calc.terms import Terms
from workledger.contracts.effects import TermsEffect
from workledger.contracts.queries import load_rate_books
from workledger.projects.queries import task_facts

_ZERO = Decimal(0)


def terms_effect(contract_line_id: int, new_terms: Terms) -> TermsEffect:
    """Return what is billable and what lies over the cap of a line's unbilled time, by its terms and by other ones."""
    line = lines([contract_line_id])[contract_line_id]
    standing = list(unbilled().filter(contract_line_id=line.id))
    before, over_before = _sums(standing)
    other = line._replace(document=new_terms)
    if not other.prices_time:
        return TermsEffect(before, before, over_before, over_before)
    facts = task_facts({item.task_id for item in standing if item.task_id})
    known = Known(facts, load_rate_books([line.contract_id]), Books(), Derivations())
    outcome = settle(other, (), known, is_trial=True)
    gone, over_gone = _sums(outcome.void)
    made, over_made = _sums(outcome.write)
    return TermsEffect(before, before - gone + made, over_before, over_before - over_gone + over_made)


def _sums(items: Iterable[BillableItem | NewItem]) -> tuple[Decimal, Decimal]:
    charged = over = _ZERO
    for item in items:
        charged, over = charged + item.amount, over + item.over_cap
    return charged, over
