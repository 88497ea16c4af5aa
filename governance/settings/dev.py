"""Settings for a laptop: the demo runs on these."""

from governance.settings.base import *

ALLOWED_HOSTS = ["*"]
