"""Statement of days, confirmation of years, and the change that each leaves."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from grid.worktime.choices import DayKind
from grid.worktime.models import CalendarChange, CalendarDay, CalendarYear
from grid.worktime.services import confirm_year, missing_calendar, override_day, withdraw_day

pytestmark = pytest.mark.django_db
MAKEUP_ON = date(2027, 10, 9)


def test_a_day_is_stated_once_and_can_be_stated_anew(at):
    override_day(on=MAKEUP_ON, kind=DayKind.MAKEUP, source="放假通知", name="国庆节调休上班", by=None, at=at)
    override_day(on=MAKEUP_ON, kind=DayKind.RESTDAY, source="更正", by=None, at=at)

    day = CalendarDay.objects.get()
    assert (day.kind, day.source, day.name) == ("restday", "更正", "")
    assert [change.what["days"] for change in CalendarChange.objects.order_by("pk")] == [
        [{"on": "2027-10-09", "before": None, "after": "makeup"}],
        [{"on": "2027-10-09", "before": "makeup", "after": "restday"}],
    ]


def test_each_change_says_who_and_when_and_which_days_and_waits_to_be_worked_through(at, administrator):
    override_day(on=MAKEUP_ON, kind=DayKind.MAKEUP, source="放假通知", by=administrator, at=at)

    change = CalendarChange.objects.get()
    assert (change.by, change.at, change.done_at, change.moved) == (administrator, at, None, 0)
    assert (change.first_on, change.last_on, change.year) == (MAKEUP_ON, MAKEUP_ON, None)
    assert (change.what["verb"], change.what["source"]) == ("override", "放假通知")


def test_stating_again_what_is_stated_changes_nothing(at):
    for _ in range(2):
        override_day(on=MAKEUP_ON, kind=DayKind.MAKEUP, source="放假通知", by=None, at=at)

    assert CalendarChange.objects.count() == 1


def test_what_was_stated_can_be_taken_back(at):
    override_day(on=MAKEUP_ON, kind=DayKind.MAKEUP, source="放假通知", by=None, at=at)

    assert withdraw_day(on=MAKEUP_ON, by=None, at=at)
    assert not withdraw_day(on=MAKEUP_ON, by=None, at=at)

    assert not CalendarDay.objects.exists()
    last = CalendarChange.objects.order_by("pk").last()
    assert last.what["days"] == [{"on": "2027-10-09", "before": "makeup", "after": None}]
    assert CalendarChange.objects.count() == 2


@pytest.mark.parametrize(
    ("on", "kind"),
    [(date(2027, 10, 8), DayKind.MAKEUP), (date(2027, 10, 9), DayKind.WORKDAY)],
)
def test_a_kind_that_does_not_fit_the_day_of_the_week_is_refused(on, kind, at):
    with pytest.raises(ValidationError) as caught:
        override_day(on=on, kind=kind, source="放假通知", by=None, at=at)

    assert list(caught.value.message_dict) == ["kind"]
    assert not CalendarDay.objects.exists()
    assert not CalendarChange.objects.exists()


def test_a_year_is_confirmed_once(at, administrator):
    override_day(on=MAKEUP_ON, kind=DayKind.MAKEUP, source="放假通知", by=None, at=at)
    first = confirm_year(year=2027, source="放假通知", by=administrator, at=at)
    again = confirm_year(year=2027, source="另一份通知", by=None, at=at.replace(hour=20))

    assert first == again == CalendarYear.objects.get()
    assert (again.source, again.confirmed_at, again.confirmed_by) == ("放假通知", at, administrator)
    change = CalendarChange.objects.get(year=2027)
    assert (change.first_on, change.last_on) == (date(2026, 12, 27), date(2027, 12, 31))


@pytest.mark.parametrize("year", [1066, 2026, 2027])
def test_a_year_outside_the_calendar_known_already_or_without_a_day_is_refused(year, at):
    with pytest.raises(ValidationError) as caught:
        confirm_year(year=year, source="通知", by=None, at=at)

    assert list(caught.value.message_dict) == ["year"]
    assert not CalendarYear.objects.exists()


def test_a_missing_calendar_is_told_from_october_until_it_is_confirmed(at):
    assert missing_calendar(date(2026, 9, 30)) is None
    assert missing_calendar(date(2026, 10, 1)) == 2027
    assert missing_calendar(date(2025, 12, 31)) is None  # 2026 is shipped
    assert missing_calendar(date(2027, 12, 31)) == 2028

    CalendarYear.objects.create(year=2027, source="通知", confirmed_at=at)
    assert missing_calendar(date(2026, 12, 31)) is None
