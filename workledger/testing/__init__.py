"""A small named firm and fixtures for tests; no production code imports this."""
