"""API tokens: made for oneself, shown once, kept as a hash, limited to scopes and, if wanted, to a last day."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.db.models.functions import Now
from pydantic import SecretStr

from workledger.core import locks
from workledger.core.access import Actor, ActorKind, Permission
from workledger.core.door import action, record
from workledger.core.models import ApiToken
from workledger.core.refusals import Forbidden, Problems

_PREFIX = "wl_"


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new token. `secret` is told this once: logs, dry runs and repeated requests hold asterisks."""

    token_id: int
    secret: SecretStr


@action("core.create_token", needs=Permission.USE_API)
def create_token(
    *, actor: Actor, name: str, scopes: list[Permission], today: date, expires_on: date | None = None
) -> CreatedToken:
    """Make a token for oneself that may do no more than `scopes`; `expires_on` is its last day.

    Refuses: person_only, missing_name, no_scopes, scope_not_held, expired.
    """
    if actor.kind is not ActorKind.PERSON or actor.user_id is None or actor.door == "api":
        raise Forbidden.because(
            "person_only", "A token is made by a person who is signed in, on the settings page."
        )
    problems = Problems()
    problems.check(name.strip(), "missing_name", "Name the token after what will use it.", "name")
    problems.check(scopes, "no_scopes", "Choose at least one thing that the token may do.", "scopes")
    missing = sorted(scope for scope in set(scopes) if not actor.can(scope))
    problems.check(not missing, "scope_not_held", f"You do not hold {', '.join(missing)} yourself.", "scopes")
    problems.check(
        expires_on is None or expires_on >= today,
        "expired", "The last day has passed. Choose a later one, or none.", "expires_on",
    )  # fmt: skip
    problems.refuse()
    clear = _PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user_id=actor.user_id,
        name=name.strip(),
        token_hash=hash_token(clear),
        scopes=sorted(set(scopes)),
        expires_on=expires_on,
    )
    record(token, f"Made the API token {token.name}")
    return CreatedToken(int(token.pk), SecretStr(clear))


@action("core.revoke_token", needs=None)
def revoke_token(*, actor: Actor, token_id: int) -> None:
    """End a token at once: one's own, or anybody's with the permission to manage users.

    Refuses: not_found, already_revoked.
    """
    rows = ApiToken.objects.all()
    if not actor.can(Permission.MANAGE_USERS):
        rows = rows.filter(user_id=actor.user_id or 0)
    token = locks.for_update(rows, token_id)
    problems = Problems()
    problems.check(
        token.revoked_at is None, "already_revoked", f"The token {token.name} was revoked already."
    )
    problems.refuse()
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=Now())
    record(token, f"Revoked the API token {token.name}")


def hash_token(clear: str) -> str:
    """Return what is kept of a token. It has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(clear.encode()).hexdigest()


def find_token(clear: str, *, today: date) -> ApiToken | None:
    """Return the live token of an active user that this text is, with its user; None for any other text."""
    found: ApiToken | None = (
        ApiToken.objects.filter(token_hash=hash_token(clear), revoked_at=None, user__is_active=True)
        .filter(Q(expires_on=None) | Q(expires_on__gte=today))
        .select_related("user")
        .first()
    )
    return found


def scopes_of(token: ApiToken) -> frozenset[Permission]:
    """Return a token's scopes; one that the catalogue no longer knows is dropped."""
    known = {permission.value for permission in Permission}
    return frozenset(Permission(scope) for scope in token.scopes if scope in known)
