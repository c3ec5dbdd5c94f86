"""The API put together: its addresses, who may call, how it answers, and its schema (OpenAPI 3.1)."""

from typing import Any

from ninja import NinjaAPI
from pydantic.json_schema import models_json_schema

import workledger
from workledger.api import problems
from workledger.api.auth import Session, Token
from workledger.api.nouns import (  # noqa: F401 - importing them registers their addresses
    amendments,
    billing,
    clients,
    contracts,
    directory,
    expenses,
    imports,
    ledger,
    metrics,
    projects,
    receivables,
    records,
    revenue,
    simulations,
    sync,
    time,
)
from workledger.api.routes import BODIES, ROUTER

PREFIX = "/api/v1/"
_REFERENCE = "#/components/schemas/{model}"
_ERRORS = {
    400: "The request cannot be read.",
    401: "No token, or one that is not known, has ended or was revoked.",
    403: "The caller, or the token's scopes, lack the permission.",
    404: "There is no such thing, or none that the caller may see.",
    409: "The act has warnings: send it again with `confirm` and their codes.",
    422: "Refused: every reason with its stable code, a sentence and the field.",
    429: "Too many wrong tokens from this address.",
}
_ONLY_ACTS = {409}
DESCRIPTION = """The same actions, queries and metrics as the pages.

Send a token as `Authorization: Bearer wl_…`. Amounts are strings of decimals, dates ISO 8601, time whole seconds with the
hours beside them. Ranges named `start` and `end` are half-open unless said otherwise. Lists come in pages:
`next_cursor` of one is `cursor` of the next."""


class Service(NinjaAPI):
    """The API, whose schema also tells the bodies of acts and every refusal."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Any:
        """Return the schema with what Django Ninja cannot know."""
        schema = super().get_openapi_schema(path_prefix=path_prefix or PREFIX, path_params=path_params)
        parts = schema["components"]["schemas"]
        models = [
            *((model, "validation") for model in BODIES.values()),
            (problems.ProblemDetails, "serialization"),
            (problems.ProposalStored, "serialization"),
        ]
        parts.update(models_json_schema(models, ref_template=_REFERENCE)[1].get("$defs", {}))  # type: ignore[arg-type]
        for path in schema["paths"].values():
            for operation in path.values():
                _add_answers(operation)
        return schema


def _add_answers(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    acts = "x-action" in operation
    for status, words in _ERRORS.items():
        if acts or status not in _ONLY_ACTS:
            content = {problems.CONTENT_TYPE: {"schema": {"$ref": _REFERENCE.format(model="ProblemDetails")}}}
            answers[status] = {"description": words, "content": content}
    if acts:
        stored = {"application/json": {"schema": {"$ref": _REFERENCE.format(model="ProposalStored")}}}
        answers[202] = {
            "description": "An assistant's act: stored as a proposal until a person decides.",
            "content": stored,
        }


API = Service(
    title="Workledger",
    version=workledger.__version__,
    description=DESCRIPTION,
    urls_namespace="api",
    auth=[Token(), Session()],
    docs_url=None,
    openapi_url=None,
)
problems.install(API)
API.add_router("", ROUTER)
