"""Settings that every installation shares.

Each value that an installation may want to change is read from the environment with a default that works on
one laptop without any service; `likeness.env.example` lists them all.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
environ.Env.read_env(env.path("LIKENESS_ENV_FILE", default=str(BASE_DIR / "likeness.env"))(), overwrite=False)

# Everything that an installation writes lies under one folder, so that a backup is one copy.
HOME = Path(env.str("LIKENESS_HOME", default=str(BASE_DIR / "var"))).resolve()
HOME.mkdir(parents=True, exist_ok=True)

SECRET_KEY: str
DEBUG = False
ALLOWED_HOSTS: list[str] = []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "config.accounts",
    "config.demo",
    "config.jobs",
    "datasets",
    "distortions",
    "annotator",
    "training",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.web.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.accounts.sessions.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database: SQLite in WAL mode until it is outgrown. IMMEDIATE makes a writer wait for its turn at BEGIN,
# where the busy timeout applies, instead of failing when a read lock is upgraded.
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{HOME / 'likeness.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            "PRAGMA mmap_size=134217728;"
        ),
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=600)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "likeness"}
    )
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["config.accounts.guessing.GuardedBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "config.accounts.sessions"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.str("LIKENESS_STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]

# Media: never served by URL path, only through a view that checks who asks (config.web.media).
MEDIA_ROOT = env.str("LIKENESS_MEDIA_ROOT", default=str(HOME / "media"))
MEDIA_URL = "/media-is-served-by-views/"
S3_BUCKET = env.str("S3_BUCKET", default="")
_DEFAULT_STORAGE = (
    {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
            "region_name": env.str("S3_REGION", default="") or None,
            "querystring_expire": 3600,
            # Names are made of the content's hash: what has the same name is the same.
            "file_overwrite": True,
            "default_acl": None,
        },
    }
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"}
)
STORAGES = {
    "default": _DEFAULT_STORAGE,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Where the signed links of a bucket lead: browsers may load media from there. A service that is not Amazon's has the
# bucket's name before its host or after it.
MEDIA_ORIGINS: list[str] = []
if S3_BUCKET:
    _ENDPOINT = env.str("S3_ENDPOINT_URL", default="").rstrip("/")
    _REGION = env.str("S3_REGION", default="")
    MEDIA_ORIGINS = (
        [_ENDPOINT, _ENDPOINT.replace("://", f"://{S3_BUCKET}.")]
        if _ENDPOINT
        else [
            f"https://{S3_BUCKET}.s3{dot_region}.amazonaws.com"
            for dot_region in {"", f".{_REGION}".rstrip(".")}
        ]
    )
# The path under which nginx serves MEDIA_ROOT internally; empty means that Django sends the bytes itself.
MEDIA_ACCEL_PREFIX = env.str("LIKENESS_MEDIA_ACCEL_PREFIX", default="")
UPLOAD_MAX_BYTES = env.int("LIKENESS_UPLOAD_MAX_BYTES", default=2 * 1024**3)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024**2
FILE_UPLOAD_TEMP_DIR = str(HOME / "uploads")
Path(FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True)

# Jobs: the row in the database is the truth, the broker only wakes a worker up.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL or "filesystem://localhost")
if CELERY_BROKER_URL.startswith("filesystem://"):
    _BROKER = HOME / "broker"
    for _folder in ("queue", "processed", "control"):
        (_BROKER / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT = "config.jobs.file_broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER / "queue"),
        "data_folder_out": str(_BROKER / "queue"),
        "processed_folder": str(_BROKER / "processed"),
        "control_folder": str(_BROKER / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "media"
CELERY_TASK_TIME_LIMIT = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # A wake-up that the broker lost, or a worker that died, costs at most this long.
    "jobs-sweep": {"task": "config.jobs.tasks.jobs_sweep", "schedule": 15.0},
    # A release whose job ended without a word is one that failed, and can be built again.
    "releases-sweep": {"task": "annotator.tasks.releases_sweep", "schedule": 15.0},
    # Studies with new judgments have their annotators weighed anew; each item's own vote never waits for it.
    "consensus-sweep": {"task": "annotator.tasks.consensus_sweep", "schedule": 600.0},
}
JOB_STALE_SECONDS = env.int("LIKENESS_JOB_STALE_SECONDS", default=60)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.web.api.JsonParser"],
    # `?format=` is a filter of releases, not a way to ask for something else than JSON.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "config.web.api.CursorPages",
    "EXCEPTION_HANDLER": "config.web.api.exception_handler",
    # How many proxies add to X-Forwarded-For; with 0 that header, which anybody can send, is not believed.
    "NUM_PROXIES": env.int("LIKENESS_PROXIES", default=0),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Likeness",
    "DESCRIPTION": (
        "People, clips, pairs, studies, slots and releases of a preference studio for identity in video."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.web.schema.add_refusals",
    ],
}

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# How many seconds a worker may go without an answer of its child process, and what that child may use.
MEDIA_LIMITS = {
    "wall_seconds": env.int("LIKENESS_MEDIA_WALL_SECONDS", default=600),
    "memory_bytes": env.int("LIKENESS_MEDIA_MEMORY_BYTES", default=3 * 1024**3),
}

# Faces: which backend (empty: the best that works), where its files lie, and whether clips are analysed unasked.
FACE_BACKEND = env.str("LIKENESS_FACE_BACKEND", default="")
# Reports how far distortions went, beside the one that solved for it; empty for none.
SECOND_FACE_BACKEND = env.str("LIKENESS_SECOND_FACE_BACKEND", default="dlib")
FACE_MODELS = Path(env.str("LIKENESS_MODELS", default=str(HOME / "models"))).expanduser()
ANALYSE_CLIPS = env.bool("LIKENESS_ANALYSE_CLIPS", default=find_spec("cv2") is not None)

# Training runs, each in a folder of its own.
RUNS_ROOT = str(HOME / "runs")
TOY = env.str("LIKENESS_TOY", default=str(HOME / "toy"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": "structlog.dev.ConsoleRenderer",
            "foreign_pre_chain": [],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.server": {"level": "WARNING"}},
}

# Every kind of job: what runs it, and on which queue. `handler` takes a config.jobs.runner.JobRun. Urgent is what
# somebody waits for before a page: it comes before all others, and long jobs of its queue give way to it.
JOB_KINDS: dict[str, dict[str, Any]] = {
    "clip_analyse": {"handler": "datasets.jobs.clip_analyse", "queue": "vision", "title": "Find faces"},
    "clip_distort": {
        "handler": "distortions.jobs.clip_distort",
        "queue": "vision",
        "title": "Distort clip",
    },
    "clip_prepare": {"handler": "datasets.jobs.clip_prepare", "queue": "media", "title": "Prepare clip"},
    "clips_analyse": {
        "handler": "datasets.jobs.clips_analyse",
        "queue": "vision",
        "title": "Find faces in many clips",
    },
    "distortion_preview": {
        "handler": "distortions.jobs.distortion_preview",
        "queue": "vision",
        "title": "Preview recipes",
        "urgent": True,
    },
    "files_discard": {"handler": "datasets.jobs.files_discard", "queue": "media", "title": "Delete files"},
    "library_import": {
        "handler": "datasets.jobs.library_import",
        "queue": "media",
        "title": "Read a manifest",
    },
    "pairs_score": {
        "handler": "training.scoring_jobs.pairs_score",
        "queue": "training",
        "title": "Score pairs by a reward model",
    },
    "person_examine": {
        "handler": "datasets.jobs.person_examine",
        "queue": "vision",
        "title": "Look at references",
    },
    "policy_clips": {"handler": "training.jobs.policy_clips", "queue": "training", "title": "Generate clips"},
    "policy_train": {"handler": "training.jobs.run_train", "queue": "training", "title": "Tune a policy"},
    "release_export": {"handler": "annotator.jobs.release_export", "queue": "media"},
    "release_push": {
        "handler": "annotator.jobs.release_push",
        "queue": "media",
        "title": "Push to the Hub",
    },
    "reward_train": {
        "handler": "training.jobs.run_train",
        "queue": "training",
        "title": "Train a reward model",
    },
    "study_consensus": {"handler": "annotator.jobs.study_consensus", "queue": "media"},
}
