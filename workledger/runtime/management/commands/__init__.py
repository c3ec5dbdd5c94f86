"""``workledger manage backup`` and ``workledger manage restore``."""
