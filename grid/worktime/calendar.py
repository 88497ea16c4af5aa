"""
The Chinese working calendar: weekends, public holidays, bridge days and make-up working days.

Which day is what, in this order: what the city stated (`CalendarDay`), the notices that `chinesecalendar`
carries (from 2004 on), and for a year without a notice the weekends and the statutory holidays. Before 2004:
weekends only.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from chinese_calendar import Holiday as LibraryHoliday
from chinese_calendar import constants as library
from django.db.models import DateField, F, Func, Value
from django.utils import timezone

from grid.worktime.choices import DayKind, Origin
from grid.worktime.holidays import ALL_HOLIDAYS, LAST_YEAR, open_days, statutory_holidays
from grid.worktime.models import CalendarDay, CalendarYear

LIBRARY_YEARS = frozenset(day.year for day in library.holidays)
FIRST_YEAR = min(LIBRARY_YEARS)
# A row of this kind in the one query of `load` says that a year is confirmed.
YEAR_ROW = "year"
CHINESE_NAMES = {holiday.value: holiday.chinese for holiday in LibraryHoliday}
CHINESE_NAMES |= {holiday.name_en: holiday.name for holiday in ALL_HOLIDAYS}


@dataclass(frozen=True)
class DayInfo:
    """What one day is, with its name in both languages."""

    kind: DayKind
    name: str
    name_en: str


PLAIN_DAYS = {
    DayKind.WORKDAY: DayInfo(DayKind.WORKDAY, "工作日", "Working day"),
    DayKind.RESTDAY: DayInfo(DayKind.RESTDAY, "周末", "Weekend"),
    DayKind.HOLIDAY: DayInfo(DayKind.HOLIDAY, "法定节假日", "Public holiday"),
    DayKind.MAKEUP: DayInfo(DayKind.MAKEUP, "调休上班", "Make-up working day"),
}


class WorkCalendar:
    """The working calendar of the city at one moment; build one per request, job or test."""

    def __init__(
        self,
        *,
        zone: tzinfo,
        days: Mapping[date, DayInfo] | None = None,
        confirmed: Collection[int] = (),
    ) -> None:
        """Take the city's own days and the years it has confirmed."""
        self.zone = zone
        self._stated = dict(days or {})
        self._confirmed = frozenset(confirmed)

    @classmethod
    def load(cls) -> "WorkCalendar":
        """Read the city's own days and confirmed years in one query; the zone is the setting `TIME_ZONE`."""
        first_day = Func(F("year"), Value(1), Value(1), function="make_date", output_field=DateField())
        years = CalendarYear.objects.order_by().values_list(first_day, Value(YEAR_ROW), Value(""), Value(""))
        days = CalendarDay.objects.order_by().values_list("on", "kind", "name", "name_en")
        stated: dict[date, DayInfo] = {}
        confirmed: set[int] = set()
        for on, kind, name, name_en in days.union(years, all=True):
            if kind == YEAR_ROW:
                confirmed.add(on.year)
            else:
                stated[on] = _stated_day(DayKind(kind), name, name_en)
        return cls(zone=timezone.get_default_timezone(), days=stated, confirmed=confirmed)

    def info(self, day: date) -> DayInfo:
        """Return what a day is and what it is called."""
        if day in self._stated:
            return self._stated[day]
        if day.year in LIBRARY_YEARS:
            return _library_day(day)
        holiday = statutory_holidays(day.year).get(day) if day.year >= FIRST_YEAR else None
        if holiday:
            return DayInfo(DayKind.HOLIDAY, holiday.name, holiday.name_en)
        return PLAIN_DAYS[DayKind.RESTDAY if day.weekday() >= 5 else DayKind.WORKDAY]

    def kind(self, day: date) -> DayKind:
        """Return what a day is."""
        return self.info(day).kind

    def is_workday(self, day: date) -> bool:
        """Say whether offices are open: a working day or a make-up working day."""
        return self.kind(day).is_worked

    def origin(self, day: date) -> Origin:
        """Return who says what a day is: the city, a shipped notice, the law, or the plain week."""
        if day in self._stated:
            return Origin.CITY
        if day.year in LIBRARY_YEARS:
            return Origin.NOTICE if day in library.holidays or day in library.workdays else Origin.WEEK
        is_holiday = day.year >= FIRST_YEAR and day in statutory_holidays(day.year)
        return Origin.LAW if is_holiday else Origin.WEEK

    def day_name(self, day: date, language: str) -> str:
        """Return the name of a day, Chinese for a language code that begins with zh, else English."""
        info = self.info(day)
        return info.name if language.startswith("zh") else info.name_en

    def is_known(self, year: int) -> bool:
        """Say whether the notice for a year is known: shipped, confirmed by the city, or before 2004."""
        return year < FIRST_YEAR or year in LIBRARY_YEARS or year in self._confirmed

    def may_change(self, day: date) -> bool:
        """
        Say whether a notice still to come could turn this day into a day off or a working day.

        So it is for a day that the city has not stated, near a statutory holiday of a year without a notice
        (`holidays.open_days` says how near). The days before New Year belong to the notice for the year
        after. After the last year whose lunar holidays are listed, every day is open.
        """
        if day in self._stated:
            return False
        return any(self._is_open_in(day, year) for year in (day.year, day.year + 1))

    def _is_open_in(self, day: date, year: int) -> bool:
        if self.is_known(year):
            return False
        return day in open_days(year) or (year > LAST_YEAR and day.year == year)

    def first_instant(self, day: date) -> datetime:
        """Return 00:00 of a day in the city's zone."""
        return datetime.combine(day, time.min, tzinfo=self.zone)

    def local_day(self, moment: date | datetime) -> date:
        """
        Return the day in the city's zone on which a moment falls.

        :raises ValueError: the moment has no zone.
        """
        if not isinstance(moment, datetime):
            return moment
        if timezone.is_naive(moment):
            raise ValueError("a moment needs a time zone")
        return moment.astimezone(self.zone).date()


def _library_day(day: date) -> DayInfo:
    if day in library.holidays:
        return _named(DayKind.HOLIDAY, library.holidays[day])
    if day in library.workdays:
        return _named(DayKind.MAKEUP, library.workdays[day])
    return PLAIN_DAYS[DayKind.RESTDAY if day.weekday() >= 5 else DayKind.WORKDAY]


def _named(kind: DayKind, english: str) -> DayInfo:
    chinese = CHINESE_NAMES[english]
    if kind == DayKind.MAKEUP:
        return DayInfo(kind, f"{chinese}调休上班", f"Make-up working day ({english})")
    return DayInfo(kind, chinese, english)


def _stated_day(kind: DayKind, name: str, name_en: str) -> DayInfo:
    plain = PLAIN_DAYS[kind]
    return DayInfo(kind, name or plain.name, name_en or name or plain.name_en)
