"""Deadlines for tests, on a real case and by rules of their own."""

from datetime import date, datetime
from typing import Any

from grid.casework import deadlines
from grid.casework.models import Case, Deadline
from grid.worktime.models import DeadlineRule


def rule(code: str, **fields: Any) -> DeadlineRule:
    """Make a local rule of 15 calendar days that gives way in nothing, or whatever the fields say."""
    values: dict[str, Any] = {
        "kind": "incident",
        "label": f"测试{code}",
        "label_en": f"Test {code}",
        "basis": "测试",
        "basis_en": "Test",
        "length": 15,
        "unit": "day",
        "valid_from": date(2020, 1, 1),
    }
    values |= fields
    if values.get("extend_by"):
        values.setdefault("extend_max", 10)
    if values.get("may_pause"):
        values.setdefault("pause_for", "听证")
        values.setdefault("pause_for_en", "Hearing")
    return DeadlineRule.objects.create(code=code, **values)


def start(case: Case, *codes: str, at: datetime) -> None:
    """Let deadlines run on a case from an instant, beside those that run already."""
    starts = [deadlines.Start(code, at) for code in codes]
    deadlines.follow(case, starts=starts, meets=(), cancels=(), closes=False, at=at)
    case.save()


def running(case: Case, code: str) -> Deadline:
    """Return the open deadline of a code as the database has it."""
    return Deadline.objects.get(case=case, code=code, ended_at=None)
