"""Addresses of the API, below `/api/v1/`."""

from typing import Any

from django.urls import URLPattern, URLResolver, path, re_path

from workledger.api import views
from workledger.api.service import API


def _vague(each: Any) -> list[bool]:
    """Sort key that puts '/tasks/batch' before '/tasks/{task_id}', which would match it too."""
    return ["<" in part for part in str(each.pattern).split("/")]


urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", views.openapi, name="api-openapi"),
    path("docs", views.docs, name="api-docs"),
    *sorted((each for each in API.urls[0] if getattr(each, "name", "") != "api-root"), key=_vague),
    re_path(r"^.*$", views.not_there, name="api-none"),
]
