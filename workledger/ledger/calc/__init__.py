"""Pure rules of the books: how a fiscal year falls into accounting periods."""
