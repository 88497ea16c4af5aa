"""Tests of /healthz, /readyz and the heartbeats behind them."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from governance.celery import app
from governance.operations import health
from governance.operations.beat import HeartbeatScheduler
from governance.operations.models import Heartbeat, Part
from governance.operations.tasks import worker_heartbeat
from grid.supervision.models import LadderRun, SetAside
from tests.factories.city import build_city
from tests.factories.incidents import report

NOW = datetime.fromisoformat("2026-10-09T09:00:00+08:00")


def test_healthz_answers_without_touching_the_database(client: Client) -> None:
    response = client.get("/healthz")  # pytest-django refuses any query here

    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_says_ok_for_every_part_that_works(client: Client) -> None:
    for part in Part:
        Heartbeat.beat(part, at=timezone.now())
    LadderRun.objects.create(at=timezone.now(), started_at=timezone.now(), finished_at=timezone.now())

    response = client.get("/readyz")

    assert response.status_code == 200
    assert set(response.json()) == {"database", "redis", "worker", "beat", "ladder"}
    assert set(response.json().values()) == {"ok"}


@pytest.mark.django_db
def test_a_part_that_was_never_seen_is_named_and_the_portal_still_serves(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    never = dict.fromkeys(("worker", "beat", "ladder"), "never seen")
    assert response.json() == {"database": "ok", "redis": "ok"} | never


@pytest.mark.django_db
def test_a_ladder_that_stopped_or_set_something_aside_is_named() -> None:
    LadderRun.objects.create(at=NOW, started_at=NOW, finished_at=NOW)
    LadderRun.objects.create(at=NOW + timedelta(hours=1), started_at=NOW + timedelta(hours=1))

    assert health.ladder(at=NOW + timedelta(minutes=5)) == "ok"
    assert health.ladder(at=NOW + timedelta(minutes=6)) == "not seen for 360 s"
    assert health.ladder(at=NOW - timedelta(hours=1)) == "not seen since the clock was set back"

    case = report(build_city(), at=NOW)
    SetAside.objects.put(case, reason="KeyError", at=NOW)
    assert health.ladder(at=NOW) == "1 matters set aside"


def test_a_clock_that_was_set_back_does_not_stop_beat(tmp_path: Path) -> None:
    scheduler = HeartbeatScheduler(app=app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    scheduler.setup_schedule()
    ahead = timezone.now() + timedelta(days=1)
    for entry in scheduler.schedule.values():
        entry.last_run_at = ahead

    scheduler.forget_the_future()

    assert scheduler.schedule
    assert all(entry.last_run_at < ahead for entry in scheduler.schedule.values())
    every_minute = scheduler.schedule["climb the ladder"]
    assert every_minute.is_due().next <= 60


@pytest.mark.django_db
@pytest.mark.parametrize(("silent", "said"), [(60, "ok"), (61, "not seen for 61 s")])
def test_a_part_is_missed_after_a_minute(silent: int, said: str) -> None:
    Heartbeat.beat(Part.BEAT, at=NOW - timedelta(seconds=silent))

    assert health.background(at=NOW) == {"worker": "never seen", "beat": said}


@pytest.mark.django_db
def test_without_redis_the_portal_still_serves_and_says_so(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://:a-secret@127.0.0.1:1/0"

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["redis"] == "does not answer (ConnectionError)"
    assert b"a-secret" not in response.content


@pytest.mark.django_db
def test_without_database_readyz_is_503_and_shows_no_secret(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("connection to postgres://portal:a-secret@db failed")

    monkeypatch.setattr(connections["default"], "cursor", refuse)

    response = client.get("/readyz")
    monkeypatch.undo()

    assert response.status_code == 503
    assert response.json()["database"] == "does not answer (OperationalError)"
    assert response.json()["worker"] == "not known without the database"
    assert b"a-secret" not in response.content


@pytest.mark.django_db
def test_a_part_has_one_row_however_often_it_beats() -> None:
    Heartbeat.beat(Part.WORKER, at=NOW)
    Heartbeat.beat(Part.WORKER, at=NOW + timedelta(seconds=10))

    assert list(Heartbeat.objects.values_list("part", "at")) == [("worker", NOW + timedelta(seconds=10))]


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_takes_its_heartbeat_from_the_queue(celery_worker: None) -> None:
    worker_heartbeat.delay()

    until = time.monotonic() + 30
    while not Heartbeat.objects.filter(part=Part.WORKER).exists():
        assert time.monotonic() < until, "the worker did not run the task"
        time.sleep(0.05)


@pytest.mark.django_db
def test_the_scheduler_shows_that_its_loop_turns(tmp_path: Path) -> None:
    scheduler = HeartbeatScheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    scheduler.tick()
    scheduler.close()

    assert Heartbeat.objects.filter(part=Part.BEAT).exists()


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    missing = {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks)

    assert missing == set()
