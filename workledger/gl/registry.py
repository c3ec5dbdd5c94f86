"""The general ledgers that can be connected: one folder under `connectors` each, whose package names its `KIND`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from workledger.gl import connectors, secrets
from workledger.gl.connector import Connector


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting of a connector, as people fill it in. One that is secret holds the name of a secret, not the secret."""

    name: str
    label: str
    help: str = ""
    is_secret: bool = False
    is_required: bool = True
    default: str = ""


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A general ledger that can be connected. `open` makes a connector of settings in which secrets are filled in.

    It does not reach out: that is for the connector's methods, which raise `Unreachable` and `Rejected`.
    """

    name: str
    label: str
    fields: Sequence[SettingField]
    open: Callable[[Mapping[str, str]], Connector]


_kinds: dict[str, ConnectorKind] = {}


def register(kind: ConnectorKind) -> None:
    """Offer a general ledger; the same name again replaces it."""
    _kinds[kind.name] = kind


def discover() -> None:
    """Register what the folders under `connectors` offer. Called once, when the app is ready."""
    for found in iter_modules(connectors.__path__, f"{connectors.__name__}."):
        kind = getattr(import_module(found.name), "KIND", None)
        if isinstance(kind, ConnectorKind):
            register(kind)


def kinds() -> list[ConnectorKind]:
    """Return what can be connected, by label."""
    return sorted(_kinds.values(), key=lambda kind: kind.label)


def find(name: str) -> ConnectorKind | None:
    """Return a kind by its name; None for one that is not installed."""
    return _kinds.get(name)


def label_of(name: str) -> str:
    """Return what people call a kind."""
    kind = _kinds.get(name)
    return kind.label if kind else name


class NotInstalled(Exception):
    """A connection names a connector that this installation does not have."""


def opened(name: str, settings: Mapping[str, str]) -> Connector:
    """Return a connector with its secrets filled in. Raises NotInstalled and SecretMissing."""
    kind = _kinds.get(name)
    if kind is None:
        raise NotInstalled(f"There is no connector {name} in this installation.")
    filled = {
        each.name: secrets.read(settings[each.name]) if each.is_secret and settings.get(each.name) else
        settings.get(each.name, each.default)
        for each in kind.fields
    }  # fmt: skip
    return kind.open(filled)


def forget(name: str) -> None:
    """Offer a general ledger no longer."""
    _kinds.pop(name, None)
