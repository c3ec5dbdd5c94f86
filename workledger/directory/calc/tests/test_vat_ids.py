"""VAT ids with right and wrong check digits. The right ones are published examples of their rules."""

import pytest

from workledger.directory.calc.vat_ids import check_vat_id


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("DE", "de 136 695 976", "DE136695976"),
        ("DE", "136695976", "DE136695976"),
        ("AT", "U13585627", "ATU13585627"),
        ("BE", "BE 0697.449.992", "BE0697449992"),
        ("GR", "EL 094259216", "EL094259216"),
        ("GR", "GR094259216", "EL094259216"),
        ("GR", "094259216", "EL094259216"),
        ("FR", "FR 40 303 265 045", "FR40303265045"),
        ("NL", "NL4495445B01", "NL004495445B01"),
        ("GB", "GB 980 7806 84", "GB980780684"),
        ("GB", "XI 432 5251 79", "XI432525179"),
        ("CH", "CHE-107.787.577 MWST", "CHE107787577MWST"),
        ("CH", "CHE-107.787.577", "CHE107787577"),
        ("NO", "NO 995 525 828 MVA", "NO995525828MVA"),
        ("NO", "995525828", "NO995525828"),
        ("AU", "51 824 753 556", "51824753556"),
        ("AU", "AU 51 824 753 556", "51824753556"),
        ("IN", "27AAPFU0939F1ZV", "27AAPFU0939F1ZV"),
        ("NZ", "49-091-850", "49091850"),
        ("CH", "DE136695976", "DE136695976"),  # a Swiss company that is registered in Germany
        ("US", "12-3456789", "123456789"),
        ("JP", "T1180301018771", "T1180301018771"),
        ("", "DE136695976", "DE136695976"),
        ("", "4711", "4711"),
        ("DE", " ", ""),
    ],
)
def test_an_id_is_kept_as_its_country_writes_it(country: str, typed: str, kept: str) -> None:
    assert check_vat_id(country, typed) == kept


@pytest.mark.parametrize(
    ("country", "typed", "sentence"),
    [
        ("DE", "DE136695978", "The check digits of this VAT id (DE) do not fit."),
        ("DE", "DE12345678", "This is not the form of a VAT id of DE."),
        ("AT", "AT12345678", "This is not the form of a VAT id of AT."),
        ("NL", "NL123456789", "This is not the form of a VAT id of NL."),
        ("GR", "094259217", "The check digits of this VAT id (EL) do not fit."),
        ("GB", "GB802311781", "The check digits of this VAT id (GB) do not fit."),
        ("CH", "CHE-107.787.578 MWST", "The check digits of this VAT id (CHE) do not fit."),
        ("NO", "NO995525829MVA", "The check digits of this VAT id (NO) do not fit."),
        ("AU", "99999999999", "The check digits of this VAT id (AU) do not fit."),
        ("IN", "27AAPFU0939F1Z0", "The check digits of this VAT id (IN) do not fit."),
        ("US", "!?", "A tax id has 4 to 20 letters and digits."),
        ("", "1" * 21, "A tax id has 4 to 20 letters and digits."),
    ],
)
def test_a_wrong_id_says_what_is_wrong(country: str, typed: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        check_vat_id(country, typed)
    assert str(refused.value).startswith(sentence)
