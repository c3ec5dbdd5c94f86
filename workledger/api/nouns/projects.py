"""Projects with their phases, tasks and figures."""

from django.http import HttpRequest

from workledger.api.edge import actor_of
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, page_of, shown
from workledger.core import locks
from workledger.core.access import Permission
from workledger.metrics.projects import ProjectFigures, project_figures
from workledger.projects import actions, queries
from workledger.projects.models import Project, ProjectState

_TAG = "Projects"
_VIEW = Permission.VIEW_PROJECTS

_PROJECT = shown(queries.ProjectRow, "Project")
shown(queries.PhaseRow, "Phase")
shown(queries.TaskNode, "Task")
_OVERVIEW = shown(queries.ProjectOverview, "ProjectWithTasks")
_FIGURES = shown(ProjectFigures, also=("tone",))


@read("/projects", page_of(_PROJECT), _VIEW, tag=_TAG, name="list_projects", summary="List projects")
def list_projects(
    request: HttpRequest,
    words: Words = "",
    client_id: Id | None = None,
    manager_id: Id | None = None,
    practice_id: Id | None = None,
    state: ProjectState | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.ProjectRow]:
    """Projects by name, closed ones too."""
    wanted = queries.ProjectFilter(words, client_id, manager_id, practice_id, state or "all")
    rows = queries.list_projects(actor_of(request), wanted)
    return cut(rows, lambda row: (row.name.casefold(), row.id), cursor, limit)


@read(
    "/projects/figures", page_of(_FIGURES), _VIEW,
    tag=_TAG, name="list_project_figures", summary="List the figures of projects",
)  # fmt: skip
def list_figures(
    request: HttpRequest, as_of: Day | None = None, cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[ProjectFigures]:
    """Hours, revenue, cost, margin, WIP and burn of every project, by project id. Null is what you may not see."""
    found = project_figures(actor_of(request), as_of=as_of).values()
    return cut(found, lambda row: (row.project_id,), cursor, limit)


@read("/projects/{project_id}", _OVERVIEW, _VIEW, tag=_TAG, name="get_project", summary="Get a project")
def get_project(request: HttpRequest, project_id: Id) -> queries.ProjectOverview:
    """A project with its phases and its tree of tasks, in the order people read them."""
    return queries.project_overview(actor_of(request), project_id)


@read(
    "/projects/{project_id}/figures", _FIGURES, _VIEW,
    tag=_TAG, name="get_project_figures", summary="Get a project's figures",
)  # fmt: skip
def get_figures(request: HttpRequest, project_id: Id, as_of: Day | None = None) -> ProjectFigures:
    """What a project has used, earned and has left, at the end of a day (now)."""
    found = project_figures(actor_of(request), [project_id], as_of)
    if project_id not in found:
        raise locks.not_found(Project)
    return found[project_id]


act("POST", "/projects", actions.add_project, tag=_TAG, gives="id")
act("POST", "/projects/batch", actions.create_projects, tag=_TAG, gives="ids")
act("PUT", "/projects/{project_id}", actions.change_project, tag=_TAG)
act("POST", "/projects/{project_id}/state", actions.set_project_state, tag=_TAG)
act("POST", "/projects/{project_id}/phases", actions.add_phase, tag=_TAG, gives="id")
act("PUT", "/phases/{phase_id}", actions.change_phase, tag=_TAG)
act("POST", "/phases/batch", actions.create_phases, tag=_TAG, gives="ids")
act("POST", "/projects/{project_id}/tasks", actions.add_task, tag=_TAG, gives="id")
act("PUT", "/tasks/{task_id}", actions.change_task, tag=_TAG)
act("POST", "/tasks/{task_id}/open", actions.set_task_open, tag=_TAG)
act("POST", "/tasks/batch", actions.create_tasks, tag=_TAG, gives="ids")
