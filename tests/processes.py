"""Look at and wait for real processes, for the tests that start and kill them."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

WAIT_SECONDS = 60


def alive(*marks: str) -> dict[int, str]:
    """Return the living processes (not the zombies) whose command line or working directory names a mark."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            directory = (entry / "cwd").readlink()
        except OSError:
            continue
        if command and any(mark in command or mark in str(directory) for mark in marks):
            found[int(entry.name)] = command
    return found


def named(mark: str, *words: str) -> list[int]:
    """Return the ids of the processes with this mark whose command line holds all the words, sorted."""
    return sorted(pid for pid, command in alive(mark).items() if all(word in command for word in words))


def kill(pid: int) -> None:
    """End a process that a test started, as `kill -9` does; one that ended with another is gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_until(condition: Callable[[], object], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Wait for something that another process does; fail with `what` when it does not come."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.1)
