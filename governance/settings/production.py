"""Settings for a city. Nothing secret has a default here: what is missing is named, and nothing starts."""

import os

from django.core.exceptions import ImproperlyConfigured

_REQUIRED = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "REDIS_URL",
    "PERSONAL_KEYS",
    "BLIND_INDEX_KEY",
    "SEAL_KEY",
)
# Before base reads them: it would start the bundled servers in place of those that are missing.
_missing = [name for name in _REQUIRED if not os.environ.get(name, "").strip()]
if _missing:
    raise ImproperlyConfigured(f"Set in the environment: {', '.join(_missing)}. See docs/production.md.")

from governance.settings.base import *


def _hex_key(name: str, value: str) -> None:
    try:
        length = len(bytes.fromhex(value))
    except ValueError:
        length = 0
    if length != 32:
        raise ImproperlyConfigured(f"{name} has to be 32 bytes as 64 hexadecimal digits.")
    if len(set(value)) == 1:
        raise ImproperlyConfigured(f"{name} is the key of the demo or no key at all. Make one of your own.")


_hex_key("BLIND_INDEX_KEY", BLIND_INDEX_KEY)
_hex_key("SEAL_KEY", SEAL_KEY)
for _key in PERSONAL_KEYS.values():
    _hex_key("PERSONAL_KEYS", _key)
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS has to name the hosts; `*` accepts any.")

DEMO_ACCOUNTS_ALLOWED = False

# nginx ends TLS and says so in this header; it has to overwrite what the client sends.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
# Health is asked for from inside, past nginx.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS]
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "1"))
