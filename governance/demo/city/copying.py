"""Write rows of any model by COPY, with keys taken from its sequence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

# What COPY reads as something else than itself.
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
READ_AT_ONCE = 1 << 20
ROWS_AT_ONCE = 5_000
DROPPABLE = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
      FROM pg_index i
     WHERE i.indrelid = %s::regclass AND NOT i.indisprimary AND NOT i.indisunique
"""


def escape(text: str) -> str:
    """Return a text as it stands in a line of COPY."""
    return text.translate(ESCAPED)


def encode(value: Any) -> str:
    """Return a value as it stands in a line of COPY."""
    if isinstance(value, str):
        return escape(value)
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | float | Decimal):
        return repr(value) if isinstance(value, float) else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return escape(json.dumps(value, ensure_ascii=False))


def columns(model: type[Model]) -> list[Any]:
    """Return the fields of a model that have a column, in the order in which they are written."""
    return list(model._meta.concrete_fields)


def copy_text(model: type[Model], text: str) -> None:
    """Write lines that were encoded already, one row each, every column in its order."""
    if not text:
        return
    quoted = ", ".join(connection.ops.quote_name(f.column) for f in columns(model))
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({quoted}) FROM STDIN", StringIO(text), READ_AT_ONCE)


def copy_rows(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows given by attribute name; what a row leaves out gets the default of its field."""
    defaults = {f.attname: encode(f.get_default()) for f in columns(model)}
    named = defaults.items()
    lines = (
        "\t".join(encode(row[name]) if name in row else text for name, text in named) + "\n" for row in rows
    )
    while chunk := "".join(islice(lines, ROWS_AT_ONCE)):
        copy_text(model, chunk)


def sequence_of(model: type[Model]) -> str:
    """Return the sequence from which the keys of a model come."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [model._meta.db_table, model._meta.pk.column])
        return str(cursor.fetchone()[0])


def reserve(model: type[Model], count: int) -> range:
    """Take so many keys from the sequence of a model."""
    if not count:
        return range(0)
    with connection.cursor() as cursor:
        sequence = sequence_of(model)
        cursor.execute("SELECT setval(%s, nextval(%s) + %s)", [sequence, sequence, count - 1])
        last = cursor.fetchone()[0]
    return range(last - count + 1, last + 1)


def is_superuser() -> bool:
    """Tell whether this connection may switch triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


@contextmanager
def trusted() -> Iterator[None]:
    """Let this session pass by triggers and foreign keys for a while; checks and unique keys still judge."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET session_replication_role")
            cursor.execute("RESET synchronous_commit")


@contextmanager
def without_indexes(models: Iterable[type[Model]]) -> Iterator[None]:
    """
    Drop the indexes that refuse nothing while tables are filled, and build them again at the end.

    They are built again after an error too. Only a killed process leaves them missing, in a database that is
    half filled anyway and has to be dropped.
    """
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(DROPPABLE, [model._meta.db_table])
            found |= dict(cursor.fetchall())
        for name in found:
            cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    except BaseException:
        # What was dropped in a transaction comes back with its end.
        if not connection.in_atomic_block:
            _build(found.values())
        raise
    _build(found.values())


def _build(definitions: Iterable[str]) -> None:
    """Build indexes again."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for definition in definitions:
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")
