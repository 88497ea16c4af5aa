"""The city is loaded as on the command line: by processes of their own, into a database of their own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.bench.cities import ROOT, environment, manage, run_sql

pytestmark = pytest.mark.slow
DATABASE = "city_of_slow_tests"
CHECKS = ("check_ledger", "check_tree", "check_organisations", "verify_timeline")


@pytest.fixture
def migrated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setenv("SEAL_DIR", str(tmp_path))
    run_sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    run_sql(f"CREATE DATABASE {DATABASE}")
    manage(DATABASE, "migrate", "--verbosity", "0")
    yield DATABASE
    run_sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def count(table: str) -> int:
    connection = psycopg2.connect(environment(DATABASE)["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        found = cursor.fetchone()
    connection.close()
    return found[0] if found else 0


def indexes() -> int:
    return count("pg_indexes WHERE schemaname = 'public'")


def test_two_processes_write_a_city_that_every_check_is_content_with(migrated: str) -> None:
    before = indexes()
    manage(migrated, "load_city", "--cases=4000", "--jobs=2", "--districts=1")

    assert count("casework_case") == 4000
    assert indexes() == before
    for command in CHECKS:
        manage(migrated, command)


def test_what_a_killed_load_leaves_is_not_taken_for_empty(migrated: str) -> None:
    command = [sys.executable, "manage.py", "load_city", "--cases=60000", "--jobs=2", "--districts=1"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(migrated), start_new_session=True)
    until = time.monotonic() + 300
    while not count("casework_case"):
        assert process.poll() is None, "the load ended before it could be killed"
        assert time.monotonic() < until, "the load wrote nothing"
        time.sleep(0.2)
    process.kill()
    process.wait(10)

    again = subprocess.run(
        [sys.executable, "manage.py", "load_city", "--cases=10"],
        cwd=ROOT,
        env=environment(migrated),
        capture_output=True,
        text=True,
    )

    assert again.returncode == 1
    assert "left as it is" in again.stderr
