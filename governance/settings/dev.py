"""Settings for a laptop: the demo runs on these."""

from governance.settings.base import *

ALLOWED_HOSTS = ["*"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
DEMO = True

# Messages are written into the log of the worker: nothing leaves this machine.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
NOTICES_EMAIL = True
NOTICES_SMS = "console"
NOTICES_CHAT = "console"
