"""Tryton's JSON-RPC: one call, one answer, no second try.

A call is one transaction over there. An answer that does not come leaves open whether it was done, so nothing is repeated
here but a call that was refused for an old session or for a warning: in both cases Tryton has said that it did nothing.
"""

import base64
import gzip
import http.client
import json
import ssl
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from workledger.gl.connector import Rejected, Unreachable

TIMEOUT_SECONDS = 60.0
_MAX_WARNINGS = 5
_GZIP = b"\x1f\x8b"

# What Tryton warns a person about and a connector answers by itself; every other warning is for a person to mend.
# A warning's key is a hash of its records, a dot, and one of these names.
_EXPECTED_WARNINGS = (
    "account.invoice eu_vat valid",  # the VAT number was checked for its form here, not against VIES there
    "invoice_date_future",  # issued today here, which over there may still be yesterday
    "invoice_payment_term",  # due in the past: an old invoice is sent late
    "delete.write-off",  # a write-off is taken back on purpose
)

Domain = Sequence[object]
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """Where a Tryton database is, and who calls."""

    url: str
    database: str
    user: str
    password: str
    timeout_seconds: float = TIMEOUT_SECONDS


class _Expired(Exception):
    """The session is not, or no longer, known over there."""


class _Warned(Exception):
    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


class Wire:
    """Calls to one database, as one user. Raises Unreachable or Rejected.

    `answers_all`: every warning is answered, as by a person who reads it.
    """

    def __init__(self, login: Login, *, answers_all: bool = False) -> None:
        self._login = login
        self._answers_all = answers_all
        self._session = ""
        self._user_id = 0
        self.context: Record = {}

    # --- records ------------------------------------------------------------------------------------

    def find(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        *,
        limit: int | None = None,
        order: Sequence[tuple[str, str]] | None = None,
        context: Mapping[str, object] | None = None,
    ) -> list[Record]:
        """Return records, a field per name; `many2one.` names reach into the record pointed to."""
        order = order or [("id", "ASC")]
        found = self.call(f"model.{model}.search_read", domain, 0, limit, order, fields, context=context)
        return list(found)

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str], **context: object) -> list[Record]:
        """Return records by id, in the order of the ids."""
        by_id = {row["id"]: row for row in self.call(f"model.{model}.read", ids, fields, context=context)}
        return [by_id[number] for number in ids]

    def create(self, model: str, values: Record) -> int:
        """Make one record and return its id."""
        return int(self.call(f"model.{model}.create", [values])[0])

    def write(self, model: str, ids: Sequence[int], values: Record) -> None:
        """Change records."""
        self.call(f"model.{model}.write", list(ids), values)

    def delete(self, model: str, ids: Sequence[int]) -> None:
        """Delete records."""
        if ids:
            self.call(f"model.{model}.delete", list(ids))

    def run_wizard(self, name: str, state: str, model: str, ids: Sequence[int], **data: object) -> None:
        """Run a wizard on records from a state that needs nobody to answer it."""
        session, *_ = self.call(f"wizard.{name}.create")
        context = {"active_model": model, "active_id": ids[0], "active_ids": list(ids)}
        try:
            self.call(f"wizard.{name}.execute", session, data, state, context=context)
        finally:
            self.call(f"wizard.{name}.delete", session)

    @property
    def database(self) -> str:
        """The name of the database."""
        return self._login.database

    @property
    def user_id(self) -> int:
        """The id of the user who calls."""
        if not self._session:
            self._log_in()
        return self._user_id

    # --- calls --------------------------------------------------------------------------------------

    def version(self) -> str:
        """Return the series of the server, such as 8.2."""
        return str(self._ask("/rpc/", "common.server.version", []))

    def call(self, method: str, *arguments: object, context: Mapping[str, object] | None = None) -> Any:
        """Call a method of the database. Warnings that are expected are answered, and the call is made again."""
        parameters = [*arguments, {**self.context, **(context or {})}]
        for _ in range(_MAX_WARNINGS):
            try:
                return self._in_session(method, parameters)
            except _Warned as warned:
                if not self._answers_all and warned.name.partition(".")[2] not in _EXPECTED_WARNINGS:
                    raise Rejected(str(warned))
                self._in_session("model.res.user.warning.skip", [warned.name, False, self.context])
        raise Rejected(f"Tryton keeps asking about the same warning while it does {method}.")

    def _in_session(self, method: str, parameters: Sequence[object]) -> Any:
        if not self._session:
            self._log_in()
        try:
            return self._ask(self._path, method, parameters, self._session)
        except _Expired:  # nothing was done
            self._log_in()
        try:
            return self._ask(self._path, method, parameters, self._session)
        except _Expired:
            raise Rejected(f"Tryton does not accept the session of the user {self._login.user}.")

    @property
    def _path(self) -> str:
        return f"/{quote(self._login.database, safe='')}/rpc/"

    def _log_in(self) -> None:
        parameters = [self._login.user, {"password": self._login.password}, "en"]
        try:
            answer = self._ask(self._path, "common.db.login", parameters)
        except _Expired:
            raise Rejected(
                f"Tryton does not let the user {self._login.user} in: the name or the password is not right."
            )
        self._user_id, token = int(answer[0]), answer[1]
        text = f"{self._login.user}:{self._user_id}:{token}"
        self._session = base64.b64encode(text.encode()).decode()

    def _ask(self, path: str, method: str, parameters: Sequence[object], session: str = "") -> Any:
        body = json.dumps({"id": 1, "method": method, "params": parameters}, default=_encode)
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        if session:
            headers["Authorization"] = f"Session {session}"
        status, text = self._exchange(path, body.encode(), headers)
        if status == HTTPStatus.UNAUTHORIZED:
            raise _Expired
        if status != HTTPStatus.OK:
            self._explain(status, method)
        return _result(text)

    def _exchange(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        address = urlsplit(self._login.url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise Rejected(
                f"{self._login.url or 'Nothing'} is no address of a server: write https:// and its name."
            )
        connect: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
        options: dict[str, Any] = {"timeout": self._login.timeout_seconds}
        if address.scheme == "https":
            connect = http.client.HTTPSConnection
            options["context"] = ssl.create_default_context()
        connection = connect(address.hostname or "", address.port, **options)
        try:
            connection.request("POST", address.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            return answer.status, _unpacked(answer.read())
        except (OSError, EOFError, http.client.HTTPException, zlib.error) as error:
            raise Unreachable(
                f"Tryton at {self._login.url} did not answer: {str(error) or type(error).__name__}."
            )
        finally:
            connection.close()

    def _explain(self, status: int, method: str) -> None:
        if status == HTTPStatus.NOT_FOUND:
            raise Rejected(f"Tryton at {self._login.url} has no database {self._login.database}.")
        if status == HTTPStatus.FORBIDDEN:
            raise Rejected(
                f"Tryton does not offer {method}. The modules account and account_invoice are needed."
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Unreachable("Tryton asks to be called less often.")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unreachable(f"Tryton answered {method} with the status {status}.")
        raise Rejected(f"Tryton refused {method} with the status {status}.")


def _unpacked(body: bytes) -> bytes:
    """Return the text of an answer. Its head is no guide: Tryton calls long answers packed also where they are not."""
    return gzip.decompress(body) if body.startswith(_GZIP) else body


def _result(text: bytes) -> Any:
    try:
        answer = json.loads(text, object_hook=_decode, parse_float=Decimal)
    except ValueError:
        raise Unreachable("The answer was not Tryton's: it is no JSON, or it broke off.")
    if not isinstance(answer, dict) or "error" not in answer:
        return answer["result"] if isinstance(answer, dict) and "result" in answer else answer
    kind, *rest = answer["error"]
    detail = rest[0] if rest else ""
    if kind == "UserWarning":
        raise _Warned(detail[0], _sentence(detail[1:]))
    if kind == "UserError":
        raise Rejected(_sentence(detail))
    if kind == "ConcurrencyException":
        raise Unreachable("Somebody else changed the same record in Tryton at the same time.")
    # Any other fault is Tryton's own: its first line says what, the rest is a traceback for nobody here.
    raise Rejected(
        f"Tryton failed: {str(kind).strip().splitlines()[0] if str(kind).strip() else 'no reason given'}"
    )


def _sentence(parts: Sequence[object] | str) -> str:
    """Join message and description as Tryton shows them to a person."""
    texts = [parts] if isinstance(parts, str) else [str(part) for part in parts[:2] if part]
    return " ".join(" ".join(text.split()) for text in texts)


def _encode(value: object) -> object:
    if isinstance(value, Decimal):
        # Tryton counts zeros behind the point as digits, and refuses more of them than a currency has.
        return {"__class__": "Decimal", "decimal": format(value.normalize(), "f")}
    if isinstance(value, datetime):
        parts = {"hour": value.hour, "minute": value.minute, "second": value.second}
        return {"__class__": "datetime", **_day(value), **parts, "microsecond": value.microsecond}
    if isinstance(value, date):
        return {"__class__": "date", **_day(value)}
    raise TypeError(f"{type(value).__name__} does not travel to Tryton")


def _day(value: date) -> dict[str, int]:
    return {"year": value.year, "month": value.month, "day": value.day}


def _decode(value: dict[str, Any]) -> object:
    match value.pop("__class__", None):
        case "Decimal":
            return Decimal(value["decimal"])
        case "date":
            return date(**value)
        case "datetime":
            return datetime(**value)  # noqa: DTZ001 - Tryton's own clock, in UTC and without a zone
        case "timedelta" | "time" | "bytes":
            return None  # none of the fields that are read here
    return value
