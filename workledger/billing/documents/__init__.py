"""Documents that leave the firm: a frozen description of an invoice and its PDF.

Pure: no database, no settings, no clock. `model` says what a document is and writes it as canonical JSON; `render`
sets it as PDF/A-3b, the same bytes for the same document. Others call `InvoiceDocument` and its parts, `credit_of`,
`to_json`, `from_json`, `content_hash` and `render_pdf`.
"""

from workledger.billing.documents.model import (
    BankDetails,
    DocumentLine,
    InvalidDocument,
    InvoiceDocument,
    Logo,
    Party,
    ServicePeriod,
    TaxId,
    TaxTotal,
    TimesheetRow,
    content_hash,
    credit_of,
    from_json,
    json_hash,
    to_json,
)
from workledger.billing.documents.render import DocumentError, render_pdf

__all__ = [
    "BankDetails",
    "DocumentError",
    "DocumentLine",
    "InvalidDocument",
    "InvoiceDocument",
    "Logo",
    "Party",
    "ServicePeriod",
    "TaxId",
    "TaxTotal",
    "TimesheetRow",
    "content_hash",
    "credit_of",
    "from_json",
    "json_hash",
    "render_pdf",
    "to_json",
]
