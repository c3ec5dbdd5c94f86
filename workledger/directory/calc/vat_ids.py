"""VAT ids with the check digits that their country gives them.

Checked are the EU's member states and Northern Ireland, the United Kingdom, Switzerland, Norway, Australia, New
Zealand and India. The rules are python-stdnum's; whether an id is registered only the tax office knows (in the EU by
VIES).
"""

import re
from collections.abc import Callable

from stdnum.au import abn
from stdnum.ch import uid
from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin
from stdnum.no import orgnr
from stdnum.nz import ird

from workledger.directory.calc.shapes import compact

Rule = Callable[[str], str]

_OTHER = re.compile(r"[A-Z0-9]{4,20}")
_SWISS_SUFFIXES = ("MWST", "TVA", "IVA", "TPV")


def check_vat_id(country: str, text: str) -> str:
    """Return a VAT id as it is kept: in capitals, without spaces, with its country's sign where it is written so.

    An id that begins with a country's sign is that country's, for one may be registered abroad; any other is of
    `country` (ISO 3166-1 alpha-2). Where no rule is known it passes as typed, with 4 to 20 letters and digits. Raises
    ValueError with a sentence for people.
    """
    number = compact(text)
    if not number:
        return ""
    sign, signed = _signed(country, number)
    rule = _RULES.get(sign)
    if rule is None:
        if not _OTHER.fullmatch(number):
            raise ValueError("A tax id has 4 to 20 letters and digits.")
        return number
    try:
        return rule(signed)
    except InvalidChecksum:
        message = (
            f"The check digits of this VAT id ({sign}) do not fit. Compare it with the company's own letter."
        )
    except ValidationError:
        message = f"This is not the form of a VAT id of {sign}. Check for a missing or extra digit."
    raise ValueError(message)


def _signed(country: str, number: str) -> tuple[str, str]:
    """Return the sign of the country that an id is of, and the id with it."""
    sign = "CHE" if number.startswith("CHE") else number[:2]
    sign = "EL" if sign == "GR" else sign
    if sign in _RULES:
        return sign, sign + number[len(sign) :]
    own = {"GR": "EL", "CH": "CHE"}.get(country, country)
    return own, own + number


def _swiss(number: str) -> str:
    if number.endswith(_SWISS_SUFFIXES):
        ch_vat.validate(number)
    else:
        uid.validate(number)
    return number


def _norwegian(number: str) -> str:
    orgnr.validate(number[2:].removesuffix("MVA"))
    return number


def _british(number: str) -> str:
    return f"GB{gb_vat.validate(number)}"


def _unsigned(rule: Rule) -> Rule:
    """A rule of a country that writes its ids without a sign."""
    return lambda number: rule(number[2:])


_RULES: dict[str, Rule] = {
    **{sign.upper(): eu_vat.validate for sign in eu_vat.MEMBER_STATES - {"gr"} | {"el"}},
    "GB": _british,
    "CHE": _swiss,
    "NO": _norwegian,
    "AU": _unsigned(abn.validate),
    "NZ": _unsigned(ird.validate),
    "IN": _unsigned(gstin.validate),
}
