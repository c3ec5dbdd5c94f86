"""Connections to other tools: what a firm brings in, and what it takes out.

Owns imports of time (files of other tools, staged, previewed, committed and undone). `calc` reads the files and knows
nothing of the database; actions and pages stand on top of it.
"""
