"""Writes of billing, by noun: items (WIP), pre-bills, invoices."""
