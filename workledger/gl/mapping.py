"""What everything of a book is called on the other side.

    mapping = for_book(book_id)
    mapping.account(account_id)        # '4000', or what finance chose
    mapping.dimensions(posting)        # {'class': 'Advisory', 'customer': 'Acme AG'}

Where finance chose nothing an account keeps its code, a tax code its name and a client, project or person its name.
"""

from collections import defaultdict
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from typing import Any

from workledger.core.access import Actor, system_actor
from workledger.core.locks import not_found
from workledger.directory.models import TaxCode
from workledger.gl.models import (
    AccountMapping,
    DimensionMapping,
    DimensionValue,
    JournalSettings,
    TaxMapping,
)
from workledger.ledger.dimensions import Dimension, choices
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Account, Book

_DOOR = "gl"


@dataclass(slots=True)
class AxisNames:
    """One mapped axis: the dimension that stands on it, its key in a document, its own name there, names chosen by id."""

    dimension: Dimension
    key: str
    axis: str
    name: str
    chosen: Names[int, str]


@dataclass(slots=True)
class Mapping:
    """A book's mapping, loaded once. The names of a dimension are read when it is first asked for."""

    book_id: int
    currency: str
    grain: JournalGrain
    no_tax: str
    axes: tuple[AxisNames, ...]
    mapped_accounts: frozenset[int]
    _actor: Actor
    _accounts: Names[int, str]
    _roles: Names[str, int]
    _taxes: Names[int, str]
    _own: dict[Dimension, dict[int, str]] = field(default_factory=dict)

    def account(self, account_id: int) -> str:
        """Return an account's code there; raises NotFound for an account of another book."""
        try:
            return self._accounts[account_id]
        except KeyError:
            raise not_found(Account) from None

    def account_of_role(self, role: str) -> str:
        """Return the code there of the account with that role; raises NotFound where the book has none."""
        return self.account(self._roles.get(role, 0))

    def tax(self, tax_code_id: int) -> str:
        """Return a tax code's code there; raises NotFound for one of another legal entity."""
        try:
            return self._taxes[tax_code_id]
        except KeyError:
            raise not_found(TaxCode) from None

    def dimensions(self, about: Any) -> dict[str, str]:
        """Return name by axis for what a posting is about: anything with `client_id`, `project_id` … ; 0 or none is left out."""
        found = {}
        for axis in self.axes:
            identifier = getattr(about, axis.dimension.column, 0) or 0
            if identifier:
                found[axis.key] = self.named(axis, identifier)
        return found

    def named(self, axis: AxisNames, identifier: int) -> str:
        """Return what one client, project … is called on an axis; its id where its name may not be seen."""
        return axis.chosen.get(identifier) or self.own_name(axis.dimension, identifier)

    def own_name(self, dimension: Dimension, identifier: int) -> str:
        """Return the name that we give it."""
        if dimension not in self._own:
            self._own[dimension] = dict(choices(self._actor, dimension))
        return self._own[dimension].get(identifier) or str(identifier)


def for_book(book_id: int, actor: Actor | None = None) -> Mapping:
    """Return the mapping of a book in six reads. Names are those that `actor` may see; all without one.

    Raises NotFound when the book is not there or not visible.
    """
    actor = actor or system_actor(_DOOR)
    book = Book.objects.visible_to(actor).filter(pk=book_id).first()
    if book is None:
        raise not_found(Book)
    settings = JournalSettings.objects.filter(book_id=book_id).first() or JournalSettings(book_id=book_id)
    accounts = list(Account.objects.filter(book_id=book_id).values_list("pk", "code", "role"))
    chosen = dict(AccountMapping.objects.filter(account__book_id=book_id).values_list("account_id", "code"))
    taxes = TaxCode.objects.filter(entity_id=book_id).values_list("pk", "name")
    chosen_taxes = dict(
        TaxMapping.objects.filter(tax_code__entity_id=book_id).values_list("tax_code_id", "code")
    )
    return Mapping(
        book_id=book_id,
        currency=book.currency,
        grain=JournalGrain(settings.grain),
        no_tax=settings.no_tax,
        axes=_axes(book_id),
        mapped_accounts=frozenset(chosen),
        _actor=actor,
        _accounts={pk: chosen.get(pk, code) for pk, code, _ in accounts},
        _roles={role: pk for pk, _, role in accounts if role},
        _taxes={pk: chosen_taxes.get(pk, name) for pk, name in taxes},
    )


def _axes(book_id: int) -> tuple[AxisNames, ...]:
    values: dict[int, dict[int, str]] = defaultdict(dict)
    for mapping_id, value_id, code in DimensionValue.objects.filter(mapping__book_id=book_id).values_list(
        "mapping_id", "value_id", "code"
    ):
        values[mapping_id][value_id] = code
    return tuple(
        AxisNames(Dimension(row.dimension), row.key, row.axis, row.name, values[row.pk])
        for row in DimensionMapping.objects.filter(book_id=book_id)
    )
