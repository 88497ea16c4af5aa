"""Shipping of rules."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from grid.worktime.choices import Unit
from grid.worktime.models import DeadlineRule
from grid.worktime.services import ship_rules

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
    assert (rule.code, rule.length, rule.unit, rule.statutory) == ("TEST-HANDLE", 60, "day", True)
    assert DeadlineRule.objects.in_force("TEST-HANDLE", on=date(2026, 1, 1)) == rule


def test_shipping_twice_changes_nothing(spec, red, django_assert_num_queries):
    ship_rules([red, spec()])
    before = list(DeadlineRule.objects.values())

    with django_assert_num_queries(4):  # two savepoints' ends and one look at each rule
        ship_rules([red, spec()])

    assert list(DeadlineRule.objects.values()) == before


def test_a_statutory_rule_is_brought_back_to_what_the_code_says(spec):
    ship_rules([spec()])
    DeadlineRule.objects.filter(code="TEST-HANDLE").update(length=90)

    ship_rules([spec()])

    assert DeadlineRule.objects.get(code="TEST-HANDLE").length == 60


def test_the_length_that_the_city_gave_a_local_rule_survives_shipping(red):
    ship_rules([red])
    DeadlineRule.objects.filter(code=red.code).update(length=1)

    ship_rules([red])

    assert DeadlineRule.objects.get(code=red.code).length == 1


def test_a_local_rule_shipped_with_its_statute_may_shorten_it(spec):
    local = spec(code="TEST-HANDLE-CITY", statutory=False, base="TEST-HANDLE", length=45)

    ship_rules([local, spec()])

    assert DeadlineRule.objects.get(code="TEST-HANDLE-CITY").base.code == "TEST-HANDLE"


def test_a_local_rule_shipped_longer_than_its_statute_is_refused_and_nothing_is_written(spec):
    local = spec(code="TEST-HANDLE-CITY", statutory=False, base="TEST-HANDLE", length=61)

    with pytest.raises(ValidationError, match=r"shortened|缩短"):
        ship_rules([spec(), local])

    assert not DeadlineRule.objects.filter(code__startswith="TEST-HANDLE").exists()
