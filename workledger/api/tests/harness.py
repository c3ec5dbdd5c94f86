"""A caller with a token."""

import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponseBase
from django.test import Client

from workledger.core.access import Permission
from workledger.core.tokens import create_token
from workledger.testing.world import TODAY, Somebody


def token_of(who: Somebody, scopes: Iterable[Permission] | None = None) -> str:
    """Return the clear token of somebody; with no scopes named, all that they hold."""
    held = sorted(scopes if scopes is not None else who.actor.permissions)
    made = create_token(actor=who.actor, name="Test", scopes=held, today=TODAY)
    return made.secret.get_secret_value()


class Caller:
    """Sends JSON with a token, as a program outside would."""

    def __init__(self, who: Somebody, scopes: Iterable[Permission] | None = None) -> None:
        self.headers = {"Authorization": f"Bearer {token_of(who, scopes)}"}
        self.client = Client()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> "Answer":
        """Send a request below `/api/v1`; headers are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = "" if body is None else json.dumps(body)
        response = self.client.generic(
            method, f"/api/v1{path}", data, "application/json", headers={**self.headers, **named}
        )
        return Answer(response)

    def get(self, path: str) -> "Answer":
        """Read."""
        return self.send("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> "Answer":
        """Act."""
        return self.send("POST", path, body, **headers)


class Answer:
    """A response with its JSON."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response: Any = response
        self.status = response.status_code

    @property
    def json(self) -> Any:
        """The content, parsed."""
        return json.loads(self.response.content)

    @property
    def codes(self) -> list[str]:
        """The codes of a refusal."""
        assert self.response["Content-Type"] == "application/problem+json"
        return [problem["code"] for problem in self.json["problems"]]
