"""Addresses of projects, their phases and tasks."""

from django.urls import URLPattern, URLResolver, path

from workledger.web.views import projects

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects", projects.index, name="projects"),
    path("projects/new", projects.new, name="project-new"),
    path("projects/<int:project_id>", projects.show, name="project"),
    path("projects/<int:project_id>/tasks", projects.tasks, name="project-tasks"),
    path("projects/<int:project_id>/scope", projects.scope, name="project-scope"),
    path("projects/<int:project_id>/change", projects.change, name="project-change"),
    path("projects/<int:project_id>/state", projects.set_state, name="project-state"),
    path("projects/<int:project_id>/phases/new", projects.new_phase, name="project-phase-new"),
    path("projects/<int:project_id>/phases/<int:phase_id>", projects.change_phase, name="project-phase"),
    path("projects/<int:project_id>/tasks/new", projects.new_task, name="project-task-new"),
    path("projects/<int:project_id>/tasks/<int:task_id>", projects.change_task, name="project-task"),
    path(
        "projects/<int:project_id>/tasks/<int:task_id>/state",
        projects.set_task_open,
        name="project-task-state",
    ),
]
