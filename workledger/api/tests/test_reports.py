"""Financial reports by API: a report, what it ties to, and the postings of its figures."""

import pytest

from workledger.api.tests.harness import Caller
from workledger.core.access import Permission
from workledger.reporting.catalogue import REPORTS
from workledger.testing.reported import tell
from workledger.testing.world import World

TIME = "start=2026-02-01&end=2026-04-01"


def test_each_report_opens_to_its_postings(world: World) -> None:
    tell(world)
    fay = Caller(world.fay)
    assert [kind["name"] for kind in fay.get("/reports").json] == list(REPORTS)
    for name in REPORTS:
        report = fay.get(f"/entities/{world.entity_id}/reports/{name}?{TIME}").json
        assert report["is_tied"], name
        for row in report["rows"][:3]:
            for column, figure in zip(report["columns"], row["figures"], strict=bool(row["figures"])):
                if figure["postings"] and column["unit"] == "money":
                    assert fay.get(f"/report-postings?{figure['postings']}").json["amount"] == figure["value"]


def test_as_earned_and_as_believed(world: World) -> None:
    tell(world)
    fay = Caller(world.fay)
    address = f"/entities/{world.entity_id}/reports/revenue?start=2026-02-01&end=2026-03-01&by=person"

    def total(more: str = "") -> str:
        value = fay.get(address + more).json["rows"][-1]["figures"][-2]["value"]
        return str(value)

    assert [total(), total("&basis=earned"), total("&known_on=2026-02-01")] == ["4012.00", "4492.00", "0.00"]
    rows = fay.get(f"/entities/{world.entity_id}/contract-positions?{TIME}&known_on=2026-03-10").json
    assert rows["assets"] == "4492.00"


@pytest.mark.parametrize(("query", "status"), [("by=colour", 422), ("start=2026-03-01&end=2026-02-01", 422)])
def test_what_cannot_be_asked_is_refused(world: World, query: str, status: int) -> None:
    fay = Caller(world.fay)
    assert fay.get(f"/entities/{world.entity_id}/reports/revenue?{query}").status == status
    assert fay.get(f"/entities/{world.entity_id}/reports/profit").status == 422
    assert fay.get("/report-postings?entity=1&where=x").status in (404, 422)
    assert Caller(world.fay, [Permission.VIEW_RECEIVABLES, Permission.USE_API]).get(
        f"/entities/{world.entity_id}/reports/revenue"
    ).status == 403  # fmt: skip
