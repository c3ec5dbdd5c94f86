"""Two-person rules: whether one applies, and the recorded choice of a firm to switch it."""

from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.models import DutySwitch
from workledger.core.refusals import Problems


def duty_applies(rule: DutyRule) -> bool:
    """Tell whether a two-person rule is on: by the latest decision, and on when there is none."""
    latest = DutySwitch.objects.filter(rule=rule).order_by("-id").values_list("is_on", flat=True).first()
    return True if latest is None else latest


@action("core.switch_duty", needs=Permission.MANAGE_SETTINGS)
def switch_duty(*, actor: Actor, rule: DutyRule, is_on: bool, reason: str) -> None:
    """Switch a two-person rule on or off, with the reason on record.

    Refuses: reason_missing.
    """
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why: the choice stays on record.", "reason")
    problems.refuse()
    switch = DutySwitch.objects.create(rule=rule, is_on=is_on, reason=reason.strip())
    record(switch, f"Switched {'on' if is_on else 'off'}: {rule.sentence}")
