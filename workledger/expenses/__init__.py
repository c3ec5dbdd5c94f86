"""Expenses: what people spend on projects, their receipts, reports and approval, and the bills of subcontractors.

An expense is a receipt, a drive or a stretch of travel days of one person for one project. Expenses are submitted
on a report; its approval posts them, and emits `ExpensesApproved`; withdrawing it emits `ExpensesWithdrawn`. A
vendor's bill for a subcontractor is matched to the approved time it charges.
"""
