"""Workledger: one system in which a firm that sells people's work goes from hours to cash.

Each sub-package owns one domain and imports only from floors below it; the layers list in
``pyproject.toml`` is the picture of the house.
"""

__version__ = "0.1.0"
