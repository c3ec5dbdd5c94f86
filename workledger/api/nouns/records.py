"""What was done and by whom: the action log, proposals, users and roles, tokens, two-person rules."""

from typing import Literal

from django.http import HttpRequest

from workledger.api.edge import actor_of
from workledger.api.paging import Cut, cut, seal, unseal
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.core import door, duties, queries, tokens, users
from workledger.core.access import Permission

_LOG, _USERS = "Log and proposals", "Users and tokens"

_ROW = shown(queries.LogRow, "LoggedAct")
shown(queries.FieldChange)
shown(queries.RowChange)
_ACT = shown(queries.LoggedAction, "LoggedActWithChanges")
_PROPOSAL = shown(queries.ProposalRow, "Proposal")
shown(queries.RoleHeld)
_USER = shown(queries.UserRow, "User")
_TOKEN = shown(queries.TokenRow, "Token")
_DUTY = shown(queries.DutyRow, "TwoPersonRule")


@read(
    "/actions",
    page_of(_ROW),
    Permission.VIEW_LOG,
    tag=_LOG,
    name="list_actions",
    summary="List the action log",
)
def list_actions(
    request: HttpRequest,
    user_id: Id | None = None,
    action: Words = "",
    subject: Words = "",
    subject_id: Id | None = None,
    door_used: Words = "",
    since: Day | None = None,
    through: Day | None = None,
    words: Words = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.LogRow]:
    """What was done, newest first: who, what, on what, through which door, why."""
    wanted = queries.LogFilter(user_id, action, subject, subject_id, door_used, since, through, words)
    before = unseal(cursor, int)[0] if cursor else None
    page = queries.action_log(actor_of(request), wanted, before=before, limit=limit)
    return Cut(page.rows, None if page.next_before is None else seal(page.next_before))


@read("/actions/{action_id}", _ACT, Permission.VIEW_LOG, tag=_LOG, name="get_action", summary="Get an act")
def get_action(
    request: HttpRequest, action_id: Id, first_change: int = 0, first_part: int = 0
) -> queries.LoggedAction:
    """An act with its input and what it changed, row by row: 200 rows from `first_change` on, and 200 of its parts."""
    return queries.logged_action(
        actor_of(request), action_id, first_change=max(first_change, 0), first_part=max(first_part, 0)
    )


@read(
    "/proposals",
    page_of(_PROPOSAL),
    Permission.DECIDE_PROPOSALS,
    tag=_LOG,
    name="list_proposals",
    summary="List proposals",
)
def list_proposals(
    request: HttpRequest,
    state: Literal["open", "accepted", "declined"] = "open",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.ProposalRow]:
    """Acts that assistants proposed, newest first; at most the latest 1,000 of a state."""
    rows = queries.proposals(actor_of(request), state=state, limit=1000)
    return cut(rows, lambda row: (row.id,), cursor, limit, descends=True)


@read("/proposals/{proposal_id}", _PROPOSAL, Permission.DECIDE_PROPOSALS, tag=_LOG, name="get_proposal",
      summary="Get a proposal")  # fmt: skip
def get_proposal(request: HttpRequest, proposal_id: Id) -> queries.ProposalRow:
    """A proposal with its arguments and evidence."""
    return queries.proposal(actor_of(request), proposal_id)


act("POST", "/proposals/{proposal_id}/decide", door.decide_proposal, tag=_LOG)


@read("/users", page_of(_USER), Permission.MANAGE_USERS, tag=_USERS, name="list_users", summary="List users")
def list_users(request: HttpRequest, cursor: Cursor = "", limit: Limit = LIMIT) -> Cut[queries.UserRow]:
    """Everybody who signs in, with their roles, by email."""
    return cut(queries.users(actor_of(request)), lambda row: (row.email, row.id), cursor, limit)


@read("/users/{user_id}", _USER, tag=_USERS, name="get_user", summary="Get a user")
def get_user(request: HttpRequest, user_id: Id) -> queries.UserRow:
    """Somebody who signs in: oneself, or anybody with the permission to manage users."""
    return queries.user(actor_of(request), user_id)


act("POST", "/users", users.create_user, tag=_USERS, gives="id")
act("PUT", "/users/{user_id}", users.change_user, tag=_USERS)
act("POST", "/users/{user_id}/deactivate", users.deactivate_user, tag=_USERS)
act("POST", "/users/{user_id}/reactivate", users.reactivate_user, tag=_USERS)
act("POST", "/users/{user_id}/roles", users.assign_role, tag=_USERS, gives="id")
act("DELETE", "/role-assignments/{assignment_id}", users.remove_role, tag=_USERS)


@read("/tokens", page_of(_TOKEN), tag=_USERS, name="list_tokens", summary="List tokens")
def list_tokens(request: HttpRequest, cursor: Cursor = "", limit: Limit = LIMIT) -> Cut[queries.TokenRow]:
    """One's own tokens without their secrets, newest first; everybody's with the permission to manage users."""
    return cut(queries.tokens(actor_of(request)), lambda row: (row.id,), cursor, limit, descends=True)


act("DELETE", "/tokens/{token_id}", tokens.revoke_token, tag=_USERS)


@read("/two-person-rules", list_of(_DUTY), Permission.MANAGE_SETTINGS, Permission.VIEW_LOG, tag=_USERS, name="list_duties",
      summary="List two-person rules")  # fmt: skip
def list_duties(request: HttpRequest) -> list[queries.DutyRow]:
    """Every two-person rule with the decision that holds."""
    return queries.duties(actor_of(request))


act("POST", "/two-person-rules/switch", duties.switch_duty, tag=_USERS)
