"""Reports of finance: statements, revenue and contract positions by dimension, roll-forwards, the trail of an auditor.

Reads only. Every figure is a sum of postings that can be opened; a report may be asked for as it was believed on a past day.
"""
