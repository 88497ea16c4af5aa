"""Settings that every environment shares. The environment is read here and nowhere else."""

import os
from pathlib import Path

import dj_database_url
from django.utils.translation import gettext_lazy as _

from governance import embedded

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var")).resolve()
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
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
DATABASES = {"default": dj_database_url.parse(SERVERS.database_url, conn_max_age=60)}
REDIS_URL = SERVERS.redis_url
CELERY_BROKER_URL = SERVERS.celery_broker_url

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
# West, south, east, north in WGS 84: a point outside is warned about, never refused.
CITY_BOUNDS = (118.20, 32.70, 119.70, 34.10)

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"

LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "desk:worklist"
LOGOUT_REDIRECT_URL = "portal:home"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}

# Keys. PERSONAL_KEYS: key id -> 32 bytes as hex, the first one encrypts. In production from the environment.
PERSONAL_KEYS = dict(
    pair.split(":", 1)
    for pair in os.environ.get("PERSONAL_KEYS", "dev:" + "11" * 32).split(",")
)
BLIND_INDEX_KEY = os.environ.get("BLIND_INDEX_KEY", "22" * 32)
SEAL_KEY = os.environ.get("SEAL_KEY", "33" * 32)
SEAL_DIR = Path(os.environ.get("SEAL_DIR", VAR_DIR / "seals"))
