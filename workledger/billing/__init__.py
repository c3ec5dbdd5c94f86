"""From approved work to issued invoices: billable items, WIP, pre-bills, invoices, credit notes.

Billing listens to `TimeApproved` and `TimeWithdrawn`; it emits `InvoiceIssued` and `InvoiceCredited`.
"""
