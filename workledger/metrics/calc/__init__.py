"""Formulas of the metrics: plain numbers in, plain numbers out."""
