"""Which rule holds for an organisation, an area and a category."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grid.worktime.models import DeadlineRule
from tests.factories.city import build_city

pytestmark = pytest.mark.django_db
ON = date(2026, 6, 1)
CODE = "TEST-REACH"


@pytest.fixture
def city():
    return build_city()


def rule(**changes):
    values = {
        "code": CODE,
        "kind": "petition",
        "label": "办理期限",
        "label_en": "Handling",
        "basis": "本市规定",
        "basis_en": "Local",
        "length": 60,
        "unit": "day",
        "valid_from": date(2022, 5, 1),
    }
    return DeadlineRule.objects.create(**values | changes)


def test_the_citys_own_goes_before_the_statute_and_the_most_particular_before_the_general(city):
    statute = rule(statutory=True)
    local = {"base": statute, "valid_from": date(2026, 1, 1)}
    general = rule(length=50, **local)
    category = rule(length=49, category="F03", **local)
    parent = rule(length=48, category="F", **local)
    district = rule(length=47, area=city.district, **local)
    street = rule(length=46, area=city.street, **local)
    office = rule(length=45, organisation=city.department, **local)

    def found(**reach):
        return DeadlineRule.objects.in_force(CODE, on=ON, **reach)

    assert DeadlineRule.objects.in_force(CODE, on=date(2025, 6, 1), area=city.grid) == statute
    assert found() == general
    assert found(categories=["F03", "F"]) == category
    assert found(categories=["F"]) == parent
    assert found(categories=["B01"]) == general
    assert found(area=city.district, categories=["F03"]) == district
    assert found(area=city.grid, categories=["F03"]) == street
    assert found(area=city.grid.pk) == street
    assert found(organisation=city.department.pk, area=city.grid, categories=["F03"]) == office
    assert found(organisation=city.street_org, area=city.grid) == street


def test_of_two_of_the_same_reach_the_newer_holds_and_a_rule_for_a_neighbour_does_not(city):
    rule(valid_until=date(2026, 1, 1))
    newer = rule(length=30, valid_from=date(2026, 1, 1))
    rule(length=5, area=city.grid, valid_from=date(2026, 1, 1))

    assert DeadlineRule.objects.in_force(CODE, on=ON, area=city.community) == newer


def test_many_codes_cost_one_query_and_those_without_a_rule_are_left_out(city, django_assert_num_queries):
    one, two = rule(), rule(code="TEST-OTHER", area=city.street)

    with django_assert_num_queries(1):
        found = DeadlineRule.objects.in_force_many(
            [CODE, "TEST-OTHER", "TEST-NONE"],
            on=ON,
            organisation=city.department,
            area=city.grid,
            categories=["F03", "F"],
        )

    assert found == {CODE: one, "TEST-OTHER": two}
    assert DeadlineRule.objects.in_force_many([], on=ON) == {}


REACHES = st.tuples(
    st.booleans(), st.integers(0, 2), st.sampled_from([None, "street", "community", "grid", "elsewhere"]),
    st.sampled_from(["", "F03", "F", "B01"]), st.integers(2023, 2026),
)  # fmt: skip


@given(rows=st.lists(REACHES, max_size=8, unique_by=lambda row: row), served=st.integers(0, 2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_query_agrees_with_a_plain_choice_among_all_rows(city, rows, served):
    DeadlineRule.objects.filter(code=CODE).delete()
    offices = [None, city.department, city.street_org]
    areas = {
        "street": city.street,
        "community": city.community,
        "grid": city.grid,
        "elsewhere": city.street_b,
    }
    for statutory, office, area, category, year in rows:
        rule(
            statutory=statutory,
            organisation=offices[office],
            area=areas.get(area),
            category=category,
            valid_from=date(year, 1, 1),
        )
    depth = {city.street.pk: 1, city.community.pk: 2}  # the area asked for is the community
    categories = ["F03", "F"]

    def order(row):
        return (
            row.statutory,
            row.organisation_id is None,
            -depth.get(row.area_id, -1),
            categories.index(row.category) if row.category else len(categories),
            -row.valid_from.toordinal(),
        )

    fitting = [
        row
        for row in DeadlineRule.objects.filter(code=CODE)
        if row.organisation_id in (None, offices[served].pk if offices[served] else None)
        and (row.area_id is None or row.area_id in depth)
        and (not row.category or row.category in categories)
    ]
    expected = {CODE: min(fitting, key=order)} if fitting else {}

    found = DeadlineRule.objects.in_force_many(
        [CODE], on=ON, organisation=offices[served], area=city.community, categories=categories
    )

    assert found == expected
