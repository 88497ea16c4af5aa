"""
The statutory holidays (法定节假日) of every year, as the law fixes them before any notice is published.

Source: 全国年节及纪念日放假办法 (revised 10 November 2024, in force 1 January 2025), article 2: thirteen
days. The yearly notice of the State Council's office can only add bridge days (调休放假) and make-up working
days (调休上班) around them, and move the day off that stands for a holiday on a weekend (article 6).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True)
class Holiday:
    """
    A statutory holiday, and how many days from it a notice reaches.

    `bridge_days` holds for weekdays that become days off, `makeup_days` for weekend days that become working
    days. Both are the longest distances in all notices for 2004-2026 (`tests/worktime/test_holidays.py`
    measures them).
    """

    name: str
    name_en: str
    bridge_days: int
    makeup_days: int


NEW_YEAR = Holiday("元旦", "New Year's Day", 2, 5)
SPRING_FESTIVAL = Holiday("春节", "Spring Festival", 5, 9)
TOMB_SWEEPING = Holiday("清明节", "Tomb-sweeping Day", 2, 5)
LABOUR_DAY = Holiday("劳动节", "Labour Day", 5, 9)
DRAGON_BOAT = Holiday("端午节", "Dragon Boat Festival", 2, 5)
MID_AUTUMN = Holiday("中秋节", "Mid-autumn Festival", 2, 5)
NATIONAL_DAY = Holiday("国庆节", "National Day", 5, 9)
ALL_HOLIDAYS = (NEW_YEAR, SPRING_FESTIVAL, TOMB_SWEEPING, LABOUR_DAY, DRAGON_BOAT, MID_AUTUMN, NATIONAL_DAY)

# Month and day of the first lunar day (初一), Qingming (清明), Duanwu (端午) and Mid-Autumn (中秋). Taken
# from the package holidays 0.109, the same for every year in lunardate 0.3.0; 2008-2026 are tested against
# chinesecalendar.
MOVING_DAYS: dict[int, tuple[tuple[int, int], ...]] = {
    # year: New Year, Qingming, Duanwu, Mid-Autumn
    2004: ((1, 22), (4, 4), (6, 22), (9, 28)),
    2005: ((2, 9), (4, 5), (6, 11), (9, 18)),
    2006: ((1, 29), (4, 5), (5, 31), (10, 6)),
    2007: ((2, 18), (4, 5), (6, 19), (9, 25)),
    2008: ((2, 7), (4, 4), (6, 8), (9, 14)),
    2009: ((1, 26), (4, 4), (5, 28), (10, 3)),
    2010: ((2, 14), (4, 5), (6, 16), (9, 22)),
    2011: ((2, 3), (4, 5), (6, 6), (9, 12)),
    2012: ((1, 23), (4, 4), (6, 23), (9, 30)),
    2013: ((2, 10), (4, 4), (6, 12), (9, 19)),
    2014: ((1, 31), (4, 5), (6, 2), (9, 8)),
    2015: ((2, 19), (4, 5), (6, 20), (9, 27)),
    2016: ((2, 8), (4, 4), (6, 9), (9, 15)),
    2017: ((1, 28), (4, 4), (5, 30), (10, 4)),
    2018: ((2, 16), (4, 5), (6, 18), (9, 24)),
    2019: ((2, 5), (4, 5), (6, 7), (9, 13)),
    2020: ((1, 25), (4, 4), (6, 25), (10, 1)),
    2021: ((2, 12), (4, 4), (6, 14), (9, 21)),
    2022: ((2, 1), (4, 5), (6, 3), (9, 10)),
    2023: ((1, 22), (4, 5), (6, 22), (9, 29)),
    2024: ((2, 10), (4, 4), (6, 10), (9, 17)),
    2025: ((1, 29), (4, 4), (5, 31), (10, 6)),
    2026: ((2, 17), (4, 5), (6, 19), (9, 25)),
    2027: ((2, 6), (4, 5), (6, 9), (9, 15)),
    2028: ((1, 26), (4, 4), (5, 28), (10, 3)),
    2029: ((2, 13), (4, 4), (6, 16), (9, 22)),
    2030: ((2, 3), (4, 5), (6, 5), (9, 12)),
    2031: ((1, 23), (4, 5), (6, 24), (10, 1)),
    2032: ((2, 11), (4, 4), (6, 12), (9, 19)),
    2033: ((1, 31), (4, 4), (6, 1), (9, 8)),
    2034: ((2, 19), (4, 5), (6, 20), (9, 27)),
    2035: ((2, 8), (4, 5), (6, 10), (9, 16)),
    2036: ((1, 28), (4, 4), (5, 30), (10, 4)),
    2037: ((2, 15), (4, 4), (6, 18), (9, 24)),
    2038: ((2, 4), (4, 5), (6, 7), (9, 13)),
    2039: ((1, 24), (4, 5), (5, 27), (10, 2)),
    2040: ((2, 12), (4, 4), (6, 14), (9, 20)),
    2041: ((2, 1), (4, 4), (6, 3), (9, 10)),
    2042: ((1, 22), (4, 4), (6, 22), (9, 28)),
    2043: ((2, 10), (4, 5), (6, 11), (9, 17)),
    2044: ((1, 30), (4, 4), (5, 31), (10, 5)),
    2045: ((2, 17), (4, 4), (6, 19), (9, 25)),
    2046: ((2, 6), (4, 4), (6, 8), (9, 15)),
    2047: ((1, 26), (4, 5), (5, 29), (10, 4)),
    2048: ((2, 14), (4, 4), (6, 15), (9, 22)),
    2049: ((2, 2), (4, 4), (6, 4), (9, 11)),
    2050: ((1, 23), (4, 4), (6, 23), (9, 30)),
    2051: ((2, 11), (4, 5), (6, 13), (9, 19)),
    2052: ((2, 1), (4, 4), (6, 1), (9, 7)),
    2053: ((2, 19), (4, 4), (6, 20), (9, 26)),
    2054: ((2, 8), (4, 4), (6, 10), (9, 16)),
    2055: ((1, 28), (4, 5), (5, 30), (10, 5)),
    2056: ((2, 15), (4, 4), (6, 17), (9, 24)),
    2057: ((2, 4), (4, 4), (6, 6), (9, 13)),
    2058: ((1, 24), (4, 4), (6, 25), (10, 2)),
    2059: ((2, 12), (4, 5), (6, 14), (9, 21)),
    2060: ((2, 2), (4, 4), (6, 3), (9, 9)),
}
LAST_YEAR = max(MOVING_DAYS)


@lru_cache(maxsize=128)
def statutory_holidays(year: int) -> dict[date, Holiday]:
    """
    Return the statutory holidays of a year under the present law, by day.

    After `LAST_YEAR` only the holidays of the sun's calendar are known. Where two fall on one day the longer
    one gives the name.
    """
    days = {date(year, 1, 1): NEW_YEAR}
    if year in MOVING_DAYS:
        lunar_new_year, qingming, duanwu, mid_autumn = (date(year, *pair) for pair in MOVING_DAYS[year])
        days |= {lunar_new_year + timedelta(days=shift): SPRING_FESTIVAL for shift in (-1, 0, 1, 2)}
        days |= {qingming: TOMB_SWEEPING, duanwu: DRAGON_BOAT, mid_autumn: MID_AUTUMN}
    days |= {date(year, 5, day): LABOUR_DAY for day in (1, 2)}
    days |= {date(year, 10, day): NATIONAL_DAY for day in (1, 2, 3)}
    return days


@lru_cache(maxsize=128)
def open_days(year: int) -> frozenset[date]:
    """
    Return the days, also of the year before, that the notice for a year may still turn.

    A weekday within `bridge_days` of a statutory holiday may become a day off, a weekend day within
    `makeup_days` a working day; the statutory holidays themselves and every other day are fixed. Days off by
    a decree of their own (3 September 2015) cannot be foreseen and are not counted in.
    """
    holidays = statutory_holidays(year)
    found = set()
    for day, holiday in holidays.items():
        for distance in range(-holiday.makeup_days, holiday.makeup_days + 1):
            other = day + timedelta(days=distance)
            reach = holiday.makeup_days if other.weekday() >= 5 else holiday.bridge_days
            if abs(distance) <= reach and other not in holidays:
                found.add(other)
    return frozenset(found)
