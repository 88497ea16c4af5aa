"""Who is told of what: in memory the same answer as by `visible_to`, for every sort of posting and case."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grid.casework.actors import Actor
from grid.casework.models import Access, Assignment, Case, Recusal
from grid.casework.sight import Sight
from grid.casework.steps import take_step
from grid.organisations.models import Absence, Role
from grid.people.models import User
from tests.factories.city import City, acting, add_user, build_city, post
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
ON = AT.date()


@pytest.fixture
def city(db: None) -> City:
    return build_city()


def people(city: City) -> list[User]:
    """One person for every role in every sort of posting, and some who are away, inactive or stand in."""
    organisations = (city.community_org, city.street_org, city.department, city.community_b_org)
    areas = (city.grid, city.community, city.street, city.district, city.community_b, None)
    found = [getattr(city, name) for name in ("worker", "clerk", "nobody", "admin", "handler")]
    places = itertools.cycle(itertools.product(organisations, areas))
    for number, (role, times) in enumerate(itertools.product(Role.values, range(6))):
        organisation, area = next(places)
        user = add_user(f"person_{number}", f"人{number}", is_active=times != 5 or number % 2 == 0)
        post(user, organisation, Role(role), area)
        found.append(user)
    whole = add_user("whole", "全市")
    post(whole, city.city_org, Role.SUPERVISOR, whole_city=True)
    stand_in = add_user("stand_in", "代班")
    Absence.objects.create(
        posting=post(add_user("away", "外出"), city.street_org, Role.STREET_OFFICER, city.street),
        stand_in=stand_in,
        starts_on=ON,
        ends_on=ON,
    )
    return [*found, whole, stand_in]


def cases(city: City, told: list[User]) -> list[Case]:
    """Every sort of case: led here and there, assisted, copied, recused, without area, assigned, sealed."""
    rows = [report(city, at=AT) for _ in range(6)]
    rows.append(report(city, by=city.neighbour_worker, at=AT, area=city.grid_b.code))
    for row, organisation, role in (
        (rows[1], city.department, "assisting"),
        (rows[2], city.community_b_org, "copied"),
    ):
        Assignment.objects.create(case=row, organisation=organisation, role=role, starts_at=AT)
    Assignment.objects.create(
        case=rows[0], organisation=city.department_b, role="copied", starts_at=AT, ended_at=AT
    )
    for user in told[::7]:
        Recusal.objects.create(case=rows[3], user=user, reason="近亲属", at=AT)
    Case.objects.filter(pk=rows[4].pk).update(sealed=True)
    for user in told[::5]:
        Access.objects.create(
            case=rows[4], user=user, granted_by=city.nobody, reason="承办", starts_at=AT
        ) if user != city.nobody else None
    Case.objects.filter(pk=rows[5].pk).update(area=None, phase="intake", assignee=told[-3])
    take_step(rows[6].pk, "accept", by=acting(city.neighbour_clerk), data={}, at=AT)
    return rows


def test_it_answers_as_visible_to_does_for_every_sort_of_posting_and_case(city: City) -> None:
    told = people(city)
    rows = cases(city, told)
    ids = [row.pk for row in rows]
    sight = Sight(ids, on=ON)

    seen = {row.pk: set(sight.keep(row.pk, [u.pk for u in told])) for row in rows}

    expected: dict[int, set[int]] = {pk: set() for pk in ids}
    for user in told:
        visible = Case.objects.visible_to(Actor(user, on=ON)).filter(pk__in=ids)
        for pk in visible.values_list("pk", flat=True):
            expected[pk].add(user.pk)
    assert seen == expected
    sizes = {len(users) for users in seen.values()}
    assert min(sizes) > 0
    assert max(sizes) < len(told)


def test_it_costs_the_same_for_one_person_and_case_and_for_all(city: City) -> None:
    told = people(city)
    rows = cases(city, told)

    def cost(some: list[Case], users: list[User]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sight = Sight([c.pk for c in some], on=ON)
            for case in some:
                sight.keep(case.pk, [u.pk for u in users])
        return len(queries)

    assert cost(rows, told) <= cost(rows[4:5], told[:1]) + 1


def test_a_sealed_case_is_kept_within_its_compartment_in_the_order_of_its_opening(city: City) -> None:
    case = report(city, at=AT)
    Case.objects.filter(pk=case.pk).update(sealed=True)
    for minutes, user in ((2, city.clerk), (1, city.auditor)):
        Access.objects.create(
            case=case,
            user=user,
            granted_by=city.nobody,
            reason="承办",
            starts_at=AT + timedelta(minutes=minutes),
        )

    assert Sight([case.pk], on=ON).compartment(case.pk) == [city.clerk.pk, city.auditor.pk]
