"""The page of patterns without server and database: rendered here, and served to the browser by interception."""

import mimetypes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.test import RequestFactory
from playwright.sync_api import Route

from workledger.core.access import system_actor
from workledger.runtime.http import CONTENT_SECURITY_POLICY
from workledger.web.views import patterns

ORIGIN = "http://workledger.test"
_HTML = "text/html; charset=utf-8"


def request(address: str = "/-/patterns", **headers: str) -> HttpRequest:
    """Return a request by Olivia, who may see everything."""
    made = RequestFactory().get(address, headers=headers)
    made.user = SimpleNamespace(  # type: ignore[assignment]
        is_authenticated=True,
        name="Olivia Hart",
        email="olivia@workledger.example",
        get_username=lambda: "olivia@workledger.example",
    )
    made.actor = system_actor("web")  # type: ignore[attr-defined]
    return made


def _view(view: Any, made: HttpRequest, *args: str) -> bytes:
    """Return what a view answers, without the sign-in around it."""
    content: bytes = view.__wrapped__(made, *args).content
    return content


def page() -> str:
    """Return the page of patterns as HTML."""
    return _view(patterns.show, request()).decode()


def serve(route: Route) -> None:
    """Answer a browser's request for the page, its trail or a static file, under the product's own content security policy."""
    address = route.request.url.removeprefix(ORIGIN).split("?")[0]
    if address.startswith("/static/"):
        found = finders.find(address.removeprefix("/static/"))
        if found:
            kind = mimetypes.guess_type(address)[0] or "text/plain"
            route.fulfill(body=Path(str(found)).read_bytes(), content_type=kind)
        else:
            route.fulfill(status=404)
    elif address.startswith("/-/patterns/trail/"):
        made = request(address, **{"HX-Request": "true"})
        route.fulfill(body=_view(patterns.trail, made, address.rsplit("/", 1)[1]), content_type=_HTML)
    elif address == "/-/patterns":
        route.fulfill(
            body=page(), content_type=_HTML, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        )
    else:
        route.fulfill(status=404)
