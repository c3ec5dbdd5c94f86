"""Signing in: by email only, never by one's own registration, and not by guessing."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.test import Client

from workledger.core.models import User

PASSWORD = "a-long-and-quiet-river"
SIGN_IN = "/accounts/login/"


@pytest.fixture
def fay(db: None) -> User:
    cache.clear()
    return User.objects.create_user("fay@example.com", PASSWORD, name="Fay")


def sign_in(client: Client, email: str, password: str) -> bool:
    client.post(SIGN_IN, {"login": email, "password": password})
    return client.get("/-/health").wsgi_request.user != AnonymousUser()


def test_by_email_in_any_case(client: Client, fay: User) -> None:
    assert sign_in(client, "Fay@Example.com", PASSWORD)


def test_not_with_a_wrong_password(client: Client, fay: User) -> None:
    assert not sign_in(client, fay.email, "guess")


def test_not_without_access(client: Client, fay: User) -> None:
    User.objects.filter(pk=fay.pk).update(is_active=False)
    assert not sign_in(client, fay.email, PASSWORD)


def test_after_five_wrong_guesses_even_the_right_password_waits(client: Client, fay: User) -> None:
    for _ in range(5):
        assert not sign_in(client, fay.email, "guess")
    assert not sign_in(client, fay.email, PASSWORD)


def test_nobody_registers_themselves(client: Client, db: None) -> None:
    answer = client.post(
        "/accounts/signup/", {"email": "stan@example.com", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert answer.status_code in {200, 403}
    assert not User.objects.filter(email="stan@example.com").exists()
