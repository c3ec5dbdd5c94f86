"""Layouts of contracts as the drafting needs them, with the words of their work; a fixed number of queries."""

from collections.abc import Mapping
from datetime import date, timedelta

from workledger.billing.calc.layouts import GroupBy, Layout, Names, Word
from workledger.billing.choices import Choices
from workledger.billing.documents.locales import locale_of
from workledger.billing.documents.model import VERSION
from workledger.billing.models import InvoiceLayout
from workledger.contracts.models import Contract, ContractLine
from workledger.directory.models import BillingProfile, Person, Role
from workledger.kernel.period import week_start
from workledger.projects.models import Task

_WEEK = timedelta(days=6)


def layouts_of(
    contracts: Mapping[int, Contract], profiles: Mapping[int, BillingProfile]
) -> tuple[dict[int, InvoiceLayout], dict[int, tuple[Layout, Names]]]:
    """Return the layouts chosen for contracts, and what the drafting reads of them; both empty where none is chosen."""
    choices = Choices(row.client_id for row in contracts.values())
    chosen = {pk: choices.layout(row.client_id, pk) for pk, row in contracts.items()}
    found = {pk: layout for pk, layout in chosen.items() if layout is not None}
    if not found:
        return {}, {}
    lines = {pk: (position, name) for pk, position, name in ContractLine.objects.filter(
        contract__in=found).values_list("pk", "position", "name")}  # fmt: skip
    tasks = Task.objects.filter(contract_line__contract__in=found).values_list(
        "pk", "name", "phase__position", "phase__name"
    )
    rows = list(tasks)
    phases = {pk: (position, phase) for pk, _, position, phase in rows if phase}
    words = {pk: name for pk, name, _, _ in rows}
    roles = dict(Role.objects.values_list("pk", "name"))
    people = dict(Person.objects.values_list("pk", "name"))
    drafted = {}
    for pk, layout in found.items():
        profile = profiles.get(contracts[pk].client_id)
        names = Names(lines, phases, words, roles, people, Weeks(profile.language if profile else "en").word)
        drafted[pk] = read_layout(layout), names
    return found, drafted


def read_layout(layout: InvoiceLayout) -> Layout:
    """Return what the drafting reads of a layout."""
    return Layout(GroupBy(layout.group_by) if layout.group_by else None, GroupBy(layout.line_by))


class Weeks:
    """Says which week a day is in, in a client's language."""

    def __init__(self, language: str) -> None:
        self._locale = locale_of(language, VERSION)
        self._known: dict[date, Word] = {}

    def word(self, day: date) -> Word:
        """Return the week's days, Monday to Sunday, in order of time."""
        start = week_start(day)
        if start not in self._known:
            self._known[start] = Word(start.isoformat(), self._locale.period(start, start + _WEEK))
        return self._known[start]
