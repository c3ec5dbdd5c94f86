"""Pure receivables: ageing."""
