"""One folder per general ledger. Its package offers `KIND`, a `registry.ConnectorKind`; nothing else knows it."""
