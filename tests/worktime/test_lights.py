"""Yellow, orange and red."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.worktime.arithmetic import Light, PauseSpan, due, light, lights
from grid.worktime.calendar import WorkCalendar
from grid.worktime.choices import Told, Unit
from grid.worktime.models import RungRule

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=SHANGHAI)
THIRD, SIXTH = Decimal("0.333333"), Decimal("0.166667")
RULES = [
    RungRule(unit=unit, level=1, share=THIRD, left_days=3, told=Told.SECTION_HEAD)
    for unit in ("day", "workday")
]
RULES += [RungRule(unit=unit, level=2, left_days=1, told=Told.UNIT_HEAD) for unit in ("day", "workday")]
RULES += [
    RungRule(unit="hour", level=1, share=THIRD),
    RungRule(unit="hour", level=2, share=SIXTH, left_hours=2),
]
RULES += [RungRule(unit=unit, level=level) for unit in Unit.values for level in (3, 4)]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def lights_of(start, length, unit, **arguments):
    result = due(start, length, unit, calendar=CALENDAR, **arguments)
    reached = lights(
        result.start_at,
        result.raw_at,
        result.due_at,
        unit,
        RULES,
        calendar=CALENDAR,
        period=result.period,
    )
    return [moment for _, moment in reached], reached


def test_fifteen_days_turn_yellow_with_five_left_orange_with_one_and_red_when_the_rolled_end_has_passed():
    moments, _ = lights_of(at("2026-09-17T10:00"), 15, Unit.DAY)

    # Raw end 2 October, rolled to the 8th.
    assert moments == [at("2026-09-27T00:00"), at("2026-10-01T00:00"), at("2026-10-09T00:00")]


def test_six_days_turn_yellow_with_three_left_because_a_third_would_be_later():
    moments, _ = lights_of(date(2026, 6, 1), 6, Unit.DAY)

    assert moments == [at("2026-06-04T00:00"), at("2026-06-06T00:00"), at("2026-06-09T00:00")]


def test_working_days_left_are_counted_as_working_days():
    # Due on Monday the 8th: the last working day before it is Friday.
    moments, _ = lights_of(date(2026, 6, 1), 5, Unit.WORKDAY)

    assert moments == [at("2026-06-03T00:00"), at("2026-06-05T00:00"), at("2026-06-09T00:00")]


@pytest.mark.parametrize(
    ("length", "yellow", "orange"),
    [
        (2, timedelta(minutes=80), timedelta(minutes=100)),
        (24, timedelta(hours=16), timedelta(hours=22)),
        (72, timedelta(hours=48), timedelta(hours=70)),
    ],
)
def test_hours_turn_yellow_at_exactly_a_third_and_orange_at_two_hours_or_a_sixth(length, yellow, orange):
    start = at("2026-06-01T09:00")

    moments, _ = lights_of(start, length, Unit.HOUR)

    assert moments == [start + yellow, start + orange, start + timedelta(hours=length)]


def test_a_pause_does_not_make_the_period_longer_that_a_third_is_taken_of():
    pause = PauseSpan(at("2026-06-01T10:00"), at("2026-06-11T10:00"))

    moments, _ = lights_of(at("2026-06-01T09:00"), 24, Unit.HOUR, pauses=[pause])

    assert moments[0] == at("2026-06-12T09:00") - timedelta(hours=8)


def test_without_a_period_the_time_from_start_to_raw_end_stands_for_it():
    result = due(at("2026-06-01T09:00"), 24, Unit.HOUR, calendar=CALENDAR)

    reached = lights(result.start_at, result.raw_at, result.due_at, Unit.HOUR, RULES, calendar=CALENDAR)

    assert reached[0] == (1, at("2026-06-02T01:00"))


def test_no_level_is_reached_before_the_start():
    moments, _ = lights_of(at("2026-06-01T14:00"), 1, Unit.DAY)

    assert moments[:2] == [at("2026-06-01T14:00")] * 2


def test_a_light_is_the_highest_level_reached_and_changes_at_the_instant():
    _, reached = lights_of(at("2026-09-17T10:00"), 15, Unit.DAY)

    def shows(text):
        return light(at(text), reached)

    assert shows("2026-09-26T23:59:59") == Light.GREEN
    assert shows("2026-09-27T00:00:00") == Light.YELLOW
    assert shows("2026-10-01T00:00:00") == Light.ORANGE
    # The raw end has passed, but the rolled one has not.
    assert shows("2026-10-08T23:59:59") == Light.ORANGE
    assert shows("2026-10-09T00:00:00") == Light.RED


def test_a_level_that_a_person_decides_on_is_reached_by_no_clock():
    _, reached = lights_of(date(2026, 6, 1), 15, Unit.DAY)

    assert [level for level, _ in reached] == [1, 2, 3]


@settings(max_examples=200, deadline=None)
@given(
    st.dates(date(2004, 1, 1), date(2035, 12, 31)),
    st.integers(1, 400),
    st.sampled_from(list(Unit)),
)
def test_lights_come_in_order_and_as_early_as_the_rule_says(start, length, unit):
    result = due(start, length, unit, calendar=CALENDAR)
    (yellow, orange, red), _ = lights_of(start, length, unit)

    assert result.start_at <= yellow <= orange <= red == result.due_at
    if unit == Unit.HOUR:
        assert (result.raw_at - yellow) * 3 == timedelta(hours=length)
        assert result.raw_at - orange == min(timedelta(hours=2), timedelta(hours=length) / 6)
        return

    def days_left(moment):
        day = moment.date()
        days = [day + timedelta(days=n) for n in range(1, (result.raw_on - day).days + 1)]
        return sum(1 for day in days if unit == Unit.DAY or CALENDAR.is_workday(day))

    warned = max(3, int(Fraction(1, 3) * length))
    for moment, allowed in ((yellow, warned), (orange, 1)):
        assert days_left(moment) <= allowed
        assert moment == result.start_at or days_left(moment - timedelta(days=1)) > allowed


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_light_has_a_word(language):
    words = {colour.label for colour in Light}

    assert len(words) == 4
    assert all(words)


@pytest.mark.django_db
def test_the_three_rungs_of_every_unit_are_shipped():
    rows = RungRule.objects.valid(date(2026, 6, 1))

    assert {(row.unit, row.level, row.told) for row in rows} == {
        (unit, level, told)
        for unit in Unit.values
        for level, told in ((1, "section_head"), (2, "unit_head"), (3, "superior"))
    }
    result = due(at("2026-06-01T09:00"), 72, Unit.HOUR, calendar=CALENDAR)
    reached = lights(result.start_at, result.raw_at, result.due_at, Unit.HOUR, rows, calendar=CALENDAR)
    assert reached[0] == (1, at("2026-06-03T09:00"))


def test_a_rung_tells_everybody_up_to_its_farthest_person():
    assert RungRule(told=Told.UNIT_HEAD).audience == [Told.HANDLER, Told.SECTION_HEAD, Told.UNIT_HEAD]
