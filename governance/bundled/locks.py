"""Locks and directories that the users of a bundled server and its keeper share."""

import fcntl
import hashlib
import os
import pwd
import re
import tempfile
from pathlib import Path

DATABASE_NAME = "sunshine_grid"
# A path of a Unix socket holds 107 bytes on Linux; this leaves room for "/socket/.s.PGSQL.5432".
LONGEST_RUN_DIR = 80


class EmbeddedServerError(RuntimeError):
    """A bundled server cannot run here; the message says what to do."""


def lock(path: Path, mode: int) -> int:
    """Open and lock a file; the lock lasts until the descriptor is closed everywhere it was inherited."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, mode)
    except BaseException:
        os.close(fd)
        raise
    return fd


def is_held(path: Path) -> bool:
    """Return whether another process holds this lock at the moment."""
    try:
        os.close(lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def make_private(directory: Path) -> None:
    """
    Make a directory that only this account can enter.

    :raises EmbeddedServerError: when this account cannot use it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat()
        if os.geteuid() not in (0, found.st_uid):
            owner = pwd.getpwuid(found.st_uid).pw_name
            raise EmbeddedServerError(
                f"{directory} belongs to {owner}, so this account cannot use its servers. "
                "Set VAR_DIR to a directory of your own."
            )
    except (PermissionError, KeyError) as error:
        raise EmbeddedServerError(
            f"{directory} cannot be used ({error}). Set VAR_DIR to a directory that this account can write."
        ) from error


def private_run_dir(home: Path) -> Path:
    """Return the private directory for the socket: in `home`, or a short one where that path is too long."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= LONGEST_RUN_DIR and re.fullmatch(r"[\w./-]+", str(inside), re.ASCII):
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108  (checked below)
        short = parent / f"sunshine-grid-{os.getuid()}-{digest}"
        if len(os.fsencode(short)) > LONGEST_RUN_DIR:
            continue
        short.mkdir(mode=0o700, exist_ok=True)
        found = short.lstat()
        if short.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise EmbeddedServerError(
                f"{short} is not a private directory of this account. Remove it and try again."
            )
        return short
    raise EmbeddedServerError(
        "No directory with a path short enough for a socket was found. Set TMPDIR to one."
    )
