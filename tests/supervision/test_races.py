"""Ladders and people at the same time, on real connections."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction

from grid.casework import ledger
from grid.casework.actors import Actor
from grid.casework.models import Case, Event, Rung
from grid.casework.steps import take_step
from grid.notices import reader
from grid.notices.models import Notice
from grid.supervision.services import climb
from tests.factories.city import City, build_city
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
LATE = AT + timedelta(hours=73)
CASES = 12


@pytest.fixture
def city(django_db_serialized_rollback: None, transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def cases(city: City) -> list[Case]:
    return [report(city, at=AT + timedelta(minutes=n)) for n in range(CASES)]


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run jobs in threads of their own that start together, and return what came of each."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=20)
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, job) for job in jobs]]


def test_ladders_that_run_at_once_tell_each_rung_once(cases: list[Case]) -> None:
    reports = at_once(*[lambda: climb(LATE, batch=3)] * 4)

    assert all(r.set_aside == [] for r in reports)
    climb(LATE)
    assert Event.objects.filter(verb="climb").count() == CASES
    assert Rung.objects.count() == 3 * CASES


def test_two_lanes_of_one_run_tell_each_rung_once_and_report_together(cases: list[Case]) -> None:
    reports = at_once(*[lambda: climb(LATE, batch=2, lanes=2)] * 2)

    assert sum(r.rungs for r in reports) == CASES
    assert all(r.set_aside == [] for r in reports)
    assert Event.objects.filter(verb="climb").count() == CASES
    assert Rung.objects.count() == 3 * CASES
    assert list(ledger.check()) == []


def test_people_take_steps_while_the_ladder_climbs(city: City, cases: list[Case]) -> None:
    def comment() -> int:
        for case in cases:
            take_step(case.pk, "comment", by=Actor(city.clerk), data={"text": "在办"}, at=LATE)
        return len(cases)

    def accept() -> int:
        for case in reversed(cases):
            take_step(case.pk, "accept", by=Actor(city.clerk), data={}, at=LATE)
        return len(cases)

    report_, *_people = at_once(lambda: climb(LATE, batch=4), comment, accept)

    assert report_.set_aside == []
    climb(LATE)
    for case in cases:
        verbs = sorted(Event.objects.filter(case=case).values_list("verb", flat=True))
        assert verbs == ["accept", "climb", "comment", "report"]
    assert list(ledger.check()) == []


def test_a_case_that_somebody_works_on_is_left_to_the_next_run(cases: list[Case]) -> None:
    locked, go_on = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            Case.objects.select_for_update(no_key=True).get(pk=cases[0].pk)
            locked.set()
            assert go_on.wait(timeout=20)

    def run() -> int:
        try:
            assert locked.wait(timeout=20)
            return climb(LATE).cases
        finally:
            go_on.set()

    _nothing, taken = at_once(work, run)

    assert taken == CASES - 1
    assert climb(LATE).cases == 1


def test_readers_that_run_at_once_tell_everybody_once(city: City, cases: list[Case]) -> None:
    climb(LATE)

    at_once(*[reader.deliver] * 3)

    mine = Notice.objects.filter(recipient=city.street_officer, template="rung_red")
    assert mine.count() == CASES
    assert reader.deliver() == 0
