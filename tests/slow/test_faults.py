"""
Faults of a machine on which the ladder is being climbed: what was due stands exactly once afterwards.

Real PostgreSQL and Redis that these tests kill, real workers and beats with the settings of a city, real
servers for e-mail and text messages. What has to hold stands in `reckoning.py`.
"""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.notices.servers import HttpServer, SmtpServer, serve
from tests.processes import kill, wait_until
from tests.slow.cluster import (
    TEMPLATE,
    Part,
    Portal,
    Postgres,
    Redis,
    Turnstile,
    build_template,
    running,
    wired,
)
from tests.slow.reckoning import MESSAGES, arrived, check, due, now, rungs, settle

pytestmark = pytest.mark.slow

NUMBERS = count(1)
HEARTBEATS = "SELECT count(*) FROM operations_heartbeat WHERE at > %s"
GONE_HOURS = 25
# Of the log of each process, shown with a test that failed.
LAST_WORDS = 4000


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Postgres, Redis, Path]]:
    """Return the servers on which the portals of this file run, with the crowded city as a template."""
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    postgres, redis = Postgres(home / "postgres"), Redis(home)
    with running([postgres, redis]):
        (home / "template").mkdir()
        with SmtpServer() as smtp, HttpServer() as gateway:
            build_template(Portal(postgres, redis, TEMPLATE, home / "template", smtp, gateway))
        yield postgres, redis, home
    shutil.rmtree(home)


@pytest.fixture
def portal(servers: tuple[Postgres, Redis, Path]) -> Iterator[Portal]:
    """Return a portal on a crowded city of its own, with nothing running yet."""
    postgres, redis, home = servers
    for server in (postgres, redis):
        server.start()
    name = f"faults_{next(NUMBERS)}"
    postgres.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    redis.client.flushall()
    smtp, gateway = SmtpServer(), HttpServer()
    stops = [serve(smtp), serve(gateway)]
    (home / name).mkdir()
    portal = Portal(postgres, redis, name, home / name, smtp, gateway)
    try:
        yield portal
    finally:
        portal.close()
        for stop in stops:
            stop()
        for part in portal.parts:
            print(f"{part.name} ended with:\n{part.said()[-LAST_WORDS:]}")


def in_the_middle(portal: Portal) -> None:
    """Make sure that some rungs are written, and some are not."""
    assert 0 < rungs(portal) < due(portal)


def all_live(*parts: Part) -> None:
    """Make sure that nobody had to start anything again."""
    for part in parts:
        assert part.lives, part.said()


def test_without_a_fault_everything_is_told_once(portal: Portal) -> None:
    worker, beat = portal.worker(), portal.beat()

    settle(portal)

    check(portal)
    assert {status for *_rest, status in portal.rows(MESSAGES)} == {"sent"}
    all_live(worker, beat)


def test_a_worker_killed_in_the_middle_of_a_pass_leaves_nothing_half_and_the_next_one_goes_on(
    portal: Portal,
) -> None:
    worker, _beat = portal.worker(), portal.beat()
    with Turnstile(portal) as turnstile:
        turnstile.let_one_through()
        in_the_middle(portal)
        before = rungs(portal)
        worker.kill()
        turnstile.open()
        wait_until(lambda: turnstile.held() == 0, "PostgreSQL sees that the worker is gone")
    assert rungs(portal) == before

    portal.worker()
    settle(portal)

    check(portal)


def test_a_process_of_the_pool_killed_in_the_middle_of_a_pass_is_replaced_by_the_worker(
    portal: Portal,
) -> None:
    worker, beat = portal.worker(), portal.beat()
    with Turnstile(portal) as turnstile:
        turnstile.let_one_through()
        in_the_middle(portal)
        for pid in worker.children():
            kill(pid)
        turnstile.open()

    settle(portal)

    check(portal)
    all_live(worker, beat)


def test_two_workers_and_two_beats_at_once_write_nothing_twice(portal: Portal) -> None:
    with Turnstile(portal) as turnstile:
        parts = [portal.worker(), portal.worker(), portal.beat(), portal.beat()]
        # Two passes are in the middle of a batch at the same time, and then let go together.
        wait_until(lambda: turnstile.held() > 1, "two passes run at once")
        turnstile.open()

    settle(portal)

    check(portal)
    all_live(*parts)


def test_redis_emptied_while_tasks_are_queued_loses_nothing(portal: Portal) -> None:
    worker, beat = portal.worker(), portal.beat()
    with Turnstile(portal) as turnstile:
        turnstile.let_one_through()
        in_the_middle(portal)
        wait_until(lambda: portal.redis.queued() > 0, "tasks are queued")
        portal.redis.client.flushall()
        turnstile.open()

    settle(portal)

    check(portal)
    all_live(worker, beat)


def test_redis_gone_for_a_while_is_found_again_without_a_restart_by_hand(portal: Portal) -> None:
    worker, beat = portal.worker(), portal.beat()
    with Turnstile(portal) as turnstile:
        turnstile.let_one_through()
        in_the_middle(portal)
        portal.redis.stop()
        wait_until(lambda: "could not be sent" in beat.said(), "beat misses Redis")
        turnstile.open()
    wait_until(lambda: "Trying again" in worker.said(), "the worker misses Redis")
    # These come up while there is no Redis at all.
    late_worker, late_beat = portal.worker(), portal.beat()
    wait_until(lambda: "Trying again" in late_worker.said(), "the new worker misses Redis")
    back = now(portal)
    portal.redis.start()

    settle(portal)

    wait_until(lambda: portal.count(HEARTBEATS, back) == 2, "worker and beat are seen again")
    check(portal)
    all_live(worker, beat, late_worker, late_beat)


def test_connections_to_redis_that_go_dead_without_a_word_are_given_up_for_new_ones(portal: Portal) -> None:
    with wired(portal) as wire:
        worker, beat = portal.worker(), portal.beat()
        with Turnstile(portal) as turnstile:
            turnstile.let_one_through()
            in_the_middle(portal)
            assert wire.go_dead() > 1
            turnstile.open()

        settle(portal)

        check(portal)
        all_live(worker, beat)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_postgresql_restarted_in_the_middle_of_a_pass_is_found_again_without_a_restart_by_hand(
    portal: Portal, how: signal.Signals
) -> None:
    worker, beat = portal.worker(), portal.beat()
    with Turnstile(portal) as turnstile:
        turnstile.let_one_through()
        in_the_middle(portal)
        portal.postgres.stop(how)
        wait_until(lambda: "OperationalError" in worker.said(), "the worker misses PostgreSQL")
        portal.postgres.start()

    settle(portal)

    check(portal)
    all_live(worker, beat)


def test_a_worker_killed_while_servers_accept_and_hang_leaves_messages_uncertain_for_good(
    portal: Portal,
) -> None:
    portal.smtp.box.behaviour = portal.gateway.answer = "hang"
    worker, _beat = portal.worker(), portal.beat()
    wait_until(lambda: portal.smtp.box.taken and portal.gateway.calls, "both servers hang", 30)
    hanging = arrived(portal)
    worker.kill()
    portal.smtp.box.behaviour, portal.gateway.answer = "accept", (200, '{"code": 0}')

    portal.worker()
    settle(portal)

    check(portal)
    uncertain = {tuple(row) for *row, status in portal.rows(MESSAGES) if status == "uncertain"}
    assert uncertain == set(hanging)
    assert {channel for channel, *_rest in uncertain} == {"email", "sms"}


def test_servers_that_are_gone_for_a_while_get_each_message_once_when_they_are_back(portal: Portal) -> None:
    portal.smtp.box.behaviour, portal.gateway.answer = "greet 421 later", (503, "")
    portal.worker(), portal.beat()
    wait_until(lambda: portal.gateway.calls and _refused(portal) >= 2, "both servers refuse")
    portal.gateway.calls.clear()
    portal.smtp.box.behaviour, portal.gateway.answer = "accept", (200, '{"code": 0}')
    # The backoff counts in minutes; a minute is not waited for here.
    portal.rows("UPDATE notices_message SET send_after = now() WHERE status = 'pending' RETURNING id")
    portal.rows("UPDATE notices_channelstate SET rests_until = NULL RETURNING channel")

    settle(portal)

    check(portal)
    assert {status for *_rest, status in portal.rows(MESSAGES)} == {"sent"}


def _refused(portal: Portal) -> int:
    return portal.count(
        "SELECT count(DISTINCT channel) FROM notices_message WHERE tries > 0 AND status = 'pending'"
    )


def test_after_an_outage_of_a_day_only_the_highest_rung_of_each_deadline_is_told(portal: Portal) -> None:
    before = now(portal) - timedelta(hours=GONE_HOURS)
    climb(portal, before)
    told_before = portal.rows("SELECT deadline_id, level FROM casework_rung WHERE told")
    assert told_before

    portal.worker(), portal.beat()
    settle(portal)

    check(portal)
    since = portal.rows(
        "SELECT r.deadline_id, r.level, array_agg(r.level) OVER (PARTITION BY r.deadline_id), r.told"
        " FROM casework_rung r WHERE r.climbed_at > %s",
        before,
    )
    # Some were yellow before and turned orange and red meanwhile: orange is told to nobody any more.
    passed_both = [row for row in since if sorted(row[2]) == [2, 3]]
    assert passed_both
    assert {level for _pk, level, _all, told in passed_both if told} == {3}
    assert {level for _pk, level, _all, told in since if told and _pk in dict(told_before)} == {3}


def climb(portal: Portal, at: datetime) -> None:
    """Climb on the command line with a clock of our own."""
    portal.run("manage.py", "climb_ladder", "--at", at.isoformat())


STEPPED = 10
STEPS = """
from datetime import datetime
from grid.casework.actors import Actor
from grid.casework.models import Case
from grid.casework.steps import take_step
from grid.people.models import User
at = datetime.fromisoformat("{at}")
clerk = User.objects.get(username="clerk")
cases = Case.objects.filter(deadlines__code="INC-YELLOW", deadlines__rungs__level=3).order_by("pk")
for place, case in enumerate(cases[:{count}]):
    take_step(case.pk, "accept", by=Actor(clerk), data={{}}, at=at)
    if place % 2:
        take_step(case.pk, "handle", by=Actor(clerk), data={{"result": "done"}}, at=at)
"""
ENDED = """
    SELECT r.deadline_id, r.level, r.due_at, r.climbed_at, r.told FROM casework_rung r
      JOIN casework_deadline d ON d.id = r.deadline_id WHERE d.status = 'met' ORDER BY 1, 2
"""


def test_a_clock_that_jumps_back_tells_nothing_twice_and_loses_nothing(portal: Portal) -> None:
    at = now(portal)
    climb(portal, at - timedelta(hours=4))
    first = rungs(portal)
    assert 0 < first < due(portal)

    climb(portal, at - timedelta(hours=9))
    # Steps are taken by a clock that is behind what the timelines hold already.
    portal.python(STEPS.format(at=(at - timedelta(hours=9)).isoformat(), count=STEPPED))
    climb(portal, at - timedelta(hours=6))
    assert rungs(portal) == first
    ended = portal.rows(ENDED)
    assert len({deadline for deadline, *_rest in ended}) == STEPPED // 2

    worker, beat = portal.worker(), portal.beat()
    settle(portal)

    check(portal)
    assert portal.rows(ENDED) == ended
    all_live(worker, beat)


def test_a_poisoned_row_is_set_aside_with_an_alert_and_the_others_go_on(portal: Portal) -> None:
    gone, written = (
        portal.rows(
            "SELECT id, case_id, code, due_at FROM casework_deadline ORDER BY id OFFSET %s LIMIT 1", place
        )[0]
        for place in (3, 7)
    )
    # A rule whose code is gone, and a rung that stands although the deadline says it is still to come: that
    # one is found by the key of the table alone, when a whole batch is refused because of it.
    portal.rows("UPDATE casework_deadline SET code = 'GONE' WHERE id = %s RETURNING id", gone[0])
    portal.rows(
        "INSERT INTO casework_rung (deadline_id, level, due_at, climbed_at, told)"
        " VALUES (%s, 3, %s, now(), true) RETURNING id",
        written[0],
        written[3],
    )
    worker, beat = portal.worker(), portal.beat()

    settle(portal)

    assert set(portal.rows("SELECT case_id, reason FROM supervision_setaside")) == {
        (gone[1], "PoisonedCaseError: The rule of GONE is gone."),
        (written[1], "IntegrityError"),
    }
    assert portal.count(UNTOUCHED, [gone[1], written[1]]) == 0
    wait_until(lambda: portal.rows(ALERTED) == [("admin", {"count": 2})], "the administrator is told")
    # Only a superuser takes a rung out again: the table is append-only.
    portal.rows(
        f"SET session_replication_role = replica; DELETE FROM casework_rung WHERE deadline_id = {written[0]}"
    )
    portal.rows("UPDATE casework_deadline SET code = %s WHERE id = %s RETURNING id", gone[2], gone[0])
    check(portal, aside=2)

    # Put right and taken up again, they are told like all others.
    portal.rows("UPDATE supervision_setaside SET cleared_at = now() RETURNING id")
    settle(portal)
    check(portal)
    all_live(worker, beat)


UNTOUCHED = "SELECT count(*) FROM casework_event WHERE verb = 'climb' AND case_id = ANY(%s)"
ALERTED = """
    SELECT u.username, n.params FROM notices_notice n JOIN people_user u ON u.id = n.recipient_id
     WHERE n.template = 'ladder_set_aside' AND n.read_at IS NULL
"""
