"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings.dev")
application = get_wsgi_application()

# After the apps are loaded, before the first request.
from governance.operations.demo_accounts import refuse_demo_accounts  # noqa: E402

refuse_demo_accounts()
