"""Tests of the bundled servers: found, shared, stopped with the last user, recovered after any death."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from governance import embedded
from governance.bundled.locks import EmbeddedServerError, private_run_dir
from governance.bundled.servers import as_user
from tests.processes import alive, kill, named, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent

# Says where the servers are once it uses them, and uses them until its input ends.
USER = """
import sys
from pathlib import Path
import psycopg2, redis
from governance import embedded
from governance.bundled.locks import EmbeddedServerError, private_run_dir
from governance.bundled.servers import as_user
found = embedded.urls(Path(sys.argv[1]), database_url=None, redis_url=None, durable=False)
psycopg2.connect(found.database_url).close()
redis.Redis.from_url(found.redis_url).ping()
print(found.database_url, flush=True)
sys.stdin.read()
"""
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def var_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "var"
    wait_until(lambda: not alive(str(tmp_path)), f"no process of the test is left: {alive(str(tmp_path))}")


@pytest.fixture
def start(var_dir: Path) -> Iterator[Start]:
    """Return a function that starts one more process that uses the servers of this test."""
    users: list[subprocess.Popen[str]] = []

    def start_() -> "subprocess.Popen[str]":
        users.append(
            subprocess.Popen(
                [sys.executable, "-c", USER, str(var_dir)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=ROOT,
            )
        )
        return users[-1]

    yield start_
    for user in users:
        user.communicate()


def says(user: "subprocess.Popen[str]") -> str:
    """Return where this user found the database."""
    assert user.stdout is not None
    line = user.stdout.readline().strip()
    assert line.startswith("postgresql://"), line + user.stdout.read()
    return line


def test_configured_servers_are_used_as_they_are_and_nothing_is_started(tmp_path: Path) -> None:
    found = embedded.urls(tmp_path, database_url="postgresql://db/portal", redis_url="redis://cache/0")

    assert found == embedded.Urls("postgresql://db/portal", "redis://cache/0", "redis://cache/0")
    assert list(tmp_path.iterdir()) == []


def test_processes_that_start_at_once_share_one_server(start: Start, var_dir: Path) -> None:
    users = [start() for _ in range(4)]

    assert len({says(user) for user in users}) == 1
    assert len(named(str(var_dir), "bin/postgres -D")) == 1
    assert len(named(str(var_dir), "bundled.keeper", "redis")) == 1


def test_the_servers_stop_with_the_last_user_and_keep_the_data(start: Start, var_dir: Path) -> None:
    first, second = start(), start()
    with psycopg2.connect(says(first)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    connection.close()
    says(second)

    first.communicate()
    assert len(named(str(var_dir), "bin/postgres -D")) == 1
    second.communicate()
    wait_until(lambda: not named(str(var_dir), "postgres"), "the servers stopped")

    with psycopg2.connect(says(start())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM kept")
        assert cursor.fetchone() == (42,)
    connection.close()


def test_a_killed_user_leaves_no_server_running(start: Start, var_dir: Path) -> None:
    user = start()
    says(user)

    kill(user.pid)

    wait_until(lambda: not alive(str(var_dir)), "everything stopped")


def test_a_killed_keeper_takes_its_server_along_and_the_next_user_starts_another(
    start: Start, var_dir: Path
) -> None:
    says(start())
    keepers = named(str(var_dir), "bundled.keeper")
    assert len(keepers) == 2

    for keeper in keepers:
        kill(keeper)

    says(start())
    assert set(named(str(var_dir), "bundled.keeper")).isdisjoint(keepers)


def test_a_killed_server_is_started_again_by_its_keeper(start: Start, var_dir: Path) -> None:
    url = says(start())
    postmaster = int((var_dir / "servers/postgres/data/postmaster.pid").read_text().splitlines()[0])

    kill(postmaster)

    def answers() -> bool:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            return False
        return postmaster not in named(str(var_dir), "bin/postgres -D")

    wait_until(answers, "PostgreSQL answers again")


def test_everything_killed_at_once_is_recovered_though_a_stranger_has_the_old_number(
    start: Start, var_dir: Path
) -> None:
    says(start())
    for pid in alive(str(var_dir)):
        kill(pid)
    wait_until(lambda: not alive(str(var_dir)), "everything is gone")
    pid_file = var_dir / "servers/postgres/data/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    says(start())


def test_a_start_that_was_cut_short_is_started_over(start: Start, var_dir: Path) -> None:
    half = var_dir / "servers/postgres/data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    says(start())


def test_an_interrupt_at_the_terminal_does_not_reach_the_servers(start: Start, var_dir: Path) -> None:
    user = start()
    says(user)
    servers = [pid for pid in alive(str(var_dir)) if pid != user.pid]

    assert len(servers) > 4
    assert os.getpgid(user.pid) not in {os.getpgid(pid) for pid in servers}


def test_a_server_that_cannot_start_says_why(start: Start, var_dir: Path) -> None:
    data = var_dir / "servers/postgres/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")

    said, _ = start().communicate()

    assert "did not start" in said
    assert "could not access the server configuration file" in said
    assert "DATABASE_URL" in said


@pytest.mark.parametrize("depth", [1, 12])
def test_a_socket_has_a_short_private_path_however_deep_the_directory_lies(
    tmp_path: Path, depth: int
) -> None:
    home = tmp_path.joinpath(*["directory"] * depth)
    home.mkdir(parents=True)

    run_dir = private_run_dir(home)

    assert len(os.fsencode(run_dir / "socket/.s.PGSQL.5432")) <= 107
    assert run_dir.stat().st_mode & 0o077 == 0
    if not run_dir.is_relative_to(home):
        run_dir.rmdir()


def test_a_directory_that_somebody_else_prepared_is_not_used(tmp_path: Path) -> None:
    home = tmp_path.joinpath(*["directory"] * 12)
    home.mkdir(parents=True)
    run_dir = private_run_dir(home)
    run_dir.chmod(0o777)

    with pytest.raises(EmbeddedServerError, match="not a private directory"):
        private_run_dir(home)
    run_dir.rmdir()


def test_root_without_setpriv_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(EmbeddedServerError, match="util-linux"):
        as_user(["postgres"], (65534, 65534), signal.SIGINT)
