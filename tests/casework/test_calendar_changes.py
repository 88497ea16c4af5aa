"""After a change of the calendar exactly the dates that it can touch are worked out anew, each once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone, translation

from grid.casework import calendar_changes, deadlines, ledger, pages, timeline
from grid.casework.actors import Actor
from grid.casework.calendar_changes import recompute_changed, recompute_open
from grid.casework.errors import CaseBusy
from grid.casework.models import Case, Deadline, Event
from grid.casework.pages import CasePage
from grid.casework.steps import take_step
from grid.casework.tasks import recompute_deadlines
from grid.worktime.models import CalendarChange, DayKind
from grid.worktime.services import confirm_year, override_day
from tests.factories.city import City, acting, build_city
from tests.factories.deadlines import rule, running, start
from tests.factories.incidents import report, take

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


def with_deadline(city: City, at: datetime = AT, **fields: Any) -> Case:
    """Return a case with a deadline T of 15 calendar days beside its own in hours."""
    case = report(city, at=at)
    if not Deadline.objects.filter(code="T").exists():
        rule("T", **fields)
    start(case, "T", at=at)
    return case


def rest(on: date, at: datetime = AT, kind: DayKind = DayKind.RESTDAY) -> CalendarChange:
    override_day(on=on, kind=kind, source="测试通知", by=None, at=at)
    return CalendarChange.objects.latest("pk")


def entries(case: Case) -> list[Event]:
    return list(Event.objects.filter(case=case, verb="recompute").order_by("seq"))


def facts(case: Case, city: City) -> dict[str, str]:
    """Return the newest entry in English words."""
    found = pages.find(case.number, acting(city.clerk))
    assert found is not None
    with translation.override("en"):
        entry = CasePage(found, acting(city.clerk), at=LATER).entries[0]
        return dict(entry.facts) | {label: after for label, _before, after in entry.changed}


def test_a_last_day_that_becomes_a_rest_day_moves_the_date_with_an_entry(city: City) -> None:
    case = with_deadline(city)
    before = running(case, "T")
    assert before.due_on == date(2026, 9, 16)
    change = rest(date(2026, 9, 16))

    assert recompute_changed(at=LATER) == 1

    after = running(case, "T")
    assert (after.raw_on, after.due_on) == (date(2026, 9, 16), date(2026, 9, 17))
    (event,) = entries(case)
    assert event.changed == {"deadline:T": [timeline.plain(before.due_at), timeline.plain(after.due_at)]}
    assert event.data == {"why": "calendar_changed"}
    change.refresh_from_db()
    assert (change.moved, change.done_at) == (1, LATER)
    assert facts(case, city) == {"Why": "The calendar has changed.", "Test T": "2026-09-18 00:00"}
    assert list(ledger.check()) == []


def test_doing_it_twice_changes_nothing(city: City) -> None:
    case = with_deadline(city)
    change = rest(date(2026, 9, 16))
    recompute_changed(at=LATER)
    stood = Deadline.objects.values().get(case=case, code="T")

    assert recompute_changed(at=LATER + DAY) == 0
    assert recompute_open(at=LATER + DAY) == 0
    CalendarChange.objects.update(done_at=None)
    assert recompute_changed(at=LATER + 2 * DAY) == 0

    change.refresh_from_db()
    assert change.moved == 1
    assert Deadline.objects.values().get(case=case, code="T") == stood
    assert len(entries(case)) == 1


@pytest.mark.parametrize(
    ("fields", "on", "moves"),
    [
        # Calendar days: only where the end falls may it roll.
        ({}, date(2026, 9, 8), False),
        ({}, date(2026, 9, 16), True),
        ({}, date(2026, 9, 17), False),
        ({"rolls": False}, date(2026, 9, 16), False),
        # Working days: every day after the start up to the end counts.
        ({"unit": "workday"}, date(2026, 9, 8), True),
        ({"unit": "workday"}, date(2026, 9, 1), False),
        ({"unit": "workday"}, date(2026, 8, 31), False),
        ({"unit": "workday"}, date(2026, 10, 12), False),
        # Hours know no calendar.
        ({"unit": "hour", "length": 400, "rolls": False}, date(2026, 9, 8), False),
    ],
)
def test_a_changed_day_touches_what_it_can_move_and_nothing_else(
    city: City, fields: dict[str, Any], on: date, moves: bool
) -> None:
    case = with_deadline(city, **fields)
    change = rest(on)

    assert recompute_changed(at=LATER) == int(moves)

    change.refresh_from_db()
    assert (change.moved, change.done_at) == (int(moves), LATER)
    assert len(entries(case)) == int(moves)
    # Nothing else is left over either.
    assert recompute_open(at=LATER) == 0
    assert list(ledger.check()) == []


def test_every_date_that_any_single_day_moves_is_among_those_touched(city: City) -> None:
    """The narrowing is compared with working out everything, for each day around a deadline."""
    case = with_deadline(city, unit="workday", length=5)
    rule("R", length=12)
    start(case, "R", at=AT)
    for shift in range(-3, 25):
        on = date(2026, 9, 1) + shift * DAY
        kind = DayKind.MAKEUP if on.weekday() >= 5 else DayKind.RESTDAY
        rest(on, at=AT + shift * timedelta(seconds=1), kind=kind)

        recompute_changed(at=LATER)

        assert recompute_open(at=LATER) == 0, on


def test_a_paused_deadline_moves_silently_until_it_runs_again(city: City) -> None:
    case = with_deadline(city, may_pause=True)
    deadlines.pause(running(case, "T"), until=AT + 3 * DAY, reason="听证", at=AT + timedelta(hours=1))
    rest(date(2026, 9, 21), at=AT + timedelta(hours=2))

    assert recompute_changed(at=AT + timedelta(hours=3)) == 0

    take_step(case.pk, "resume", by=Actor.machine(), data={}, at=AT + 3 * DAY)
    assert running(case, "T").due_on == date(2026, 9, 20)
    assert recompute_open(at=AT + 4 * DAY) == 0


def test_confirming_a_year_ends_what_was_provisional_and_says_that_the_date_stands(city: City) -> None:
    at = datetime(2026, 12, 22, 2, 0, tzinfo=UTC)
    case = with_deadline(city, at=at, unit="workday")
    before = running(case, "T")
    assert before.provisional
    override_day(on=date(2027, 2, 13), kind=DayKind.MAKEUP, source="2027 年放假通知", by=None, at=at)
    recompute_changed(at=at + timedelta(minutes=1))
    assert running(case, "T").provisional
    confirm_year(year=2027, source="2027 年放假通知", by=None, at=at + DAY)

    assert recompute_changed(at=at + DAY + timedelta(minutes=1)) == 1

    after = running(case, "T")
    assert (after.provisional, after.due_at) == (False, before.due_at)
    (event,) = entries(case)
    assert event.changed == {}
    assert event.data == {"why": "year_confirmed", "years": [2027], "stands": ["T"]}
    assert facts(case, city) == {"Why": "The calendar of 2027 is confirmed.", "The date stands": "Test T"}
    assert CalendarChange.objects.filter(done_at=None).count() == 0
    assert CalendarChange.objects.get(year=2027).moved == 1


def test_confirming_a_year_leaves_what_was_certain_alone(city: City) -> None:
    case = with_deadline(city)
    override_day(on=date(2027, 2, 13), kind=DayKind.MAKEUP, source="x", by=None, at=AT)
    confirm_year(year=2027, source="x", by=None, at=AT)

    assert recompute_changed(at=LATER) == 0

    assert entries(case) == []
    assert CalendarChange.objects.filter(done_at=None).count() == 0


def test_a_date_that_moves_and_is_confirmed_says_both(city: City) -> None:
    at = datetime(2026, 12, 22, 2, 0, tzinfo=UTC)
    case = with_deadline(city, at=at, unit="workday")
    rest(date(2027, 1, 4), at=at)
    confirm_year(year=2027, source="2027 年放假通知", by=None, at=at)

    recompute_changed(at=at + timedelta(minutes=1))

    (event,) = entries(case)
    assert event.data == {"why": "calendar_changed", "years": [2027]}
    assert "The calendar has changed. The calendar of 2027 is confirmed." in facts(case, city).values()
    assert list(CalendarChange.objects.values_list("moved", flat=True)) == [1, 1]


def test_several_deadlines_of_one_case_stand_in_one_entry(city: City) -> None:
    case = with_deadline(city)
    rule("W", unit="workday", length=11)
    start(case, "W", at=AT)
    rest(date(2026, 9, 16))

    assert recompute_changed(at=LATER) == 1

    (event,) = entries(case)
    assert set(event.changed) == {"deadline:T", "deadline:W"}
    assert case.next_due_at is not None


def test_a_finished_deadline_keeps_its_date(city: City) -> None:
    case = with_deadline(city)
    take(case, "void", city.clerk, at=AT + timedelta(hours=1), reason="误报")
    stood = Deadline.objects.values().get(case=case, code="T")
    rest(date(2026, 9, 16))

    assert recompute_changed(at=LATER + DAY) == 0

    assert Deadline.objects.values().get(case=case, code="T") == stood


def test_a_run_that_is_killed_is_taken_up_again_and_counts_each_case_once(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [with_deadline(city) for _ in range(4)]
    change = rest(date(2026, 9, 16))
    real, calls = calendar_changes.take_step, []

    def killed(case_id: int, *args: Any, **kwargs: Any) -> Any:
        calls.append(case_id)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(case_id, *args, **kwargs)

    monkeypatch.setattr(calendar_changes, "take_step", killed)
    with pytest.raises(KeyboardInterrupt):
        recompute_changed(at=LATER)
    change.refresh_from_db()
    assert (change.moved, change.done_at) == (2, None)

    assert recompute_changed(at=LATER + timedelta(minutes=1)) == 2

    change.refresh_from_db()
    assert (change.moved, change.done_at) == (4, LATER + timedelta(minutes=1))
    assert [len(entries(c)) for c in cases] == [1, 1, 1, 1]


@pytest.mark.parametrize("trouble", [CaseBusy, RuntimeError])
def test_a_case_that_cannot_be_worked_out_now_keeps_the_change_open_and_stops_no_other(
    city: City, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    first, second = with_deadline(city), with_deadline(city)
    change = rest(date(2026, 9, 16))
    real = calendar_changes.take_step

    def failing(case_id: int, *args: Any, **kwargs: Any) -> Any:
        if case_id == first.pk:
            raise trouble
        return real(case_id, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(calendar_changes, "take_step", failing)
        assert recompute_changed(at=LATER) == 1
    change.refresh_from_db()
    assert (change.moved, change.done_at) == (1, None)

    assert recompute_changed(at=LATER + DAY) == 1

    change.refresh_from_db()
    assert (change.moved, change.done_at) == (2, LATER + DAY)
    assert len(entries(first)) == len(entries(second)) == 1


def test_a_deadline_that_cannot_be_computed_stops_no_other(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, sound = with_deadline(city), with_deadline(city)
    change = rest(date(2026, 9, 16))
    real = deadlines.compute

    def failing(deadline: Deadline, *args: Any) -> None:
        if deadline.case_id == poisoned.pk:
            raise ValueError("length must be at least 1")
        real(deadline, *args)

    monkeypatch.setattr(deadlines, "compute", failing)
    assert recompute_changed(at=LATER) == 1

    change.refresh_from_db()
    assert (change.moved, change.done_at) == (1, None)
    assert (len(entries(poisoned)), len(entries(sound))) == (0, 1)


def test_a_change_is_done_only_when_no_step_can_still_go_by_the_old_calendar(city: City) -> None:
    case = with_deadline(city)
    change = rest(date(2026, 9, 16))

    assert recompute_changed(at=AT) == 1
    change.refresh_from_db()
    assert change.done_at is None
    recompute_changed(at=LATER)

    change.refresh_from_db()
    assert change.done_at == LATER
    assert len(entries(case)) == 1


def test_small_batches_come_to_the_same(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_changes, "BATCH", 1)
    cases = [with_deadline(city) for _ in range(3)]
    rule("W", unit="workday", length=11)
    for case in cases:
        start(case, "W", at=AT)
    rest(date(2026, 9, 16))

    assert recompute_changed(at=LATER) == 3

    assert [len(entries(c)) for c in cases] == [1, 1, 1]
    assert list(ledger.check()) == []


def test_without_a_change_the_job_asks_one_question(city: City, django_assert_num_queries: Any) -> None:
    with_deadline(city)

    with django_assert_num_queries(1):
        recompute_deadlines()


def test_the_job_goes_by_the_clock_of_the_portal(city: City) -> None:
    at = timezone.now() - timedelta(minutes=5)
    case = with_deadline(city, at=at)
    due_on = running(case, "T").due_on
    assert due_on is not None
    rest(due_on, at=at)

    recompute_deadlines()

    assert running(case, "T").due_on != due_on
    assert CalendarChange.objects.get().done_at is not None


def test_a_worker_leaves_a_run_to_the_one_that_is_at_it(transactional_db: None) -> None:
    city = build_city()
    case = with_deadline(city)
    rest(date(2026, 9, 16))

    with calendar_changes._alone() as alone, ThreadPoolExecutor(1) as pool:
        assert alone
        assert pool.submit(_run_in_thread).result() == 0
    assert entries(case) == []

    assert calendar_changes.run(at=LATER) == 1


def _run_in_thread() -> int:
    try:
        return calendar_changes.run(at=LATER)
    finally:
        connections.close_all()


def test_nothing_is_written_where_nothing_changes(city: City) -> None:
    case = with_deadline(city)

    refused = pytest.raises(calendar_changes.serializers.ValidationError, match="No date")
    with translation.override("en"), refused:
        take_step(case.pk, "recompute", by=Actor.machine(), data={}, at=LATER)

    assert entries(case) == []


@pytest.fixture
def at_once() -> Callable[[Callable[[], int]], list[int]]:
    """Run a function in four threads at once, each with its own connection."""

    def run(function: Callable[[], int]) -> list[int]:
        gate = Barrier(4)

        def one(_: int) -> int:
            try:
                gate.wait(timeout=20)
                return function()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(one, range(4)))

    return run


def test_four_workers_at_once_move_each_case_once_and_count_it_once(
    transactional_db: None, at_once: Callable[[Callable[[], int]], list[int]]
) -> None:
    city = build_city()
    cases = [with_deadline(city) for _ in range(6)]
    change = rest(date(2026, 9, 16))

    counted = at_once(lambda: recompute_changed(at=LATER))

    recompute_changed(at=LATER + DAY)
    change.refresh_from_db()
    assert sum(counted) == 6
    assert change.moved == 6
    assert change.done_at is not None
    assert [len(entries(c)) for c in cases] == [1] * 6
    assert list(ledger.check()) == []
