"""Django's view of the package."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages and the design system."""

    name = "workledger.web"
    label = "web"
