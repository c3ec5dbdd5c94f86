"""An assistant proposes, a person decides."""

import pytest

from workledger.core.access import Actor, Permission
from workledger.core.door import Options, decide_proposal
from workledger.core.models import ActionLog, Proposal
from workledger.core.refusals import Forbidden, NotFound, Proposed, Refused
from workledger.directory.actions import add_practice
from workledger.directory.models import Practice
from workledger.testing.world import World


def proposed(world: World, name: str = "Data") -> int:
    assistant = world.fay.actor.as_assistant("Assistant of Fay")
    with pytest.raises(Proposed) as stored:
        add_practice.using(Options(reason="Three projects ask for it"))(actor=assistant, name=name)
    return stored.value.proposal_id


def exists(name: str = "Data") -> bool:
    return Practice.objects.filter(name=name).exists()


def test_an_assistants_act_is_stored_with_its_evidence_and_not_done(world: World) -> None:
    proposal = Proposal.objects.get(pk=proposed(world))
    assert not exists()
    assert (proposal.action, proposal.arguments) == ("directory.add_practice", {"name": "Data"})
    assert (proposal.proposed_by, proposal.evidence) == ("Assistant of Fay", "Three projects ask for it")
    assert proposal.serves_user_id == world.fay.user_id


def test_an_accepted_proposal_runs_as_the_person(world: World) -> None:
    proposal_id = proposed(world)
    decide_proposal(actor=world.olivia.actor, proposal_id=proposal_id, accept=True, reason="Yes")
    assert exists()
    done = ActionLog.objects.get(action="directory.add_practice")
    decided = ActionLog.objects.get(action="core.decide_proposal")
    assert (done.user_id, done.parent_id) == (world.olivia.user_id, decided.pk)
    proposal = Proposal.objects.get(pk=proposal_id)
    assert (proposal.state, proposal.decided_by_id) == ("accepted", world.olivia.user_id)


def test_a_declined_proposal_never_runs(world: World) -> None:
    proposal_id = proposed(world)
    decide_proposal(actor=world.olivia.actor, proposal_id=proposal_id, accept=False, reason="Too early")
    assert not exists()
    with pytest.raises(Refused, match="already declined"):
        decide_proposal(actor=world.olivia.actor, proposal_id=proposal_id, accept=True, reason="")


def test_who_may_not_do_it_may_not_accept_it(world: World) -> None:
    """Pia decides on proposals and may not manage the directory."""
    assert world.pia.actor.can(Permission.DECIDE_PROPOSALS)
    proposal_id = proposed(world)
    with pytest.raises(Forbidden, match=r"directory\.manage"):
        decide_proposal(actor=world.pia.actor, proposal_id=proposal_id, accept=True, reason="")
    assert not exists()
    assert Proposal.objects.get(pk=proposal_id).state == "open"


@pytest.mark.parametrize("who", ["carl", "cleo", "stan"])
def test_who_decides_on_nothing_decides_not_on_this(world: World, who: str) -> None:
    actor: Actor = getattr(world, who).actor
    with pytest.raises(Forbidden):
        decide_proposal(actor=actor, proposal_id=proposed(world), accept=True, reason="")


def test_an_assistant_decides_on_nothing(world: World) -> None:
    proposal_id = proposed(world)
    with pytest.raises(Proposed):
        decide_proposal(
            actor=world.fay.actor.as_assistant("Assistant"), proposal_id=proposal_id, accept=True, reason=""
        )
    with pytest.raises(Forbidden, match="Only a person"):
        decide_proposal(actor=world.system, proposal_id=proposal_id, accept=True, reason="")
    assert not exists()


def test_what_an_assistant_may_not_ask_is_not_stored(world: World) -> None:
    with pytest.raises(Forbidden):
        add_practice(actor=world.carl.actor.as_assistant("Assistant of Carl"), name="Data")
    assert not Proposal.objects.exists()


def test_a_refused_proposal_stays_open(world: World) -> None:
    proposal_id = proposed(world, name="Engineering")
    with pytest.raises(Refused):
        decide_proposal(actor=world.olivia.actor, proposal_id=proposal_id, accept=True, reason="")
    assert Proposal.objects.get(pk=proposal_id).state == "open"


def test_stored_arguments_that_fit_no_more_are_refused(world: World) -> None:
    proposal = Proposal.objects.create(
        action="directory.add_practice", arguments={"title": 1}, proposed_by="A"
    )
    with pytest.raises(Refused) as refused:
        decide_proposal(actor=world.olivia.actor, proposal_id=proposal.pk, accept=True, reason="")
    assert refused.value.codes == ("arguments_do_not_fit",)


def test_there_is_no_such_proposal(world: World) -> None:
    with pytest.raises(NotFound):
        decide_proposal(actor=world.olivia.actor, proposal_id=999_999, accept=True, reason="")
