"""Pages of projects: who sees them, what they show, what their forms do."""

from collections.abc import Callable
from decimal import Decimal

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from workledger.projects.models import Phase, Project, ProjectState, Task
from workledger.testing.world import Somebody, World

Browser = Callable[[Somebody], Client]


def _queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def test_readers_open_the_pages_leads_the_forms_and_strangers_none(world: World, browser_of: Browser) -> None:
    phase = Phase.objects.create(project=world.atlas, name="Discovery")
    base = f"/projects/{world.atlas.pk}"
    shown = ["/projects", "/projects?state=all&sort=-amount&q=a", base, f"{base}/tasks", f"{base}/scope"]
    forms = [
        "/projects/new",
        f"/projects/new?contract={world.acme_contract.pk}",
        f"{base}/change",
        f"{base}/phases/new",
        f"{base}/phases/{phase.pk}",
        f"{base}/tasks/new",
        f"{base}/tasks/{world.build.pk}",
    ]
    pia, carl, stan, cleo = (browser_of(who) for who in (world.pia, world.carl, world.stan, world.cleo))
    for address in [*shown, *forms]:
        assert pia.get(address).status_code == 200, address
        assert stan.get(address).status_code == cleo.get(address).status_code == 403, address
        assert carl.get(address).status_code == (200 if address in shown else 403), address
    for act in (f"{base}/state", f"{base}/tasks/{world.build.pk}/state"):
        assert carl.post(act).status_code == stan.post(act).status_code == 403


def test_what_is_not_there_is_not_found(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    base = f"/projects/{world.atlas.pk}"
    for address in ("/projects/0", f"{base}/tasks/{world.review.pk}", f"{base}/phases/0"):
        assert pia.get(address).status_code == 404, address


def test_a_consultant_sees_the_project_without_links_to_what_is_refused(
    world: World, browser_of: Browser
) -> None:
    shown = browser_of(world.carl).get(f"/projects/{world.atlas.pk}").content.decode()
    assert "Atlas programme" in shown
    assert f"/contracts/{world.acme_contract.pk}" not in shown
    assert "Change project" not in shown


def test_a_project_is_opened_with_phase_and_tasks(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    sent = {
        "name": "Rollout", "client_id": world.acme.pk, "entity_id": world.entity_id, "contract_id": world.acme_contract.pk,
        "state": "active", "start": "2026-03-01", "end": "2026-06-30", "budget_hours": "120", "budget_amount": "14,400",
    }  # fmt: skip
    assert pia.post("/projects/new", sent).status_code == 302
    project = Project.objects.get(name="Rollout")
    assert (str(project.end), project.budget_seconds, project.budget_amount) == (
        "2026-07-01",
        432_000,
        Decimal(14400),
    )
    base = f"/projects/{project.pk}"
    assert pia.post(f"{base}/phases/new", {"name": "Discovery"}).status_code == 302
    phase = Phase.objects.get(project=project)
    task = {
        "name": "Interviews",
        "contract_line_id": world.delivery.pk,
        "phase_id": phase.pk,
        "is_open": "on",
    }
    assert pia.post(f"{base}/tasks/new", task).status_code == 302
    parent = Task.objects.get(project=project)
    below = {"name": "Notes", "contract_line_id": world.delivery.pk, "parent_id": parent.pk, "is_open": "on"}
    assert pia.post(f"{base}/tasks/new", below).status_code == 302
    shown = pia.get(f"{base}/tasks").content.decode()
    assert shown.index("Interviews") < shown.index("Notes")
    assert (
        pia.post(f"{base}/tasks/new", {"name": "Notes", "contract_line_id": world.audit.pk}).status_code
        == 422
    )


def test_states_change_by_one_click(world: World, browser_of: Browser) -> None:
    pia, base = browser_of(world.pia), f"/projects/{world.atlas.pk}"
    assert pia.post(f"{base}/state", {"state": "on_hold"}).status_code == 302
    assert Project.objects.get(pk=world.atlas.pk).state == ProjectState.ON_HOLD
    assert pia.post(f"{base}/tasks/{world.build.pk}/state", {"is_open": "no"}).status_code == 302
    assert not Task.objects.get(pk=world.build.pk).is_open
    assert "33.3%" in pia.get(f"{base}/scope").content.decode()
    assert pia.post(f"{base}/tasks/{world.build.pk}/state", {"is_open": "yes"}).status_code == 302


def test_forms_change_project_phase_and_task(world: World, browser_of: Browser) -> None:
    pia, base = browser_of(world.pia), f"/projects/{world.atlas.pk}"
    sent = {"name": "Atlas II", "client_id": world.acme.pk, "entity_id": world.entity_id, "contract_id": world.acme_contract.pk, "state": "active"}  # fmt: skip
    assert pia.post(f"{base}/change", sent).status_code == 302
    assert Project.objects.get(pk=world.atlas.pk).name == "Atlas II"
    refused = pia.post(f"{base}/change", sent | {"client_id": world.borealis.pk})
    assert refused.status_code == 422
    assert "stays with its client" in refused.content.decode()
    phase = Phase.objects.create(project=world.atlas, name="Discovery")
    assert pia.post(f"{base}/phases/{phase.pk}", {"name": "Start", "end": "2026-03-31"}).status_code == 302
    phase.refresh_from_db()
    assert (phase.name, str(phase.end)) == ("Start", "2026-04-01")
    task = {"name": "Build it", "contract_line_id": world.support.pk, "is_open": "on", "budget_hours": "1,5"}
    assert pia.post(f"{base}/tasks/{world.build.pk}", task).status_code == 302
    assert Task.objects.get(pk=world.build.pk).budget_seconds == 5400


def test_query_counts_do_not_grow_with_rows(world: World, browser_of: Browser) -> None:
    pia, base = browser_of(world.pia), f"/projects/{world.atlas.pk}"
    pages = ["/projects", base, f"{base}/tasks", f"{base}/scope"]
    Phase.objects.create(project=world.atlas, name="Discovery")
    before = {address: _queries(pia, address) for address in pages}
    for number in range(8):
        phase = Phase.objects.create(project=world.atlas, name=f"P{number}", position=number)
        Task.objects.create(
            project=world.atlas,
            name=f"T{number}",
            phase=phase,
            contract_line=world.delivery,
            parent=world.build,
        )
        Project.objects.create(client=world.acme, entity=world.entity, code=f"N{number}", name=f"N{number}")
    assert {address: _queries(pia, address) for address in pages} == before
