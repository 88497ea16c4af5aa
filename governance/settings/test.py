"""Settings for the tests: the same engines as everywhere, in a directory of their own."""

import os
from pathlib import Path

# Before base reads it: tests never share servers with a demo that runs, and theirs may lose data.
_var_dir = Path(os.environ.get("VAR_DIR", "var")).resolve()
os.environ["VAR_DIR"] = str(_var_dir if _var_dir.name == "test" else _var_dir / "test")
os.environ["SERVERS_DURABLE"] = "no"

from governance.settings.base import *

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# A queue of its own for each process of pytest-xdist, whose workers look at different databases.
CELERY_TASK_DEFAULT_QUEUE = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
