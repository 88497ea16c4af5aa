"""Shortening a statute, adding and ending rules of the city's own."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from grid.casework.models import Deadline
from grid.worktime.models import DeadlineRule
from grid.worktime.services import Reach, Terms, add_local, end_rule, ship_rules, shorten
from tests.factories.city import build_city
from tests.factories.incidents import report

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def statute():
    return DeadlineRule.objects.get(code="XF-HANDLE", statutory=True)


@pytest.fixture
def local():
    return DeadlineRule.objects.get(code="INC-BLUE")


def terms(**changes):
    values = {
        "length": 45,
        "extend_max": 15,
        "basis": "市政府令第1号",
        "basis_en": "City order 1",
        "valid_from": TODAY,
    }
    return Terms(**values | changes)


def fields_of(caught):
    return list(caught.value.message_dict)


def in_force(code, on=TODAY, **reach):
    return DeadlineRule.objects.in_force(code, on=on, **reach)


def test_a_statute_is_shortened_for_the_whole_city_and_stays_as_it_is(statute, administrator, at):
    before = DeadlineRule.objects.values().get(pk=statute.pk)

    rule = shorten(statute, terms(), by=administrator, at=at)

    assert DeadlineRule.objects.values().get(pk=statute.pk) == before
    assert in_force("XF-HANDLE") == rule
    assert in_force("XF-HANDLE", on=TODAY - timedelta(days=1)) == statute
    assert (rule.base, rule.length, rule.extend_max, rule.statutory) == (statute, 45, 15, False)
    assert (rule.extend_by, rule.binds, rule.unit) == ("unit_head", "office", "day")
    assert (rule.made_by, rule.made_at) == (administrator, at)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"length": 61}, "length"),
        ({"length": None}, "length"),
        ({"length": 0}, "length"),
        ({"length": 60, "extend_max": 30}, "length"),
        ({"extend_max": 31}, "extend_max"),
        ({"extend_max": None}, "extend_max"),
        ({"basis": ""}, "basis"),
        ({"valid_from": TODAY - timedelta(days=1)}, "valid_from"),
        ({"valid_until": TODAY}, "valid_until"),
    ],
)
def test_what_would_not_shorten_is_refused_at_its_field_and_nothing_is_written(statute, at, changes, field):
    before = list(DeadlineRule.objects.values())

    with pytest.raises(ValidationError) as caught:
        shorten(statute, terms(**changes), by=None, at=at)

    assert fields_of(caught) == [field]
    assert list(DeadlineRule.objects.values()) == before


def test_an_extension_can_be_given_up_altogether(statute, at):
    rule = shorten(statute, terms(length=60, extend_max=0), by=None, at=at)

    assert (rule.length, rule.extend_by, rule.extend_max) == (60, "", 0)


def test_only_a_statute_is_shortened(local, at):
    with pytest.raises(ValidationError) as caught:
        shorten(local, terms(length=24), by=None, at=at)

    assert fields_of(caught) == ["length"]


def test_a_limit_without_a_number_may_be_given_one(at):
    assign = DeadlineRule.objects.get(code="XF-ASSIGN-REPORT")

    rule = shorten(assign, terms(length=20, extend_max=None), by=None, at=at)

    assert (rule.length, rule.extend_by, rule.extend_max, rule.extend_times) == (20, "superior", None, None)


def test_a_second_shortening_ends_the_first_on_the_day_it_begins(statute, administrator, at):
    first = shorten(statute, terms(), by=None, at=at)
    second = shorten(statute, terms(length=40, valid_from=TOMORROW), by=administrator, at=at)

    first.refresh_from_db()
    assert (first.valid_until, first.ended_by, first.ended_at) == (TOMORROW, administrator, at)
    assert [in_force("XF-HANDLE", on=day) for day in (TODAY, TOMORROW)] == [first, second]


def test_a_rule_changed_again_on_its_first_day_never_held(statute, at):
    first = shorten(statute, terms(), by=None, at=at)
    second = shorten(statute, terms(length=40), by=None, at=at)

    first.refresh_from_db()
    assert first.is_withdrawn
    assert in_force("XF-HANDLE") == second


def test_a_rule_for_an_office_holds_there_alone_and_a_category_and_an_area_likewise(statute, at):
    city = build_city()
    office = add_local(statute, terms(), reach=Reach(organisation=city.department), by=None, at=at)
    area = add_local(statute, terms(length=50), reach=Reach(area=city.street), by=None, at=at)
    category = add_local(statute, terms(length=55), reach=Reach(category="F03"), by=None, at=at)

    assert in_force("XF-HANDLE") == statute
    assert in_force("XF-HANDLE", organisation=city.department, area=city.grid) == office
    assert in_force("XF-HANDLE", organisation=city.company, area=city.grid, categories=["F03"]) == area
    assert in_force("XF-HANDLE", area=city.grid_b, categories=["F03"]) == category


def test_a_limit_of_the_citys_own_may_also_be_lengthened_and_running_deadlines_keep_theirs(local, at):
    city = build_city()
    case = report(city, at=at)
    deadline = Deadline.objects.get(case=case)
    before = (deadline.rule_id, deadline.length, deadline.due_at)
    used = deadline.rule

    rule = add_local(used, terms(length=used.length + 10, valid_from=TOMORROW), reach=Reach(), by=None, at=at)

    deadline.refresh_from_db()
    assert (deadline.rule_id, deadline.length, deadline.due_at) == before
    assert in_force(used.code, on=TOMORROW) == rule


def test_a_row_that_a_deadline_runs_by_is_frozen(at):
    used = Deadline.objects.get(case=report(build_city(), at=at)).rule
    DeadlineRule.objects.filter(pk=used.pk).update(valid_from=TODAY)
    used.refresh_from_db()

    with pytest.raises(ValidationError) as caught:
        add_local(used, terms(length=5), reach=Reach(), by=None, at=at)
    assert fields_of(caught) == ["valid_from"]

    used.length += 1
    with pytest.raises(ValidationError) as caught:
        used.full_clean()
    assert fields_of(caught) == ["length"]


def test_shipping_cannot_type_over_a_row_that_a_deadline_runs_by(spec, at):
    used = Deadline.objects.get(case=report(build_city(), at=at)).rule
    DeadlineRule.objects.filter(pk=used.pk).update(statutory=True)
    changed = spec(
        code=used.code, unit=used.unit, length=used.length + 1, rolls=False, valid_from=used.valid_from
    )

    with pytest.raises(ValidationError, match=r"successor|后续"):
        ship_rules([changed])

    assert DeadlineRule.objects.get(pk=used.pk).length == used.length


def test_a_local_rule_ends_and_the_statute_holds_again(statute, administrator, at):
    rule = shorten(statute, terms(), by=None, at=at)

    end_rule(rule, on=TOMORROW, by=administrator, at=at)

    rule.refresh_from_db()
    assert (rule.valid_until, rule.ended_by, rule.ended_at) == (TOMORROW, administrator, at)
    assert [in_force("XF-HANDLE", on=day) for day in (TODAY, TOMORROW)] == [rule, statute]


def test_a_rule_that_has_not_begun_is_taken_back(statute, at):
    rule = shorten(statute, terms(valid_from=TOMORROW), by=None, at=at)

    assert end_rule(rule, on=TODAY, by=None, at=at).is_withdrawn
    assert in_force("XF-HANDLE", on=TOMORROW) == statute


def test_neither_a_statute_nor_the_last_rule_of_a_limit_can_be_ended(statute, local, at):
    for rule in (statute, local):
        with pytest.raises(ValidationError) as caught:
            end_rule(rule, on=TOMORROW, by=None, at=at)
        assert fields_of(caught) == ["on"]

    with pytest.raises(ValidationError) as caught:
        add_local(local, terms(valid_until=TOMORROW), reach=Reach(), by=None, at=at)
    assert fields_of(caught) == ["valid_until"]


@pytest.mark.parametrize("on", [TODAY - timedelta(days=1), TOMORROW + timedelta(days=1)])
def test_an_end_in_the_past_or_after_the_end_is_refused(statute, at, on):
    rule = shorten(statute, terms(valid_until=TOMORROW), by=None, at=at)

    with pytest.raises(ValidationError) as caught:
        end_rule(rule, on=on, by=None, at=at)

    assert fields_of(caught) == ["on"]


def test_the_day_is_that_of_the_city_not_of_utc(statute):
    late_evening_utc = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # 00:30 on the 23rd in the city

    with pytest.raises(ValidationError):
        shorten(statute, terms(valid_from=TODAY), by=None, at=late_evening_utc)


@pytest.mark.django_db(transaction=True)
def test_two_who_shorten_at_once_leave_one_rule_in_force(at, both):
    def shorten_to(length):
        rule = DeadlineRule.objects.get(code="XF-HANDLE", statutory=True)
        shorten(rule, terms(length=length), by=None, at=at)

    both(lambda: shorten_to(45), lambda: shorten_to(40))

    rows = DeadlineRule.objects.filter(code="XF-HANDLE", statutory=False)
    assert sorted(row.is_withdrawn for row in rows) == [False, True]
