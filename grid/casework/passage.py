"""One run of a step: what it carries, and the rows that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from grid.casework import timeline
from grid.casework.actors import Actor
from grid.casework.models import Case, Holding, Phase, Round

if TYPE_CHECKING:
    from grid.casework.kinds import Kind
    from grid.casework.table import Step

# What people decide on: a change of these raises the version. Comments and rungs do not.
DECIDED_ON = (
    "title",
    "description",
    "area_id",
    "address",
    "longitude",
    "latitude",
    "status",
    "urgency",
    "sealed",
    "lead_id",
    "assignee_id",
    "outcome",
    "round_number",
)
# What stands in an entry with its value before and after. Text that people typed never does.
TRACKED = (
    "area_id",
    "lead_id",
    "assignee_id",
    "phase",
    "status",
    "urgency",
    "sealed",
    "outcome",
    "round_number",
)


@dataclass
class Passage:
    """What one run of a step carries from hand to hand."""

    kind: Kind
    step: Step
    case: Case
    detail: Any
    by: Actor
    at: datetime
    before: dict[str, Any] = field(default_factory=dict)
    due: dict[str, datetime | None] = field(default_factory=dict)


def photograph(passage: Passage) -> dict[str, Any]:
    """Note the values that a step may change."""
    noted = {name: getattr(passage.case, name) for name in {*DECIDED_ON, *TRACKED}}
    noted |= {name: getattr(passage.detail, name) for name in passage.kind.tracked}
    return noted


def settle_status(passage: Passage, status: str | None) -> None:
    """Set status and phase as the table says, and what closing means."""
    case, step = passage.case, passage.step
    if step.targets:
        if status not in step.targets:
            raise RuntimeError(f"{step.name} led to {status}, which its row does not name.")
        case.status = status
    elif status is not None:
        raise RuntimeError(f"{step.name} has no targets but led to {status}.")
    case.phase = passage.kind.status(case.status).phase
    if case.phase == Phase.CLOSED:
        case.closed_at = case.closed_at or passage.at
    else:
        case.closed_at, case.outcome = None, ""


def first_rows(passage: Passage) -> Round:
    """Save a new case with its detail row, its first round and its first holding."""
    case = passage.case
    case.number = timeline.next_number(passage.kind.prefix, year=timezone.localtime(passage.at).year)
    case.save(force_insert=True)
    passage.detail.case = case
    passage.detail.pk = case.pk
    passage.detail.save(force_insert=True)
    return Round.objects.create(
        case=case,
        number=1,
        lead=case.lead,
        opened_by=passage.step.name,
        opened_at=passage.at,
        closed_at=case.closed_at,
        outcome=case.outcome,
    )


def next_round(passage: Passage) -> Round:
    """Open the next round; nothing of the old one is overwritten."""
    case = passage.case
    case.round_number += 1
    return Round.objects.create(
        case=case,
        number=case.round_number,
        lead=case.lead,
        opened_by=passage.step.name,
        opened_at=passage.at,
    )


def move_holding(passage: Passage) -> None:
    """Keep who had the case from when to when, and mirror lead and closing on the round."""
    case, before, at = passage.case, passage.before, passage.at
    if case.phase == Phase.CLOSED:
        if before and before["phase"] != Phase.CLOSED:
            _end_holding(case, at)
            Round.objects.filter(case=case, number=case.round_number).update(
                closed_at=at, outcome=case.outcome, lead=case.lead
            )
        elif not before:
            Holding.objects.create(case=case, organisation=case.lead, starts_at=at, ended_at=at)
        return
    if before and before["lead_id"] == case.lead_id and before["phase"] != Phase.CLOSED:
        return
    if before and before["phase"] != Phase.CLOSED:
        _end_holding(case, at)
        Round.objects.filter(case=case, number=case.round_number).update(lead=case.lead)
    Holding.objects.create(case=case, organisation=case.lead, starts_at=at)


def _end_holding(case: Case, at: datetime) -> None:
    """End the open holding; a clock that was set back since ends it where it began, never before."""
    ended_at = Greatest(Value(at, DateTimeField()), F("starts_at"))
    Holding.objects.filter(case=case, ended_at=None).update(ended_at=ended_at)


def changes(passage: Passage) -> dict[str, list[Any]]:
    """Return before and after of every value that the step changed."""
    before, after = passage.before, photograph(passage)
    return {
        name: [timeline.plain(before.get(name)), timeline.plain(value)]
        for name, value in sorted(after.items())
        if (before.get(name) or None) != (value or None)
    }
