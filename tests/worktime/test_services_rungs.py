"""Rungs follow one another, for a whole unit or for one rule."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from grid.worktime.choices import Channel, Told, Unit
from grid.worktime.models import RungRule
from grid.worktime.services import RungSpec, end_rung, set_rung

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


def spec(**changes):
    values = {
        "code": "",
        "unit": Unit.DAY,
        "level": 1,
        "told": Told.UNIT_HEAD,
        "channels": [Channel.PORTAL, Channel.EMAIL],
        "office_hours": True,
        "share": Decimal("0.5"),
        "left_days": 5,
        "valid_from": TODAY,
    }
    return RungSpec(**values | changes)


def at_level(level, on=TODAY, code="", unit="day"):
    return RungRule.objects.valid(on).get(level=level, code=code, unit=unit)


def test_a_rung_is_followed_by_its_successor(administrator, at):
    before = at_level(1)

    rung = set_rung(spec(), by=administrator, at=at)

    before.refresh_from_db()
    assert (before.valid_until, before.ended_by, before.ended_at) == (TODAY, administrator, at)
    assert at_level(1) == rung
    assert (rung.channels, rung.told, rung.left_days, rung.made_by) == (
        ["portal", "email"],
        "unit_head",
        5,
        administrator,
    )


def test_a_rung_changed_twice_on_one_day_holds_once(at):
    set_rung(spec(), by=None, at=at)
    second = set_rung(spec(left_days=7), by=None, at=at)

    assert at_level(1) == second


def test_a_rule_may_have_a_rung_of_its_own_and_give_it_up(at):
    general = at_level(1)
    own = set_rung(spec(code="XF-HANDLE"), by=None, at=at)

    assert at_level(1) == general
    assert at_level(1, code="XF-HANDLE") == own

    end_rung(own, on=TODAY + timedelta(days=3), by=None, at=at)
    own.refresh_from_db()
    assert own.valid_until == TODAY + timedelta(days=3)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channels": [Channel.EMAIL]}, "channels"),
        ({"share": None, "left_days": None}, "share"),
        ({"share": Decimal(2)}, "share"),
        ({"level": 3}, "share"),
        ({"code": "NO-SUCH-RULE"}, "code"),
        ({"code": "XF-OBJECTION"}, "code"),  # in working days
        ({"valid_from": TODAY - timedelta(days=1)}, "valid_from"),
        ({"told": "everybody"}, "told"),
    ],
)
def test_a_rung_that_makes_no_sense_is_refused_and_the_present_one_stays(at, changes, field):
    before = list(RungRule.objects.values())

    with pytest.raises(ValidationError) as caught:
        set_rung(spec(**changes), by=None, at=at)

    assert field in caught.value.message_dict
    assert list(RungRule.objects.values()) == before


def test_the_rung_of_a_unit_is_never_ended(at):
    with pytest.raises(ValidationError) as caught:
        end_rung(at_level(2), on=TODAY, by=None, at=at)

    assert list(caught.value.message_dict) == ["on"]


def test_what_is_late_in_hours_is_told_by_night_and_every_rung_in_the_portal():
    rungs = RungRule.objects.valid(TODAY)

    assert [r.unit for r in rungs if not r.office_hours] == ["hour"]
    assert all("portal" in rung.channels for rung in rungs)
