"""Who sees what: the one rule, behind lists and objects alike."""

from datetime import UTC, datetime, timedelta

import pytest

from grid.casework.actors import Actor
from grid.casework.models import Access, Assignment, Case, Recusal
from grid.casework.steps import take_step
from grid.organisations.models import Absence, Posting, Role
from grid.people.models import User
from tests.factories.city import City, acting, build_city, post
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=AT)


def sees(user: User, case: Case) -> bool:
    found = list(Case.objects.visible_to(acting(user)).filter(pk=case.pk))
    assert len(found) <= 1
    return bool(found)


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("worker", True),
        ("worker_2", False),
        ("leader", True),
        ("clerk", True),
        ("street_officer", True),
        ("district_officer", True),
        ("supervisor", True),
        ("handler", False),
        ("company_handler", False),
        ("neighbour_worker", False),
        ("neighbour_clerk", False),
        ("neighbour_officer", False),
        ("auditor", False),
        ("admin", False),
        ("nobody", False),
    ],
)
def test_a_case_is_seen_by_postings_over_its_area_and_nobody_else(
    city: City, case: Case, username: str, expected: bool
) -> None:
    assert sees(getattr(city, username), case) is expected


def test_no_administrator_sees_a_case_even_as_superuser(city: City, case: Case) -> None:
    assert city.admin.is_superuser
    assert not sees(city.admin, case)


def test_after_rerouting_the_old_department_sees_it_neither_in_the_list_nor_alone(
    city: City, case: Case
) -> None:
    Case.objects.filter(pk=case.pk).update(lead=city.department)
    assert sees(city.handler, case)

    Case.objects.filter(pk=case.pk).update(lead=city.department_b)

    assert not sees(city.handler, case)
    assert sees(city.handler_b, case)


def test_somebody_in_two_organisations_sees_a_case_once(city: City, case: Case) -> None:
    post(city.clerk, city.street_org, Role.STREET_OFFICER, city.street)
    post(city.clerk, city.community_org, Role.HANDLER)

    assert Case.objects.visible_to(acting(city.clerk)).filter(pk=case.pk).count() == 1


@pytest.mark.parametrize("role", ["assisting", "copied"])
def test_assisting_and_copied_organisations_see_it_while_they_are_drawn_in(
    city: City, case: Case, role: str
) -> None:
    row = Assignment.objects.create(case=case, organisation=city.department_b, role=role, starts_at=AT)
    assert sees(city.handler_b, case)

    row.ended_at = AT + timedelta(hours=1)
    row.save()

    assert not sees(city.handler_b, case)


def test_a_role_that_does_not_handle_the_kind_sees_nothing_by_its_organisation(
    city: City, case: Case
) -> None:
    post(city.nobody, city.community_org, Role.MEDIATOR)

    assert not sees(city.nobody, case)


def test_the_assignee_sees_it_and_a_recused_assignee_does_not(city: City, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(assignee=city.nobody)
    assert sees(city.nobody, case)

    Recusal.objects.create(case=case, user=city.nobody, reason="亲属", at=AT)

    assert not sees(city.nobody, case)


def test_a_sealed_case_is_seen_by_explicit_access_only(city: City, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(sealed=True)
    for name in ("worker", "clerk", "street_officer", "district_officer", "supervisor", "admin", "auditor"):
        assert not sees(getattr(city, name), case), name

    access = Access.objects.create(
        case=case, user=city.nobody, granted_by=city.supervisor, reason="承办", starts_at=AT
    )
    assert sees(city.nobody, case)

    access.ended_at = AT + timedelta(hours=1)
    access.save()
    assert not sees(city.nobody, case)


def test_access_gives_nothing_on_a_case_that_is_not_sealed(city: City, case: Case) -> None:
    Access.objects.create(
        case=case, user=city.nobody, granted_by=city.supervisor, reason="承办", starts_at=AT
    )

    assert not sees(city.nobody, case)


def test_a_posting_that_ended_opens_nothing(city: City, case: Case) -> None:
    Posting.objects.filter(user=city.clerk).update(ends_on="2026-01-01")

    assert not sees(city.clerk, case)


def test_a_deactivated_user_sees_nothing_even_as_reporter(city: City, case: Case) -> None:
    User.objects.filter(pk=city.worker.pk).update(is_active=False)
    city.worker.refresh_from_db()

    assert not sees(city.worker, case)


def test_a_stand_in_sees_what_the_absent_one_does_and_only_for_that_time(city: City, case: Case) -> None:
    posting = Posting.objects.get(user=city.clerk)
    Absence.objects.create(
        posting=posting, stand_in=city.nobody, starts_on="2026-09-01", ends_on="2026-09-03"
    )

    def visible_on(day: str) -> bool:
        actor = Actor(city.nobody, on=datetime.fromisoformat(day).date())
        return Case.objects.visible_to(actor).filter(pk=case.pk).exists()

    assert [visible_on(d) for d in ("2026-08-31", "2026-09-01", "2026-09-03", "2026-09-04")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_posting_over_the_whole_city_reads_every_area(city: City, case: Case) -> None:
    post(city.nobody, city.city_org, Role.SUPERVISOR, whole_city=True)

    assert sees(city.nobody, case)


def test_the_rule_costs_the_same_for_one_case_and_for_twenty(
    city: City, case: Case, django_assert_num_queries: object
) -> None:
    actor = acting(city.street_officer)
    with django_assert_num_queries(2):  # type: ignore[operator]
        list(Case.objects.visible_to(actor))
    for _ in range(19):
        report(city, at=AT)
    actor = acting(city.street_officer)
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert len(list(Case.objects.visible_to(actor))) == 20


def test_moving_a_case_moves_who_sees_it(city: City, case: Case) -> None:
    data = {"area": city.grid_b.code, "reason": "实际位置在长东街道"}
    take_step(case.pk, "move", by=acting(city.street_officer), data=data, at=AT + timedelta(hours=1))

    assert sees(city.neighbour_clerk, case)
    assert not sees(city.leader, case)
