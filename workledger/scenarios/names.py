"""What a scenario calls things, and which rows those are."""

from collections import defaultdict
from dataclasses import dataclass, field

_WORDS = {"kind": "kind of work"}


class NotNamed(ValueError):
    """A name that stands for nothing, or for several things; as a sentence."""


@dataclass(slots=True)
class Names:
    """Ids by kind and name. A name that several things have needs its owner before it: 'Website/Build'."""

    _ids: dict[str, dict[str, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, kind: str, name: str, pk: int, owner: str = "") -> None:
        """Say what a name stands for; with an owner also as 'owner/name'."""
        self._ids[kind][name].append(pk)
        if owner:
            self._ids[kind][f"{owner}/{name}"].append(pk)

    def has(self, kind: str, name: str) -> bool:
        """Tell whether a name stands for something of a kind."""
        return name in self._ids[kind]

    def __getitem__(self, key: tuple[str, str]) -> int:
        kind, name = key
        found = self._ids[kind].get(name, [])
        word = _WORDS.get(kind, kind)
        if not found:
            known = ", ".join(sorted(each for each in self._ids[kind] if "/" not in each)) or "none yet"
            raise NotNamed(f"There is no {word} '{name}'. Known: {known}.")
        if len(found) > 1:
            owners = ", ".join(sorted(each for each in self._ids[kind] if each.endswith(f"/{name}")))
            raise NotNamed(f"Several of kind {word} are named '{name}'. Say which: {owners}.")
        return found[0]

    def all(self, kind: str) -> list[int]:
        """Return every id of a kind, in the order they were named."""
        return list(dict.fromkeys(pk for ids in self._ids[kind].values() for pk in ids))

    def first(self, kind: str) -> int:
        """Return the id of a kind that was named first."""
        found = self.all(kind)
        if not found:
            raise NotNamed(f"No {_WORDS.get(kind, kind)} is named before this line.")
        return found[0]

    def called(self, kind: str, pk: int) -> str:
        """Return the shortest name of an id."""
        return min((name for name, ids in self._ids[kind].items() if pk in ids), key=len)
