"""Proposals of the ladder: one statement, one open order of a case, whoever comes at the same time."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from grid.casework.models import Case, Deadline, Rung
from grid.supervision.models import OrderStatus, SupervisionOrder, Trigger
from grid.supervision.orders.services import Proposal, propose
from tests.factories.city import City, build_city
from tests.factories.incidents import AT, report
from tests.factories.races import at_once

LATE = AT + timedelta(hours=72)


def late_rung(case: Case, *, level: int = 3, due_at: object = LATE) -> Rung:
    """Write the rung that a late incident has climbed."""
    deadline = Deadline.objects.get(case=case)
    return Rung.objects.create(deadline=deadline, level=level, due_at=due_at, climbed_at=LATE, told=True)


def proposal(case: Case, rung: Rung, city: City) -> Proposal:
    return Proposal(case.pk, rung.deadline_id, rung.pk, city.street_org.pk, city.community_org.pk)


def test_a_late_case_gets_a_proposal_that_names_rung_and_offices(db: None) -> None:
    city = build_city()
    case = report(city)
    rung = late_rung(case)

    made = propose([proposal(case, rung, city)], LATE)

    order = SupervisionOrder.objects.get()
    assert made == {case.pk: order.pk}
    assert (order.status, order.trigger, order.proposed_at) == (OrderStatus.PROPOSED, Trigger.LATE, LATE)
    assert (order.rung, order.deadline, order.case) == (rung, rung.deadline, case)
    assert (order.authority, order.addressee) == (city.street_org, city.community_org)
    assert (order.number, order.suggestions, order.decided_by) == ("", [], None)


def test_a_case_with_an_open_order_gets_no_second_one(db: None) -> None:
    city = build_city()
    case, other = report(city), report(city)
    first = late_rung(case)
    propose([proposal(case, first, city)], LATE)
    again = late_rung(case, due_at=LATE + timedelta(days=3))

    made = propose([proposal(case, again, city), proposal(other, late_rung(other), city)], LATE)

    assert set(made) == {other.pk}
    assert SupervisionOrder.objects.filter(case=case).count() == 1


def test_a_rung_proposes_once_even_after_its_proposal_was_dismissed(db: None) -> None:
    city = build_city()
    case = report(city)
    rung = late_rung(case)
    propose([proposal(case, rung, city)], LATE)
    SupervisionOrder.objects.update(
        status=OrderStatus.DISMISSED,
        decided_by=city.street_officer,
        decided_at=LATE,
        decision_reason="暴雨停工",
        ended_at=LATE,
    )

    assert propose([proposal(case, rung, city)], LATE) == {}


def test_nobody_is_asked_to_supervise_himself(db: None) -> None:
    city = build_city()
    case = report(city)
    rung = late_rung(case)
    own = Proposal(case.pk, rung.deadline_id, rung.pk, city.community_org.pk, city.community_org.pk)

    assert propose([own], LATE) == {}


@pytest.mark.parametrize("cases", [1, 25])
def test_proposing_costs_one_statement_whatever_the_number(
    db: None, cases: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    city = build_city()
    late = [report(city) for _ in range(cases)]
    proposals = [proposal(case, late_rung(case), city) for case in late]

    with django_assert_num_queries(1):
        made = propose(proposals, LATE)

    assert set(made) == {case.pk for case in late}


def test_proposing_nothing_costs_nothing(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert propose([], LATE) == {}


def test_of_two_proposals_at_once_one_stands(
    django_db_serialized_rollback: None, transactional_db: None
) -> None:
    city = build_city()
    case = report(city)
    rungs = [late_rung(case, due_at=LATE + timedelta(days=n)) for n in range(4)]
    open_ = threading.Barrier(len(rungs))

    def job(rung: Rung) -> Callable[[], dict[int, int]]:
        def run() -> dict[int, int]:
            with transaction.atomic():
                open_.wait(timeout=20)
                return propose([proposal(case, rung, city)], LATE)

        return run

    made = at_once(*(job(rung) for rung in rungs))

    order = SupervisionOrder.objects.get()
    assert sorted(made, key=len) == [{}, {}, {}, {case.pk: order.pk}]
