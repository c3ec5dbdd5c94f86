"""Facts that flow upward. Handlers run in the same transaction, so books are right or nothing happened.

A package on a higher floor subscribes in its `AppConfig.ready`; the lower floor never learns of it.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar


class Event:
    """Base of all events: a frozen dataclass in the past tense, such as `TimeApproved`."""

    __slots__ = ()


E = TypeVar("E", bound=Event)

_handlers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(event_type: type[E], handler: Callable[[E], None]) -> None:
    """Call `handler` for each event of this type; subscribing twice counts once."""
    if handler not in _handlers[event_type]:
        _handlers[event_type].append(handler)


def emit(event: Event) -> None:
    """Run the handlers of an event in the order they subscribed; an error in one undoes the act."""
    for handler in _handlers[type(event)]:
        handler(event)
