"""Addresses of the API, below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, path, re_path

from workledger.api import views
from workledger.api.service import API

urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", views.openapi, name="api-openapi"),
    path("docs", views.docs, name="api-docs"),
    *(each for each in API.urls[0] if getattr(each, "name", "") != "api-root"),
    re_path(r"^.*$", views.not_there, name="api-none"),
]
