"""Pure ground of the house: money, quantities, periods, calendars, rounding, allocation.

Nothing here knows Django, a database or a clock. Every value is immutable; every amount is a
`Decimal`; every date is an argument.
"""
