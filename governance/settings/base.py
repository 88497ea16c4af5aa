"""Settings that every environment shares. The environment is read here and nowhere else."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from csp import constants as csp
from django.utils.translation import gettext_lazy as _

from governance import embedded

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var")).resolve()
# Only this machine reaches the demo, whose password is published; HOST=0.0.0.0 lets others in.
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))

SECRET_KEY = os.environ.get("SECRET_KEY", "not-a-secret-only-for-development")
DEBUG = False
ALLOWED_HOSTS = [h for h in os.environ.get("ALLOWED_HOSTS", "").split(",") if h]

INSTALLED_APPS = [
    "governance.accounts",
    "governance.portal",
    "governance.desk",
    "governance.api",
    "governance.demo",
    "governance.operations",
    "grid.incidents",
    "grid.supervision",
    "grid.notices",
    "grid.casework",
    "grid.worktime",
    "grid.organisations",
    "grid.areas",
    "grid.people",
    "mptt",
    "rest_framework",
    "django_htmx",
    "csp",
    "axes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "governance.operations.sessions.SlidingSession",
    "governance.portal.middleware.LanguageMiddleware",
    "governance.portal.middleware.NoNullMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "governance.portal.middleware.PartSignInMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "governance.portal.shell.frame",
            ],
        },
    },
]

SERVERS = embedded.urls(
    VAR_DIR,
    database_url=os.environ.get("DATABASE_URL"),
    redis_url=os.environ.get("REDIS_URL"),
    durable=os.environ.get("SERVERS_DURABLE", "yes") == "yes",
)
DATABASES = {
    "default": dj_database_url.parse(SERVERS.database_url, conn_max_age=60, conn_health_checks=True),
}
REDIS_URL = SERVERS.redis_url

# Celery. A task may be lost with Redis or with its worker, or run twice: each polls PostgreSQL, may be
# repeated and is sent again by beat.
CELERY_BROKER_URL = SERVERS.celery_broker_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For as long as it takes: by default a worker gives up after a hundred tries.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A connection that died without a word must not hold up beat for ever.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
}
CELERY_TIMEZONE = os.environ.get("TIME_ZONE", "Asia/Shanghai")
CELERY_TASK_IGNORE_RESULT = True
# Acknowledged when it begins: at its end Redis may be gone, and over that the worker stops (kombu 5.7).
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "governance.operations.beat:HeartbeatScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5


def _every(seconds: int, task: str) -> dict[str, object]:
    """Send a task so often; what a stopped worker did not take by the time of the next one expires."""
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}


CELERY_BEAT_SCHEDULE = {
    "climb the ladder": _every(60, "grid.supervision.tasks.climb_ladder"),
    "work dates out anew after a change of the calendar": _every(
        60, "grid.casework.tasks.recompute_deadlines"
    ),
    "let requests lapse that nobody decided in time": _every(60, "grid.casework.tasks.lapse_requests"),
    "number the feed": _every(5, "grid.casework.tasks.number_feed"),
    "deliver notices": _every(5, "grid.notices.tasks.deliver"),
    "send messages": _every(10, "grid.notices.tasks.send_messages"),
    "sweep messages that got stuck": _every(60, "grid.notices.tasks.sweep_messages"),
    "seal the timeline": {
        "task": "grid.casework.tasks.seal_timeline",
        "schedule": crontab(minute="*/10"),
        "options": {"expires": 600},
    },
    "sweep up files that no step claimed": {
        "task": "grid.casework.tasks.sweep_uploads",
        "schedule": crontab(minute=40),
        "options": {"expires": 3600},
    },
    "show that a worker lives": _every(10, "governance.operations.tasks.worker_heartbeat"),
}

AUTH_USER_MODEL = "people.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE", "Asia/Shanghai")

# One installation is one city.
CITY_NAME = os.environ.get("CITY_NAME", "淮安市")
CITY_NAME_EN = os.environ.get("CITY_NAME_EN", "Huai'an")
CITY_CODE = os.environ.get("CITY_CODE", "320800000000")
# Who answers for this installation; stands at the foot of every page once it is set.
OPERATOR_NAME = os.environ.get("OPERATOR_NAME", "")
OPERATOR_NAME_EN = os.environ.get("OPERATOR_NAME_EN", "") or OPERATOR_NAME
# West, south, east, north in WGS 84: a point outside is warned about, never refused.
CITY_BOUNDS = (118.20, 32.70, 119.70, 34.10)

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# WhiteNoise warns of a directory that `collectstatic` has yet to make.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "governance": {"level": "INFO"},
        "grid": {"level": "INFO"},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "axes": {"level": "WARNING"},
    },
}

LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "desk:worklist"
LOGOUT_REDIRECT_URL = "portal:home"
# From the last click (governance.operations.sessions): a working day in the office, or a shift outside.
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

# Five wrong passwords for one name from one address close that door for a quarter of an hour. Counting by
# address alone would lock out a whole office behind one router, by name alone would let anybody lock out a
# colleague.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "governance.accounts.views.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "governance.operations.client_address.client_address"

# Demo accounts are offered on the sign-in page, and pages say that their data are invented.
DEMO = False
DEMO_PASSWORD = "sunshine-demo"  # noqa: S105  (published in the README)

# Nothing from elsewhere, nothing inline. data: is for the small marks in Bootstrap's style sheet, blob: for
# the preview of a photo before it is sent.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.NONE],
        "script-src": [csp.SELF],
        "style-src": [csp.SELF],
        "img-src": [csp.SELF, "data:", "blob:"],
        "font-src": [csp.SELF],
        "connect-src": [csp.SELF],
        "manifest-src": [csp.SELF],
        "form-action": [csp.SELF],
        "frame-ancestors": [csp.NONE],
        "base-uri": [csp.NONE],
    },
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# The demo's password is published. Only production forbids its accounts, and then does not start.
DEMO_ACCOUNTS_ALLOWED = True

TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["governance.api.authentication.SessionWithChallenge"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "grid.casework.api.problem",
}

# Keys. PERSONAL_KEYS: key id -> 32 bytes as hex, the first one encrypts. In production from the environment.
PERSONAL_KEYS = dict(
    pair.split(":", 1) for pair in os.environ.get("PERSONAL_KEYS", "dev:" + "11" * 32).split(",")
)
BLIND_INDEX_KEY = os.environ.get("BLIND_INDEX_KEY", "22" * 32)
SEAL_KEY = os.environ.get("SEAL_KEY", "33" * 32)
SEAL_DIR = Path(os.environ.get("SEAL_DIR", VAR_DIR / "seals"))

# Messages outside the portal. Empty means that a channel is not set up, and no message is written for it.
# E-mail goes by Django's backends, here by SMTP as soon as a host is named.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "no") == "yes"
EMAIL_USE_SSL = os.environ.get("EMAIL_USE_SSL", "no") == "yes"
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", "portal@localhost")
NOTICES_EMAIL = "EMAIL_HOST" in os.environ
# "http" or "console". Placeholders {phone} and {text} are escaped as the content type says; success is a
# path into the JSON that comes back and its value, as "code=0", or empty where a good status is enough.
NOTICES_SMS = os.environ.get("SMS_BACKEND", "http" if "SMS_URL" in os.environ else "")
NOTICES_SMS_URL = os.environ.get("SMS_URL", "")
NOTICES_SMS_METHOD = os.environ.get("SMS_METHOD", "POST")
NOTICES_SMS_HEADERS = json.loads(os.environ.get("SMS_HEADERS", '{"Content-Type": "application/json"}'))
NOTICES_SMS_BODY = os.environ.get("SMS_BODY", '{"phone": "{phone}", "text": "{text}"}')
NOTICES_SMS_SUCCESS = os.environ.get("SMS_SUCCESS", "")
# The robots of work chats; which one writes into the chat of which organisation is entered in the portal.
NOTICES_CHAT = os.environ.get("CHAT_BACKEND", "http")
NOTICES_CHAT_URLS = {
    "wecom": os.environ.get("WECOM_URL", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"),
    "dingtalk": os.environ.get("DINGTALK_URL", "https://oapi.dingtalk.com/robot/send"),
}
NOTICES_TIMEOUT = 10.0  # seconds for each answer of the network
NOTICES_TRIES = 5  # what a server surely refused is tried so often, after 1, 4, 16 and 64 minutes
NOTICES_STUCK_AFTER = 300  # seconds after which a message that is “being sent” counts as uncertain
NOTICES_FAILURES = 3  # faults in a row after which a channel rests and administrators are told
NOTICES_WAITING = 1800  # seconds that a message may wait beyond its time before they are told
NOTICES_STALE = 72  # hours after which an entry is told in the portal alone
NOTICES_OFFICE_HOURS = ("08:30", "17:30")
NOTICES_DIGEST_TIMES = ("08:30", "14:00")
NOTICES_DAILY_CEILING = 20  # single messages to one person by one channel a day; the rest is gathered
# Where links in messages lead.
PORTAL_URL = os.environ.get("PORTAL_URL", f"http://localhost:{PORT}").rstrip("/")
