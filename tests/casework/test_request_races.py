"""Two who ask or decide at once: one does, the other is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from rest_framework.exceptions import ValidationError

from grid.casework import ledger, requests
from grid.casework.actors import Actor
from grid.casework.errors import CaseworkError, StepNotPossible
from grid.casework.models import Case, Event, Extension, Request
from grid.casework.steps import Taken, take_step
from grid.organisations.models import Role
from tests.factories.city import City, add_user, build_city, post
from tests.factories.incidents import report, take

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
Runner = Callable[[Callable[[int], Any]], list[Any]]


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=AT, urgency="yellow")


@pytest.fixture
def at_once() -> Runner:
    """Run a function in four threads at once, each with its own connection."""

    def run(function: Callable[[int], Any]) -> list[Any]:
        gate = Barrier(4)

        def one(index: int) -> Any:
            try:
                gate.wait(timeout=20)
                return function(index)
            except (CaseworkError, ValidationError) as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(one, range(4)))

    return run


WISH = {"deadline": "INC-YELLOW", "length": 5, "reason": "材料未到"}


def test_of_four_who_decide_at_once_one_does(city: City, case: Case, at_once: Runner) -> None:
    others = []
    for place in range(3):
        officer = add_user(f"officer-{place}", f"街道{place}")
        post(officer, city.street_org, Role.STREET_OFFICER, city.street)
        others.append(officer)
    take(case, "ask_extension", city.clerk, at=AT, **WISH)
    asked = Request.objects.get()
    due_at = asked.deadline.due_at
    officers = [city.street_officer, *others]

    came = at_once(
        lambda i: take_step(
            case.pk,
            "refuse_extension" if i % 2 else "grant_extension",
            by=Actor(officers[i]),
            data={"request": asked.pk, "reason": f"{i}"},
            at=AT + timedelta(minutes=1),
        )
    )

    done = [c for c in came if isinstance(c, Taken)]
    assert len(done) == 1
    assert all(isinstance(c, StepNotPossible) for c in came if not isinstance(c, Taken))
    asked.refresh_from_db()
    assert asked.decided_by == done[0].event.user
    granted = asked.decision == "granted"
    assert Extension.objects.count() == int(granted)
    assert asked.deadline.due_at == (due_at + timedelta(hours=5) if granted else due_at)
    assert list(ledger.check()) == []


def test_of_four_who_ask_at_once_one_request_stands(city: City, case: Case, at_once: Runner) -> None:
    came = at_once(lambda i: take_step(case.pk, "ask_extension", by=Actor(city.clerk), data=WISH, at=AT))

    assert sum(isinstance(c, Taken) for c in came) == 1
    assert Request.objects.count() == 1


def test_deciding_and_lapsing_at_once_leave_one_answer(city: City, case: Case, at_once: Runner) -> None:
    take(case, "ask_extension", city.clerk, at=AT, **WISH)
    asked = Request.objects.get()
    due_at = asked.deadline.due_at
    assert due_at is not None
    data = {"request": asked.pk, "reason": "赶在到期前"}

    def one(index: int) -> Any:
        if index % 2:
            return requests.lapse(at=due_at)
        in_time = due_at - timedelta(seconds=1)
        return take_step(case.pk, "grant_extension", by=Actor(city.street_officer), data=data, at=in_time)

    at_once(one)

    asked.refresh_from_db()
    verbs = ("grant_extension", "lapse_request")
    assert asked.decision in ("granted", "lapsed")
    assert Event.objects.filter(case=case, verb__in=verbs).count() == 1
    assert Extension.objects.count() == int(asked.decision == "granted")


def test_the_database_itself_refuses_an_asker_who_decides_and_a_second_open_request(
    city: City, case: Case
) -> None:
    take(case, "ask_extension", city.clerk, at=AT, **WISH)
    asked = Request.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=asked.pk).update(decision="granted", decided_at=AT, decided_by=city.clerk)
    asked.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        asked.save(force_insert=True)
