"""What the accounts, taxes and dimensions of a book are called on the other side: their own codes and names."""

from collections.abc import Mapping as Names
from dataclasses import dataclass
from typing import Any

from workledger.core.locks import not_found
from workledger.directory.models import TaxCode
from workledger.ledger.models import Account


@dataclass(frozen=True, slots=True)
class Mapping:
    """A book's mapping, loaded once."""

    _accounts: Names[int, str]
    _roles: Names[str, int]
    _taxes: Names[int, str]
    axes: tuple[Any, ...] = ()

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

    def dimensions(self, about: Any) -> dict[str, str]:  # noqa: ARG002 - nothing is mapped
        """Return name by axis for what a posting is about."""
        return {}


def for_book(book_id: int) -> Mapping:
    """Return the mapping of a book."""
    accounts = list(Account.objects.filter(book_id=book_id).values_list("pk", "code", "role"))
    return Mapping(
        _accounts={pk: code for pk, code, _ in accounts},
        _roles={role: pk for pk, _, role in accounts if role},
        _taxes=dict(TaxCode.objects.filter(entity_id=book_id).values_list("pk", "name")),
    )
