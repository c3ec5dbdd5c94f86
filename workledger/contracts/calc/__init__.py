"""Pure calculation of contracts: rates, and the typed terms of each billing model."""
