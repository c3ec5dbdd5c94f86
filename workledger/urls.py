"""Every address of the product: each package brings its own ``urls.py``, included here."""

from django.urls import URLPattern, URLResolver, include, path

from workledger.runtime import http

urlpatterns: list[URLPattern | URLResolver] = [
    path("-/health", http.health, name="health"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("workledger.api.urls")),
    path("", include("workledger.web.urls")),
]
