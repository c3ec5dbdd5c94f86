"""The file formats in which the books leave. Each is one module; a new one is added here."""

from workledger.gl.exporters import iif, plain, xero
from workledger.gl.exporters.form import Form, Order, Outlet

__all__ = ["FORMS", "Form", "Order", "Outlet"]

FORMS: dict[str, Form] = {
    form.name: form for form in (plain.HLEDGER, plain.BEANCOUNT, plain.COMMA, iif.FORM, xero.FORM)
}
