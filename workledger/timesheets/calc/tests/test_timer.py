"""What a timer books."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from workledger.timesheets.calc.timer import Booked, booked_time

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "stop", "minutes"),
    [
        ("2026-03-02T09:00:00", "2026-03-02T10:30:00", 90),
        ("2026-03-02T09:00:59", "2026-03-02T09:01:28", 0),
        ("2026-03-02T09:00:59", "2026-03-02T09:01:29", 1),
        ("2026-03-02T09:00:00", "2026-03-02T09:00:00", 0),
    ],
)
def test_it_is_rounded_to_the_minute(start: str, stop: str, minutes: int) -> None:
    assert sum(piece.seconds for piece in booked_time(at(start), at(stop))) == minutes * 60


def test_over_midnight_it_is_two_days() -> None:
    assert booked_time(at("2026-03-02T23:30:20"), at("2026-03-03T00:45:20")) == (
        Booked(date(2026, 3, 2), time(23, 30), 1800),
        Booked(date(2026, 3, 3), time(0, 0), 2700),
    )


def test_the_night_the_clock_goes_forward_has_an_hour_less() -> None:
    pieces = booked_time(at("2026-03-29T01:00:00"), at("2026-03-29T04:00:00"))
    assert [piece.seconds for piece in pieces] == [2 * 3600]


def test_the_day_is_the_reader_s_not_the_database_s() -> None:
    start = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    (piece,) = booked_time(start, at("2026-03-03T01:00:00"))
    assert piece == Booked(date(2026, 3, 3), time(0, 30), 1800)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="stops after it starts"):
        booked_time(at("2026-03-02T10:00:00"), at("2026-03-02T09:00:00"))
