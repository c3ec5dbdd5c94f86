"""The import pages, as the named people meet them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workledger.connect.models import ImportBatch
from workledger.connect.tests.builders import HEAD, bring, media
from workledger.testing.world import TODAY, Somebody, World
from workledger.timesheets.models import TimeEntry

__all__ = ["media"]
SignIn = Callable[[Somebody], Browser]
ROWS = (
    "2026-03-02,Nora New,nora@new.example,Nordwind,Site,Design,2,yes,,100,EUR\n"
    "2026-03-03,Nora New,nora@new.example,Nordwind,Site,Design,x,yes,,100,EUR\n"
)


@pytest.fixture(autouse=True)
def _on_the_named_day(set_today: Callable[[date], None]) -> None:
    set_today(TODAY)


def upload(browser: Browser, content: str = HEAD + ROWS, **fields: str) -> Any:
    given = {"source": "csv", "file": SimpleUploadedFile("hours.csv", content.encode()), **fields}
    return browser.post(reverse("import-new"), given)


def test_a_file_is_read_previewed_imported_and_taken_back(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    assert "Nothing was imported yet" in browser.get("/imports").content.decode()
    answer = upload(browser)
    batch = ImportBatch.objects.get()
    assert answer["Location"] == f"/imports/{batch.pk}"
    preview = browser.get(answer["Location"]).content.decode()
    for word in (
        "Nordwind",
        "Import 1 entry",
        "1 row is refused",
        "is not a duration",
        "200.00",
        "will be proposed",
    ):
        assert word in preview
    assert not TimeEntry.objects.exists()
    browser.post(f"/imports/{batch.pk}/commit", {"approved": "on", "default_rate": "120"})
    assert TimeEntry.objects.get().batch_id == batch.pk
    assert "Undo this import" in browser.get(f"/imports/{batch.pk}").content.decode()
    assert "hours.csv" in browser.get("/imports").content.decode()
    browser.post(f"/imports/{batch.pk}/undo")
    assert not TimeEntry.objects.exists()
    assert "was taken back" in browser.get(f"/imports/{batch.pk}").content.decode()


def test_what_is_wrong_with_the_file_stands_beside_it(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    answer = upload(browser, "a,b\n1,2\n")
    assert answer.status_code == 422
    assert "The file has no column" in answer.content.decode()
    answer = browser.post(reverse("import-new"), {"source": "csv"})
    assert (answer.status_code, "Choose the file that the tool exported." in answer.content.decode()) == (
        422,
        True,
    )
    answer = upload(browser, default_rate="much")
    assert answer.status_code == 422
    assert not ImportBatch.objects.exists()


def test_a_default_rate_that_is_none_is_said_on_the_preview(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    upload(browser)
    answer = browser.post(f"/imports/{ImportBatch.objects.get().pk}/commit", {"default_rate": "much"})
    assert answer.status_code == 422
    assert "Not done" in answer.content.decode()
    assert not TimeEntry.objects.exists()


def test_a_staged_file_is_discarded(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    upload(browser)
    browser.post(f"/imports/{ImportBatch.objects.get().pk}/discard")
    assert not ImportBatch.objects.exists()


def test_refused_rows_are_exported(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    upload(browser)
    answer: Any = browser.get(f"/imports/{ImportBatch.objects.get().pk}/refused")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "line,reason"
    assert lines[1].startswith('3,"the duration')


@pytest.mark.parametrize(
    "address", ["", "/new", "/{pk}", "/{pk}/refused", "/{pk}/commit", "/{pk}/discard", "/{pk}/undo"]
)
def test_strangers_and_consultants_stay_out(world: World, browser_of: SignIn, address: str) -> None:
    pk = bring(world.system, HEAD.encode() + ROWS.encode()).batch_id
    path = "/imports" + address.format(pk=pk)
    acts = address.endswith(("commit", "discard", "undo"))
    for somebody in (world.stan, world.carl, world.cleo):
        browser = browser_of(somebody)
        answer = browser.post(path) if acts else browser.get(path)
        assert answer.status_code == 403
    assert TimeEntry.objects.count() == 1
    assert Browser().get(path).status_code in (302, 405)


def test_the_list_asks_no_more_queries_for_more_rows(world: World, browser_of: SignIn) -> None:
    browser = browser_of(world.fay)
    counts = []
    for day in (2, 3, 4):
        bring(world.system, ROWS.replace("-02,", f"-{day + 10},"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get("/imports")
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_a_file_is_recognized_where_no_tool_is_chosen(world: World, browser_of: SignIn) -> None:
    toggl = "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags\n"
    row = "Nora New,nora@new.example,Nordwind,Site,Design,Home,Yes,2026-03-02,09:00:00,2026-03-02,11:00:00,02:00:00,\n"
    browser = browser_of(world.fay)
    assert upload(browser, toggl + row, source="").status_code == 302
    assert ImportBatch.objects.get().file_format == "toggl"
    answer = upload(browser, "a,b\n1,2\n", source="")
    assert answer.status_code == 422
    assert "The file has no column" in answer.content.decode()
    assert "looks like" not in answer.content.decode()
