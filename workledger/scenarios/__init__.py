"""Scenarios: contracts with their arithmetic as text files, run through the product's own acts.

`calc` reads a file (`grammar.parse`); `running.run` does what it says, compares what it expects, and checks every
invariant. Nothing here writes but through actions.
"""
