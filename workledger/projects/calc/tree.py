"""A project's tasks as a tree: in the order people read it, with the depth of each, and how much of the scope is done."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple


class Node(NamedTuple):
    """A task's place: `phase` is the position of its phase, or -1 without one."""

    id: int
    parent_id: int | None
    phase: int
    position: int


class Placed(NamedTuple):
    """A task where it is read: `depth` is 0 at the top, `has_children` says whether tasks lie below it."""

    id: int
    depth: int
    has_children: bool


def in_order(nodes: Iterable[Node]) -> list[Placed]:
    """Return the tasks depth first: by phase, then position, children right after their parent.

    A task whose parent is not among them stands at the top, so none is lost.
    """
    given = {node.id: node for node in nodes}
    children: dict[int | None, list[Node]] = defaultdict(list)
    for node in given.values():
        children[node.parent_id if node.parent_id in given else None].append(node)
    for siblings in children.values():
        siblings.sort(key=lambda node: (node.phase, node.position, node.id))
    placed: list[Placed] = []
    stack = [(node, 0) for node in reversed(children[None])]
    while stack:
        node, depth = stack.pop()
        below = children.get(node.id, [])
        placed.append(Placed(node.id, depth, bool(below)))
        stack += [(child, depth + 1) for child in reversed(below)]
    return placed


class ScopePart(NamedTuple):
    """A task that is part of the scope: its budget in seconds if it has one, and whether it is done (closed)."""

    budget_seconds: int | None
    is_done: bool


def scope_done(parts: Iterable[ScopePart]) -> Decimal | None:
    """Return the share of the scope that is done, 0 to 1; None without tasks.

    Tasks weigh by their budgets; where no task has one, they weigh the same. A task without a budget beside tasks with
    budgets weighs nothing: nobody said how much of the scope it is.
    """
    given = list(parts)
    weighted = any(part.budget_seconds for part in given)
    weights = [((part.budget_seconds or 0) if weighted else 1, part.is_done) for part in given]
    total = sum(weight for weight, _ in weights)
    if not total:
        return None
    return Decimal(sum(weight for weight, is_done in weights if is_done)) / total
