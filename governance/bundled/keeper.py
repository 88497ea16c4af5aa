"""
Own one bundled server for as long as somebody uses it.

The server and all its children hold `server.lock`, so a keeper that follows a killed one knows when the last
process of the old server is really gone.
"""

import fcntl
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from governance.bundled.locks import EmbeddedServerError, is_held, lock, private_run_dir
from governance.bundled.servers import Server, as_user, postgres, redis_server
from governance.process import die_with_parent

READY_SECONDS = 90
STOP_SECONDS = 60
POLL_SECONDS = 0.2


def keep(name: str, home: Path, *, durable: bool) -> None:
    """Run a server until nobody uses it any more. Start it again when it dies on its own."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    try:
        lock(home / "keeper.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise EmbeddedServerError("Another keeper runs already.") from None
    run_dir = private_run_dir(home)
    server = postgres(home, run_dir, durable=durable) if name == "postgres" else redis_server(home, run_dir)
    process = _start(server, home)
    ready = home / "ready.json"
    ready.with_suffix(".new").write_text(json.dumps({"run_dir": str(run_dir), "pid": process.pid}))
    ready.with_suffix(".new").rename(ready)
    while True:
        time.sleep(POLL_SECONDS)
        if process.poll() is not None:
            print(f"{name} ended with {process.returncode} and is started again.", flush=True)  # noqa: T201  (into keeper.log)
            process = _start(server, home)
        if last := _nobody_else(home):
            ready.unlink(missing_ok=True)
            _stop(process, server)
            if not run_dir.is_relative_to(home):
                shutil.rmtree(run_dir, ignore_errors=True)
            os.close(last)
            return


def _nobody_else(home: Path) -> int | None:
    """Return the start lock, held, when nobody uses the server and nobody can begin to; else None."""
    try:
        start_fd = lock(home / "start.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    if is_held(home / "users.lock"):
        os.close(start_fd)
        return None
    return start_fd


def _start(server: Server, home: Path) -> subprocess.Popen[bytes]:
    server_fd = _await_old_server(home / "server.lock")
    try:
        server.before_start()
        with (home / "server.log").open("ab") as log:
            process = subprocess.Popen(
                as_user(server.command, server.user, server.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=[server_fd],
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, server.stop_signal),
            )
    finally:
        os.close(server_fd)
    until = time.monotonic() + READY_SECONDS
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > until:
            _stop(process, server)
            said = (home / "server.log").read_text(errors="replace").splitlines()[-15:]
            raise EmbeddedServerError("The server did not come up. It said:\n" + "\n".join(said))
        time.sleep(0.05)
    return process


def _await_old_server(path: Path) -> int:
    """Wait until the last process of an earlier server is gone, and return its lock, held."""
    until = time.monotonic() + STOP_SECONDS
    while True:
        try:
            return lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise EmbeddedServerError("An earlier server is still running and does not stop.") from None
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes], server: Server) -> None:
    for last_resort in (server.stop_signal, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(last_resort)
        try:
            process.wait(STOP_SECONDS / 3)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    try:
        keep(sys.argv[1], Path(sys.argv[2]), durable=sys.argv[3] == "durable")
    except EmbeddedServerError as failure:
        sys.exit(str(failure))
