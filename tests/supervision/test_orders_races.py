"""Two people decide on one order at the same time, on real connections."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grid.casework import ledger
from grid.casework.errors import StepNotPossible
from grid.casework.models import Case, Event
from grid.casework.steps import take_step
from grid.people.models import User
from grid.supervision.models import SupervisionOrder
from grid.supervision.services import climb
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import AT, report, take
from tests.factories.races import at_once

LATE = AT + timedelta(hours=72)
NEXT = LATE + timedelta(hours=1)
ORDER: dict[str, Any] = {"suggestions": ["improve"], "demand": "三日内清运到位，书面说明原因。"}


@pytest.fixture
def city(django_db_serialized_rollback: None, transactional_db: None) -> City:
    return build_city()


def taking(case: Case, name: str, by: User, **data: Any) -> Callable[[], str]:
    """Return a job that takes a step and says what came of it."""

    def job() -> str:
        try:
            take_step(case.pk, name, by=acting(by), data=data, at=NEXT)
        except StepNotPossible:
            return "too late"
        return name

    return job


def test_of_confirming_and_dismissing_at_once_one_stands(city: City) -> None:
    case = report(city)
    climb(LATE)

    came = at_once(
        taking(case, "order_confirm", city.street_officer, **ORDER),
        taking(case, "order_dismiss", city.district_officer, reason="暴雨停工"),
        taking(case, "order_confirm", city.supervisor, **ORDER),
    )

    assert came.count("too late") == 2
    order = SupervisionOrder.objects.get()
    verb = next(name for name in came if name != "too late")
    assert order.status == {"order_confirm": "issued", "order_dismiss": "dismissed"}[str(verb)]
    assert Event.objects.filter(case=case, verb__startswith="order_").count() == 1
    assert list(ledger.check()) == []


def test_a_case_does_not_close_under_an_order_that_is_confirmed_at_once(city: City) -> None:
    case = report(city)
    climb(LATE)
    closing = {"outcome": "explained", "explanation": "已解释"}

    came = at_once(
        taking(case, "order_confirm", city.street_officer, **ORDER),
        taking(case, "close", city.clerk, **closing),
    )

    assert came.count("too late") == 1
    order = SupervisionOrder.objects.get()
    case.refresh_from_db()
    assert (order.status, case.closed_at is None) in {("issued", True), ("dismissed", False)}


def test_numbers_of_orders_at_once_have_no_gap_and_no_double(city: City) -> None:
    cases = [report(city, at=AT + timedelta(minutes=n)) for n in range(5)]
    climb(LATE + timedelta(minutes=10))
    take(cases[0], "order_dismiss", city.street_officer, at=NEXT, reason="暴雨")

    at_once(*(taking(case, "order_confirm", city.street_officer, **ORDER) for case in cases[1:]))

    numbers = SupervisionOrder.objects.exclude(number="").order_by("number").values_list("number", flat=True)
    assert list(numbers) == [f"督办〔2026〕{n}号" for n in range(1, 5)]
