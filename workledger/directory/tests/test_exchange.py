"""Published exchange rates, and rates by way of the euro."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory.actions import ImportedRates, import_exchange_rates, set_exchange_rate
from workledger.directory.models import ExchangeRate, RateSource
from workledger.directory.queries import exchange_rate
from workledger.testing.world import World

FRIDAY, THURSDAY = date(2026, 11, 20), date(2026, 11, 19)
HISTORY = b"""Date,USD,JPY,CYP,
2026-11-20,1.0842,163.28,N/A,
2026-11-19,1.0811,163.1,N/A,
"""


def take_over(world: World, content: bytes = HISTORY, currencies: list[str] | None = None) -> ImportedRates:
    return import_exchange_rates(actor=world.fay.actor, content=content, currencies=currencies)


def counts(done: ImportedRates) -> tuple[int, int, int, int]:
    return done.added, done.changed, done.unchanged, done.kept


def test_the_same_file_twice_changes_nothing(world: World) -> None:
    done = take_over(world)
    assert counts(done) == (4, 0, 0, 0)
    assert (done.first_day, done.last_day, done.left_out) == (THURSDAY, FRIDAY, ("CYP",))
    before = list(ExchangeRate.objects.order_by("pk").values())
    assert counts(take_over(world)) == (0, 0, 4, 0)
    assert list(ExchangeRate.objects.order_by("pk").values()) == before


def test_a_rate_that_was_corrected_is_changed(world: World) -> None:
    take_over(world)
    assert counts(take_over(world, HISTORY.replace(b"1.0811", b"1.0812"))) == (0, 1, 3, 0)
    assert exchange_rate("EUR", "USD", THURSDAY) == Decimal("1.0812")


def test_what_was_set_by_hand_is_kept_either_way_round(world: World) -> None:
    fay = world.fay.actor
    set_exchange_rate(actor=fay, base="EUR", quote="JPY", day=FRIDAY, rate=Decimal(160))
    set_exchange_rate(actor=fay, base="USD", quote="EUR", day=FRIDAY, rate=Decimal("0.8"))
    done = take_over(world)
    assert counts(done) == (2, 0, 0, 2)
    assert "2 that were set by hand are kept" in done.words
    assert exchange_rate("EUR", "JPY", FRIDAY) == 160
    assert exchange_rate("EUR", "USD", FRIDAY) == Decimal("1.25")


def test_a_hand_set_rate_takes_the_place_of_an_imported_one_for_good(world: World) -> None:
    take_over(world)
    set_exchange_rate(actor=world.fay.actor, base="EUR", quote="USD", day=FRIDAY, rate=Decimal("1.1"))
    assert counts(take_over(world)) == (0, 0, 3, 1)
    found = ExchangeRate.objects.get(base="EUR", quote="USD", day=FRIDAY)
    assert (found.rate, found.source) == (Decimal("1.1"), RateSource.HAND)


def test_some_currencies_only(world: World) -> None:
    assert counts(take_over(world, currencies=["JPY", "EUR"])) == (2, 0, 0, 0)
    with pytest.raises(Refused) as refused:
        take_over(world, currencies=["Yen"])
    assert refused.value.codes == ("bad_currency",)
    with pytest.raises(Refused, match="The file has no rates of SEK, CHF"):
        take_over(world, currencies=["SEK", "JPY", "CHF"])


def test_a_file_that_is_wrong_somewhere_changes_nothing(world: World) -> None:
    with pytest.raises(Refused) as refused:
        take_over(world, HISTORY + b"2026-11-18,1.08.1,163,N/A,\n20261117,1.08,163,N/A,\n")
    assert refused.value.codes == ("not_rates", "not_rates")
    assert [problem.message[:7] for problem in refused.value.problems] == ["Line 4:", "Line 5:"]
    assert {problem.field for problem in refused.value.problems} == {"content"}
    assert not ExchangeRate.objects.exists()


def test_the_number_of_queries_is_that_of_one_row(world: World) -> None:
    rows = b"".join(b"2025-%02d-%02d,1.1,160,N/A,\n" % (m, d) for m in range(1, 13) for d in range(1, 28))
    counted = []
    for content in (HISTORY, b"Date,USD,JPY,CYP,\n" + rows):
        with CaptureQueriesContext(connection) as captured:
            take_over(world, content)
        counted.append(len(captured))
    assert counted[0] == counted[1]


def test_a_call_with_bytes_that_are_no_text_can_be_repeated_by_its_key(world: World) -> None:
    keyed = import_exchange_rates.using(Options(idempotency_key="once"))
    for _ in range(2):
        with pytest.raises(Refused, match="no text"):
            keyed(actor=world.fay.actor, content=b"\xff\xfe\x80")
    again = import_exchange_rates.using(Options(idempotency_key="twice"))
    assert again(actor=world.fay.actor, content=HISTORY) == again(actor=world.fay.actor, content=HISTORY)


def test_two_currencies_are_crossed_by_way_of_the_euro(world: World) -> None:
    take_over(world)
    sunday = date(2026, 11, 22)
    assert exchange_rate("USD", "JPY", sunday) == Decimal("150.59952038")  # 163.28 / 1.0842
    assert exchange_rate("JPY", "USD", sunday) == Decimal("0.0066401274")  # 1.0842 / 163.28
    assert exchange_rate("JPY", "EUR", sunday) == Decimal("0.0061244488")  # 1 / 163.28
    assert exchange_rate("USD", "JPY", THURSDAY) == Decimal("150.86485986")  # 163.1 / 1.0811
    assert exchange_rate("USD", "SEK", sunday) is None
    assert exchange_rate("USD", "JPY", date(2026, 11, 18)) is None


def test_a_rate_of_the_two_themselves_goes_before_a_crossed_one(world: World) -> None:
    take_over(world)
    set_exchange_rate(
        actor=world.fay.actor, base="JPY", quote="USD", day=date(2026, 1, 1), rate=Decimal("0.005")
    )
    assert exchange_rate("USD", "JPY", FRIDAY) == 200
