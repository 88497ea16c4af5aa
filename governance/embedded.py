"""
Start the bundled PostgreSQL and Redis where no server is configured.

Every process that needs a server holds a shared lock on its `users.lock` for as long as it lives. A small
keeper process (`governance.bundled.keeper`) owns the server: it starts it, starts it again if it dies, and
stops it as soon as nobody holds that lock. The kernel gives a lock back when a process dies, however it dies,
so no pid file can go stale.

Nothing of Django is imported here: the settings stand on this file.
"""

import atexit
import fcntl
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from governance.bundled.locks import DATABASE_NAME, EmbeddedServerError, is_held, lock, make_private

READY_SECONDS = 90
STOP_SECONDS = 60
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Urls:
    """Where the servers are found."""

    database_url: str
    redis_url: str
    celery_broker_url: str


def urls(var_dir: Path, *, database_url: str | None, redis_url: str | None, durable: bool = True) -> Urls:
    """
    Return where the servers are, and start those that are not configured.

    :param durable: False lets PostgreSQL lose data in a power cut, for tests.
    :raises EmbeddedServerError: when a bundled server cannot be started.
    """
    if not database_url:
        run_dir = join("postgres", var_dir, durable=durable)
        database_url = f"postgresql://postgres@{quote(str(run_dir / 'socket'), safe='')}/{DATABASE_NAME}"
    if redis_url:
        return Urls(database_url, redis_url, redis_url)
    socket = join("redis", var_dir, durable=durable) / "redis.sock"
    return Urls(database_url, f"unix://{socket}?db=0", f"redis+socket://{socket}?virtual_host=0")


_joined: dict[Path, "Membership"] = {}


@dataclass
class Membership:
    """This process uses a server: the open lock, and the keeper if it was started from here."""

    home: Path
    users_fd: int
    run_dir: Path
    keeper: subprocess.Popen[bytes] | None
    pid: int


def join(name: str, var_dir: Path, *, durable: bool = True) -> Path:
    """
    Use the server of this `var_dir` until this process ends, and start it if it is not running.

    Return the private directory that holds its socket.

    :raises EmbeddedServerError: when the server does not come up.
    """
    home = var_dir / "servers" / name
    if home in _joined:
        return _joined[home].run_dir
    make_private(home)
    start_fd = lock(home / "start.lock", fcntl.LOCK_EX)
    try:
        users_fd = lock(home / "users.lock", fcntl.LOCK_SH)
        keeper = None
        if not is_held(home / "keeper.lock"):
            (home / "ready.json").unlink(missing_ok=True)
            keeper = _spawn_keeper(name, home, durable=durable)
        try:
            run_dir = _await_ready(home, keeper)
        except BaseException:
            os.close(users_fd)
            raise
    finally:
        os.close(start_fd)
    _joined[home] = Membership(home, users_fd, run_dir, keeper, os.getpid())
    return run_dir


def leave() -> None:
    """Stop using the servers, and wait for those that this process started and nobody else uses to stop."""
    members = [m for m in _joined.values() if m.pid == os.getpid()]
    _joined.clear()
    for member in members:
        os.close(member.users_fd)
    for member in members:
        if member.keeper:
            _await_stop(member)


atexit.register(leave)


def _await_stop(member: Membership) -> None:
    assert member.keeper is not None
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until and not is_held(member.home / "users.lock"):
        if member.keeper.poll() is not None:
            return
        time.sleep(0.05)


def _spawn_keeper(name: str, home: Path, *, durable: bool) -> subprocess.Popen[bytes]:
    with (home / "keeper.log").open("wb") as log:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "governance.bundled.keeper",
                name,
                str(home),
                "durable" if durable else "quick",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            start_new_session=True,
        )


def _await_ready(home: Path, keeper: subprocess.Popen[bytes] | None) -> Path:
    until = time.monotonic() + READY_SECONDS
    ready = home / "ready.json"
    while time.monotonic() < until:
        if ready.exists():
            return Path(json.loads(ready.read_text())["run_dir"])
        gone = keeper.poll() is not None if keeper else not is_held(home / "keeper.lock")
        if gone and not ready.exists():
            break
        time.sleep(0.02)
    said = (home / "keeper.log").read_text(errors="replace").strip()
    raise EmbeddedServerError(
        f"The bundled {home.name} of {home.parent.parent} did not start.\n{said}\n"
        f"Its log is {home / 'server.log'}. Or set DATABASE_URL and REDIS_URL to servers of your own."
    )
