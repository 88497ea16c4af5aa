"""The city that the ladder is measured on: a database that is kept, and copies of it that are used up."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
# What a loaded city depends on, apart from its size.
SOURCES = ("*/*/migrations/*.py", "*/migrations/*.py", "governance/demo/city/*.py", "governance/demo/data/*")
PREFIX = "city_"


@dataclass(frozen=True)
class City:
    """What is loaded: running deadlines, due ones among them, and a fifth of the whole without any."""

    running: int
    seed: int = 1
    as_of: str = "2026-10-09T09:00+08:00"

    @property
    def due(self) -> int:
        """Return how many fall due within the hour."""
        return self.running // 10

    @property
    def cases(self) -> int:
        """Return how many incidents there are."""
        return self.running * 5 // 4

    @property
    def name(self) -> str:
        """Return the name of its database, another one for another schema or another loader."""
        digest = hashlib.sha256(repr(self).encode())
        for path in sorted({p for pattern in SOURCES for p in (ROOT).glob(pattern)}):
            digest.update(path.read_bytes())
        return f"{PREFIX}{digest.hexdigest()[:16]}"


def kept(city: City) -> str:
    """Return the database of a city; load it when there is none, and drop those that fit no more."""
    names = [row[0] for row in run_sql("SELECT datname FROM pg_database WHERE datname LIKE 'city\\_%'")]
    if city.name not in names:
        for name in names:
            run_sql(f"DROP DATABASE {name} WITH (FORCE)")
        _load(city)
    return city.name


def seconds_to_load(city: City) -> float:
    """Return how long the city took to load, whenever that was."""
    found = run_sql(
        f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{city.name}'"
    )
    return float(found[0][0])


def _load(city: City) -> None:
    """Load a city into a database that gets its name only when it is whole."""
    half = f"{PREFIX}loading"
    run_sql(f"CREATE DATABASE {half}")
    manage(half, "migrate", "--verbosity", "0")
    print(f"Loading {city.cases:,} incidents, once for this schema and size …", file=sys.stderr, flush=True)
    began = time.monotonic()
    manage(
        half,
        "load_city",
        f"--cases={city.cases}",
        f"--seed={city.seed}",
        f"--as-of={city.as_of}",
        f"--due={city.due}",
        f"--running={city.running - city.due}",
    )
    run_sql(f"COMMENT ON DATABASE {half} IS '{time.monotonic() - began:.0f}'")
    run_sql(f"ALTER DATABASE {half} RENAME TO {city.name}")


@contextmanager
def copy_of(name: str) -> Iterator[str]:
    """Give a copy of a database, and drop it afterwards."""
    copy = f"{PREFIX}copy"
    run_sql(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
    run_sql(f"CREATE DATABASE {copy} TEMPLATE {name} STRATEGY file_copy")
    try:
        yield copy
    finally:
        run_sql(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")


def manage(database: str, *arguments: str) -> None:
    """Run a command of manage.py on a database."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment(database), check=True)


def environment(database: str) -> dict[str, str]:
    """Return the environment of a process that uses a database of the server in use here."""
    return {**os.environ, "DATABASE_URL": _url(database), "REDIS_URL": settings.REDIS_URL}


def _url(database: str) -> str:
    return f"{settings.SERVERS.database_url.rpartition('/')[0]}/{database}"


def run_sql(statement: str) -> list[tuple[Any, ...]]:
    """Run a statement outside any transaction, in a database that is nobody's."""
    connection = psycopg2.connect(_url("postgres"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()
