"""Words that are frozen into documents in the client's language, beside those of the template."""

from workledger.directory.models import TaxTreatment

_TERMS = {
    "en": "Payable within {} days.",
    "de": "Zahlbar innerhalb von {} Tagen.",
    "fr": "Payable sous {} jours.",
    "es": "Pagadero en {} días.",
    "it": "Pagabile entro {} giorni.",
    "nl": "Te betalen binnen {} dagen.",
    "sv": "Betalas inom {} dagar.",
}
_INCLUSIVE = {
    "en": "Prices include tax.",
    "de": "Die Preise enthalten die Steuer.",
    "fr": "Les prix s’entendent toutes taxes comprises.",
    "es": "Los precios incluyen el impuesto.",
    "it": "I prezzi sono comprensivi di imposta.",
    "nl": "De prijzen zijn inclusief belasting.",
    "sv": "Priserna är inklusive skatt.",
}
_TAXES = {
    "de": {"Z": "Nullsatz", "E": "Steuerbefreit", "AE": "Steuerschuldnerschaft des Leistungsempfängers", "O": "Nicht steuerbar"},
    "fr": {"Z": "Taux zéro", "E": "Exonéré", "AE": "Autoliquidation", "O": "Hors champ de la TVA"},
    "es": {"Z": "Tipo cero", "E": "Exento", "AE": "Inversión del sujeto pasivo", "O": "No sujeto"},
    "it": {"Z": "Aliquota zero", "E": "Esente", "AE": "Inversione contabile", "O": "Fuori campo IVA"},
    "nl": {"Z": "Nultarief", "E": "Vrijgesteld", "AE": "Btw verlegd", "O": "Buiten toepassing van btw"},
    "sv": {"Z": "Nollskattesats", "E": "Undantaget", "AE": "Omvänd betalningsskyldighet", "O": "Utanför moms"},
}  # fmt: skip


_DOWN_PAYMENT = {
    "en": "Down payment: {}",
    "de": "Anzahlung: {}",
    "fr": "Acompte : {}",
    "es": "Anticipo: {}",
    "it": "Acconto: {}",
    "nl": "Aanbetaling: {}",
    "sv": "Förskott: {}",
}
_LESS = {
    "en": "Less down payment of invoice {}",
    "de": "Abzüglich Anzahlung aus Rechnung {}",
    "fr": "Moins l'acompte de la facture {}",
    "es": "Menos el anticipo de la factura {}",
    "it": "Meno l'acconto della fattura {}",
    "nl": "Af: aanbetaling van factuur {}",
    "sv": "Avgår förskott enligt faktura {}",
}


_EARLY = {
    "en": "Paid by {until}, {discount} may be taken off: pay {pays}.",
    "de": "Bei Zahlung bis {until} {discount} Skonto: zu zahlen {pays}.",
    "fr": "Payé jusqu'au {until}, escompte de {discount} : à payer {pays}.",
    "es": "Si se paga hasta el {until}, descuento de {discount}: a pagar {pays}.",
    "it": "Pagando entro il {until}, sconto di {discount}: da pagare {pays}.",
    "nl": "Bij betaling uiterlijk {until} {discount} korting: te betalen {pays}.",
    "sv": "Vid betalning senast {until} {discount} i kassarabatt: att betala {pays}.",
}


def early_payment(locale: str, *, until: str, discount: str, pays: str) -> str:
    """Return the sentence of an early-payment discount."""
    return _EARLY.get(locale[:2], _EARLY["en"]).format(until=until, discount=discount, pays=pays)


def down_payment(locale: str, what: str) -> str:
    """Return what the line of a down payment says."""
    return _DOWN_PAYMENT.get(locale[:2], _DOWN_PAYMENT["en"]).format(what)


def less_down_payment(locale: str, number: str) -> str:
    """Return what the line says by which an invoice draws a down payment."""
    return _LESS.get(locale[:2], _LESS["en"]).format(number)


def payment_terms(locale: str, days: int) -> str:
    """Return the sentence of the payment terms; '' where payment is due at once."""
    return _TERMS.get(locale[:2], _TERMS["en"]).format(days) if days else ""


def prices_include_tax(locale: str) -> str:
    """Return the sentence that the prices of the lines contain tax."""
    return _INCLUSIVE.get(locale[:2], _INCLUSIVE["en"])


def tax_label(locale: str, code: str) -> str:
    """Return what a tax category other than the standard one is called."""
    if code == TaxTreatment.STANDARD:
        return ""
    return _TAXES.get(locale[:2], {}).get(code) or str(TaxTreatment(code).label)
