"""
Any order of pauses and extensions gives the date of a plain count, day by day.

The count here knows nothing of `grid.worktime.arithmetic`: it writes every day on a list, strikes out what
does not count, and asks the library itself which days are worked.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from grid.casework import deadlines
from grid.casework.models import Case, Deadline, Extension, Pause, Request
from grid.casework.steps import take_step
from grid.organisations.models import Role
from tests.factories.city import City, acting, add_user, build_city, post
from tests.factories.deadlines import rule, running, start
from tests.factories.incidents import report

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LENGTH = 20

thorough = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Wait:
    """A pause that begins so many hours after the act before it, and is ended early or runs out."""

    after: int
    lasts: int
    ended: int | None


@dataclass(frozen=True)
class More:
    """An extension."""

    after: int
    length: int


hours = st.integers(0, 60)
acts = st.lists(
    st.one_of(
        st.builds(Wait, hours, st.integers(1, 300), st.one_of(st.none(), st.integers(0, 300))),
        st.builds(More, hours, st.integers(1, 12)),
    ),
    max_size=6,
)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    head = add_user("head", "罗主任")
    post(head, city.community_org, Role.COMMUNITY_CLERK, city.community, leads=True)
    for unit in ("day", "workday", "hour"):
        rule(
            unit.upper(),
            unit=unit,
            length=LENGTH if unit != "hour" else 24 * LENGTH,
            rolls=unit == "day",
            may_pause=True,
            extend_by="unit_head",
            extend_max=None,
            extend_times=None,
        )
    case = report(city, at=AT, urgency="red")
    start(case, "DAY", "WORKDAY", "HOUR", at=AT)
    return case


def local(when: datetime) -> date:
    return when.astimezone(SHANGHAI).date()


def plain_count(
    unit: str, length: int, waits: list[tuple[datetime, datetime]], extended: int
) -> tuple[date, date]:
    """Write every day on a list, strike out the paused and the unworked, and read off the one wanted."""
    struck = set()
    for since, until in waits:
        day = local(since) + DAY
        while day <= local(until):
            struck.add(day)
            day += DAY
    counted, day = 0, local(AT)
    while counted < length + extended:
        day += DAY
        if day in struck or (unit == "WORKDAY" and not chinese_calendar.is_workday(day)):
            continue
        counted += 1
    end = day
    while unit == "DAY" and not chinese_calendar.is_workday(end):
        end += DAY
    return day, end


def plain_hours(length: int, waits: list[tuple[datetime, datetime]], extended: int) -> datetime:
    """Walk minute by minute and count those that no pause holds."""
    minute, passed = AT, 0
    while passed < (length + extended) * 60:
        passed += not any(since <= minute < until for since, until in waits)
        minute += timedelta(minutes=1)
    return minute


def act(case: Case, code: str, todo: list[Wait | More]) -> tuple[list[tuple[datetime, datetime]], int]:
    """
    Do all this to a deadline as people do it, and return the pauses and the length that were granted.

    What comes too late is not done: that it is refused is tested elsewhere.
    """
    now, waits, extended = AT, [], 0
    for one in todo:
        now += one.after * HOUR
        deadline = running(case, code)
        if deadline.due_at is None or now >= deadline.due_at:
            break
        if isinstance(one, More):
            deadlines.extend(deadline, length=one.length, reason="疑难", at=now)
            extended += one.length
            continue
        until = now + one.lasts * HOUR
        ended = until if one.ended is None else min(until, now + one.ended * HOUR)
        deadlines.pause(deadline, until=until, reason="听证", at=now)
        deadlines.resume(running(case, code), at=ended)
        waits.append((now, ended))
        now = ended
    event(f"{len(waits)} pauses")
    return waits, extended


@thorough
@given(acts, st.sampled_from(["DAY", "WORKDAY"]))
def test_any_order_of_pauses_and_extensions_gives_the_date_of_a_plain_count(
    case: Case, todo: list[Wait | More], code: str
) -> None:
    with transaction.atomic():
        waits, extended = act(case, code, todo)
        row = running(case, code)

        assert (row.raw_on, row.due_on) == plain_count(code, LENGTH, waits, extended)
        assert row.due_at == datetime.combine(row.due_on + DAY, datetime.min.time(), SHANGHAI)
        assert not deadlines.recompute(row)
        transaction.set_rollback(True)


@settings(thorough, max_examples=25)
@given(acts)
def test_hours_end_when_so_many_unpaused_minutes_have_passed(case: Case, todo: list[Wait | More]) -> None:
    with transaction.atomic():
        waits, extended = act(case, "HOUR", todo)

        assert running(case, "HOUR").due_at == plain_hours(24 * LENGTH, waits, extended)
        transaction.set_rollback(True)


@thorough
@given(acts, st.sampled_from(["DAY", "WORKDAY", "HOUR"]), st.randoms(use_true_random=False))
def test_the_order_in_which_the_rows_were_written_makes_no_difference(
    case: Case, todo: list[Wait | More], code: str, shuffler: random.Random
) -> None:
    with transaction.atomic():
        act(case, code, todo)
        stood = running(case, code)
        pauses = list(Pause.objects.filter(deadline=stood).values("starts_at", "until", "ended_at"))
        longer = list(Extension.objects.filter(deadline=stood).values("length", "at"))
        Pause.objects.all().delete()
        Extension.objects.all().delete()
        shuffler.shuffle(pauses)
        shuffler.shuffle(longer)
        for row in pauses:
            Pause.objects.create(deadline=stood, reason="听证", ended_why="ran_out", **row)
        for row in longer:
            Extension.objects.create(deadline=stood, reason="疑难", **row)

        assert not deadlines.recompute(running(case, code))
        transaction.set_rollback(True)


REROUTING: dict[str, dict[str, Any]] = {
    "comment": {"text": "催"},
    "correct": {"title": "更正", "reason": "笔误"},
    "assign": {},
    "move": {"reason": "在二网格"},
    "dispatch": {"reason": "属城管"},
}


@thorough
@given(st.lists(st.tuples(st.sampled_from(sorted(REROUTING)), hours), max_size=5))
def test_what_people_say_and_where_the_matter_goes_moves_no_deadline(
    city: City, case: Case, walk: list[tuple[str, int]]
) -> None:
    filled = {
        "assign": {"assignee": city.clerk.pk},
        "move": {"area": city.grid_2.code},
        "dispatch": {"lead": city.department.code},
    }
    columns = ("code", "raw_on", "due_on", "due_at", "yellow_at", "orange_at", "provisional")
    with transaction.atomic():
        stood = sorted(Deadline.objects.filter(case=case).values_list(*columns), key=str)
        now, led = AT, True
        for name, after in walk:
            now += after * HOUR
            if led:
                data = REROUTING[name] | filled.get(name, {})
                take_step(case.pk, name, by=acting(city.clerk), data=data, at=now)
            led = led and name != "dispatch"

        assert sorted(Deadline.objects.filter(case=case).values_list(*columns), key=str) == stood
        transaction.set_rollback(True)


@settings(thorough, max_examples=25)
@given(st.permutations(["DAY", "WORKDAY", "HOUR"]), st.integers(1, 9), st.integers(1, 200))
def test_several_deadlines_of_one_case_leave_one_another_alone(
    city: City, case: Case, order: list[str], length: int, lasts: int
) -> None:
    paused, longer, alone = order
    with transaction.atomic():
        before = {code: running(case, code).due_at for code in order}
        deadlines.pause(running(case, paused), until=AT + lasts * HOUR, reason="听证", at=AT)
        deadlines.extend(running(case, longer), length=length, reason="疑难", at=AT)
        waits = [(AT, AT + lasts * HOUR)]
        deadlines.resume(running(case, paused), at=AT + 400 * HOUR)

        assert running(case, alone).due_at == before[alone]
        assert _plain_due(longer, [], length) == running(case, longer).due_at
        assert _plain_due(paused, waits, 0) == running(case, paused).due_at
        transaction.set_rollback(True)


def _plain_due(code: str, waits: list[tuple[datetime, datetime]], extended: int) -> datetime:
    if code == "HOUR":
        return plain_hours(24 * LENGTH, waits, extended)
    _raw, end = plain_count(code, LENGTH, waits, extended)
    return datetime.combine(end + DAY, datetime.min.time(), SHANGHAI)


@settings(thorough, max_examples=20)
@given(acts)
def test_asked_and_decided_by_steps_comes_to_the_same_as_the_plain_count(
    city: City, case: Case, todo: list[Wait | More]
) -> None:
    """The same acts, each asked by one person and granted by another, through the one way in."""
    head = acting(type(city.clerk).objects.get(username="head"))
    clerk = acting(city.clerk)
    with transaction.atomic():
        now, waits, extended = AT, [], 0
        for one in todo:
            now += one.after * HOUR
            due_at = running(case, "DAY").due_at
            if due_at is None or now >= due_at:
                break
            what = "extension" if isinstance(one, More) else "pause"
            until = now + (one.lasts * HOUR if isinstance(one, Wait) else DAY)
            wish = {"length": one.length} if isinstance(one, More) else {"until": until.isoformat()}
            data = {"deadline": "DAY", "reason": "听证"} | wish
            take_step(case.pk, f"ask_{what}", by=clerk, data=data, at=now)
            request = Request.objects.latest("pk").pk
            granted = {"request": request, "reason": "同意"}
            take_step(case.pk, f"grant_{what}", by=head, data=granted, at=now)
            if isinstance(one, More):
                extended += one.length
                continue
            ended = until if one.ended is None else min(until, now + one.ended * HOUR)
            note = {"deadline": "DAY", "note": "已开"}
            take_step(case.pk, "end_pause", by=clerk, data=note, at=ended)
            waits.append((now, ended))
            now = ended
        row = running(case, "DAY")

        assert (row.raw_on, row.due_on) == plain_count("DAY", LENGTH, waits, extended)
        transaction.set_rollback(True)
