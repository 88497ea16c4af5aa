"""What the tests of worktime share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from grid.people.models import User
from grid.worktime.choices import Unit
from grid.worktime.services import RuleSpec


@pytest.fixture
def at():
    return datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def both():
    """Return a function that runs two things at the same time, each in a thread with its own connection."""

    def run(*things: Callable[[], object]) -> list[object]:
        barrier = Barrier(len(things))

        def one(thing: Callable[[], object]) -> object:
            barrier.wait(10)
            try:
                return thing()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(things)) as pool:
            return [future.result(30) for future in [pool.submit(one, thing) for thing in things]]

    return run


@pytest.fixture
def administrator(db):
    return User.objects.create_user("calendar-keeper", name="历管理员")


@pytest.fixture
def spec():
    """Return a maker of rule specifications: sixty statutory days, changed as asked."""

    def make(**changes: Any) -> RuleSpec:
        values: dict[str, Any] = {
            "code": "TEST-HANDLE",
            "kind": "petition",
            "label": "办理期限",
            "label_en": "Handling",
            "basis": "《信访工作条例》第三十四条",
            "basis_en": "Petition Regulations, article 34",
            "length": 60,
            "unit": Unit.DAY,
            "extend_by": "unit_head",
            "extend_max": 30,
            "statutory": True,
            "valid_from": date(2022, 5, 1),
        }
        return RuleSpec(**values | changes)

    return make
