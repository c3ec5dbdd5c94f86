"""Every address of the product: each package brings its own ``urls.py``, included here."""

from django.urls import URLPattern, URLResolver, path

from workledger.runtime import http

urlpatterns: list[URLPattern | URLResolver] = [
    path("-/health", http.health, name="health"),
]
