"""
Turn a play into a mould, from which copies are cast in other places and at other times.

In every row of the play, keys of its own rows, of people, organisations and areas, instants, days, texts and
the number are replaced by slots. A copy fills the slots; what stands between them is as the kernel wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, JSONField, Model
from django.utils import timezone

from governance.demo.city.copying import columns, encode, escape
from governance.demo.city.plays import FIRST_KEY, MARKS, POINT, Play
from grid.areas.models import Area
from grid.casework import kinds
from grid.casework.models import Case, Deadline, DeadlineStatus, Event, EventText, Feed
from grid.casework.table import Step
from grid.casework.wording import ROWS
from grid.organisations.models import Organisation
from grid.people.models import User
from grid.worktime.models import Unit

Slot = tuple[Any, ...]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Around the number of a slot, once within a text and once instead of a number; nobody types these.
OPEN, CLOSE, BARE_OPEN, BARE_CLOSE = "\ue000", "\ue001", "\ue002", "\ue003"
WITHIN = re.compile(f"{OPEN}([0-9]+){CLOSE}")
BARE = re.compile(f'"{BARE_OPEN}([0-9]+){BARE_CLOSE}"|{BARE_OPEN}([0-9]+){BARE_CLOSE}')


class NotMouldable(Exception):
    """A play holds something that a copy would get wrong."""


class Filling:
    """A text with slots: gives the text for a list of what fills them."""

    __slots__ = ("fmt", "pick")

    def __init__(self, text: str) -> None:
        """Take a text in which slots stand between their marks."""
        found: list[int] = []

        def take(match: re.Match[str]) -> str:
            found.append(int(next(group for group in match.groups() if group)))
            return "%s"

        either = re.compile(f"{WITHIN.pattern}|{BARE.pattern}")
        self.fmt = either.sub(take, text.replace("%", "%%"))
        self.pick: Callable[[list[str]], Any] | None = itemgetter(*found) if found else None

    def fill(self, values: list[str]) -> str:
        """Return the text with every slot filled."""
        return self.fmt % self.pick(values) if self.pick is not None else self.fmt % ()


class Document:
    """A JSON document with slots; one without any is read once for all copies."""

    __slots__ = ("filling", "same")

    def __init__(self, value: Any) -> None:
        """Take the document, with the marks of slots in it."""
        self.filling = Filling(json.dumps(value, ensure_ascii=False))
        self.same = value if self.filling.pick is None else None

    def fill(self, values: list[str]) -> Any:
        """Return the document with every slot filled."""
        return json.loads(self.filling.fill(values)) if self.same is None else self.same


@dataclass(slots=True)
class EventMould:
    """An entry, as far as its hash needs it; numbers are places in the list of what fills the slots."""

    seq: int
    verb: str
    user: int | str | None
    organisation: int | str | None
    at: int
    happened_on: int | None
    audience: str
    data: Document
    changed: Document
    # Field, text, and the slots of its salt and its digest.
    texts: list[tuple[str, Filling, int, int]]
    hash: int


@dataclass
class Mould:
    """What is needed to cast copies of one play."""

    play: Play
    slots: dict[Slot, int] = field(default_factory=dict)
    counts: dict[type[Model], int] = field(default_factory=dict)
    tables: list[tuple[type[Model], Filling]] = field(default_factory=list)
    events: list[EventMould] = field(default_factory=list)
    category: int = 0
    # Which slots are filled from what; set once all slots are known.
    rows: list[tuple[int, type[Model], int]] = field(default_factory=list)
    positions: list[tuple[int, int]] = field(default_factory=list)
    cast: list[tuple[int, int]] = field(default_factory=list)
    times: list[tuple[int, timedelta]] = field(default_factory=list)
    days: list[tuple[int, int]] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    points: list[tuple[int, int]] = field(default_factory=list)

    def slot(self, *key: Any) -> int:
        """Return the place of a slot in the list of what fills them."""
        return self.slots.setdefault(key, len(self.slots))

    def sort_slots(self, order: Mapping[Slot, int]) -> None:
        """
        Note which slots are filled from what.

        :param order: where people, organisations and areas stand in what the crowd gives for a place.
        """
        for key, place in self.slots.items():
            match key:
                case ("row", model, number):
                    self.rows.append((place, model, number))
                case ("position", number):
                    self.positions.append((place, number))
                case ("user" | "organisation" | "area", _name):
                    self.cast.append((place, order[key]))
                case ("time", distance):
                    self.times.append((place, distance))
                case ("day", distance):
                    self.days.append((place, distance))
                case ("text", name):
                    self.texts.append((place, name))
                case ("point", number):
                    self.points.append((place, number))


class Moulder:
    """Replaces what differs from copy to copy by slots."""

    def __init__(self, play: Play, everybody: Mapping[type[Model], frozenset[int]]) -> None:
        """Take the play, and the keys of people and organisations that are the same for all places."""
        self.play, self.mould = play, Mould(play)
        self.everybody = everybody
        self.local_day = timezone.localdate(play.began)
        cast = play.cast
        self.cast = {
            User: {pk: ("user", name) for name, pk in cast.users.items()},
            Organisation: {pk: ("organisation", name) for name, pk in cast.organisations.items()},
            Area: {pk: ("area", name) for name, pk in cast.areas.items()},
        }
        self.own: dict[int, Slot] = {}
        for model, rows in play.rows.items():
            self.mould.counts[model] = len(rows)
            for place, row in enumerate(rows):
                if row[model._meta.pk.attname] >= FIRST_KEY and model._meta.pk.related_model is None:
                    self.own[row[model._meta.pk.attname]] = ("row", model, place)

    def text(self, value: str) -> str:
        """Put slots into a text."""
        if INSTANT.fullmatch(value):
            return self.bare(self.instant(datetime.fromisoformat(value)), within=True)
        if DAY.fullmatch(value):
            return self.bare(self.day(date.fromisoformat(value)), within=True)
        for name, mark in MARKS.items():
            value = value.replace(mark, self.bare(("text", name), within=True))
        return value.replace(self.play.case["number"], self.bare(("number",), within=True))

    def bare(self, slot: Slot, *, within: bool = False) -> str:
        """Return the mark of a slot, within a text or instead of a value."""
        place = self.mould.slot(*slot)
        return f"{OPEN}{place}{CLOSE}" if within else f"{BARE_OPEN}{place}{BARE_CLOSE}"

    def instant(self, value: datetime) -> Slot:
        """Return the slot of an instant, by its distance from the report."""
        return ("time", value - self.play.began)

    def day(self, value: date) -> Slot:
        """Return the slot of a day, by its distance from the day of the report."""
        return ("day", (value - self.local_day).days)

    def key(self, model: type[Model] | None, value: int) -> str | int:
        """
        Return the slot of a key, or the key itself where every place has the same.

        :raises NotMouldable: when the row is neither part of the play nor of its place, nor everybody's.
        """
        if value in self.own:
            return self.bare(self.own[value])
        cast = self.cast.get(model)  # type: ignore[arg-type]
        if cast is None:
            return value
        if value in cast:
            return self.bare(cast[value])
        if value in self.everybody.get(model, frozenset()):  # type: ignore[arg-type]
            return value
        raise NotMouldable(f"{self.play.name} names {model.__name__} {value}, who is not of its place")  # type: ignore[union-attr]

    def json(self, value: Any, step: Step | None, name: str = "") -> Any:
        """Put slots into a value of an entry; its name tells what a number means, as where it is worded."""
        if isinstance(value, dict):
            return {key: self.json(inner, step, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.json(inner, step, name) for inner in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, float):
            return self.bare(("point", POINT.index(value))) if value in POINT else value
        if isinstance(value, int):
            return self.key(model_named(step, name), value)
        return self.text(value)

    def column(self, model: type[Model], column: Field[Any, Any], row: dict[str, Any]) -> str:
        """Return a column of a row as it stands in a line of COPY, with slots."""
        value, name = row[column.attname], column.attname
        stated = self._stated(model, name, row)
        if stated is not None:
            return self.bare(stated)
        if value is None:
            return encode(None)
        if isinstance(column, JSONField):
            return escape(json.dumps(self._document(model, name, row), ensure_ascii=False))
        if isinstance(column, ArrayField):
            return escape("{" + ",".join(json.dumps(one, ensure_ascii=False) for one in value) + "}")
        if column.primary_key and column.related_model is None:
            return self.bare(self.own[value])
        if column.related_model is not None:
            return str(self.key(column.related_model, value))
        return self._plain(value)

    def _stated(self, model: type[Model], name: str, row: dict[str, Any]) -> Slot | None:
        """Return the slot of a column that is worked out for each copy, if it is one."""
        if model is Case and name in ("silent_at", "next_rung_at") and row["silent_at"] is not None:
            return (name,)
        if model is Case and name == "event_head":
            return ("hash", row["event_count"])
        if model is Event and name == "hash":
            return ("hash", row["seq"])
        if model is EventText and name == "salt":
            return ("salt", self.seqs[row["event_id"]], row["field"])
        if model is Feed and name == "position":
            return ("position", self.own[row["id"]][2])
        return None

    def _document(self, model: type[Model], name: str, row: dict[str, Any]) -> Any:
        """Return a JSON column with slots."""
        if model is Event and name == "digests":
            return {f: self.bare(("digest", row["seq"], f), within=True) for f in row[name]}
        step = kinds.get(self.play.case["kind"]).step(row["verb"]) if model is Event else None
        return self.json(row[name], step)

    def _plain(self, value: Any) -> str:
        """Return a value that is no key, with slots."""
        if isinstance(value, datetime):
            return self.bare(self.instant(value))
        if isinstance(value, date):
            return self.bare(self.day(value))
        if isinstance(value, float) and value in POINT:
            return self.bare(("point", POINT.index(value)))
        return escape(self.text(value)) if isinstance(value, str) else encode(value)

    def table(self, model: type[Model], rows: list[dict[str, Any]]) -> Filling:
        """Return the lines of COPY of all rows of a table, with slots."""
        lines = []
        for row in rows:
            lines.append("\t".join(self.column(model, c, row) for c in columns(model)) + "\n")
        return Filling("".join(lines))

    def event(self, row: dict[str, Any], texts: dict[str, str]) -> EventMould:
        """Return an entry as far as its hash needs it."""
        step = kinds.get(self.play.case["kind"]).step(row["verb"])
        if row["party_id"] is not None:
            raise NotMouldable(f"{self.play.name} has an entry of a party")
        happened_on = row["happened_on"]
        return EventMould(
            row["seq"],
            row["verb"],
            self._place(User, row["user_id"]),
            self._place(Organisation, row["organisation_id"]),
            self.mould.slot(*self.instant(row["at"])),
            None if happened_on is None else self.mould.slot(*self.day(happened_on)),
            row["audience"],
            Document(self.json(row["data"], step)),
            Document(self.json(row["changed"], step)),
            [
                (
                    name,
                    Filling(self.text(text)),
                    self.mould.slot("salt", row["seq"], name),
                    self.mould.slot("digest", row["seq"], name),
                )
                for name, text in texts.items()
            ],
            self.mould.slot("hash", row["seq"]),
        )

    def _place(self, model: type[Model], value: int | None) -> int | str | None:
        """Return the place of the slot of a key, the key as text where it is everybody's, or nothing."""
        if value is None:
            return None
        found = self.key(model, value)
        return str(found) if isinstance(found, int) else self.mould.slots[self.cast[model][value]]

    @cached_property
    def seqs(self) -> dict[int, int]:
        """Return the number of each entry by its key."""
        return {row["id"]: row["seq"] for row in self.play.rows[Event]}


def mould_of(play: Play, everybody: Mapping[type[Model], frozenset[int]], order: Mapping[Slot, int]) -> Mould:
    """
    Return the mould of a play.

    :param everybody: keys of people and organisations that are the same for every place.
    :param order: where people, organisations and areas stand in what the crowd gives for a place.
    :raises NotMouldable: when the play holds something that a copy would get wrong.
    """
    for row in play.rows.get(Deadline, []):
        if row["unit"] != Unit.HOUR or row["status"] == DeadlineStatus.PAUSED:
            # Days would have to be counted anew for each copy; hours only move.
            raise NotMouldable(f"{play.name} has a deadline in days or a paused one: {row['code']}")
    moulder = Moulder(play, everybody)
    mould = moulder.mould
    texts: dict[int, dict[str, str]] = {}
    for row in play.rows.get(EventText, []):
        texts.setdefault(moulder.seqs[row["event_id"]], {})[row["field"]] = row["text"]
    mould.tables = [(model, moulder.table(model, rows)) for model, rows in play.rows.items()]
    mould.events = [moulder.event(row, texts.get(row["seq"], {})) for row in play.rows[Event]]
    detail = play.rows[kinds.get(play.case["kind"]).detail_model][0]
    mould.category = detail.get("category_id") or 0
    mould.sort_slots(order)
    return mould


def model_named(step: Step | None, name: str) -> type[Model] | None:
    """Return the table to which a number in an entry points, if it does, by the name it has there."""
    declared = step.data._declared_fields.get(name) if step else None
    relation = getattr(declared, "child_relation", declared)
    queryset = getattr(relation, "queryset", None)
    if queryset is not None:
        return queryset.model
    if name in ROWS:
        return ROWS[name]
    column = name.removesuffix("_id")
    if name.endswith("_id") and column in {f.name for f in Case._meta.concrete_fields}:
        return Case._meta.get_field(column).related_model
    return _detail_named(column) if name.endswith("_id") else None


def _detail_named(column: str) -> type[Model] | None:
    """Return the table to which a foreign key of a detail row points, whichever kind has it."""
    for kind in kinds.all_kinds():
        for found in kind.detail_model._meta.concrete_fields:
            if found.name == column:
                return found.related_model
    return None
