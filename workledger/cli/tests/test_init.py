"""`workledger init`, as it is typed."""

import json

import pytest
from click.testing import CliRunner

from workledger.cli.init import command
from workledger.core.models import User
from workledger.core.refusals import Refused
from workledger.directory.models import LegalEntity

WORDS = [
    "--firm",
    "Fjord & Co GmbH",
    "--currency",
    "eur",
    "--country",
    "de",
    "--admin",
    "Olivia@fjord.example",
]


@pytest.mark.django_db
def test_the_printed_password_opens() -> None:
    answer = json.loads(CliRunner().invoke(command, [*WORDS, "--json"], catch_exceptions=False).output)
    assert answer["entity_id"] == LegalEntity.objects.get(name="Fjord & Co GmbH").pk
    assert User.objects.get(email="olivia@fjord.example").check_password(answer["password"])


@pytest.mark.django_db
def test_a_second_time_is_refused() -> None:
    CliRunner().invoke(command, WORDS, catch_exceptions=False)
    with pytest.raises(Refused, match="already a legal entity named Fjord & Co GmbH"):
        CliRunner().invoke(command, WORDS, catch_exceptions=False)
    assert LegalEntity.objects.count() == 1


@pytest.mark.django_db
def test_a_second_entity_keeps_the_owner_s_password() -> None:
    CliRunner().invoke(command, [*WORDS, "--password", "kai-und-hafen-9"], catch_exceptions=False)
    second = [
        "--firm",
        "Fjord Inc",
        "--currency",
        "USD",
        "--country",
        "US",
        "--admin",
        "olivia@fjord.example",
    ]
    output = CliRunner().invoke(command, second, catch_exceptions=False).output
    assert "signs in as before" in output
    assert User.objects.get().check_password("kai-und-hafen-9")
