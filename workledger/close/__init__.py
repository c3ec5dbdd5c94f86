"""The period end: a live checklist per entity and period, accruals that reverse themselves, revaluation, and the lock.

Packages above put their own steps on the list. What a step does is an action of the package that owns the matter.

Others may call `steps.register_step` (from a listener module of their own), the queries and the actions.
"""
