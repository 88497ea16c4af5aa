"""Shipping of rules, statement of days, confirmation of years."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from grid.worktime.choices import DayKind, Unit
from grid.worktime.models import CalendarDay, CalendarYear, DeadlineRule
from grid.worktime.services import confirm_year, override_day, ship_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def red(spec):
    return spec(
        code="INC-RED-TEST",
        kind="incident",
        length=2,
        unit=Unit.HOUR,
        rolls=False,
        statutory=False,
        extend_by="",
        extend_max=0,
    )


def test_shipping_writes_the_rule_as_the_code_says(spec):
    (rule,) = ship_rules([spec()])

    rule.refresh_from_db()
    assert (rule.code, rule.length, rule.unit, rule.statutory) == ("XF-HANDLE", 60, "day", True)
    assert DeadlineRule.objects.in_force("XF-HANDLE", on=date(2026, 1, 1)) == rule


def test_shipping_twice_changes_nothing(spec, red, django_assert_num_queries):
    ship_rules([red, spec()])
    before = list(DeadlineRule.objects.values())

    with django_assert_num_queries(4):  # two savepoints' ends and one look at each rule
        ship_rules([red, spec()])

    assert list(DeadlineRule.objects.values()) == before


def test_a_statutory_rule_is_brought_back_to_what_the_code_says(spec):
    ship_rules([spec()])
    DeadlineRule.objects.filter(code="XF-HANDLE").update(length=90)

    ship_rules([spec()])

    assert DeadlineRule.objects.get(code="XF-HANDLE").length == 60


def test_the_length_that_the_city_gave_a_local_rule_survives_shipping(red):
    ship_rules([red])
    DeadlineRule.objects.filter(code=red.code).update(length=1)

    ship_rules([red])

    assert DeadlineRule.objects.get(code=red.code).length == 1


def test_a_local_rule_shipped_with_its_statute_may_shorten_it(spec):
    local = spec(code="XF-HANDLE-CITY", statutory=False, base="XF-HANDLE", length=45)

    ship_rules([local, spec()])

    assert DeadlineRule.objects.get(code="XF-HANDLE-CITY").base.code == "XF-HANDLE"


def test_a_local_rule_shipped_longer_than_its_statute_is_refused_and_nothing_is_written(spec):
    local = spec(code="XF-HANDLE-CITY", statutory=False, base="XF-HANDLE", length=61)

    with pytest.raises(ValidationError, match=r"shortened|缩短"):
        ship_rules([spec(), local])

    assert not DeadlineRule.objects.filter(code__startswith="XF-HANDLE").exists()


def test_a_day_is_stated_once_and_can_be_stated_anew():
    override_day(on=date(2027, 10, 9), kind=DayKind.MAKEUP, source="放假通知", name="国庆节调休上班")
    override_day(on=date(2027, 10, 9), kind=DayKind.RESTDAY, source="更正")

    day = CalendarDay.objects.get()
    assert (day.kind, day.source, day.name) == ("restday", "更正", "")


@pytest.mark.parametrize(
    ("on", "kind"),
    [(date(2027, 10, 8), DayKind.MAKEUP), (date(2027, 10, 9), DayKind.WORKDAY)],
)
def test_a_kind_that_does_not_fit_the_day_of_the_week_is_refused(on, kind):
    with pytest.raises(ValidationError) as caught:
        override_day(on=on, kind=kind, source="放假通知")

    assert list(caught.value.message_dict) == ["kind"]
    assert not CalendarDay.objects.exists()


def test_a_year_is_confirmed_once(at):
    first = confirm_year(year=2027, source="放假通知", at=at)
    again = confirm_year(year=2027, source="另一份通知", at=at.replace(hour=20))

    assert first == again == CalendarYear.objects.get()
    assert again.source == "放假通知"
    assert again.confirmed_at == at


def test_a_year_outside_the_calendar_is_refused(at):
    with pytest.raises(ValidationError) as caught:
        confirm_year(year=1066, source="通知", at=at)

    assert list(caught.value.message_dict) == ["year"]
