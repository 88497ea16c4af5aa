"""Properties of due dates, against a plain list of days and an outside calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grid.worktime.arithmetic import PauseSpan, due, explain, left
from grid.worktime.calendar import DayInfo, WorkCalendar
from grid.worktime.choices import DayKind, Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=SHANGHAI)
FIRST, LAST = date(2004, 1, 1), date(2035, 12, 31)

thorough = settings(max_examples=150, deadline=None)
starts = st.dates(FIRST, LAST)
day_units = st.sampled_from([Unit.DAY, Unit.WORKDAY])
lengths = st.one_of(st.integers(1, 70), st.integers(1, 1500))
extensions = st.integers(0, 60)


@st.composite
def pause_lists(draw, start):
    """Draw pauses around a start: before it, after the end, overlapping, touching, empty."""
    shifts = st.integers(-40, 400)
    pairs = draw(st.lists(st.tuples(shifts, st.integers(0, 90)), max_size=5))
    return [PauseSpan(start + timedelta(days=a), start + timedelta(days=a + b)) for a, b in pairs]


@st.composite
def cases(draw):
    start = draw(starts)
    return (
        start,
        draw(lengths),
        draw(day_units),
        draw(st.booleans()),
        draw(pause_lists(start)),
        draw(extensions),
    )


def is_worked(day):
    """Ask the library itself where it knows, else the calendar."""
    return chinese_calendar.is_workday(day) if day.year <= 2026 else CALENDAR.is_workday(day)


def plain_count(start, length, unit, rolls, pauses, extension):
    """Write every day on a list, strike out what does not count, and read off the one wanted."""
    paused = {
        span.since + timedelta(days=shift)
        for span in pauses
        for shift in range(1, (span.until - span.since).days + 1)
    }
    horizon = (length + extension) * 2 + len(paused) + 60
    days = [start + timedelta(days=shift) for shift in range(1, horizon)]
    counting = [day for day in days if day not in paused and (unit == Unit.DAY or is_worked(day))]
    raw = counting[length + extension - 1]
    after = [raw + timedelta(days=shift) for shift in range(30)]
    return raw, next(day for day in after if is_worked(day)) if rolls else raw


@thorough
@given(cases())
def test_a_plain_count_gives_the_same_date(case):
    start, length, unit, rolls, pauses, extension = case

    result = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)

    assert (result.raw_on, result.due_on) == plain_count(*case)


@thorough
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_pauses_makes_no_difference(case, random):
    start, length, unit, rolls, pauses, extension = case
    shuffled = list(pauses)
    random.shuffle(shuffled)

    one = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)
    other = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=shuffled, extension=extension)

    assert (one.raw_on, one.due_on, one.paused_on) == (other.raw_on, other.due_on, other.paused_on)


@thorough
@given(cases())
def test_working_it_out_again_gives_the_same(case):
    start, length, unit, rolls, pauses, extension = case
    once = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)

    again = due(
        once.start_at,
        once.length,
        once.unit,
        rolls=once.rolls,
        calendar=WorkCalendar(zone=SHANGHAI),
        pauses=once.pauses,
        extension=once.extension,
    )

    assert once == again


@thorough
@given(cases(), st.integers(1, 40))
def test_a_longer_limit_is_never_due_earlier_and_an_extension_is_more_length(case, more):
    start, length, unit, rolls, pauses, extension = case

    def run(length, extension):
        return due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)

    short, long, extended = (
        run(length, extension),
        run(length + more, extension),
        run(length, extension + more),
    )

    assert short.raw_on < long.raw_on
    assert short.due_on <= long.due_on
    assert (extended.raw_on, extended.due_on) == (long.raw_on, long.due_on)


@thorough
@given(cases())
def test_the_end_rolls_forward_to_a_working_day_and_over_rest_days_only(case):
    start, length, unit, _, pauses, extension = case

    result = due(start, length, unit, calendar=CALENDAR, pauses=pauses, extension=extension)

    assert is_worked(result.due_on)
    between = [result.raw_on + timedelta(days=n) for n in range((result.due_on - result.raw_on).days)]
    assert not any(is_worked(day) for day in between)
    assert result.due_at == CALENDAR.first_instant(result.due_on + timedelta(days=1))


@thorough
@given(cases())
def test_on_the_day_of_the_start_everything_is_left_and_at_the_raw_end_nothing(case):
    start, length, unit, rolls, pauses, extension = case
    result = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)

    assert left(result, at=CALENDAR.first_instant(start), calendar=CALENDAR) == length + extension
    assert left(result, at=CALENDAR.first_instant(result.raw_on), calendar=CALENDAR) == 0


@thorough
@given(cases())
def test_an_explanation_accounts_for_every_day_once_and_counts_to_the_limit(case):
    start, length, unit, rolls, pauses, extension = case
    result = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)

    told, counted = [], 0
    for line in explain(result):
        if line.code not in ("counted", "counted_one", "skipped", "paused"):
            continue
        days = (line.values["last"] - line.values["first"]).days + 1
        told += [line.values["first"] + timedelta(days=shift) for shift in range(days)]
        if line.code.startswith("counted"):
            assert line.values["from"] == counted + 1
            counted += days
            assert line.values["to"] == counted

    assert told == [start + timedelta(days=n) for n in range(1, (result.raw_on - start).days + 1)]
    assert counted == length + extension


@st.composite
def hour_cases(draw):
    start = datetime.combine(draw(starts), draw(st.times()), tzinfo=UTC)
    pairs = draw(st.lists(st.tuples(st.integers(-3000, 9000), st.integers(0, 6000)), max_size=5))
    pauses = [PauseSpan(start + timedelta(minutes=a), start + timedelta(minutes=a + b)) for a, b in pairs]
    return start, draw(st.integers(1, 96)), pauses, draw(st.integers(0, 24))


@thorough
@given(hour_cases())
def test_hours_end_when_so_many_unpaused_minutes_have_passed(case):
    start, length, pauses, extension = case

    result = due(start, length, Unit.HOUR, calendar=CALENDAR, pauses=pauses, extension=extension)

    minute, passed = start, 0
    while passed < (length + extension) * 60:
        passed += not any(span.since <= minute < span.until for span in pauses)
        minute += timedelta(minutes=1)
    assert result.due_at == result.raw_at == minute


def scenario(days):
    """Turn days to the other side, as a notice would, and know everything."""
    kinds = {
        day: DayInfo(DayKind.RESTDAY if CALENDAR.is_workday(day) else DayKind.MAKEUP, "", "") for day in days
    }
    return WorkCalendar(zone=SHANGHAI, days=kinds)


@st.composite
def open_cases(draw):
    """Draw short limits near the holidays of years without a notice."""
    holiday = draw(st.sampled_from([(1, 1), (2, 6), (4, 5), (5, 1), (6, 9), (9, 15), (10, 1), (7, 20)]))
    start = date(draw(st.integers(2027, 2035)), *holiday) + timedelta(days=draw(st.integers(-40, 20)))
    unit, rolls = draw(day_units), draw(st.booleans())
    return start, draw(st.integers(1, 45)), unit, rolls, draw(pause_lists(start)), draw(st.integers(0, 9))


@settings(max_examples=400, deadline=None)
@given(open_cases(), st.data())
def test_no_notice_within_reach_moves_a_date_that_is_not_provisional(case, data):
    start, length, unit, rolls, pauses, extension = case
    result = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)
    assume(not result.provisional)
    around = [start + timedelta(days=n) for n in range((result.due_on - start).days + 30)]
    open_days = [day for day in around if CALENDAR.may_change(day)]
    turned = data.draw(st.lists(st.sampled_from(open_days), unique=True) if open_days else st.just([]))

    then = due(
        start, length, unit, rolls=rolls, calendar=scenario(turned), pauses=pauses, extension=extension
    )

    assert then.due_on == result.due_on


@settings(max_examples=400, deadline=None)
@given(open_cases())
def test_a_provisional_date_is_one_that_some_single_day_would_move(case):
    start, length, unit, rolls, pauses, extension = case
    result = due(start, length, unit, rolls=rolls, calendar=CALENDAR, pauses=pauses, extension=extension)
    assume(result.provisional)
    around = [start + timedelta(days=n) for n in range((result.due_on - start).days + 1)]

    moved = [
        due(
            start, length, unit, rolls=rolls, calendar=scenario([day]), pauses=pauses, extension=extension
        ).due_on
        for day in around
        if CALENDAR.may_change(day)
    ]

    assert any(on != result.due_on for on in moved)


@pytest.mark.parametrize("unit", list(Unit))
def test_ten_thousand_units_are_counted_without_harm(unit):
    result = due(date(2004, 1, 1), 10_000, unit, calendar=CALENDAR)

    assert result.due_at > CALENDAR.first_instant(date(2004, 1, 1))
