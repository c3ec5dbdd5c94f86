"""Django's settings, made from the environment by ``workledger.config``."""

from typing import Any
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict

from workledger import config as registry
from workledger.runtime import paths

CONFIG = registry.read()

SECRET_KEY = registry.ensure_secret_key(CONFIG)
DEBUG = CONFIG.debug
TESTING = CONFIG.env == "test"
_address = urlsplit(CONFIG.url)

# --- where requests may come from ---------------------------------------------------------------------
# This machine itself always may: health checks come from there.
_LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*dict.fromkeys([_address.hostname or "localhost", *CONFIG.allowed_hosts, *_LOOPBACK])]
CSRF_TRUSTED_ORIGINS = [f"{_address.scheme}://{_address.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.secure_cookies
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "workledger_session"
CSRF_COOKIE_NAME = "workledger_csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = CONFIG.hsts_seconds
X_FRAME_OPTIONS = "SAMEORIGIN"  # a page shows its own PDF in a frame
if CONFIG.trust_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # sign-in limits count the visitor's address, not the proxy's
DATA_UPLOAD_MAX_MEMORY_SIZE = CONFIG.upload_limit_mb * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # larger uploads go to disk
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- the parts ----------------------------------------------------------------------------------------
_DOMAINS = [
    "workledger.core",
    "workledger.ledger",
    "workledger.directory",
    "workledger.contracts",
    "workledger.projects",
    "workledger.timesheets",
    "workledger.expenses",
    "workledger.billing",
    "workledger.receivables",
    "workledger.revenue",
    "workledger.close",
    "workledger.forecast",
    "workledger.reporting",
    "workledger.metrics",
    "workledger.connect",
    "workledger.gl",
    "workledger.demo",
    "workledger.web",
    "workledger.api",
]

INSTALLED_APPS = [
    "workledger.runtime.apps.RuntimeConfig",
    *_DOMAINS,
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "workledger.runtime.apps.NeededStaticFiles",
    "procrastinate.contrib.django",
    "django_htmx",
    "django_cotton",
    "lucide",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "workledger.runtime.http.SecurityHeaders",
    "workledger.runtime.http.DatabaseAway",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "workledger.urls"
WSGI_APPLICATION = "workledger.wsgi.application"
_LOADERS: list[Any] = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            # Always the cached loader, in the shape django-cotton looks for: it then leaves it alone.
            "loaders": [("django.template.loaders.cached.Loader", _LOADERS)] if not DEBUG else _LOADERS,
            "builtins": ["django_cotton.templatetags.cotton", "workledger.web.templatetags.workledger"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workledger.web.context.shell",
            ],
        },
    }
]

# --- database, cache, jobs ----------------------------------------------------------------------------
DATABASE_URL = CONFIG.database_url or paths.embedded_url(CONFIG.home)


def _database(url: str) -> dict[str, Any]:
    parts = dict(conninfo_to_dict(url))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "workledger"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "") or ""),
        "CONN_MAX_AGE": CONFIG.db_conn_max_age_seconds,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "workledger", **parts},
    }


DATABASES = {"default": _database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # In the database, so that sign-in limits hold across processes and machines.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "workledger_cache",
        "KEY_PREFIX": "wl",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_IMPORT_PATHS = ["workledger.billing.periodic", "workledger.gl.periodic"]
PROCRASTINATE_WORKER_DEFAULTS = {"concurrency": 2, "delete_jobs": "successful"}

# --- people -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an administrator, never by a visitor
ACCOUNT_ADAPTER = "workledger.runtime.accounts.ClosedAccounts"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _address.scheme or "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Workledger"

# --- language, time -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = CONFIG.time_zone

# --- files --------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = str(paths.static_root(CONFIG.home))
MEDIA_ROOT = str(paths.media_root(CONFIG.home))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "workledger.runtime.staticfiles.HashedStaticFiles"
    },
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "workledger.web.bundles.ChartBundle",
]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- mail ---------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIG.mail_from
EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
if CONFIG.mail_url:
    _mail = urlsplit(CONFIG.mail_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail.hostname or "localhost"
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_PORT = _mail.port or (465 if EMAIL_USE_SSL else 587)
    EMAIL_USE_TLS = not EMAIL_USE_SSL and EMAIL_PORT == 587
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# --- log ----------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": CONFIG.log_level.upper()},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # strangers try names all day
        "django.server": {"level": "WARNING", "propagate": True},
        "procrastinate": {"level": "WARNING"},
    },
}
