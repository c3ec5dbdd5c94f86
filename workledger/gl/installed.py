"""Finds the connectors of this installation, once all apps are ready."""

from workledger.gl import registry

registry.discover()
