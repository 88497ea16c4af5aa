"""Real connections at once: one step once, one case once, every reader of the feed sees everything once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from grid.casework import feed, locks
from grid.casework.actors import Actor
from grid.casework.errors import CaseBusy, CaseworkError
from grid.casework.models import Case, Event
from grid.casework.steps import take_step
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
EIGHT = 8


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def at_once() -> Callable[..., list[object]]:
    """Run a function in several threads, each with its own connection, and return what came of each."""

    def run(function: Callable[[int], object], times: int = EIGHT) -> list[object]:
        gate = threading.Barrier(times)

        def one(index: int) -> object:
            try:
                gate.wait(timeout=20)
                return function(index)
            except CaseworkError as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, range(times)))

    return run


def test_of_eight_who_take_one_step_at_once_exactly_one_does(
    city: City, at_once: Callable[..., list[object]]
) -> None:
    case = report(city, at=AT)

    came = at_once(
        lambda i: take_step(case.pk, "accept", by=Actor(city.clerk), data={}, at=AT + timedelta(minutes=1))
    )

    assert sum(not isinstance(c, CaseworkError) for c in came) == 1
    assert Event.objects.filter(case=case, verb="accept").count() == 1


def test_eight_comments_at_once_are_all_kept_in_a_row(
    city: City, at_once: Callable[..., list[object]]
) -> None:
    case = report(city, at=AT)

    at_once(
        lambda i: take_step(
            case.pk, "comment", by=Actor(city.worker), data={"text": f"{i}"}, at=AT + timedelta(minutes=1)
        )
    )

    assert list(Event.objects.filter(case=case).order_by("seq").values_list("seq", flat=True)) == list(
        range(1, 10)
    )


def test_the_same_key_twice_at_once_makes_one_case(city: City, at_once: Callable[..., list[object]]) -> None:
    came = at_once(lambda i: report(city, at=AT, key="double-click").number)

    assert len(set(came)) == 1
    assert Case.objects.count() == 1


def test_a_case_that_stays_locked_says_busy(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    case = report(city, at=AT)
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 200)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Case.objects.select_for_update().get(pk=case.pk)
            held.set()
            done.wait(timeout=20)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(timeout=20)
    try:
        with pytest.raises(CaseBusy):
            take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT + timedelta(minutes=1))
    finally:
        done.set()
        thread.join()


def test_two_that_merge_crosswise_do_not_wait_for_each_other(
    city: City, at_once: Callable[..., list[object]]
) -> None:
    pair = [report(city, at=AT), report(city, at=AT)]

    def merge(index: int) -> object:
        one, other = pair[index % 2], pair[(index + 1) % 2]
        data = {"other": other.number, "reason": "同一处"}
        return take_step(one.pk, "link", by=Actor(city.clerk), data=data | {"type": "same_matter"}, at=AT)

    came = at_once(merge, 2)

    assert not any(isinstance(c, CaseBusy) for c in came)


def test_an_event_with_an_earlier_id_that_commits_last_is_read_by_every_reader_once(city: City) -> None:
    first, second = report(city, at=AT), report(city, at=AT)
    seen: dict[str, list[int]] = {"a": [], "b": []}

    def reader(name: str) -> None:
        feed.read(name, lambda events: seen[name].extend(e.pk for e in events))

    reader("a")
    late, quick = _entry_that_commits_late(city, first, second)
    reader("a")
    reader("b")
    assert quick in seen["a"]
    assert late() < quick
    reader("a")
    reader("b")

    everything = sorted(Event.objects.values_list("pk", flat=True))
    assert sorted(seen["a"]) == everything
    assert sorted(seen["b"]) == everything
    assert connection.in_atomic_block is False


def test_a_position_that_was_given_is_never_given_anew(city: City) -> None:
    """A numberer that has not committed yet sees one entry; another, meanwhile, sees an earlier one too."""
    first, second = report(city, at=AT), report(city, at=AT)
    feed.number()
    late, quick = _entry_that_commits_late(city, first, second)
    numbered, commit = threading.Event(), threading.Event()

    def slow_numberer() -> None:
        with transaction.atomic():
            feed.number()
            numbered.set()
            commit.wait(timeout=20)
        connections.close_all()

    slow = threading.Thread(target=slow_numberer)
    slow.start()
    numbered.wait(timeout=20)
    earlier = late()

    def quick_numberer() -> None:
        feed.number()
        connections.close_all()

    other = threading.Thread(target=quick_numberer)
    other.start()
    other.join(timeout=1)
    commit.set()
    slow.join()
    other.join()

    positions = dict(Event.objects.filter(pk__in=[earlier, quick]).values_list("pk", "feed__position"))
    assert earlier < quick
    assert positions[quick] < positions[earlier]


def _entry_that_commits_late(city: City, first: Case, second: Case) -> tuple[Callable[[], int], int]:
    """Write an entry that waits for its commit and one that does not; return how to commit it, and the id."""
    written, commit = threading.Event(), threading.Event()
    late: list[int] = []

    def write() -> None:
        with transaction.atomic():
            taken = take_step(first.pk, "comment", by=Actor(city.worker), data={"text": "慢"}, at=AT)
            late.append(taken.event.pk)
            written.set()
            commit.wait(timeout=20)
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    written.wait(timeout=20)
    quick = take_step(second.pk, "comment", by=Actor(city.worker), data={"text": "快"}, at=AT).event.pk

    def finish() -> int:
        commit.set()
        thread.join()
        return late[0]

    return finish, quick


def test_readers_that_number_at_once_give_each_row_one_position(
    city: City, at_once: Callable[..., list[object]]
) -> None:
    case = report(city, at=AT)
    for i in range(20):
        take_step(case.pk, "comment", by=acting(city.worker), data={"text": f"{i}"}, at=AT)

    at_once(lambda i: feed.number(batch=5))
    while feed.number():
        pass

    positions = list(Event.objects.order_by("pk").values_list("feed__position", flat=True))
    assert positions == list(range(1, len(positions) + 1))


def test_a_reader_that_fails_reads_the_same_again(city: City) -> None:
    report(city, at=AT)
    seen: list[int] = []

    def fails(events: list[Event]) -> None:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        feed.read("a", fails)
    feed.read("a", lambda events: seen.extend(e.pk for e in events))

    assert seen == list(Event.objects.values_list("pk", flat=True))
