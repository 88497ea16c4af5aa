"""Settings for a laptop: the demo runs on these."""

from governance.settings.base import *

ALLOWED_HOSTS = ["*"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
DEMO = True
