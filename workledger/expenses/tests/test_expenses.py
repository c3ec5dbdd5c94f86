"""Expenses: receipts, drives, travel days, currencies, receipts as files, who may do what."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.actions import set_exchange_rate
from workledger.expenses import actions, files, queries
from workledger.expenses.actions import CategoryInput, ExpenseInput
from workledger.expenses.calc.amounts import CategoryKind, DistanceUnit
from workledger.expenses.models import Expense, Receipt
from workledger.projects.models import Project
from workledger.testing.expenses import DAY, PDF, PNG, attach, category, driving, spent, submitted
from workledger.testing.world import TODAY, Somebody, World

D = Decimal


@pytest.fixture(autouse=True)
def _files_apart(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def one(expense_id: int) -> Expense:
    return Expense.objects.get(pk=expense_id)


def refused(world: World, who: Somebody | None = None, **given: Any) -> tuple[str, ...]:
    """The codes that Carl's expense is refused with."""
    somebody = who or world.carl
    wanted: dict[str, Any] = {
        "category_id": category(world).pk, "project_id": world.atlas.pk, "work_date": DAY, "amount": D(50),
    } | given  # fmt: skip
    before = Expense.objects.count()
    with pytest.raises(Refused) as caught:
        actions.add_expense(
            actor=somebody.actor, person_id=world.carl.person_id, expense=ExpenseInput(**wanted), on=TODAY
        )
    assert Expense.objects.count() == before
    return caught.value.codes


def test_a_receipt_is_split_into_cost_and_input_tax(world: World) -> None:
    row = one(spent(world, "119.00", tax="19.00", task_id=world.build.pk, vendor=" Hotel Elbe "))
    assert (row.functional_amount, row.input_tax) == (D(119), D(19))
    assert (row.currency, row.vendor, row.entity_id) == ("EUR", "Hotel Elbe", world.entity_id)
    assert (row.contract_id, row.contract_line_id) == (world.acme_contract.pk, world.delivery.pk)
    assert row.is_billable


def test_without_a_task_the_contract_is_the_project_s(world: World) -> None:
    row = one(spent(world))
    assert (row.contract_id, row.contract_line_id) == (world.acme_contract.pk, None)


def test_billable_follows_category_and_work_unless_said(world: World) -> None:
    training = category(world, "Training", is_rebillable=False).pk
    assert not one(spent(world, category_id=training)).is_billable
    assert one(spent(world, category_id=training, is_billable=True)).is_billable
    assert not one(spent(world, task_id=world.travel.pk)).is_billable  # its line does not bill
    assert not one(spent(world, is_billable=False)).is_billable


def test_nothing_is_billable_without_a_contract(world: World) -> None:
    own = Project.objects.create(client=world.acme, entity=world.entity, code="OWN", name="Own work")
    assert not one(spent(world, project=own)).is_billable
    assert refused(world, project_id=own.pk, is_billable=True) == ("nothing_to_bill",)


def test_another_currency_is_taken_at_the_rate_of_the_day(world: World) -> None:
    for day, rate in ((date(2026, 3, 1), "0.95"), (date(2026, 3, 11), "0.90")):
        set_exchange_rate(actor=world.fay.actor, base="CHF", quote="EUR", day=day, rate=D(rate))
    row = one(spent(world, "100.00", tax="8.10", currency="CHF"))
    assert (row.exchange_rate, row.functional_amount) == (D("0.95"), D("95.00"))
    assert row.input_tax == D("7.70")  # 8.10 × 0.95 = 7.695
    assert refused(world, currency="SEK") == ("exchange_rate_missing",)


def test_a_rate_known_the_other_way_round_is_kept_as_it_was_used(world: World) -> None:
    set_exchange_rate(actor=world.fay.actor, base="EUR", quote="CHF", day=date(2026, 3, 1), rate=D("1.05"))
    row = one(spent(world, "1000000.00", currency="CHF"))
    assert row.exchange_rate == D("0.95238095")
    assert row.functional_amount == D("952380.95") == round(row.amount * row.exchange_rate, 2)


def test_a_drive_is_paid_by_distance(world: World) -> None:
    row = one(spent(world, category_id=driving(world).pk, distance=D("412.5")))
    assert (row.amount, row.unit_rate, row.country, row.distance_unit) == (D("123.75"), D("0.30"), "DE", "km")
    assert row.input_tax == 0


def test_a_drive_needs_a_rate_and_a_distance(world: World) -> None:
    drives = driving(world).pk
    assert refused(world, category_id=drives, distance=D(0)) == ("bad_distance",)
    assert refused(world, category_id=drives, distance=D(10), distance_unit=DistanceUnit.MILE) == (
        "mileage_rate_missing",
    )
    early = date(2025, 12, 31)
    assert refused(world, category_id=drives, distance=D(10), work_date=early) == ("mileage_rate_missing",)


def test_travel_days_are_paid_by_country(world: World) -> None:
    days = category(world, "Per diem", kind=CategoryKind.PER_DIEM).pk
    assert refused(world, category_id=days, full_days=1, country="AT") == ("per_diem_rate_missing",)
    actions.set_per_diem_rate(
        actor=world.fay.actor, entity_id=world.entity_id, country="AT", valid_from=date(2026, 1, 1),
        full_day=D(50), partial_day=D(33),
    )  # fmt: skip
    row = one(spent(world, category_id=days, country="AT", full_days=2, partial_days=2))
    assert (row.amount, row.unit_rate, row.partial_rate) == (D(166), D(50), D(33))
    assert refused(world, category_id=days, country="AT") == ("bad_days",)


def test_a_change_of_rate_leaves_what_was_saved(world: World) -> None:
    expense_id = spent(world, category_id=driving(world).pk, distance=D(100))
    driving(world, "0.40")
    assert one(expense_id).amount == D(30)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"amount": None}, ("amount_missing",)),
        ({"amount": D(0)}, ("bad_amount",)),
        ({"amount": D("-1")}, ("bad_amount",)),
        ({"amount": D("1.005")}, ("too_precise",)),
        ({"amount": D(50), "tax_amount": D(50)}, ("bad_tax",)),
        ({"amount": D(50), "tax_amount": D(-1)}, ("bad_tax",)),
        ({"currency": "EURO"}, ("bad_currency", "exchange_rate_missing")),
        ({"work_date": date(2026, 3, 17)}, ("future_date",)),
        ({"amount": None, "work_date": date(2026, 3, 17)}, ("future_date", "amount_missing")),
    ],
)
def test_what_cannot_be_is_refused_all_at_once(
    world: World, given: dict[str, Any], codes: tuple[str, ...]
) -> None:
    assert refused(world, **given) == codes


def test_closed_and_foreign_things_take_no_expense(world: World) -> None:
    assert refused(world, task_id=world.review.pk) == ("task_of_another_project",)
    Project.objects.filter(pk=world.atlas.pk).update(state="closed")
    assert refused(world) == ("project_closed",)
    old = category(world, "Fax", is_open=False).pk
    assert refused(world, category_id=old, project_id=world.beacon.pk) == ("category_closed",)


def test_only_the_person_and_finance_write(world: World) -> None:
    expense_id = spent(world)
    with pytest.raises(Forbidden, match="only your own expenses"):
        actions.delete_expense(actor=world.pia.actor, expense_id=expense_id)
    assert refused(world, who=world.pia) == ("not_your_expenses",)
    pia_s = spent(world, who=world.pia)
    with pytest.raises(NotFound):
        actions.delete_expense(actor=world.carl.actor, expense_id=pia_s)
    actions.delete_expense(actor=world.fay.actor, expense_id=expense_id)
    assert not Expense.objects.filter(pk=expense_id).exists()


def test_changing_turns_a_receipt_into_a_drive(world: World) -> None:
    expense_id = spent(world, "119.00", tax="19.00")
    wanted = ExpenseInput(
        category_id=driving(world).pk, project_id=world.beacon.pk, work_date=DAY, distance=D(100)
    )
    actions.change_expense(actor=world.carl.actor, expense_id=expense_id, expense=wanted, on=TODAY)
    row = one(expense_id)
    assert (row.amount, row.tax_amount, row.input_tax, row.project_id) == (D(30), D(0), D(0), world.beacon.pk)


def test_what_is_submitted_stays(world: World) -> None:
    expense_id = spent(world)
    submitted(world, [expense_id])
    with pytest.raises(Refused, match="Recall the report"):
        actions.delete_expense(actor=world.carl.actor, expense_id=expense_id)
    with pytest.raises(Refused, match="Recall the report"):
        attach(world.carl, expense_id)


def test_a_receipt_is_kept_by_its_content(world: World) -> None:
    expense_id = spent(world)
    receipt = Receipt.objects.get(pk=attach(world.carl, expense_id, PDF, "scan.png"))
    assert (receipt.media_type, receipt.size, receipt.file_name) == ("application/pdf", len(PDF), "scan.png")
    assert receipt.file == f"receipts/{receipt.sha256}.pdf"
    with files.RECEIPTS.opened(receipt.file) as source:
        assert source.read() == PDF
    with pytest.raises(Refused, match="already attached"):
        attach(world.carl, expense_id, PDF)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "file_empty"), (b"<svg onload=alert(1)>", "not_a_receipt"), (b"GIF89a...", "not_a_receipt")],
)
def test_what_is_no_receipt_is_not_kept(content: bytes, code: str, db: None) -> None:
    with pytest.raises(Refused) as caught, files.RECEIPTS.kept(io.BytesIO(content)):
        raise AssertionError("never kept")
    assert caught.value.codes == (code,)


def test_a_file_of_more_than_10_mb_is_refused(db: None) -> None:
    with pytest.raises(Refused, match="10 MB"), files.RECEIPTS.kept(io.BytesIO(PNG + bytes(10 << 20))):
        raise AssertionError("never kept")


def test_a_file_goes_once_nothing_holds_it(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    first, second = spent(world), spent(world, "80.00")
    receipt_id, other_id = attach(world.carl, first), attach(world.carl, second)
    name = Receipt.objects.get(pk=receipt_id).file
    with django_capture_on_commit_callbacks(execute=True):
        actions.remove_receipt(actor=world.carl.actor, receipt_id=receipt_id)
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        actions.delete_expense(actor=world.carl.actor, expense_id=second)
    assert not Receipt.objects.filter(pk=other_id).exists()
    assert not default_storage.exists(name)


@pytest.mark.parametrize("name", ["../settings.py", "receipts/x.pdf", "imports/" + "0" * 64 + ".csv", ""])
def test_no_other_file_is_opened(name: str) -> None:
    with pytest.raises(Refused, match="not there any more"):
        files.RECEIPTS.opened(name)


def test_a_receipt_is_seen_by_who_sees_the_expense(world: World) -> None:
    receipt_id = attach(world.pia, spent(world, who=world.pia))
    assert queries.receipt(world.fay.actor, receipt_id).is_picture
    for who in (world.carl, world.cleo, world.stan):
        with pytest.raises(NotFound):
            queries.receipt(who.actor, receipt_id)


def test_duplicates_are_named_and_stop_nobody(world: World) -> None:
    mine = spent(world, "80.00", vendor="Hotel Elbe")
    pia_s = spent(world, "80.00", vendor="HOTEL ELBE", who=world.pia)
    other = spent(world, "12.00", who=world.pia)
    attach(world.carl, mine)
    attach(world.pia, other)
    detail = queries.expense(world.carl.actor, mine, looked_at=TODAY)
    assert [flag.sentence for flag in detail.row.flags] == [
        "The same file is attached to somebody else's expense of 10 Mar.",
        "Same vendor, date and amount as somebody else's expense of 10 Mar.",
    ]
    found = queries.duplicates(world.fay.actor, since=date(2026, 1, 1))
    assert {(row.expense_id, row.because, row.other.expense_id) for row in found} == {
        (mine, "same_receipt", other), (pia_s, "same_purchase", mine), (other, "same_receipt", mine),
    }  # fmt: skip


def test_the_usual_categories_are_a_start(world: World) -> None:
    category(world, "Hotel")
    assert actions.add_usual_categories(actor=world.fay.actor) == 9
    assert actions.add_usual_categories(actor=world.fay.actor) == 0
    assert {row.kind for row in queries.categories(world.carl.actor)} == set(CategoryKind)


def test_a_category_in_use_keeps_its_kind(world: World) -> None:
    spent(world)
    hotel = category(world).pk
    for given, code in (
        (CategoryInput("Hotel", kind=CategoryKind.MILEAGE), "kind_in_use"),
        (CategoryInput(" "), "missing_name"),
        (CategoryInput("Hotel", most_per_item=D(0)), "bad_limit"),
        (CategoryInput("Hotel", receipt_over=D(-1)), "bad_limit"),
    ):
        with pytest.raises(Refused) as caught:
            actions.change_category(actor=world.fay.actor, category_id=hotel, category=given)
        assert caught.value.codes == (code,)
    with pytest.raises(Refused, match="already a category"):
        actions.add_category(actor=world.fay.actor, category=CategoryInput("Hotel"))


def test_the_list_filters_and_sums(world: World) -> None:
    spent(world, "100.00", vendor="DB")
    spent(world, "20.00", project=world.beacon, is_billable=False)
    spent(world, "7.00", who=world.pia)
    filters = queries.ExpenseFilters
    own = queries.expenses(world.carl.actor, filters(), looked_at=TODAY)
    assert (own.count, own.total, own.billable) == (2, (("EUR", D(120)),), (("EUR", D(100)),))
    everybody = queries.expenses(world.fay.actor, filters(), looked_at=TODAY)
    assert everybody.count == 3
    assert queries.expenses(world.fay.actor, filters(mine=True), looked_at=TODAY).count == 0
    assert [
        row.vendor for row in queries.expenses(world.fay.actor, filters(text="db"), looked_at=TODAY).rows
    ] == ["DB"]
    by_project = filters(project_id=world.beacon.pk, billable=False, first=DAY, last=DAY)
    assert queries.expenses(world.fay.actor, by_project, looked_at=TODAY).count == 1
    assert len(list(queries.export_expenses(world.fay.actor, filters()))) == 3
