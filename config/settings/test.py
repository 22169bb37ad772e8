"""The test run: quick password hashing, tasks that run where they are sent, a home of its own."""

import os
import tempfile

os.environ.setdefault("LIKENESS_HOME", tempfile.mkdtemp(prefix="likeness-test-"))

from .base import *  # noqa: F403
from .base import DATABASES, HOME

SECRET_KEY = "only-for-tests"  # noqa: S105
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ANALYSE_CLIPS = False  # tests of it ask for it
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in an installation: SQLite's databases in memory lock otherwise and know neither WAL nor waiting.
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
