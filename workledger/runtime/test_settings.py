"""Settings of the test suite: the real ones, with a cheap password hasher and no collected files."""

import os

from workledger.config import default_home

os.environ.setdefault("WORKLEDGER_ENV", "test")
# With no DATABASE_URL the suite runs in a cluster of its own, beside the one that holds somebody's work.
os.environ.setdefault("WORKLEDGER_HOME", str(default_home().with_name(".workledger-test")))

from workledger.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
