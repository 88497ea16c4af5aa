"""What the tests of worktime share."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from grid.people.models import User
from grid.worktime.choices import Unit
from grid.worktime.services import RuleSpec


@pytest.fixture
def at():
    return datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


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
