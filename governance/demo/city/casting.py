"""Cast a batch of incidents from the moulds: lines of COPY for every table, hashes chained by the kernel."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from random import Random
from typing import Any

from django.db.models import Model
from django.utils import timezone
from stdnum.iso7064 import mod_37_36

from governance.demo.city.crowd import Crowd
from governance.demo.city.ground import Ground
from governance.demo.city.moulds import EventMould, Mould
from governance.demo.city.plan import GROWTH, HOUR, YEARS, Batch, Choice, Wanted, draw
from governance.demo.city.silence import Silence
from governance.demo.city.stories import Stories
from grid.casework import kinds
from grid.casework.models import Case, Feed
from grid.casework.timeline import digest_of, hash_of

ONE_DAY = timedelta(days=1)
HISTORY = timedelta(days=365 * YEARS)
# What is closed was reported so long ago at least, so that its play had time to end.
LATEST_REPORT = timedelta(days=14)
# What everybody forgot lies about for up to so long.
FORGOTTEN = timedelta(days=45)
TRIES = 500
# About a metre: where a building stands, not its corner stone.
NEAR = 1e-5


@dataclass(slots=True)
class Entry:
    """What `hash_of` reads of an entry."""

    case_id: int
    seq: int
    verb: str
    user_id: int | None
    party_id: None
    organisation_id: int | None
    at: datetime
    happened_on: date | None
    audience: str
    data: dict[str, Any]
    changed: dict[str, Any]
    digests: dict[str, str]


@dataclass
class Foundry:
    """All that a batch is cast from, with the first key of each table and the first number."""

    wanted: Wanted
    ground: Ground
    crowd: Crowd
    choices: dict[str, Choice]
    stories: Stories
    silence: Silence
    first: dict[type[Model], int]
    first_number: int
    zone: tzinfo = field(default_factory=timezone.get_default_timezone)

    def cast(self, batch: Batch) -> dict[type[Model], str]:
        """Return the lines of COPY of a batch by table; the same whenever it is called."""
        rng, drawn = draw(batch, self.choices, self.wanted.seed)
        placed = [
            (self._begin(sort, mould, batch, rng), place, mould) for place, (sort, mould) in enumerate(drawn)
        ]
        placed.sort(key=lambda one: one[:2])
        keys = {model: first + batch.first.get(model, 0) for model, first in self.first.items()}
        lines: dict[type[Model], list[str]] = defaultdict(list)
        for number, (began, _place, mould) in enumerate(placed, start=self.first_number + batch.first_place):
            values = self._values(mould, began, number, keys, rng)
            for model, filling in mould.tables:
                lines[model].append(filling.fill(values))
            for model, count in mould.counts.items():
                if model in keys:
                    keys[model] += count
        return {model: "".join(found) for model, found in lines.items()}

    def _begin(self, sort: str, mould: Mould, batch: Batch, rng: Random) -> datetime:
        """
        Return when a copy was reported, so that it stands at `as_of` as its mould does.

        :raises RuntimeError: when no instant is found.
        """
        as_of, play = self.wanted.as_of, mould.play
        if sort == "closed":
            return self._begin_closed(mould, batch, rng)
        lasted = play.ended - play.began
        ahead = (play.rung_at or play.ended) - play.began
        for _try in range(TRIES):
            if sort == "due":
                began = as_of + timedelta(microseconds=rng.randint(1, 3_600_000_000)) - ahead
            elif sort == "running":
                began = as_of - lasted - (ahead - lasted - HOUR) * rng.random()
            else:
                began = as_of - lasted - FORGOTTEN * rng.random() ** 3
            silent_at = self._silent_at(mould, began)
            if silent_at is None or silent_at > as_of + HOUR:
                return began
        raise RuntimeError(f"no instant was found at which “{play.name}” stands as it should")

    def _begin_closed(self, mould: Mould, batch: Batch, rng: Random) -> datetime:
        """Return when a closed one was reported: about the hour of the day at which its play began."""
        low, high = batch.slice
        share = (low + (high - low) * rng.random()) ** (1 / GROWTH)
        wished = self.wanted.as_of - LATEST_REPORT - HISTORY * (1 - share)
        days = (wished - mould.play.began) // ONE_DAY
        return mould.play.began + days * ONE_DAY + timedelta(seconds=rng.randint(-1500, 1500))

    def _silent_at(self, mould: Mould, began: datetime) -> datetime | None:
        case = mould.play.case
        if case["silent_at"] is None:
            return None
        return self.silence.after(began + (case["heard_at"] - mould.play.began))

    def _values(
        self, mould: Mould, began: datetime, number: int, keys: dict[type[Model], int], rng: Random
    ) -> list[str]:
        """Return what fills the slots of one copy."""
        grid = rng.choice(self.ground.grids)
        building = grid.first_building + rng.randrange(grid.buildings)
        values = [""] * len(mould.slots)
        for slot, model, place in mould.rows:
            values[slot] = str(keys[model] + place)
        for slot, place in mould.positions:
            values[slot] = str(keys[Feed] - self.first[Feed] + place + 1)
        line = self.crowd.line(grid, building)
        for slot, place in mould.cast:
            values[slot] = line[place]
        for slot, distance in mould.times:
            values[slot] = (began + distance).isoformat(timespec="microseconds")
        here = began.astimezone(self.zone)
        local_day = here.date()
        for slot, days in mould.days:
            values[slot] = (local_day + timedelta(days=days)).isoformat()
        story = self.stories.tell(mould.category, grid.community, rng)
        for slot, name in mould.texts:
            values[slot] = story[name]
        self._fill_point(mould, building, values, rng)
        self._fill_own(mould, began, here.year, number, values)
        head = ""
        for event in mould.events:
            head = _chain(event, keys[Case], head, began, mould, values, rng)
        return values

    def _fill_point(self, mould: Mould, building: int, values: list[str], rng: Random) -> None:
        here = self.ground.place(building)
        for slot, axis in mould.points:
            values[slot] = repr(round(here[axis] + rng.uniform(-NEAR, NEAR), 6))

    def _fill_own(self, mould: Mould, began: datetime, year: int, number: int, values: list[str]) -> None:
        """Fill in the number and what the calendar says of silence."""
        slots, play = mould.slots, mould.play
        if ("number",) in slots:
            prefix = kinds.get(play.case["kind"]).prefix
            values[slots[("number",)]] = numbered(prefix, year, number)
        if ("silent_at",) in slots:
            silent_at = self._silent_at(mould, began)
            rung_at = None if play.rung_at is None else began + (play.rung_at - play.began)
            values[slots[("silent_at",)]] = _instant(silent_at)
            values[slots[("next_rung_at",)]] = _instant(min(filter(None, (silent_at, rung_at)), default=None))


def numbered(prefix: str, year: int, sequence: int) -> str:
    """Return a case number as `timeline.next_number` writes it; the loader compares the two first."""
    stem = f"{prefix}{year}{sequence:06d}"
    return f"{prefix}{year}-{sequence:06d}-{mod_37_36.calc_check_digit(stem)}"


def _instant(value: datetime | None) -> str:
    return "\\N" if value is None else value.astimezone(UTC).isoformat()


def _chain(
    event: EventMould, case: int, head: str, began: datetime, mould: Mould, values: list[str], rng: Random
) -> str:
    """Fill in salts, digests and the hash of an entry, and return the hash."""
    digests = {}
    for name, text, salt_slot, digest_slot in event.texts:
        salt = values[salt_slot] = f"{rng.getrandbits(128):032x}"
        digests[name] = values[digest_slot] = digest_of(salt, text.fill(values))
    entry = Entry(
        case_id=case,
        seq=event.seq,
        verb=event.verb,
        user_id=_key(event.user, values),
        party_id=None,
        organisation_id=_key(event.organisation, values),
        at=datetime.fromisoformat(values[event.at]),
        happened_on=None if event.happened_on is None else date.fromisoformat(values[event.happened_on]),
        audience=event.audience,
        data=event.data.fill(values),
        changed=event.changed.fill(values),
        digests=digests,
    )
    values[event.hash] = hash_of(entry, head)  # type: ignore[arg-type]
    return values[event.hash]


def _key(named: int | str | None, values: list[str]) -> int | None:
    """Return a key from its slot, or as it is where every place has the same."""
    if named is None:
        return None
    return int(values[named] if isinstance(named, int) else named)
