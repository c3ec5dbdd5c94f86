"""The books leave the house: accounts and dimensions mapped, journals exported, documents kept in step with a general ledger.

Each connector is a folder under `connectors` that meets `connector.Connector`; the rest of the package knows none of them.
"""
