"""Django's view of the package."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The API."""

    name = "workledger.api"
    label = "api"
