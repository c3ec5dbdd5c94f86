"""Rate cards and exceptions of the firm, and the price of an hour that follows from them.

The most specific rate wins: line and person, line and task type, line and role, contract card, client
card, entity card. All rates begin on the first of January or before their contract's work, so a price
holds for a calendar year of one person in one role.
"""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from workledger.demo.calc.people import ROLES, WorkCalendar
from workledger.demo.calc.records import Client, Contract, Line, Rate, RateCard, Task

_HALF = Decimal("0.50")
_FIRM_RISE = Decimal("1.032")
_BILLED_ROLES = tuple(index for index, role in enumerate(ROLES) if role.billable)


def _stepped(amount: Decimal) -> Decimal:
    """A price as people agree on it: to the half euro."""
    return (amount / _HALF).quantize(Decimal(1), ROUND_HALF_UP) * _HALF


def build_rates(
    rng: Random,
    clients: Sequence[Client],
    contracts: Sequence[Contract],
    lines: Sequence[Line],
    years: range,
    people_count: int,
) -> tuple[tuple[RateCard, ...], tuple[Rate, ...]]:
    """The entity card, cards of some clients and contracts, exceptions on some lines, risen each January."""
    book = _RateBook(years)
    book.add_roles(
        book.add_card(RateCard("Standard rates", "entity", None, None, "EUR")), Decimal(1), _FIRM_RISE
    )
    for position, client in enumerate(clients):
        if rng.random() < (0.5 if position < 6 else 0.25):
            card = book.add_card(RateCard(f"Rates {client.name}", "client", position, None, "EUR"))
            book.add_roles(card, Decimal(rng.choice((92, 94, 95, 96, 97, 103, 105))) / 100, _FIRM_RISE)
    for position, contract in enumerate(contracts):
        if contract.client_index is not None and rng.random() < 0.1:
            factor = Decimal(rng.choice((93, 95, 98, 104, 106))) / 100
            rise = rng.choice((Decimal(1), Decimal("1.02"), _FIRM_RISE))
            book.add_roles(book.card_of_contract(position, contract), factor, rise)
    for position, line in enumerate(lines):
        if line.model == "time_and_materials":
            _add_exception(rng, book, position, line, contracts, people_count)
    return tuple(book.cards), tuple(book.rates)


def build_entity_card(years: range) -> tuple[tuple[RateCard, ...], tuple[Rate, ...]]:
    """The entity card alone, risen each January."""
    book = _RateBook(years)
    book.add_roles(
        book.add_card(RateCard("Standard rates", "entity", None, None, "EUR")), Decimal(1), _FIRM_RISE
    )
    return tuple(book.cards), tuple(book.rates)


class _RateBook:
    """The cards and rates so far."""

    def __init__(self, years: range) -> None:
        self.cards: list[RateCard] = []
        self.rates: list[Rate] = []
        self._years = years
        self._of_contract: dict[int, int] = {}

    def add_card(self, card: RateCard) -> int:
        self.cards.append(card)
        return len(self.cards) - 1

    def card_of_contract(self, contract_index: int, contract: Contract) -> int:
        if contract_index not in self._of_contract:
            card = RateCard(f"Rates {contract.number}", "contract", None, contract_index, "EUR")
            self._of_contract[contract_index] = self.add_card(card)
        return self._of_contract[contract_index]

    def add_roles(self, card: int, factor: Decimal, rise: Decimal) -> None:
        for role in _BILLED_ROLES:
            self.add(ROLES[role].price_per_hour * factor, rise, card_index=card, role_index=role)

    def add(
        self,
        price: Decimal,
        rise: Decimal,
        *,
        card_index: int,
        line_index: int | None = None,
        role_index: int | None = None,
        person_index: int | None = None,
        task_type: str | None = None,
    ) -> None:
        self.rates += _risen(
            price,
            rise,
            self._years,
            card_index=card_index,
            line_index=line_index,
            role_index=role_index,
            person_index=person_index,
            task_type=task_type,
        )


def _add_exception(
    rng: Random,
    book: _RateBook,
    line_index: int,
    line: Line,
    contracts: Sequence[Contract],
    people_count: int,
) -> None:
    """On about one line in five: a price for one role, for one kind of task or for one person."""
    draw = rng.random()
    if draw >= 0.21:
        return
    card = book.card_of_contract(line.contract_index, contracts[line.contract_index])
    if draw < 0.08:
        role = rng.choice(_BILLED_ROLES[1:])
        price = ROLES[role].price_per_hour * Decimal(rng.choice((94, 97, 104, 108))) / 100
        book.add(price, _FIRM_RISE, card_index=card, line_index=line_index, role_index=role)
    elif draw < 0.13:
        task_type, price = rng.choice((("management", Decimal(165)), ("enablement", Decimal(138))))
        book.add(price, _FIRM_RISE, card_index=card, line_index=line_index, task_type=task_type)
    else:
        person = rng.randrange(people_count)
        price = Decimal(rng.choice((145, 160, 175, 190)))
        book.add(price, Decimal(1), card_index=card, line_index=line_index, person_index=person)


def _risen(
    price: Decimal,
    rise: Decimal,
    years: range,
    *,
    card_index: int,
    line_index: int | None,
    role_index: int | None,
    person_index: int | None,
    task_type: str | None,
) -> list[Rate]:
    """One rate per year; a rate that never rises is a single open one."""
    found = []
    steps = years if rise != 1 else range(years.start, years.start + 1)
    for position, year in enumerate(steps):
        last = position == len(steps) - 1
        found.append(
            Rate(
                card_index=card_index,
                line_index=line_index,
                person_index=person_index,
                role_index=role_index,
                task_type=task_type,
                starts_on=date(year, 1, 1),
                ends_on=None if last else date(year + 1, 1, 1),
                per_hour=_stepped(price * rise**position),
            )
        )
    return found


class Pricer:
    """Finds the price of one person's hour on one task, in whole cents."""

    def __init__(
        self,
        cards: Sequence[RateCard],
        rates: Sequence[Rate],
        contracts: Sequence[Contract],
        lines: Sequence[Line],
        tasks: Sequence[Task],
        calendar: WorkCalendar,
    ) -> None:
        self._contracts, self._lines, self._tasks, self._calendar = contracts, lines, tasks, calendar
        self._rows: dict[tuple[str, int, str, int | str], list[Rate]] = {}
        for rate in rates:
            self._rows.setdefault(_row_key(rate, cards), []).append(rate)
        self._known: dict[tuple[int, int, int, int], int] = {}

    def cents_per_hour(self, person_index: int, task_index: int, day: date) -> int:
        """Cents per hour, 0 on a line that is not billed."""
        term = self._calendar.term(person_index, day)
        assert term is not None, "nobody books before or after employment"
        key = (person_index, task_index, day.year, term.role_index)
        cents = self._known.get(key)
        if cents is None:
            cents = self._known[key] = self._find(person_index, self._tasks[task_index], term.role_index, day)
        return cents

    def _find(self, person_index: int, task: Task, role_index: int, day: date) -> int:
        line = self._lines[task.line_index]
        if line.model == "non_billable":
            return 0
        client_index = self._contracts[line.contract_index].client_index
        assert client_index is not None, "only clients are billed"
        scopes: tuple[tuple[str, int, str, int | str], ...] = (
            ("line", task.line_index, "person", person_index),
            ("line", task.line_index, "task_type", task.task_type),
            ("line", task.line_index, "role", role_index),
            ("contract", line.contract_index, "role", role_index),
            ("client", client_index, "role", role_index),
            ("entity", 0, "role", role_index),
        )
        for scope in scopes:
            for rate in self._rows.get(scope, ()):
                if rate.starts_on <= day and (rate.ends_on is None or day < rate.ends_on):
                    return int(rate.per_hour * 100)
        # A non-billable role has no rate; the product lists such hours, the generator does not make them.
        raise AssertionError(f"no rate for role {role_index} on {day}")


def _row_key(rate: Rate, cards: Sequence[RateCard]) -> tuple[str, int, str, int | str]:
    if rate.line_index is not None:
        if rate.person_index is not None:
            return ("line", rate.line_index, "person", rate.person_index)
        if rate.task_type is not None:
            return ("line", rate.line_index, "task_type", rate.task_type)
        return ("line", rate.line_index, "role", _required(rate.role_index))
    card = cards[rate.card_index]
    scope = card.contract_index if card.contract_index is not None else card.client_index
    return (card.level, scope or 0, "role", _required(rate.role_index))


def _required(index: int | None) -> int:
    assert index is not None, "a rate on a card names a role"
    return index
