"""Time: entries, weekly timesheets and their lines, submission and approval, timers.

A timesheet line is one person's time on one task in one week: a row of the grid, and the unit that a
project manager approves. Approval emits `TimeApproved`; withdrawing it emits `TimeWithdrawn`.
"""
