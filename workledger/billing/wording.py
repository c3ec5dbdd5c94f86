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
