"""Pure calculation of the close."""
