"""
Read official code lists: CSV, plain or gzipped, one area per row.

A list is read whole and judged whole: every bad row is named with its line, and a list with one bad
row is not imported at all.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

COLUMNS = ("code", "name", "level", "parent_code")
LONGEST_NAME = 100
LARGEST_BYTES = 500_000_000


class Level(NamedTuple):
    """A level of the official list: its rank, length of its codes, and how many digits are its own."""

    rank: int
    digits: int
    own: int
    tier: str | None


# 统计用区划代码: 2 digits province, 2 city, 2 county, 3 street, 3 community.
# The portal adds 3 for a grid and 5 for a building.
LEVELS = {
    "province": Level(0, 12, 2, None),
    "city": Level(1, 12, 4, None),
    "county": Level(2, 12, 6, "district"),
    "street": Level(3, 12, 9, "street"),
    "community": Level(4, 12, 12, "community"),
    "grid": Level(5, 15, 15, "grid"),
    "building": Level(6, 20, 20, "building"),
}
# A list may say that a whole city has no districts; nothing narrower than this stands without a parent.
NARROWEST_ROOT = LEVELS["county"].rank


class Problem(NamedTuple):
    """What is wrong with a line of the file; line 1 is the header."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """One area as the list has it."""

    line: int
    code: str
    name: str
    level: Level
    parent_code: str
    name_en: str = ""


@dataclass
class OfficialList:
    """A list as read: its good rows, and its problems in the order of their lines."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    encoding: str = "UTF-8"
    unknown_parents: list[Row] = field(default_factory=list)


class ListError(Exception):
    """The file cannot be read at all."""


def read_list(path: Path, *, names_en: Path | None = None) -> OfficialList:
    """
    Read and judge a list.

    Rows whose parent is not in the list are no problem yet: ``unknown_parents`` holds them, for the tree may
    know the parent.

    :param names_en: a CSV with the columns code and name_en; a column name_en of the list itself comes first.
    :raises ListError: when there is no such file, or it is not text.
    """
    english = _read_names_en(names_en) if names_en else {}
    text, encoding, bad_lines = _decode(_read_bytes(path))
    found = OfficialList(encoding=encoding)
    found.problems = [Problem(line, f"is not {encoding} text") for line in bad_lines]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            found.problems.append(
                Problem(1, f"the header lacks {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
            )
            return found
        _read_rows(reader, header, found, english, set(bad_lines))
    except csv.Error as error:
        found.problems.append(Problem(reader.line_num, f"is not CSV: {error}"))
    if not found.rows and not found.problems:
        found.problems.append(Problem(1, "the list is empty"))
    found.problems.extend(_judge_places(found))
    found.problems.sort()
    return found


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if data[:2] != b"\x1f\x8b":
            return data
        with gzip.open(io.BytesIO(data)) as packed:
            data = packed.read(LARGEST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ListError(f"{path} cannot be read: {error}") from error
    if len(data) > LARGEST_BYTES:
        raise ListError(f"{path} is larger than {LARGEST_BYTES} bytes when unpacked")
    return data


def _decode(data: bytes) -> tuple[str, str, list[int]]:
    """
    Return the text, its encoding, and the lines that are not text.

    Lists come as UTF-8 or, from older systems, as GB18030. Almost any bytes are GB18030, so a UTF-8 list
    with one broken byte would be read as nonsense from end to end: what most lines with Chinese in them
    are, the file is.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode_lines([data], "UTF-16")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8"), "UTF-8", []
    except UnicodeDecodeError:
        lines = data.split(b"\n")
    chinese = [line for line in lines if not line.isascii()]
    readable = sum(1 for line in chinese if _is(line, "utf-8"))
    encoding = "UTF-8" if readable * 2 > len(chinese) else "GB18030"
    return _decode_lines(lines, encoding)


def _decode_lines(lines: list[bytes], encoding: str) -> tuple[str, str, list[int]]:
    bad = [number for number, line in enumerate(lines, start=1) if not _is(line, encoding)]
    return "\n".join(line.decode(encoding, errors="replace") for line in lines), encoding, bad


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _read_names_en(path: Path) -> dict[str, str]:
    text, _encoding, _bad = _decode(_read_bytes(path))
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not {"code", "name_en"} <= set(reader.fieldnames or ()):
        raise ListError(f"{path} lacks the columns code and name_en")
    return {(row["code"] or "").strip(): (row["name_en"] or "").strip() for row in reader}


def _read_rows(
    reader: Iterable[list[str]],
    header: list[str],
    found: OfficialList,
    english: dict[str, str],
    skip: set[int],
) -> None:
    seen: dict[str, int] = {}
    for values in reader:
        line = reader.line_num  # type: ignore[attr-defined]
        if line in skip or not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            found.problems.append(Problem(line, f"has {len(values)} columns instead of {len(header)}"))
            continue
        cells = dict(zip(header, (value.strip() for value in values), strict=True))
        messages = list(_judge_cells(cells, line, seen))
        found.problems.extend(Problem(line, message) for message in messages)
        if cells["level"] in LEVELS:
            name_en = cells.get("name_en") or english.get(cells["code"], "")
            level = LEVELS[cells["level"]]
            found.rows.append(Row(line, cells["code"], cells["name"], level, cells["parent_code"], name_en))


def _judge_cells(cells: dict[str, str], line: int, seen: dict[str, int]) -> Iterator[str]:
    """Say what is wrong with a row taken by itself, or with a code met before."""
    code, name, level_name = cells["code"], cells["name"], cells["level"]
    level = LEVELS.get(level_name)
    if level is None:
        yield f"level: {level_name!r} is none of {', '.join(LEVELS)}"
    if not code:
        yield "code: is empty"
    elif not (code.isascii() and code.isdigit()):
        yield f"code: {code!r} has characters that are not digits"
    elif level is not None:
        yield from _judge_code(code, level_name, level)
    if code and code in seen:
        yield f"code: {code} stands on line {seen[code]} already"
    seen.setdefault(code, line)
    if not name:
        yield "name: is empty"
    elif len(name) > LONGEST_NAME:
        yield f"name: is longer than {LONGEST_NAME} characters"
    elif any(unicodedata.category(c) in ("Cc", "Co", "Cn") or c == "\ufffd" for c in name):
        yield f"name: {name!r} has characters that are not text"


def _judge_code(code: str, level_name: str, level: Level) -> Iterator[str]:
    if len(code) != level.digits:
        yield f"code: {code} has {len(code)} digits, that of a {level_name} has {level.digits}"
    elif code[level.own :].strip("0"):
        yield f"code: {code} is not that of a {level_name}: it must end with {level.digits - level.own} zeros"


def _judge_places(found: OfficialList) -> Iterator[Problem]:
    """Hold every row against the row of its parent."""
    by_code: dict[str, Row] = {}
    for row in found.rows:
        by_code.setdefault(row.code, row)
    for row in found.rows:
        if not row.parent_code:
            if row.level.rank > NARROWEST_ROOT:
                yield Problem(row.line, "parent_code: is empty")
        elif row.parent_code == row.code:
            yield Problem(row.line, f"parent_code: {row.code} is its own parent")
        elif row.parent_code not in by_code:
            found.unknown_parents.append(row)
        else:
            parent = by_code[row.parent_code]
            message = judge_place(row, parent.code, parent.level)
            if message:
                yield Problem(row.line, message)


def judge_place(row: Row, parent_code: str, parent: Level) -> str | None:
    """Say what is wrong with a row under that parent, None if nothing is."""
    if parent.rank >= row.level.rank:
        return f"level: a {level_name(row.level)} cannot stand under a {level_name(parent)} ({parent_code})"
    if parent.tier is None and row.level.rank > LEVELS["street"].rank:
        names = f"a {level_name(row.level)} cannot stand directly under a {level_name(parent)}"
        return f"level: {names} ({parent_code})"
    if row.code.isdecimal() and row.code.isascii() and not row.code.startswith(parent_code[: parent.own]):
        return f"code: {row.code} does not begin with {parent_code[: parent.own]}, the digits of its parent"
    return None


def level_name(level: Level) -> str:
    """Return what the list calls this level."""
    return next(name for name, known in LEVELS.items() if known == level)
