"""Writes of the mapping: the other side's chart, what accounts, taxes and dimensions are called there, how journals leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.directory.models import TaxCode
from workledger.gl.calc.charts import MOST_SIGNS, code_problem, read_chart
from workledger.gl.models import (
    AccountMapping,
    Axis,
    DimensionMapping,
    DimensionValue,
    ExternalAccount,
    JournalSettings,
    TaxMapping,
)
from workledger.ledger.dimensions import Dimension, choices
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Account, Book

_LONGEST_NAME = 100
_LONGEST_TAX = 60
_NAMED_AXES = (Axis.TRACKING_1, Axis.TRACKING_2, Axis.ANALYTIC)


@dataclass(frozen=True, slots=True)
class Called:
    """What one of ours is called there; '' takes the name away, so that it goes by its own again."""

    id: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class AxisChoice:
    """A dimension stands on an axis. Xero's categories and analytic axes have a `name` of their own there."""

    axis: Axis
    dimension: Dimension
    name: str = ""


@action("gl.import_chart", needs=Permission.MANAGE_SYNC, logs_input=False)
def import_chart(*, actor: Actor, book_id: int, content: str) -> int:
    """Take over the other side's chart of accounts (see `calc.charts`) in place of the one before; returns how many.

    What is mapped stays mapped. Refuses: not_found, not_a_chart.
    """
    book = locks.for_update(Book.objects.visible_to(actor), book_id)
    chart = read_chart(content)
    problems = Problems()
    for sentence in chart.problems:
        problems.add("not_a_chart", sentence, "content")
    problems.refuse()
    ExternalAccount.objects.filter(book=book).delete()
    ExternalAccount.objects.bulk_create(
        ExternalAccount(book=book, code=row.code, name=row.name[:200], kind=row.kind) for row in chart.rows
    )
    record(book, f"Took over the other side's chart for {book.name}, {len(chart.rows):,} accounts")
    return len(chart.rows)


@action("gl.map_accounts", needs=Permission.MANAGE_SYNC)
def map_accounts(*, actor: Actor, book_id: int, accounts: list[Called]) -> None:
    """Say what accounts of a book are called on the other side; those that are not named stay as they are.

    Where the other side's chart is known, a code is one of it. Refuses: not_found, no_such_account, bad_code, not_in_chart.
    """
    book = locks.for_update(Book.objects.visible_to(actor), book_id)
    own = dict(Account.objects.filter(book=book).values_list("pk", "code"))
    chart = set(ExternalAccount.objects.filter(book=book).values_list("code", flat=True))
    problems = Problems()
    given = _checked(problems, accounts, own, "account", f"{book.name} has no such account.")
    for account_id, code in given.items():
        problems.check(
            not code or not chart or code in chart,
            "not_in_chart", f"The other side's chart has no {code}. Choose one of it.", f"account.{account_id}",
        )  # fmt: skip
    problems.refuse()
    AccountMapping.objects.filter(account_id__in=given).delete()
    AccountMapping.objects.bulk_create(
        AccountMapping(account_id=account_id, code=code) for account_id, code in given.items() if code
    )
    record(book, f"Mapped accounts of {book.name}")


@action("gl.map_taxes", needs=Permission.MANAGE_SYNC)
def map_taxes(*, actor: Actor, book_id: int, taxes: list[Called]) -> None:
    """Say what a legal entity's tax codes are called on the other side; those that are not named stay as they are.

    Refuses: not_found, no_such_tax, bad_code.
    """
    book = locks.for_update(Book.objects.visible_to(actor), book_id)
    own = dict(TaxCode.objects.filter(entity_id=book.pk).values_list("pk", "name"))
    problems = Problems()
    given = _checked(problems, taxes, own, "tax", f"{book.name} has no such tax code.")
    problems.refuse()
    TaxMapping.objects.filter(tax_code_id__in=given).delete()
    TaxMapping.objects.bulk_create(
        TaxMapping(tax_code_id=each, code=code) for each, code in given.items() if code
    )
    record(book, f"Mapped tax codes of {book.name}")


@action("gl.map_dimensions", needs=Permission.MANAGE_SYNC)
def map_dimensions(*, actor: Actor, book_id: int, axes: list[AxisChoice]) -> None:
    """Say which dimension stands on which axis of the other side; what is not named stands on none.

    Names chosen for single clients, projects … stay where their axis keeps its dimension.
    Refuses: not_found, axis_taken, axis_name_missing, too_long, bad_code.
    """
    book = locks.for_update(Book.objects.visible_to(actor), book_id)
    tidy = [AxisChoice(Axis(each.axis), Dimension(each.dimension), _axis_name(each)) for each in axes]
    problems = Problems()
    _check_axes(problems, tidy)
    problems.refuse()
    wanted = {_place(each.axis, each.name): each for each in tidy}
    known = {_place(row.axis, row.name): row for row in DimensionMapping.objects.filter(book=book)}
    for place, row in known.items():
        if place not in wanted or wanted[place].dimension != row.dimension:
            row.delete()
    for each in tidy:
        named = {"name": each.name} if each.axis == Axis.ANALYTIC else {}
        DimensionMapping.objects.filter(book=book, axis=each.axis, **named).update(name=each.name)
        DimensionMapping.objects.get_or_create(
            book=book, axis=each.axis, dimension=each.dimension, name=each.name
        )
    record(book, f"Mapped dimensions of {book.name}")


@action("gl.name_values", needs=Permission.MANAGE_SYNC)
def name_values(*, actor: Actor, mapping_id: int, values: list[Called]) -> None:
    """Say what single clients, projects, people … are called on an axis, in place of what was said before.

    Refuses: not_found, no_such_value, named_twice, bad_code, code_missing.
    """
    mapping = locks.for_update(DimensionMapping.objects.visible_to(actor), mapping_id)
    known = dict(choices(actor, Dimension(mapping.dimension)))
    problems = Problems()
    seen: set[int] = set()
    for place, each in enumerate(values):
        problems.check(
            each.id in known, "no_such_value", f"There is no such {mapping.get_dimension_display().lower()}.", f"values.{place}.id",
        )  # fmt: skip
        problems.check(
            each.id not in seen, "named_twice", "This one is named twice. Keep one.", f"values.{place}.id"
        )
        problems.check(
            each.code.strip(), "code_missing", "Say what it is called there.", f"values.{place}.code"
        )
        sentence = code_problem(each.code.strip())
        problems.check(not sentence, "bad_code", sentence, f"values.{place}.code")
        seen.add(each.id)
    problems.refuse()
    DimensionValue.objects.filter(mapping=mapping).delete()
    DimensionValue.objects.bulk_create(
        DimensionValue(mapping=mapping, value_id=each.id, code=each.code.strip()) for each in values
    )
    record(mapping, f"Named {len(values):,} values on {mapping}")


@action("gl.set_journals", needs=Permission.MANAGE_SYNC)
def set_journals(*, actor: Actor, book_id: int, grain: JournalGrain, no_tax: str) -> None:
    """Say how fine a book's journals leave, and what the other side calls 'no tax'. Refuses: not_found, no_tax_missing, bad_code."""
    book = locks.for_update(Book.objects.visible_to(actor), book_id)
    said = " ".join(no_tax.split())
    sentence = code_problem(said) or (
        f"Use at most {_LONGEST_TAX} characters." if len(said) > _LONGEST_TAX else ""
    )
    problems = Problems()
    problems.check(
        said, "no_tax_missing", "Say the tax rate there that charges nothing, such as No VAT.", "no_tax"
    )
    problems.check(not sentence, "bad_code", sentence, "no_tax")
    problems.refuse()
    JournalSettings.objects.update_or_create(
        book=book, defaults={"grain": JournalGrain(grain), "no_tax": said}
    )
    record(book, f"Journals of {book.name} leave as: {JournalGrain(grain).label.lower()}")


def _checked(
    problems: Problems, given: Sequence[Called], own: Mapping[int, str], place: str, unknown: str
) -> dict[int, str]:
    """Return code by id, tidied; the last one given counts."""
    found = {}
    for each in given:
        code = each.code.strip()
        problems.check(each.id in own, f"no_such_{place}", unknown, f"{place}.{each.id}")
        sentence = code_problem(code)
        problems.check(not sentence, "bad_code", sentence, f"{place}.{each.id}")
        found[each.id] = code
    return found


def _axis_name(each: AxisChoice) -> str:
    return " ".join(each.name.split()) if each.axis in _NAMED_AXES else ""


def _place(axis: str, name: str) -> tuple[str, str]:
    """Return what tells an axis from others: there is one of each but the analytic ones, which have names."""
    return axis, name if axis == Axis.ANALYTIC else ""


def _check_axes(problems: Problems, axes: Collection[AxisChoice]) -> None:
    taken: set[tuple[str, str]] = set()
    for place, each in enumerate(axes):
        key = _place(each.axis, each.name)
        problems.check(
            key not in taken,
            "axis_taken",
            "Another dimension stands on that axis already.",
            f"axes.{place}.axis",
        )
        taken.add(key)
        problems.check(
            each.name or each.axis not in _NAMED_AXES,
            "axis_name_missing", f"Say what the {each.axis.label} is called there.", f"axes.{place}.name",
        )  # fmt: skip
        problems.check(
            len(each.name) <= _LONGEST_NAME, "too_long", f"Use at most {_LONGEST_NAME} characters.", f"axes.{place}.name"
        )  # fmt: skip
        sentence = code_problem(each.name[:MOST_SIGNS])
        problems.check(not sentence, "bad_code", sentence, f"axes.{place}.name")
