"""The working calendar: notices, the city's own days, years without a notice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from grid.worktime.calendar import DayInfo, WorkCalendar
from grid.worktime.choices import DayKind
from grid.worktime.models import CalendarDay, CalendarYear

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def shipped():
    return WorkCalendar(zone=SHANGHAI)


def every_day(first, last):
    return [first + timedelta(days=shift) for shift in range((last - first).days + 1)]


def test_every_day_from_2004_to_2026_agrees_with_the_published_notices(shipped):
    for day in every_day(date(2004, 1, 1), date(2026, 12, 31)):
        assert shipped.is_workday(day) == chinese_calendar.is_workday(day), day
        assert not shipped.may_change(day) or day > date(2026, 12, 20)


def test_2026_has_248_working_days_of_which_six_make_up(shipped):
    days = every_day(date(2026, 1, 1), date(2026, 12, 31))

    assert sum(shipped.is_workday(day) for day in days) == 248
    makeups = [day for day in days if shipped.kind(day) == DayKind.MAKEUP]
    assert makeups == [date(2026, *pair) for pair in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))]


def test_a_make_up_weekend_is_worked_and_a_bridge_weekday_is_not(shipped):
    assert shipped.is_workday(date(2026, 10, 10))
    assert shipped.day_name(date(2026, 10, 10), "zh-hans") == "国庆节调休上班"
    assert shipped.day_name(date(2026, 10, 10), "en") == "Make-up working day (National Day)"
    assert not shipped.is_workday(date(2026, 10, 6))
    assert shipped.day_name(date(2026, 10, 6), "en") == "National Day"


def test_before_2004_weekends_alone_are_off_and_that_is_known(shipped):
    assert shipped.is_known(2003)
    assert shipped.is_workday(date(2003, 10, 1))
    assert not shipped.is_workday(date(2003, 10, 4))
    assert not shipped.may_change(date(2003, 10, 4))


def test_a_year_without_a_notice_has_weekends_and_the_thirteen_days(shipped):
    assert not shipped.is_known(2027)
    off = [day for day in every_day(date(2027, 1, 1), date(2027, 12, 31)) if not shipped.is_workday(day)]
    holidays = [day for day in off if shipped.kind(day) == DayKind.HOLIDAY]

    assert [f"{day:%m-%d}" for day in holidays] == [
        "01-01", "02-05", "02-06", "02-07", "02-08", "04-05", "05-01", "05-02", "06-09", "09-15", "10-01",
        "10-02", "10-03",
    ]  # fmt: skip
    assert all(day.weekday() >= 5 for day in set(off) - set(holidays))
    assert shipped.day_name(date(2027, 6, 9), "en") == "Dragon Boat Festival"


def test_only_days_near_a_holiday_of_an_unknown_year_may_change(shipped):
    assert shipped.may_change(date(2026, 12, 31))
    assert shipped.may_change(date(2027, 10, 4))
    assert not shipped.may_change(date(2027, 10, 1))
    assert not shipped.may_change(date(2027, 7, 15))


def test_after_the_table_of_lunar_holidays_every_day_is_open(shipped):
    assert shipped.may_change(date(2061, 7, 15))
    assert not shipped.is_workday(date(2061, 10, 1))


def test_a_confirmed_year_is_closed_and_so_are_the_days_before_it():
    calendar = WorkCalendar(zone=SHANGHAI, confirmed={2027})

    assert calendar.is_known(2027)
    assert not calendar.may_change(date(2026, 12, 31))
    assert not calendar.may_change(date(2027, 10, 4))
    assert calendar.may_change(date(2027, 12, 31))


def test_a_day_the_city_states_goes_before_everything_and_is_closed():
    stated = {date(2027, 10, 9): DayInfo(DayKind.MAKEUP, "国庆节调休", "Make-up")}
    calendar = WorkCalendar(zone=SHANGHAI, days=stated)

    assert calendar.is_workday(date(2027, 10, 9))
    assert not calendar.may_change(date(2027, 10, 9))
    assert calendar.may_change(date(2027, 10, 10))


def test_the_local_day_of_a_moment_is_the_day_in_the_citys_zone(shipped):
    assert shipped.local_day(datetime(2026, 9, 17, 16, 0, tzinfo=UTC)) == date(2026, 9, 18)
    assert shipped.first_instant(date(2026, 9, 18)) == datetime(2026, 9, 17, 16, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        shipped.local_day(datetime(2026, 9, 17, 16, 0))  # noqa: DTZ001


@pytest.mark.django_db
def test_loading_takes_one_query_whatever_the_city_has_stated(django_assert_num_queries, settings):
    for shift in range(20):
        on = date(2027, 10, 11) + timedelta(days=shift)
        CalendarDay.objects.create(on=on, kind=DayKind.HOLIDAY, name="市庆", source="市政府通知")
    CalendarYear.objects.create(year=2027, source="国办发明电〔2026〕1号")

    with django_assert_num_queries(1):
        calendar = WorkCalendar.load()

    assert calendar.is_known(2027)
    assert not calendar.is_known(2028)
    assert not calendar.is_workday(date(2027, 10, 12))
    assert calendar.day_name(date(2027, 10, 12), "zh-hans") == "市庆"
    assert calendar.day_name(date(2027, 10, 12), "en") == "市庆"
    assert str(calendar.zone) == settings.TIME_ZONE == "Asia/Shanghai"
