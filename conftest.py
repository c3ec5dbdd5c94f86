"""Root of the test suite: its database, reused between runs as long as no migration changed."""
