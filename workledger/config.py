"""The settings registry: every value Workledger takes from the environment, declared once.

``SETTINGS`` is data: name, type, default and meaning. ``read`` turns an environment into a ``Config`` or
raises ``ConfigError`` with every problem at once. ``docs/settings.md`` is tested against the registry.
Nothing here knows Django, so the command line can refuse a bad environment before anything heavy loads.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ENVIRONMENTS = ("production", "demo", "development", "test")
SECRET_KEY_BYTES = 50
SECRET_KEY_MIN_LENGTH = 32
_CLONE = Path(__file__).resolve().parent.parent

T = TypeVar("T")


class ConfigError(Exception):
    """The environment is not usable. ``problems`` are sentences for the operator, all of them at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Setting:
    """One value from the environment."""

    name: str
    kind: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "WORKLEDGER_ENV",
        "production, demo, development or test",
        "development",
        "How strict to be. In production Workledger refuses to start with a missing or weak secret key, with "
        "debug on or with cookies that travel without TLS.",
    ),
    Setting(
        "WORKLEDGER_HOME",
        "folder",
        ".workledger in the clone, else ~/.workledger",
        "Where the embedded database, collected static files, uploads and the generated secret key live.",
    ),
    Setting(
        "DATABASE_URL",
        "postgresql:// address",
        "empty: the embedded database",
        "The PostgreSQL (15 or newer) to use. Empty starts the embedded one in WORKLEDGER_HOME.",
        secret=True,
    ),
    Setting(
        "WORKLEDGER_SECRET_KEY",
        "text, 32 characters or more",
        "generated once into WORKLEDGER_HOME/secret_key, except in production",
        "Signs sessions and links. Changing it signs everyone out.",
        secret=True,
    ),
    Setting(
        "WORKLEDGER_URL",
        "http:// or https:// address",
        "http://localhost:8000",
        "The address people type. Links in mails use it; its host is accepted and its origin trusted.",
    ),
    Setting(
        "WORKLEDGER_ALLOWED_HOSTS",
        "host names, separated by commas",
        "empty",
        "Further host names under which the pages may be asked for, besides the one of WORKLEDGER_URL.",
    ),
    Setting(
        "WORKLEDGER_DEBUG",
        "yes or no",
        "no",
        "Shows tracebacks in the browser and serves static files uncollected. Refused in production.",
    ),
    Setting(
        "WORKLEDGER_SECURE_COOKIES",
        "yes or no",
        "yes in production, else no",
        "Sends session cookies over TLS only. 'no' is refused in production.",
    ),
    Setting(
        "WORKLEDGER_TRUST_PROXY",
        "yes or no",
        "no",
        "Believes X-Forwarded-Proto and the last address in X-Forwarded-For. Say yes only behind one proxy that "
        "always sets both.",
    ),
    Setting(
        "WORKLEDGER_HSTS_SECONDS",
        "whole number of seconds",
        "0",
        "How long browsers must insist on TLS for this host; 0 sends no such header.",
    ),
    Setting(
        "WORKLEDGER_TIME_ZONE",
        "time zone name",
        "UTC",
        "The zone in which a day begins and ends, for example Europe/Berlin.",
    ),
    Setting(
        "WORKLEDGER_HOST",
        "address",
        "127.0.0.1",
        "The address the web server listens on. 0.0.0.0 means every interface.",
    ),
    Setting("WORKLEDGER_PORT", "port number", "8000", "The port the web server listens on."),
    Setting(
        "WORKLEDGER_WEB_WORKERS",
        "whole number, 1 or more",
        "1",
        "Web processes. One per core is a good start for a busy firm.",
    ),
    Setting(
        "WORKLEDGER_WEB_THREADS",
        "whole number, 1 or more",
        "4",
        "Requests each web process answers at once; each holds one database connection.",
    ),
    Setting(
        "WORKLEDGER_DB_CONN_MAX_AGE",
        "whole number of seconds",
        "600",
        "How long a database connection is kept between requests; 0 closes it after each.",
    ),
    Setting(
        "WORKLEDGER_UPLOAD_LIMIT_MB",
        "whole number, 1 or more",
        "100",
        "The largest request accepted, in megabytes; bounds the size of an imported file.",
    ),
    Setting(
        "WORKLEDGER_MAIL_URL",
        "smtp:// or smtps:// address",
        "empty: mails are written to the log",
        "The mail server, for example smtp://user:password@mail.example.com:587.",
        secret=True,
    ),
    Setting(
        "WORKLEDGER_MAIL_FROM",
        "mail address",
        "workledger@localhost",
        "The sender of the mails.",
    ),
    Setting(
        "WORKLEDGER_LOG_LEVEL",
        "debug, info, warning or error",
        "info",
        "How much is written to the log on standard error.",
    ),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The environment, understood."""

    env: str
    home: Path
    database_url: str
    secret_key: str
    url: str
    allowed_hosts: tuple[str, ...]
    debug: bool
    secure_cookies: bool
    trust_proxy: bool
    hsts_seconds: int
    time_zone: str
    host: str
    port: int
    web_workers: int
    web_threads: int
    db_conn_max_age_seconds: int
    upload_limit_mb: int
    mail_url: str
    mail_from: str
    log_level: str

    @property
    def is_production(self) -> bool:
        """Whether the strict rules hold."""
        return self.env == "production"

    @property
    def is_embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return not self.database_url


def default_home() -> Path:
    """The home used when none is named: inside a clone beside the package, else in the user's folder."""
    if (_CLONE / "pyproject.toml").is_file():
        return _CLONE / ".workledger"
    return Path.home() / ".workledger"


def read(environ: Mapping[str, str] | None = None) -> Config:
    """Understand ``environ`` (the process environment by default).

    Raises ConfigError with every problem found. Writes nothing: see ``ensure_secret_key``.
    """
    reader = _Reader(os.environ if environ is None else environ)
    env = reader.one_of("WORKLEDGER_ENV", ENVIRONMENTS, "development")
    production = env == "production"
    home = Path(reader.text("WORKLEDGER_HOME", "") or default_home()).expanduser().absolute()
    url = reader.text("WORKLEDGER_URL", "http://localhost:8000")
    config = Config(
        env=env,
        home=home,
        database_url=reader.database_url("DATABASE_URL"),
        secret_key=reader.text("WORKLEDGER_SECRET_KEY", ""),
        url=reader.web_address("WORKLEDGER_URL", url),
        allowed_hosts=tuple(
            host.strip() for host in reader.text("WORKLEDGER_ALLOWED_HOSTS", "").split(",") if host.strip()
        ),
        debug=reader.yes_no("WORKLEDGER_DEBUG", default=False),
        secure_cookies=reader.yes_no("WORKLEDGER_SECURE_COOKIES", default=production),
        trust_proxy=reader.yes_no("WORKLEDGER_TRUST_PROXY", default=False),
        hsts_seconds=reader.number("WORKLEDGER_HSTS_SECONDS", 0, lowest=0),
        time_zone=reader.time_zone("WORKLEDGER_TIME_ZONE", "UTC"),
        host=reader.text("WORKLEDGER_HOST", "127.0.0.1"),
        port=reader.number("WORKLEDGER_PORT", 8000, lowest=1, highest=65535),
        web_workers=reader.number("WORKLEDGER_WEB_WORKERS", 1, lowest=1, highest=256),
        web_threads=reader.number("WORKLEDGER_WEB_THREADS", 4, lowest=1, highest=256),
        db_conn_max_age_seconds=reader.number("WORKLEDGER_DB_CONN_MAX_AGE", 600, lowest=0),
        upload_limit_mb=reader.number("WORKLEDGER_UPLOAD_LIMIT_MB", 100, lowest=1),
        mail_url=reader.mail_url("WORKLEDGER_MAIL_URL"),
        mail_from=reader.text("WORKLEDGER_MAIL_FROM", "workledger@localhost"),
        log_level=reader.one_of("WORKLEDGER_LOG_LEVEL", ("debug", "info", "warning", "error"), "info"),
    )
    reader.problems.extend(_production_problems(config))
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


def ensure_secret_key(config: Config) -> str:
    """Return the secret key; outside production generate and keep one that only its owner can read.

    Raises ConfigError when the home cannot be written.
    """
    if config.secret_key:
        return config.secret_key
    path = config.home / "secret_key"
    try:
        config.home.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(SECRET_KEY_BYTES))
        key = path.read_text().strip()
        if len(key) < SECRET_KEY_MIN_LENGTH:  # a full disk left the file empty: nothing was signed with it
            key = secrets.token_urlsafe(SECRET_KEY_BYTES)
            path.write_text(key)
    except OSError as error:
        raise ConfigError(
            [
                f"The folder {config.home} cannot be written ({error.strerror or error}). "
                "Set WORKLEDGER_HOME to a folder that can."
            ]
        )
    return key


def _production_problems(config: Config) -> list[str]:
    if not config.is_production:
        return []
    problems = []
    if not config.secret_key:
        problems.append(
            "WORKLEDGER_SECRET_KEY is not set. Production needs a secret key of its own; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    elif len(config.secret_key) < SECRET_KEY_MIN_LENGTH or len(set(config.secret_key)) < 8:
        problems.append(
            f"WORKLEDGER_SECRET_KEY is too easy to guess. Use {SECRET_KEY_MIN_LENGTH} random characters or more."
        )
    if config.debug:
        problems.append(
            "WORKLEDGER_DEBUG is on. Production never shows tracebacks to visitors; set it to no."
        )
    if not config.secure_cookies:
        problems.append(
            "WORKLEDGER_SECURE_COOKIES is off. In production session cookies travel over TLS only; set it to yes."
        )
    return problems


class _Reader:
    """Reads typed values and gathers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default).lower()
        if value in choices:
            return value
        return self._refuse(f"{name} is {value!r}; it must be one of {', '.join(choices)}.", default)

    def yes_no(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value in {"yes", "true", "on", "1"}:
            return True
        if value in {"no", "false", "off", "0"}:
            return False
        return self._refuse(f"{name} is {value!r}; say yes or no.", default)

    def number(self, name: str, default: int, *, lowest: int, highest: int | None = None) -> int:
        value = self.text(name, str(default))
        bounds = f"from {lowest} to {highest}" if highest is not None else f"of {lowest} or more"
        try:
            number = int(value)
        except ValueError:
            return self._refuse(f"{name} is {value!r}; it must be a whole number {bounds}.", default)
        if number < lowest or (highest is not None and number > highest):
            return self._refuse(f"{name} is {number}; it must be a whole number {bounds}.", default)
        return number

    def time_zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self._refuse(f"{name} is {value!r}, which is no known time zone.", default)
        return value

    def web_address(self, name: str, value: str) -> str:
        return self._address(name, value, ("http", "https"), "http:// or https://")

    def mail_url(self, name: str) -> str:
        value = self.text(name, "")
        return self._address(name, value, ("smtp", "smtps"), "smtp:// or smtps://") if value else ""

    def database_url(self, name: str) -> str:
        value = self.text(name, "")
        if value and not value.startswith(("postgresql://", "postgres://")):
            return self._refuse(f"{name} must begin with postgresql://; only PostgreSQL is supported.", "")
        return value

    def _address(self, name: str, value: str, schemes: tuple[str, ...], wording: str) -> str:
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a broken port or bracket
            usable = False
        if usable:
            return value.rstrip("/")
        return self._refuse(f"{name} must be an address that begins with {wording} and names a host.", "")

    def _refuse(self, problem: str, fallback: T) -> T:
        self.problems.append(problem)
        return fallback
