"""The responsibility list: who gets a report, who takes it over, and what is never pushed down."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError
from rest_framework.exceptions import ValidationError

from grid.areas.models import Tier
from grid.casework.errors import StepNotPossible
from grid.incidents.models import Category
from grid.incidents.routing import routes
from tests.factories.incidents import AT, listed, report, take

pytestmark = pytest.mark.django_db
ON = date(2026, 9, 15)


def test_without_a_list_the_community_of_the_grid_gets_it(city):
    case = report(city)

    assert case.lead == city.community_org
    assert case.incident.reported_tier == Tier.COMMUNITY


def test_a_building_belongs_to_the_community_around_it(city):
    assert report(city, area=city.building.code).lead == city.community_org


def test_without_a_community_office_the_next_tier_above_gets_it(city):
    city.community_org.governs = None
    city.community_org.save()

    assert report(city).lead == city.street_org


def test_the_lowest_line_of_the_list_gets_the_report(city):
    listed("F", Tier.DISTRICT, city.department)
    listed("F", Tier.STREET)

    assert report(city).lead == city.street_org


def test_a_line_with_an_organisation_names_it(city):
    listed("C", Tier.DISTRICT, city.department_b)

    assert report(city, category="C01").lead == city.department_b


def test_lines_of_the_second_level_shut_out_those_of_the_first(city):
    listed("F", Tier.COMMUNITY)
    listed("F03", Tier.STREET)

    assert report(city, category="F01").lead == city.community_org
    assert report(city, category="F03").lead == city.street_org


def test_the_narrower_area_goes_first(city):
    listed("F", Tier.DISTRICT, city.department)
    listed("F", Tier.DISTRICT, city.company, area=city.street)

    assert report(city).lead == city.company
    assert report(city, by=city.neighbour_worker, area=city.grid_b.code).lead == city.department


def test_a_line_that_has_ended_no_longer_counts(city):
    line = listed("F", Tier.STREET)
    line.valid_until = ON
    line.save()

    assert report(city).lead == city.community_org


def test_a_line_for_the_grid_means_the_community_of_the_grid(city):
    listed("F", Tier.GRID)
    found = routes(Category.objects.get(code="F01"), city.grid, on=ON)

    assert found.first() == city.community_org
    assert found.lists_community(city.community_org)


def test_dispatch_without_a_choice_goes_to_whom_the_list_names(city):
    listed("F", Tier.COMMUNITY)
    listed("F", Tier.STREET, city.department, assisting=(city.company,))
    case = report(city)
    take(case, "dispatch", city.clerk)

    assert case.lead == city.department
    assert [a.organisation for a in case.assignments.all()] == [city.company]
    assert case.events.last().data["lead"] == city.department.pk


def test_dispatch_without_a_choice_and_without_a_list_asks_for_one(city):
    with pytest.raises(ValidationError) as error:
        take(report(city), "dispatch", city.clerk)
    assert list(error.value.detail) == ["lead"]


def test_another_than_the_listed_organisation_needs_a_reason(city):
    listed("F", Tier.COMMUNITY)
    listed("F", Tier.STREET, city.department)
    case = report(city)

    with pytest.raises(ValidationError) as error:
        take(case, "dispatch", city.clerk, lead=city.company.code)
    assert list(error.value.detail) == ["reason"]
    assert city.department.label in str(error.value.detail["reason"])
    take(case, "dispatch", city.clerk, lead=city.company.code, reason="涉及供水管道")
    assert case.lead == city.company


@pytest.mark.parametrize("reason", ["", "社区最熟悉情况"])
def test_nothing_off_its_list_is_pushed_down_to_a_community(city, reason):
    listed("F", Tier.STREET, city.street_org)
    case = report(city)
    assert case.lead == city.street_org

    with pytest.raises(ValidationError) as error:
        take(case, "dispatch", city.street_officer, lead=city.community_org.code, reason=reason)
    assert list(error.value.detail) == ["lead"]


def test_what_is_on_the_list_of_a_community_can_go_there(city):
    listed("F", Tier.COMMUNITY)
    case = report(city)
    take(case, "escalate", city.clerk, reason="人手不足")
    take(case, "dispatch", city.street_officer, lead=city.community_org.code)

    assert (case.lead, case.status) == (city.community_org, "dispatched")


def test_nothing_is_dispatched_to_whoever_has_it_already(city):
    with pytest.raises(ValidationError) as error:
        take(report(city), "dispatch", city.clerk, lead=city.community_org.code)
    assert list(error.value.detail) == ["lead"]


def test_dispatching_is_no_way_around_passing_up(city):
    with pytest.raises(ValidationError) as error:
        take(report(city), "dispatch", city.clerk, lead=city.street_org.code, reason="x")
    assert list(error.value.detail) == ["lead"]


def test_a_neighbours_office_cannot_be_chosen(city):
    for stranger in (city.community_b_org, city.street_b_org):
        with pytest.raises(ValidationError) as error:
            take(report(city), "dispatch", city.clerk, lead=stranger.code, reason="x")
        assert list(error.value.detail) == ["lead"]


def test_the_leading_organisation_does_not_assist_itself(city):
    data = {"lead": city.department.code, "assisting": [city.department.code]}
    with pytest.raises(ValidationError) as error:
        take(report(city), "dispatch", city.clerk, **data)
    assert list(error.value.detail) == ["assisting"]


def test_a_second_dispatch_ends_the_help_that_is_no_longer_wanted(city):
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code, assisting=[city.company.code])
    take(case, "dispatch", city.clerk, lead=city.company.code, assisting=[city.department_b.code], reason="x")

    running = case.assignments.filter(ended_at=None)
    assert [a.organisation for a in running] == [city.department_b]
    assert case.assignments.count() == 2


def test_what_is_not_ones_own_goes_back_to_whoever_dispatched_it_and_the_limit_runs_on(city):
    case = report(city)
    take(case, "accept", city.clerk)
    take(case, "dispatch", city.clerk, lead=city.department.code)
    due = case.next_due_at
    take(case, "send_back", city.handler, reason="不属城管职责")

    assert (case.lead, case.status, case.next_due_at) == (city.community_org, "accepted", due)
    with pytest.raises(StepNotPossible):
        take(case, "send_back", city.clerk, reason="x")


def test_what_came_straight_from_the_list_goes_back_to_the_district(city):
    listed("C", Tier.DISTRICT, city.department_b)
    case = report(city, category="C01")
    take(case, "send_back", city.handler_b, reason="不属消防职责")

    assert (case.lead, case.status) == (city.district_org, "reported")


def test_whoever_dispatched_it_can_correct_that(city):
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code)
    take(case, "dispatch", city.clerk, lead=city.company.code)

    assert case.lead == city.company
    assert case.incident.dispatched_by == city.community_org


def test_an_assignee_stays_behind_when_the_matter_moves(city):
    case = report(city)
    take(case, "assign", city.clerk, assignee=city.worker.pk)
    take(case, "dispatch", city.clerk, lead=city.department.code)

    assert case.assignee is None


def test_a_line_stands_once_for_category_tier_and_area(city):
    listed("F", Tier.STREET)

    with pytest.raises(IntegrityError):
        listed("F", Tier.STREET, city.department)


def test_a_line_for_a_tier_does_not_name_an_office_of_another(city):
    line = listed("F", Tier.COMMUNITY)
    line.lead_organisation = city.street_org

    with pytest.raises(ModelError) as error:
        line.clean()
    assert list(error.value.message_dict) == ["lead_organisation"]


def test_the_shipped_categories_have_two_levels_and_two_languages(db):
    first = Category.objects.filter(parent=None)

    assert "".join(first.values_list("code", flat=True)) == "ABCDEFGHIJKLMNOPRS"
    for category in first:
        assert 3 <= category.children.count() <= 6
    for category in Category.objects.all():
        category.full_clean()
        assert category.name
        assert category.name_en


def test_an_inactive_category_cannot_be_chosen(city):
    Category.objects.filter(code="F").update(is_active=False)

    with pytest.raises(ValidationError) as error:
        report(city, category="F01", at=AT)
    assert list(error.value.detail) == ["category"]
