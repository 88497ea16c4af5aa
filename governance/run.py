"""
Run the whole portal on one machine: `make run`.

Servers, web, worker and beat start together and stop together. Whatever ends this process, `kill -9`
included, ends them all: the kernel tells the processes (`die_with_parent`), and the keepers of the servers
see the last user go.
"""

import errno
import fcntl
import functools
import multiprocessing
import os
import re
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import honcho.manager
import honcho.process

from governance import embedded
from governance.bundled.locks import EmbeddedServerError
from governance.process import die_with_parent
from governance.translations import compile_catalogues

SIGN_INS = ("worker", "community", "street", "district", "handler", "auditor", "admin")
# A worker finishes the task it is at; what it does not finish in time runs again after the next start.
STOP_SECONDS = 15


class CannotRun(Exception):
    """The portal cannot start here; the message says why and what to do."""


class TiedPopen(honcho.process.Popen):  # type: ignore[misc]  # honcho has no types
    """A process without a shell around it, that ends with the process that watches it."""

    def __init__(self, cmd: list[str], **kwargs: Any) -> None:
        super().__init__(
            cmd, shell=False, preexec_fn=functools.partial(die_with_parent, signal.SIGTERM), **kwargs
        )


class TiedProcess(honcho.process.Process):  # type: ignore[misc]
    """A watched process, whose watcher ends with the runner."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._child_ctor = TiedPopen

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Run the process and pass on what it says."""
        die_with_parent(signal.SIGKILL)
        super().run(events, ignore_signals)


class Manager(honcho.manager.Manager):  # type: ignore[misc]
    """Run the processes until one ends or a signal comes."""

    def __init__(self) -> None:
        super().__init__()
        self._process_ctor = TiedProcess

    def loop(self) -> None:
        """Run, and leave no watcher behind, however it ends."""
        try:
            super().loop()
        finally:
            for running in self._processes.values():
                if watcher := running.get("process"):
                    watcher.kill()
                    watcher.join()

    def terminate(self) -> None:
        """End all processes; while some are only just starting, `loop` ends their watchers and so them."""
        if not self._all_started():
            raise KeyboardInterrupt
        super().terminate()

    def ended_alone(self) -> list[str]:
        """Return the processes that ended, each with its return code."""
        return [f"{name} ({p['returncode']})" for name, p in self._processes.items() if p.get("returncode")]


def main(*, under_make: bool) -> int:
    """Start everything, wait, and stop everything; return the exit code."""
    if under_make:
        die_with_parent(signal.SIGTERM)
        threading.Thread(target=_heed_make, args=[os.getppid()], daemon=True).start()
    signal.signal(signal.SIGHUP, _as_sigterm)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from governance.settings import dev as settings  # starts the servers, or finds them

        with _only_one(settings.VAR_DIR, settings.PORT):
            _check_port(settings.HOST, settings.PORT)
            _prepare(settings.BASE_DIR)
            return _serve(settings.HOST, settings.PORT, settings.VAR_DIR)
    except (CannotRun, EmbeddedServerError) as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything is stopped, nothing is lost.")
        return 130
    finally:
        embedded.leave()


def _as_sigterm(number: int, frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _heed_make(make: int) -> None:
    """
    Stop when make alone was interrupted, as `kill -INT` does; at a terminal the signal reaches everybody.

    make then waits for its children without telling them, and no longer catches the signal: that is visible.
    """
    caught = _caught_interrupts(make)
    while _caught_interrupts(make) == caught:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def _caught_interrupts(pid: int) -> int:
    """Return the bits of SIGINT and SIGHUP in the mask of what a process catches; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
    both = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGHUP - 1)
    return int(caught.group(1), 16) & both if caught else 0


def _only_one(var_dir: Path, port: int) -> TextIO:
    """
    Return the open lock of this directory.

    :raises CannotRun: when another runner holds it.
    """
    path = var_dir / "run.lock"
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise CannotRun(
            f"The portal already runs on {var_dir}: {lock.read().strip()}. It was left as it is. "
            "Stop it first, or set VAR_DIR and PORT for a second one."
        ) from None
    lock.truncate(0)
    lock.write(f"http://localhost:{port}/, process {os.getpid()}")
    lock.flush()
    return lock


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotRun(
                    f"Port {port} is taken by another program. Choose another one: make run PORT={port + 1}"
                ) from error
            raise CannotRun(f"Port {port} of {host} cannot be used: {error.strerror}.") from error


def _prepare(base_dir: Path) -> None:
    import django
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connections

    compile_catalogues(base_dir / "locale")
    django.setup()
    _say("Bringing the database up to date …")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    if not get_user_model().objects.filter(is_demo=True).exists():
        _say("Loading the demo; this happens once …")
        call_command("load_demo")
    connections.close_all()


def _serve(host: str, port: int, var_dir: Path) -> int:
    multiprocessing.set_start_method("fork", force=True)
    honcho.manager.KILL_WAIT = STOP_SECONDS
    manager = Manager()
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    for name, command in _commands(host, port, var_dir).items():
        manager.add_process(name, [sys.executable, "-m", *command], env=env)
    _welcome(port)
    manager.loop()
    ended = manager.ended_alone()
    if manager.returncode in (130, 143):
        _say("Everything is stopped. `make run` starts it again with all its data.")
        return 0
    _say(f"Everything was stopped because a part ended on its own: {', '.join(ended)}. See above why.")
    return 1


def _commands(host: str, port: int, var_dir: Path) -> dict[str, list[str]]:
    celery = ["celery", "--app", "governance.celery", "--quiet"]
    return {
        "web": [
            "gunicorn",
            "governance.wsgi",
            "--config",
            "python:governance.gunicorn_conf",
            "--bind",
            f"{host}:{port}",
        ],
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "warning", "--without-mingle"],
        "beat": [
            *celery,
            "beat",
            "--loglevel",
            "warning",
            "--pidfile",
            "",
            "--schedule",
            str(var_dir / "beat-schedule"),
        ],
    }


def _welcome(port: int) -> None:
    _say(
        f"\n  Sunshine Grid 阳光网格 runs at  http://localhost:{port}/\n\n"
        f"  Sign in as  {', '.join(SIGN_INS)}\n"
        f"  with the password  sunshine-demo\n\n"
        f"  Ctrl-C stops everything.\n"
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings.dev")
    sys.exit(main(under_make="--under-make" in sys.argv))
