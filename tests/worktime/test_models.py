"""What the tables refuse."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from grid.worktime.choices import Unit
from grid.worktime.models import CalendarDay, Channel, DeadlineRule, RungRule
from grid.worktime.services import ship_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def statute(spec):
    (rule,) = ship_rules([spec()])
    return rule


def copy_of(rule, **changes):
    names = [field.name for field in DeadlineRule._meta.concrete_fields if not field.primary_key]
    return DeadlineRule(**{name: getattr(rule, name) for name in names} | changes)


def local_rule(statute, **changes):
    values = {"statutory": False, "base": statute, "valid_from": date(2026, 1, 1)}
    return copy_of(statute, **values | changes)


def errors_of(rule):
    with pytest.raises(ValidationError) as caught:
        rule.full_clean()
    return set(caught.value.message_dict)


@pytest.mark.parametrize(
    "changes",
    [
        {"length": 0},
        {"valid_until": date(2022, 4, 30)},
        {"unit": Unit.HOUR, "rolls": True},
        {"unit": "week"},
        {"binds": "nobody"},
        {"extend_by": ""},
        {"extend_by": "head"},
        {"extend_max": 0},
        {"extend_times": 0},
        {"pause_for": "听证"},
    ],
)
def test_the_database_refuses_a_rule_that_makes_no_sense(statute, changes):
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(statute, code="OTHER", **changes).save()


def test_the_database_refuses_the_same_rule_twice_although_its_reach_is_empty(statute):
    with pytest.raises(IntegrityError, match="deadline_rule_once"), transaction.atomic():
        copy_of(statute).save()


def test_the_database_refuses_a_statutory_rule_with_a_base(statute):
    with pytest.raises(IntegrityError, match="has_no_base"), transaction.atomic():
        copy_of(statute, code="OTHER", base=statute).save()


def test_a_statute_may_be_shortened(statute):
    rule = local_rule(statute, length=45)

    rule.full_clean()
    rule.save()

    assert DeadlineRule.objects.in_force("TEST-HANDLE", on=date(2025, 12, 31)) == statute
    assert DeadlineRule.objects.in_force("TEST-HANDLE", on=date(2026, 1, 1)) == rule


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"length": 61}, "length"),
        ({"unit": Unit.WORKDAY, "length": 40}, "unit"),
        ({"extend_max": 31}, "extend_max"),
        ({"length": None}, "length"),
        ({"extend_max": None}, "extend_max"),
        ({"extend_max": 0}, "extend_max"),
        ({"extend_times": 2}, "extend_times"),
        ({"extend_times": None}, "extend_times"),
        ({"extend_by": "superior"}, "extend_by"),
        ({"may_pause": True, "pause_for": "听证"}, "may_pause"),
        ({"may_pause": True}, "pause_for"),
        ({"pause_for": "听证"}, "may_pause"),
        ({"binds": "petitioner"}, "binds"),
        ({"base": None}, "base"),
        ({"statutory": True}, "base"),
        ({"unit": Unit.HOUR, "rolls": True}, "rolls"),
        ({"extend_by": ""}, "extend_by"),
        ({"valid_until": date(2025, 1, 1)}, "valid_until"),
    ],
)
def test_a_local_rule_may_only_shorten_its_statute(statute, changes, field):
    assert field in errors_of(local_rule(statute, **changes))


@pytest.mark.parametrize("length", [None, 1, 400])
def test_where_the_law_names_no_number_a_local_rule_may_name_any(statute, length):
    DeadlineRule.objects.filter(pk=statute.pk).update(length=None, extend_max=None, extend_times=None)
    statute.refresh_from_db()

    local_rule(statute, length=length, extend_max=90, extend_times=9).full_clean()


def test_a_local_rule_may_be_paused_only_for_what_the_statute_says(statute):
    DeadlineRule.objects.filter(pk=statute.pk).update(may_pause=True, pause_for="听证")
    statute.refresh_from_db()

    assert errors_of(local_rule(statute, may_pause=True, pause_for="鉴定")) == {"pause_for"}
    local_rule(statute, may_pause=True, pause_for="听证").full_clean()


def test_a_rule_taken_back_before_it_held_stands_in_nobodys_way(statute):
    withdrawn = local_rule(statute, length=45, valid_until=date(2026, 1, 1))
    withdrawn.full_clean()
    withdrawn.save()
    second = local_rule(statute, length=30)

    second.full_clean()
    second.save()

    assert withdrawn.is_withdrawn
    assert DeadlineRule.objects.in_force(statute.code, on=date(2026, 1, 1)) == second


def test_a_local_rule_may_not_stand_on_another_local_rule(statute):
    first = local_rule(statute, length=45)
    first.save()

    assert "base" in errors_of(local_rule(statute, code="OTHER", base=first, length=30))


def test_a_statute_cannot_be_made_shorter_than_the_local_rules_on_it(statute):
    local_rule(statute, length=45).save()
    statute.length = 30

    assert errors_of(statute) == {"length"}


def test_two_rules_of_one_reach_are_not_in_force_at_once(statute):
    later = copy_of(statute, valid_from=date(2027, 1, 1))
    assert errors_of(later) == {"valid_from"}

    statute.valid_until = date(2027, 1, 1)
    statute.full_clean()
    statute.save()
    later.full_clean()
    later.save()

    statute.valid_until = date(2028, 1, 1)
    assert errors_of(statute) == {"valid_until"}


def test_a_rule_is_in_force_from_its_first_day_until_the_day_before_its_last(statute):
    statute.valid_until = date(2027, 1, 1)
    statute.save()

    def holds(on):
        return DeadlineRule.objects.valid(on).filter(code="TEST-HANDLE").exists()

    assert [holds(date(2022, 4, 30)), holds(date(2022, 5, 1))] == [False, True]
    assert [holds(date(2026, 12, 31)), holds(date(2027, 1, 1))] == [True, False]
    with pytest.raises(DeadlineRule.DoesNotExist, match="TEST-HANDLE"):
        DeadlineRule.objects.in_force("TEST-HANDLE", on=date(2027, 1, 1))


def test_a_rule_with_a_narrower_reach_is_not_the_citywide_one(statute):
    local_rule(statute, length=45, category="roads").save()

    assert DeadlineRule.objects.in_force("TEST-HANDLE", on=date(2026, 6, 1)) == statute


@pytest.mark.parametrize(
    "changes",
    [
        {"level": 0},
        {"level": 6},
        {"share": 2},
        {"unit": "hour", "left_days": 1},
        {"left_hours": 1},
        {"told": "everybody"},
        {"valid_until": date(1999, 12, 31)},
        {"channels": ["email"]},
        {"channels": ["portal", "pigeon"]},
        {"channels": []},
    ],
)
def test_the_database_refuses_a_rung_that_makes_no_sense(changes):
    values = {"unit": "day", "level": 4, "told": "superior", "valid_from": date(2000, 1, 1)} | changes
    with pytest.raises(IntegrityError), transaction.atomic():
        RungRule.objects.create(**values)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"level": 1}, "share"),
        ({"level": 3, "left_days": 1}, "share"),
        ({"level": 2, "left_hours": 1}, "left_hours"),
        ({"level": 2, "unit": "hour", "left_days": 1}, "left_days"),
        ({"level": 2, "left_days": 2, "valid_from": date(2026, 1, 1)}, "valid_from"),
        ({"level": 2, "left_days": 2, "channels": [Channel.EMAIL]}, "channels"),
    ],
)
def test_a_rung_is_checked_before_it_is_written(changes, field):
    values = {"unit": "day", "told": "superior", "valid_from": date(2000, 1, 1)} | changes

    assert field in errors_of(RungRule(**values))


def test_a_day_is_stated_once():
    CalendarDay.objects.create(on=date(2027, 1, 2), kind="restday", source="通知")
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarDay.objects.create(on=date(2027, 1, 2), kind="holiday", source="通知")
