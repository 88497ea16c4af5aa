"""The shipped table of moving holidays and the reach of a notice, measured on every notice for 2004-2026."""

from datetime import date, timedelta

import pytest
from chinese_calendar import constants as library

from grid.worktime.holidays import (
    ALL_HOLIDAYS,
    LAST_YEAR,
    MOVING_DAYS,
    open_days,
    statutory_holidays,
)

# Days off by a decree of their own in 2015, and the working day that made up for them.
DECREE = {date(2015, 9, 3), date(2015, 9, 4), date(2015, 9, 6)}
# Since 2008 Qingming, Duanwu and Mid-Autumn are statutory holidays.
SINCE_2008 = range(2008, 2027)


def turned_days():
    """Return the days that a notice made days off or working days and that the law does not fix."""
    fixed = {day for year in range(2003, 2028) for day in statutory_holidays(year)}
    bridges = {day for day in library.holidays if day.weekday() < 5} - fixed - DECREE
    makeups = set(library.workdays) - fixed - DECREE
    return bridges, makeups


def test_there_are_thirteen_statutory_days_a_year_less_those_that_fall_together():
    for year in MOVING_DAYS:
        mid_autumn = date(year, *MOVING_DAYS[year][3])
        together = date(year, 10, 1) <= mid_autumn <= date(year, 10, 3)
        assert len(statutory_holidays(year)) == (12 if together else 13), year


@pytest.mark.parametrize("year", SINCE_2008)
def test_the_moving_holidays_are_days_off_of_that_name_in_every_notice_since_2008(year):
    names = ("Spring Festival", "Tomb-sweeping Day", "Dragon Boat Festival", "Mid-autumn Festival")
    for pair, name in zip(MOVING_DAYS[year], names, strict=True):
        day = date(year, *pair)
        # In 2012 Duanwu and in 2020 Mid-Autumn fell together with a weekend and with National Day.
        assert library.holidays.get(day) == name or day.weekday() >= 5 or day == date(2020, 10, 1)


def test_lunar_holidays_keep_their_distance_in_every_year_of_the_table():
    for year, ((nm, nd), qingming, (dm, dd), (mm, md)) in MOVING_DAYS.items():
        new_year, duanwu, mid_autumn = date(year, nm, nd), date(year, dm, dd), date(year, mm, md)
        assert date(year, 1, 21) <= new_year <= date(year, 2, 20)
        assert qingming in ((4, 4), (4, 5))
        # The fifth of the fifth month is four months and four days after new year, a leap month more or less.
        assert (duanwu - new_year).days in (*range(121, 124), *range(150, 153))
        # Three lunar months and ten days on; the leap month may stand between them.
        assert (mid_autumn - duanwu).days in (*range(97, 101), *range(127, 130))


def test_the_table_reaches_far_enough_without_a_gap():
    assert sorted(MOVING_DAYS) == list(range(2004, LAST_YEAR + 1))
    assert LAST_YEAR >= 2035


def test_no_notice_ever_turned_a_day_out_of_reach():
    bridges, makeups = turned_days()
    reached = {day for year in range(2004, 2028) for day in open_days(year)}

    assert len(bridges) > 150
    assert len(makeups) > 140
    assert bridges <= reached
    assert makeups <= reached


def distance(day, holidays):
    return min(abs((day - holiday).days) for holiday in holidays)


@pytest.mark.parametrize("is_long", [True, False])
def test_the_reach_is_the_longest_distance_ever_seen_and_not_more(is_long):
    own = {day: holiday for year in range(2004, 2028) for day, holiday in statutory_holidays(year).items()}
    of_group = [day for day, holiday in own.items() if (holiday.bridge_days == 5) is is_long]
    others = [day for day in own if day not in set(of_group)]
    bridges, makeups = turned_days()

    def longest(days):
        return max(distance(day, of_group) for day in days if distance(day, of_group) < distance(day, others))

    holiday = next(holiday for holiday in ALL_HOLIDAYS if (holiday.bridge_days == 5) is is_long)
    assert (longest(bridges), longest(makeups)) == (holiday.bridge_days, holiday.makeup_days)


def test_days_of_december_are_open_to_the_notice_for_the_next_year():
    assert date(2026, 12, 31) in open_days(2027)
    assert date(2026, 12, 27) in open_days(2027)
    assert date(2026, 12, 29) not in open_days(2027)


def test_a_statutory_holiday_is_never_open():
    for year in range(2027, 2061):
        assert not open_days(year) & set(statutory_holidays(year))


def test_mid_summer_is_never_open():
    july = {date(2027, 7, 1) + timedelta(days=shift) for shift in range(31)}
    assert not july & open_days(2027)
