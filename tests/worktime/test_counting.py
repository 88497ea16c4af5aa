"""Due dates: the law's examples, pauses, extensions, provisional dates, hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grid.worktime.arithmetic import PauseSpan, due, left
from grid.worktime.calendar import DayInfo, WorkCalendar
from grid.worktime.choices import DayKind, Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=SHANGHAI)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "length", "unit", "raw", "rolled", "provisional"),
    [
        ("2026-09-17", 15, Unit.DAY, "2026-10-02", "2026-10-08", False),
        ("2026-03-02", 60, Unit.DAY, "2026-05-01", "2026-05-06", False),
        ("2026-06-01", 30, Unit.DAY, "2026-07-01", "2026-07-01", False),
        ("2025-12-17", 15, Unit.DAY, "2026-01-01", "2026-01-04", False),
        ("2026-09-28", 5, Unit.WORKDAY, "2026-10-10", "2026-10-10", False),
        ("2026-04-30", 5, Unit.WORKDAY, "2026-05-11", "2026-05-11", False),
        ("2026-12-28", 5, Unit.WORKDAY, "2027-01-05", "2027-01-05", True),
    ],
)
def test_the_examples_of_the_field_come_out(start, length, unit, raw, rolled, provisional):
    result = due(date.fromisoformat(start), length, unit, calendar=CALENDAR)

    assert result.raw_on == date.fromisoformat(raw)
    assert result.due_on == date.fromisoformat(rolled)
    assert result.provisional is provisional


def test_it_is_late_from_midnight_after_the_last_day_on():
    result = due(date(2026, 9, 17), 15, Unit.DAY, calendar=CALENDAR)

    assert result.raw_at == at("2026-10-03T00:00")
    assert result.due_at == at("2026-10-09T00:00")


def test_the_days_over_which_the_end_rolled_are_named():
    result = due(date(2026, 9, 17), 15, Unit.DAY, calendar=CALENDAR)

    assert [day.on.day for day in result.skipped] == [2, 3, 4, 5, 6, 7]
    assert {(day.kind, day.name, day.name_en) for day in result.skipped} == {
        (DayKind.HOLIDAY, "国庆节", "National Day")
    }


def test_an_end_that_does_not_roll_stays_where_it_is():
    result = due(date(2026, 9, 17), 15, Unit.DAY, rolls=False, calendar=CALENDAR)

    assert result.due_on == result.raw_on == date(2026, 10, 2)
    assert result.skipped == ()


def test_a_moment_counts_as_its_local_day():
    late_evening = datetime(2026, 9, 16, 17, 30, tzinfo=UTC)  # 01:30 on the 17th in the city

    result = due(late_evening, 15, Unit.DAY, calendar=CALENDAR)

    assert result.start_on == date(2026, 9, 17)
    assert result.raw_on == date(2026, 10, 2)


def test_hours_run_through_nights_and_holidays_and_never_roll():
    result = due(at("2026-09-30T20:00"), 24, Unit.HOUR, calendar=CALENDAR)

    assert result.raw_at == result.due_at == at("2026-10-01T20:00")
    assert result.due_at.isoformat() == "2026-10-01T20:00:00+08:00"
    assert (result.raw_on, result.due_on, result.skipped, result.provisional) == (None, None, (), False)


def test_hours_are_true_hours_where_the_clock_changes():
    calendar = WorkCalendar(zone=ZoneInfo("Europe/Berlin"))
    start = datetime(2026, 3, 28, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))

    result = due(start, 24, Unit.HOUR, calendar=calendar)

    assert result.due_at - start.astimezone(UTC) == timedelta(hours=24)
    assert result.due_at.isoformat() == "2026-03-29T13:00:00+02:00"


def test_a_pause_takes_the_days_after_it_began_up_to_the_day_it_ended():
    pause = PauseSpan(at("2026-06-03T15:00"), at("2026-06-08T10:00"))

    result = due(date(2026, 6, 1), 10, Unit.DAY, calendar=CALENDAR, pauses=[pause])

    assert [day.day for day in result.paused_on] == [4, 5, 6, 7, 8]
    assert result.raw_on == date(2026, 6, 16)


def test_a_pause_within_one_day_costs_nothing():
    pause = PauseSpan(at("2026-06-03T08:00"), at("2026-06-03T18:00"))

    result = due(date(2026, 6, 1), 10, Unit.DAY, calendar=CALENDAR, pauses=[pause])

    assert result.raw_on == date(2026, 6, 11)


def test_pauses_that_overlap_count_once():
    first = PauseSpan(date(2026, 6, 3), date(2026, 6, 8))
    second = PauseSpan(date(2026, 6, 5), date(2026, 6, 10))

    result = due(date(2026, 6, 1), 10, Unit.DAY, calendar=CALENDAR, pauses=[second, first])

    assert len(result.paused_on) == 7
    assert result.raw_on == date(2026, 6, 18)


def test_a_pause_after_the_end_or_before_the_start_changes_nothing():
    late = PauseSpan(date(2026, 6, 11), date(2026, 7, 20))
    early = PauseSpan(date(2026, 5, 1), date(2026, 6, 1))

    result = due(date(2026, 6, 1), 10, Unit.DAY, calendar=CALENDAR, pauses=[late, early])

    assert result.raw_on == date(2026, 6, 11)
    assert result.paused_on == ()


def test_a_pause_over_a_weekend_takes_no_working_day_twice():
    pause = PauseSpan(date(2026, 6, 4), date(2026, 6, 8))  # Friday to Monday

    result = due(date(2026, 6, 1), 5, Unit.WORKDAY, calendar=CALENDAR, pauses=[pause])

    # Counted: 2, 3, 4 June, then 9 and 10 June.
    assert result.raw_on == date(2026, 6, 10)
    assert result.skipped == ()


def test_pauses_of_hours_cost_their_own_length_once():
    pauses = [
        PauseSpan(at("2026-06-01T10:00"), at("2026-06-01T12:00")),
        PauseSpan(at("2026-06-01T11:00"), at("2026-06-01T13:00")),
        PauseSpan(at("2026-06-01T06:00"), at("2026-06-01T09:30")),
    ]

    result = due(at("2026-06-01T09:00"), 2, Unit.HOUR, calendar=CALENDAR, pauses=pauses)

    # Half an hour after the start, three hours from ten on.
    assert result.due_at == at("2026-06-01T14:30")


def test_an_extension_is_counted_before_the_end_rolls():
    result = due(date(2026, 9, 7), 15, Unit.DAY, calendar=CALENDAR, extension=10)

    assert result.raw_on == date(2026, 10, 2)
    assert result.due_on == date(2026, 10, 8)
    assert result.period == 25


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"length": 0}, "length"),
        ({"extension": -1}, "extension"),
        ({"pauses": [PauseSpan(date(2026, 6, 2), date(2026, 6, 1))]}, "pause"),
        ({"start": datetime(2026, 6, 1, 9, 0)}, "time zone"),  # noqa: DTZ001
    ],
)
def test_nonsense_is_refused(values, message):
    arguments = {"start": date(2026, 6, 1), "length": 5, "unit": Unit.DAY} | values
    with pytest.raises(ValueError, match=message):
        due(**arguments, calendar=CALENDAR)


def test_a_date_far_from_any_holiday_of_an_unknown_year_is_certain():
    assert not due(date(2027, 7, 1), 20, Unit.WORKDAY, calendar=CALENDAR).provisional
    assert not due(date(2027, 1, 4), 200, Unit.DAY, calendar=CALENDAR).provisional


def test_a_count_that_crosses_an_unannounced_holiday_is_provisional():
    assert due(date(2027, 9, 28), 5, Unit.WORKDAY, calendar=CALENDAR).provisional


def test_calendar_days_are_provisional_only_where_the_end_may_move():
    # 4 October 2027 is a Monday that may become a bridge day.
    assert due(date(2027, 9, 24), 10, Unit.DAY, calendar=CALENDAR).provisional
    assert not due(date(2027, 9, 24), 10, Unit.DAY, rolls=False, calendar=CALENDAR).provisional
    # Working days on either side do not matter when the end falls on a fixed one.
    assert not due(date(2027, 9, 24), 30, Unit.DAY, calendar=CALENDAR).provisional


def test_a_day_taken_by_a_pause_makes_nothing_provisional():
    pause = PauseSpan(date(2027, 9, 10), date(2027, 10, 17))

    result = due(date(2027, 8, 30), 15, Unit.WORKDAY, calendar=CALENDAR, pauses=[pause])

    assert not result.provisional


def test_when_the_city_states_the_open_days_the_date_is_certain():
    stated = {
        date(2026, 12, 30): DayInfo(DayKind.WORKDAY, "", ""),
        date(2026, 12, 31): DayInfo(DayKind.WORKDAY, "", ""),
        date(2027, 1, 2): DayInfo(DayKind.RESTDAY, "", ""),
        date(2027, 1, 3): DayInfo(DayKind.HOLIDAY, "元旦", "New Year's Day"),
    }
    calendar = WorkCalendar(zone=SHANGHAI, days=stated)

    result = due(date(2026, 12, 28), 5, Unit.WORKDAY, calendar=calendar)

    assert result.due_on == date(2027, 1, 5)
    assert not result.provisional


def test_what_is_left_counts_the_days_after_today():
    result = due(date(2026, 9, 17), 15, Unit.DAY, calendar=CALENDAR)

    assert left(result, at=at("2026-09-17T09:00"), calendar=CALENDAR) == 15
    assert left(result, at=at("2026-10-01T23:59"), calendar=CALENDAR) == 1
    assert left(result, at=at("2026-10-02T00:00"), calendar=CALENDAR) == 0
    assert left(result, at=at("2026-12-01T00:00"), calendar=CALENDAR) == 0


def test_during_a_pause_what_is_left_stands_still():
    pause = PauseSpan(date(2026, 6, 3), date(2026, 6, 8))
    result = due(date(2026, 6, 1), 10, Unit.DAY, calendar=CALENDAR, pauses=[pause])

    noons = [at(f"2026-06-0{day}T12:00") for day in (3, 5, 8, 9)]
    assert [left(result, at=noon, calendar=CALENDAR) for noon in noons] == [
        8,
        8,
        8,
        7,
    ]

    hours = PauseSpan(at("2026-06-01T10:00"), at("2026-06-01T13:00"))
    running = due(at("2026-06-01T09:00"), 2, Unit.HOUR, calendar=CALENDAR, pauses=[hours])
    assert left(running, at=at("2026-06-01T09:30"), calendar=CALENDAR) == timedelta(minutes=90)
    assert left(running, at=at("2026-06-01T11:00"), calendar=CALENDAR) == timedelta(hours=1)
    assert left(running, at=at("2026-06-01T13:30"), calendar=CALENDAR) == timedelta(minutes=30)
    assert left(running, at=at("2026-06-02T13:30"), calendar=CALENDAR) == timedelta()


def test_the_first_day_of_the_count_can_make_a_date_provisional():
    result = due(date(2026, 12, 29), 1, Unit.WORKDAY, calendar=CALENDAR)

    assert result.due_on == date(2026, 12, 30)
    assert result.provisional
