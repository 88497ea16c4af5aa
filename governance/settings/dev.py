"""Settings for a laptop: the demo runs on these."""

from governance.settings.base import *

ALLOWED_HOSTS = ["*"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
DEMO = True

# Messages are written into files beside the database: nothing leaves this machine, and what `make run` prints
# stays readable.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
LOGGING["handlers"]["messages"] = {
    "class": "logging.FileHandler",
    "filename": VAR_DIR / "messages.log",
    "encoding": "utf-8",
    "delay": True,
    "formatter": "line",
}
LOGGING["loggers"]["grid.notices.backends"] = {"handlers": ["messages"], "level": "INFO", "propagate": False}
NOTICES_EMAIL = True
NOTICES_SMS = "console"
NOTICES_CHAT = "console"
