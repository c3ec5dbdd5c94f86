"""Documents that leave the firm: a frozen description of an invoice and its PDF.

Pure: no database, no settings, no clock. `model` says what a document is and writes it as canonical JSON; `render`
sets it as PDF/A-3b, the same bytes for the same document. Others call `InvoiceDocument` and its parts, `credit_of`,
`to_json`, `from_json`, `content_hash` and `render_pdf`.
"""

from workledger.billing.documents.cii import to_cii
from workledger.billing.documents.en16931 import EInvoice, NotElectronic, e_invoice, problems_of
from workledger.billing.documents.model import (
    REGISTER,
    TAX_NUMBER,
    UNITS,
    VAT_ID,
    BankDetails,
    CreditShare,
    DocumentLine,
    InvalidDocument,
    InvoiceDocument,
    Logo,
    Party,
    Receipt,
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
from workledger.billing.documents.ubl import to_ubl

__all__ = [
    "REGISTER",
    "TAX_NUMBER",
    "UNITS",
    "VAT_ID",
    "BankDetails",
    "CreditShare",
    "DocumentError",
    "DocumentLine",
    "EInvoice",
    "InvalidDocument",
    "InvoiceDocument",
    "Logo",
    "NotElectronic",
    "Party",
    "Receipt",
    "ServicePeriod",
    "TaxId",
    "TaxTotal",
    "TimesheetRow",
    "content_hash",
    "credit_of",
    "e_invoice",
    "from_json",
    "json_hash",
    "problems_of",
    "render_pdf",
    "to_cii",
    "to_json",
    "to_ubl",
]
