"""Users, roles, passwords, tokens: who may give what to whom."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from pydantic import SecretStr

from workledger.core.access import ROLE_PERMISSIONS, Actor, Permission, Role
from workledger.core.door import Options
from workledger.core.models import ActionLog, ApiToken, IdempotencyKey, RoleAssignment, RowLog, User
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.core.tokens import create_token, find_token, revoke_token, scopes_of
from workledger.core.users import (
    RoleGrant,
    assign_role,
    change_user,
    create_user,
    deactivate_user,
    reactivate_user,
    remove_role,
    set_password,
)
from workledger.directory.actors import actor_for
from workledger.testing.world import TODAY, World

GOOD = SecretStr("kai-und-hafen-9")


def administrator(world: World) -> Actor:
    """Ada, who manages users and is no owner."""
    ada = create_user(
        actor=world.olivia.actor,
        email="ada@fjord.example",
        name="Ada",
        password=GOOD,
        roles=[RoleGrant(Role.ADMINISTRATOR)],
    )
    return actor_for(User.objects.get(pk=ada), "web")


def test_a_new_user_signs_in_with_what_the_roles_allow(world: World) -> None:
    ada = administrator(world)
    assert ada.permissions == ROLE_PERMISSIONS[Role.ADMINISTRATOR]
    assert User.objects.get(email="ada@fjord.example").check_password("kai-und-hafen-9")


def test_every_problem_of_a_new_user_at_once(world: World) -> None:
    with pytest.raises(Refused) as refused:
        create_user(actor=world.olivia.actor, email="CARL@fjord.example", name="", password=SecretStr("carl"))
    assert refused.value.codes[:2] == ("email_taken", "missing_name")
    assert {problem.field for problem in refused.value.problems[2:]} == {"password"}
    with pytest.raises(Refused) as refused:
        change_user(actor=world.olivia.actor, user_id=world.carl.user_id, email="no", name="")
    assert refused.value.codes == ("bad_email", "missing_name")


def test_managing_users_needs_its_permission(world: World) -> None:
    with pytest.raises(Forbidden):
        create_user(actor=world.fay.actor, email="x@fjord.example", name="X")
    with pytest.raises(Forbidden):
        assign_role(actor=world.fay.actor, user_id=world.carl.user_id, grant=RoleGrant(Role.FINANCE))
    with pytest.raises(Forbidden):
        set_password(actor=world.fay.actor, user_id=world.carl.user_id, password=GOOD)


def test_an_administrator_makes_no_owner_and_gives_themselves_nothing(world: World) -> None:
    ada = administrator(world)
    with pytest.raises(Refused) as refused:
        assign_role(actor=ada, user_id=world.carl.user_id, grant=RoleGrant(Role.OWNER))
    assert refused.value.codes == ("owners_only",)
    assert ada.user_id
    with pytest.raises(Refused) as refused:
        assign_role(actor=ada, user_id=ada.user_id, grant=RoleGrant(Role.FINANCE))
    assert refused.value.codes == ("own_role",)
    assign_role(actor=ada, user_id=world.carl.user_id, grant=RoleGrant(Role.FINANCE))
    assert actor_for(world.carl.user, "web").can(Permission.ISSUE_INVOICE)


def test_an_owner_s_access_is_out_of_an_administrator_s_reach(world: World) -> None:
    ada, olivia = administrator(world), world.olivia.user_id
    held = RoleAssignment.objects.get(role=Role.OWNER).pk
    acts: list[Callable[[], None]] = [
        lambda: set_password(actor=ada, user_id=olivia, password=GOOD),
        lambda: deactivate_user(actor=ada, user_id=olivia),
        lambda: change_user(actor=ada, user_id=olivia, email="ada2@fjord.example", name="Mine"),
        lambda: remove_role(actor=ada, assignment_id=held),
    ]
    for act in acts:
        with pytest.raises(Forbidden) as refused:
            act()
        assert refused.value.codes == ("owners_only",)


def test_the_last_owner_stays(world: World) -> None:
    olivia = world.olivia
    held = RoleAssignment.objects.get(role=Role.OWNER)
    with pytest.raises(Refused) as refused:
        remove_role(actor=olivia.actor, assignment_id=held.pk)
    assert refused.value.codes == ("last_owner",)
    with pytest.raises(Refused) as refused:
        deactivate_user(actor=world.system, user_id=olivia.user_id)
    assert refused.value.codes == ("last_owner",)
    assign_role(actor=olivia.actor, user_id=world.pia.user_id, grant=RoleGrant(Role.OWNER))
    remove_role(actor=olivia.actor, assignment_id=held.pk)
    assert list(RoleAssignment.objects.filter(role=Role.OWNER).values_list("user_id", flat=True)) == [
        world.pia.user_id
    ]


def test_an_owner_without_access_does_not_count(world: World) -> None:
    assign_role(actor=world.olivia.actor, user_id=world.pia.user_id, grant=RoleGrant(Role.OWNER))
    deactivate_user(actor=world.olivia.actor, user_id=world.pia.user_id)
    with pytest.raises(Refused) as refused:
        remove_role(
            actor=world.olivia.actor,
            assignment_id=RoleAssignment.objects.get(role=Role.OWNER, user=world.olivia.user).pk,
        )
    assert refused.value.codes == ("last_owner",)


def test_access_ends_and_returns(world: World) -> None:
    deactivate_user(actor=world.olivia.actor, user_id=world.carl.user_id)
    world.carl.user.refresh_from_db()
    assert not actor_for(world.carl.user, "web").permissions
    with pytest.raises(Refused) as refused:
        deactivate_user(actor=world.olivia.actor, user_id=world.carl.user_id)
    assert refused.value.codes == ("already_inactive",)
    reactivate_user(actor=world.olivia.actor, user_id=world.carl.user_id)
    world.carl.user.refresh_from_db()
    assert actor_for(world.carl.user, "web").can(Permission.TRACK_TIME)
    with pytest.raises(Refused) as refused:
        deactivate_user(actor=world.olivia.actor, user_id=world.olivia.user_id)
    assert "own_access" in refused.value.codes


def test_a_role_is_held_once_and_an_owner_owns_everything(world: World) -> None:
    for grant, code in (
        (RoleGrant(Role.CONSULTANT), "role_held_once"),
        (RoleGrant(Role.OWNER, entity_id=world.entity_id), "limited_owner"),
    ):
        with pytest.raises(Refused) as refused:
            assign_role(actor=world.olivia.actor, user_id=world.carl.user_id, grant=grant)
        assert refused.value.codes == (code,)


def test_who_manages_one_entity_gives_roles_there_only(world: World) -> None:
    local = replace(administrator(world), entity_ids=frozenset({world.entity_id}))
    with pytest.raises(Refused) as refused:
        assign_role(actor=local, user_id=world.carl.user_id, grant=RoleGrant(Role.AUDITOR))
    assert refused.value.codes == ("limited_role",)
    assign_role(
        actor=local, user_id=world.carl.user_id, grant=RoleGrant(Role.AUDITOR, entity_id=world.entity_id)
    )


def test_one_s_own_password(world: World) -> None:
    set_password(actor=world.carl.actor, user_id=world.carl.user_id, password=GOOD)
    world.carl.user.refresh_from_db()
    assert world.carl.user.check_password("kai-und-hafen-9")
    with pytest.raises(Refused) as refused:
        set_password(actor=world.carl.actor, user_id=world.carl.user_id, password=SecretStr("short"))
    assert set(refused.value.codes) == {"weak_password"}


def test_a_password_that_a_proposal_did_not_keep_is_refused(world: World) -> None:
    with pytest.raises(Refused) as refused:
        set_password(actor=world.carl.actor, user_id=world.carl.user_id, password=SecretStr("*" * 10))
    assert refused.value.codes == ("password_not_kept",)


def make_token(world: World, *scopes: Permission, expires_on: date | None = None) -> str:
    made = create_token(
        actor=world.carl.actor, name="Wall screen", scopes=list(scopes), today=TODAY, expires_on=expires_on
    )
    return made.secret.get_secret_value()


def test_a_token_opens_until_its_last_day_and_no_more_than_its_scopes(world: World) -> None:
    clear = make_token(world, Permission.VIEW_PROJECTS, expires_on=TODAY)
    found = find_token(clear, today=TODAY)
    assert found is not None
    assert found.user == world.carl.user
    assert scopes_of(found) == {Permission.VIEW_PROJECTS}
    assert find_token(clear, today=date(2026, 3, 17)) is None
    assert find_token(clear + "x", today=TODAY) is None


def test_a_token_is_kept_nowhere(world: World) -> None:
    made = create_token.using(Options(idempotency_key="k1"))(
        actor=world.carl.actor, name="Wall", scopes=[Permission.VIEW_PROJECTS], today=TODAY
    )
    clear = made.secret.get_secret_value()
    kept = [list(model.objects.values()) for model in (ApiToken, ActionLog, IdempotencyKey, RowLog)]
    assert clear not in str(kept)


def test_what_a_token_may_not_be(world: World) -> None:
    with pytest.raises(Refused) as refused:
        create_token(
            actor=world.carl.actor,
            name="",
            scopes=[Permission.ISSUE_INVOICE],
            today=TODAY,
            expires_on=date(2026, 3, 15),
        )
    assert refused.value.codes == ("missing_name", "scope_not_held", "expired")
    through_api = replace(world.carl.actor, door="api")
    with pytest.raises(Forbidden):
        create_token(actor=through_api, name="More", scopes=[Permission.VIEW_PROJECTS], today=TODAY)


def test_a_token_ends_when_revoked_or_its_user_ends(world: World) -> None:
    clear = make_token(world, Permission.VIEW_PROJECTS)
    token_id = ApiToken.objects.get().pk
    with pytest.raises(NotFound):
        revoke_token(actor=world.pia.actor, token_id=token_id)
    deactivate_user(actor=world.olivia.actor, user_id=world.carl.user_id)
    assert find_token(clear, today=TODAY) is None
    reactivate_user(actor=world.olivia.actor, user_id=world.carl.user_id)
    revoke_token(actor=world.carl.actor, token_id=token_id)
    assert find_token(clear, today=TODAY) is None
    with pytest.raises(Refused) as refused:
        revoke_token(actor=world.olivia.actor, token_id=token_id)
    assert refused.value.codes == ("already_revoked",)
