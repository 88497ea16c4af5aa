"""How gunicorn serves the portal; the address is given on the command line."""

import signal
from pathlib import Path
from typing import Any

from governance.process import die_with_parent

workers = 2
worker_class = "gthread"
threads = 4
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 5000
max_requests_jitter = 500
# A worker shows that it lives by touching a file; on a disk that is busy this can take too long.
_memory = Path("/dev/shm")  # noqa: S108
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
# A socket that commands could be sent to: nobody here does.
control_socket_disable = True
errorlog = "-"
loglevel = "warning"


def post_fork(server: Any, worker: Any) -> None:
    """End a worker with its master, however the master ends."""
    die_with_parent(signal.SIGTERM)
