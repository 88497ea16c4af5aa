"""Play a life through the real steps and the real ladder, and keep every row that came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, transaction
from django.db.models import AutoField, Model
from django.utils import timezone

from governance.demo.bodies import table
from governance.demo.city.copying import sequence_of
from governance.demo.city.crowd import Cast
from governance.demo.city.scenarios import Scenario
from governance.demo.texts import say
from grid.areas.models import Area, Tier
from grid.casework.actors import Actor
from grid.casework.deadlines import rungs
from grid.casework.models import Case, Event, Outcome
from grid.casework.steps import open_case, take_step
from grid.incidents.data import FAILED, PASSED
from grid.incidents.models import Category
from grid.incidents.routing import routes
from grid.organisations.models import Organisation
from grid.people.models import User
from grid.supervision.services import climb

KIND = "incident"
MINUTE = timedelta(minutes=1)
HOURS = {"red": 2, "yellow": 24, "blue": 72}
# What stands for the texts and the place of a copy; nobody would type these.
MARKS = {name: f"〖{name}〗" for name in ("title", "description", "address", "result")}
POINT = (119.0123457, 33.4123457)
# Keys of rows of a play: of each table in a range of its own, so that each can be told from all others.
FIRST_KEY = 10**12
LISTED = {row["category"]: row["lead"] for row in table("duties") if row["tier"] == "district"}

Rows = dict[type[Model], list[dict[str, Any]]]


@dataclass
class Play:
    """
    A case as it stood at one moment, with every row that hangs on it.

    `ended` is its last entry; `rung_at` is when the next rung of one of its deadlines is due, and `level`
    which; 0 when there is none.
    """

    name: str
    weight: int
    cast: Cast
    rows: Rows
    began: datetime
    ended: datetime
    rung_at: datetime | None
    level: int

    @property
    def case(self) -> dict[str, Any]:
        """Return the row of the case."""
        return self.rows[Case][0]


def hanging_on_cases() -> list[type[Model]]:
    """Return the case and every model that hangs on it by foreign keys, however far, parents first."""
    found: list[type[Model]] = [Case]
    for model in found:
        for relation in model._meta.related_objects:
            related = relation.related_model
            if relation.field.concrete and not relation.many_to_many and related not in found:
                found.append(related)
    return found


@contextmanager
def stage() -> Iterator[None]:
    """Play in a transaction that is taken back, with keys of its own; sequences are put back, too."""
    sequences = [sequence_of(m) for m in hanging_on_cases() if isinstance(m._meta.pk, AutoField)]
    with transaction.atomic():
        with connection.cursor() as cursor:
            stood = {}
            for number, name in enumerate(sequences, start=1):
                cursor.execute(f"SELECT last_value, is_called FROM {name}")  # noqa: S608  (a sequence)
                stood[name] = cursor.fetchone()
                cursor.execute("SELECT setval(%s, %s)", [name, number * FIRST_KEY])
            cursor.execute("SELECT last_value, is_called FROM casework_number")
            stood["casework_number"] = cursor.fetchone()
        try:
            yield
        finally:
            transaction.set_rollback(True)
    with connection.cursor() as cursor:
        for name, (last, called) in stood.items():
            cursor.execute("SELECT setval(%s, %s, %s)", [name, last, called])


class Player:
    """Plays lives in one place."""

    def __init__(self, cast: Cast, rng: Random) -> None:
        """Take who and what is there."""
        self.cast, self.rng = cast, rng
        self.people = User.objects.in_bulk(cast.users.values())
        self.offices = {name: Organisation.objects.get(pk=pk) for name, pk in cast.organisations.items()}
        self.area = Area.objects.get(pk=cast.areas["building"])
        self.actors: dict[int, Actor] = {}
        self.first: dict[Category, str] = {}

    def categories(self, tier: str, *, on: datetime) -> list[Category]:
        """Return the categories that a tier gets first and that can be dispatched; all if it is empty."""
        if not self.first:
            leaves = Category.objects.active().exclude(parent=None).select_related("parent").order_by("code")
            for category in leaves:
                lines = routes(category, self.area, on=timezone.localdate(on)).listed
                self.first[category] = lines[0].tier if lines else Tier.COMMUNITY
        if not tier:
            return list(self.first)
        return [
            c for c, got in self.first.items() if got == tier and (c.code in LISTED or c.code[0] in LISTED)
        ]

    def play(self, scenario: Scenario, *, at: datetime) -> Iterator[Play]:
        """
        Play a life from the report on, and yield it as it stands at the end.

        One that is open then is yielded again after each time that the ladder looks at it, up to the last.
        """
        with transaction.atomic():
            yield from self._play(scenario, at)
            transaction.set_rollback(True)

    def _play(self, scenario: Scenario, at: datetime) -> Iterator[Play]:
        urgency = self.rng.choice(scenario.urgencies)
        category = self.rng.choice(self.categories(scenario.first, on=at))
        pace = self.rng.uniform(0.85, 1.15)
        case: Case | None = None
        now = at
        for move, share in scenario.moves:
            now = at + timedelta(hours=HOURS[urgency] * share * pace, seconds=self.rng.randint(0, 59))
            now = now if share else at
            step, _colon, variant = move.partition(":")
            if case is None:
                by = self.people[self.cast.users["worker"]]
                done = {"result": MARKS["result"]} if step == "report_done" else {}
                data = self._seen(category, urgency) | done
                case = open_case(KIND, step, by=self._actor(by, at), data=data, at=now).case
                continue
            case = self._climb_until(case, now)
            by, data = self._move(case, step, variant)
            case = take_step(case.pk, step, by=self._actor(by, at), data=data, at=now).case
        if case is None:
            raise ValueError(f"{scenario.name} has no moves")
        yield self._keep(scenario, case, at)
        while case.next_rung_at is not None:
            case = self._climb_until(case, case.next_rung_at, once=True)
            yield self._keep(scenario, case, at)

    def _climb_until(self, case: Case, until: datetime, *, once: bool = False) -> Case:
        """Climb every rung that is due by then, each at the minute in which beat would have climbed it."""
        while case.next_rung_at is not None and case.next_rung_at <= until:
            due = case.next_rung_at
            minute = due.replace(second=0, microsecond=0)
            climb(minute if minute == due else minute + MINUTE)
            case = Case.objects.get(pk=case.pk)
            if case.next_rung_at is not None and case.next_rung_at <= due:
                raise RuntimeError(f"the ladder passed by {case.number}")
            if once:
                break
        return case

    def _keep(self, scenario: Scenario, case: Case, at: datetime) -> Play:
        rows = rows_of(case)
        level, rung_at = next(iter(_rungs_ahead(case)), (0, None))
        ended = max(event["at"] for event in rows[Event])
        return Play(scenario.name, scenario.weight, self.cast, rows, at, ended, rung_at, level)

    def _actor(self, user: User, at: datetime) -> Actor:
        if user.pk not in self.actors:
            self.actors[user.pk] = Actor(user, on=timezone.localdate(at))
        return self.actors[user.pk]

    def _seen(self, category: Category, urgency: str) -> dict[str, Any]:
        return {name: MARKS[name] for name in ("title", "description", "address")} | {
            "category": category.code,
            "urgency": urgency,
            "area": self.area.code,
            "longitude": POINT[0],
            "latitude": POINT[1],
            "accuracy_m": self.rng.randint(4, 35),
        }

    def _move(self, case: Case, step: str, variant: str) -> tuple[User, dict[str, Any]]:
        """Return who takes a step, and what he writes."""
        named = f"{step}:{variant}" if variant else step
        who = WHO.get(step, "holder")
        if who == "holder":
            office = next(name for name, pk in self.cast.organisations.items() if pk == case.lead_id)
            prefix = {"community": "clerk"}.get(office, office)
            who = f"{prefix}0" if prefix in ("clerk", "street", "district") else f"{prefix}-0"
        return self.people[self.cast.users[who]], DATA.get(named, _nothing)(self, case)


def _rungs_ahead(case: Case) -> list[tuple[int, datetime]]:
    """Return level and instant of the rungs that its deadlines have yet to reach, the nearest first."""
    found: list[tuple[int, datetime]] = []
    for deadline in case.deadlines.filter(ended_at=None).exclude(next_rung_at=None):
        found += [rung for rung in rungs(deadline) if rung[1] == deadline.next_rung_at]
    return sorted(found, key=lambda rung: rung[1])


def _nothing(player: Player, case: Case) -> dict[str, Any]:
    return {}


def _says(name: str, topic: str) -> Callable[[Player, Case], dict[str, Any]]:
    return lambda player, case: {name: say(topic, player.rng, where="现场", m=3)}


def _dispatch(player: Player, case: Case) -> dict[str, Any]:
    code = Category.objects.get(incidents=case.pk).code
    office = player.offices[LISTED.get(code) or LISTED[code[0]]]
    return {"lead": office.code, "reason": say("dispatch", player.rng)}


WHO = {"answer": "worker", "verify": "worker", "reopen": "worker", "close": "clerk0", "void": "clerk0"}
DATA: dict[str, Callable[[Player, Case], dict[str, Any]]] = {
    "dispatch": _dispatch,
    "escalate": _says("reason", "escalate"),
    "ask": _says("question", "ask"),
    "answer": _says("answer", "answer"),
    "handle": lambda player, case: {"result": MARKS["result"]},
    "verify": lambda player, case: {"finding": PASSED},
    "verify:failed": lambda player, case: {"finding": FAILED, "text": say("verify_failed", player.rng)},
    "close": lambda player, case: {"outcome": Outcome.SOLVED},
    "close:explained": lambda player, case: {
        "outcome": Outcome.EXPLAINED,
        "explanation": say("explained", player.rng),
    },
    "reopen": _says("reason", "reopen"),
    "void": _says("reason", "void"),
    "comment": _says("text", "comment"),
}


def rows_of(case: Case) -> Rows:
    """Return every row that hangs on a case, as values by attribute name, in the order of their keys."""
    rows: Rows = {}
    keys: dict[type[Model], list[int]] = {}
    for model in hanging_on_cases():
        found = {case.pk} if model is Case else _keys_of(model, keys)
        if found:
            names = [f.attname for f in model._meta.concrete_fields]
            rows[model] = list(model._base_manager.filter(pk__in=found).order_by("pk").values(*names))
            keys[model] = sorted(found)
    return rows


def _keys_of(model: type[Model], above: dict[type[Model], list[int]]) -> set[int]:
    """Return the keys of the rows of a model that hang on rows already found; most tables have none."""
    pk, table = model._meta.pk.column, model._meta.db_table
    found: set[int] = set()
    with connection.cursor() as cursor:
        for column in model._meta.concrete_fields:
            if column.related_model in above:
                cursor.execute(
                    f'SELECT "{pk}" FROM "{table}" WHERE "{column.column}" = ANY(%s)',  # noqa: S608
                    [above[column.related_model]],
                )
                found.update(row[0] for row in cursor.fetchall())
    return found
