"""The ways of billing as cards that people choose from: what each is, and when to use it."""

from collections.abc import Collection
from dataclasses import dataclass

from workledger.contracts.models import BillingModel

_M = BillingModel


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A way of billing: `what` is charged in one sentence, and `when` to use it."""

    model: BillingModel
    icon: str
    what: str
    when: str

    @property
    def label(self) -> str:
        """The model's name."""
        return str(self.model.label)


@dataclass(frozen=True, slots=True)
class CardGroup:
    """Cards that answer the same question of what the client pays for."""

    title: str
    cards: tuple[ModelCard, ...]


_GROUPS = (
    CardGroup("The client pays for time", (
        ModelCard(_M.TIME_AND_MATERIALS, "clock", "Every approved hour at the rate of who worked it.", "When nobody can say yet how much work it is. Add a cap where the client wants a limit."),
        ModelCard(_M.BLENDED, "blend", "Every approved hour at one rate, whoever works it.", "When the client should not care who of the team does the work."),
        ModelCard(_M.DAY_RATE, "sun", "Days instead of hours: a short day counts as half a one.", "For people who work at the client by the day."),
    )),
    CardGroup("The client pays a price", (
        ModelCard(_M.FIXED_FEE, "receipt-text", "One price, in instalments on agreed days or when you ask for them.", "When scope and price are agreed before the work begins."),
        ModelCard(_M.MILESTONE, "flag", "An amount for each outcome, once the client has accepted it.", "When the client pays for results and says when they are reached."),
        ModelCard(_M.PROGRESS, "chart-no-axes-gantt", "The price as far as the work has come, part of it held back if agreed.", "For long projects that are claimed month by month."),
    )),
    CardGroup("The client pays by period or in advance", (
        ModelCard(_M.RETAINER, "life-buoy", "A fee per period that includes some hours; more is charged extra.", "For steady support with a budget the client can plan for."),
        ModelCard(_M.RECURRING, "repeat", "The same fee every period, whatever is worked.", "For hosting, licences and maintenance; it may rise every year."),
        ModelCard(_M.PREPAID, "hourglass", "A block of hours or money, bought first and drawn down by work.", "When the client pays in advance and calls off work as it comes."),
    )),
    CardGroup("Something else", (
        ModelCard(_M.UNIT, "boxes", "A quantity times a price, cheaper in steps if agreed.", "For what is counted: test cases, pages, seats, shipments."),
        ModelCard(_M.NON_BILLABLE, "circle-slash", "Nothing is billed; time still costs and is tracked.", "For goodwill, warranty and internal work on a client's contract."),
    )),
)  # fmt: skip


def card_of(model: BillingModel) -> ModelCard:
    """Return a model's card."""
    return next(card for group in _GROUPS for card in group.cards if card.model == model)


def card_groups(without: Collection[BillingModel] = ()) -> list[CardGroup]:
    """Return the cards to choose from, by what the client pays for."""
    groups = (
        CardGroup(group.title, tuple(card for card in group.cards if card.model not in without))
        for group in _GROUPS
    )
    return [group for group in groups if group.cards]
