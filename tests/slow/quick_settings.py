"""
The settings of a city for the tests of faults: only the minutes of beat are seconds here.

What a killed worker had in hand comes back to the queue after seconds too, so that tasks really run twice.
"""
# ruff: noqa: F403, F405  (what the star brings is what is changed here)

from datetime import timedelta

from governance.settings.production import *

_OFTEN = 2
CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": timedelta(seconds=_OFTEN), "options": {"expires": _OFTEN}}
    if isinstance(entry["schedule"], timedelta)
    else entry
    for name, entry in CELERY_BEAT_SCHEDULE.items()
}
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,
    "visibility_timeout": 5,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_timeout": CELERY_BROKER_TRANSPORT_OPTIONS["socket_timeout"] / 10,
    # Every 25 seconds by default.
    "health_check_interval": 3,
}
# Just above NOTICES_TIMEOUT, so that no message counts as stuck whose server still may answer.
NOTICES_STUCK_AFTER = 12
# Every critical matter is told singly.
NOTICES_DAILY_CEILING = 1000
