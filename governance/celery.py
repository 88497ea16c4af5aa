"""The Celery application: one queue, and a schedule that stands in the settings."""

import os
import signal
import warnings
from typing import Any

from celery import Celery, signals
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # missing from celery-types
from django.db import connection
from kombu.transport.redis import Channel

from governance.process import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings.dev")

# Root is dangerous where messages are unpickled; ours are JSON. In a container everybody is root.
warnings.filterwarnings("ignore", category=SecurityWarning)

# A worker that loses Redis must not try to put back what it had in hand: there is nothing any more to put it
# into, and in kombu 5.7 it would stop for good over that. Beat sends every task again.
Channel.do_restore = False

app = Celery("sunshine_grid")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_process_init.connect
def _end_with_the_worker(**kwargs: Any) -> None:
    die_with_parent(signal.SIGTERM)


@signals.worker_init.connect
@signals.beat_init.connect
def _refuse_demo_accounts(**kwargs: Any) -> None:
    # Not at the top: the apps are loaded by now, and not when this module is.
    from governance.operations.demo_accounts import refuse_demo_accounts

    refuse_demo_accounts()
    connection.close()  # the processes of the pool are forked from this one
