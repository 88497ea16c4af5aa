"""The parts of a case's page: deadlines, holders, rounds, other cases, days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from grid.casework.models import Case, Deadline, LinkType
from grid.casework.wording import Entry
from grid.worktime.models import Binds


@dataclass
class Clock:
    """A deadline of the case as the page shows it."""

    deadline: Deadline
    light: str
    lines: list[str]
    days_left: int | timedelta | None = None
    until: datetime | None = None

    @property
    def is_ours(self) -> bool:
        """Tell whether an office has to keep it."""
        return self.deadline.binds == Binds.OFFICE


@dataclass
class Stay:
    """An organisation had the case, from when to when."""

    organisation: str
    since: datetime
    until: datetime | None
    duration: timedelta


@dataclass
class Passage:
    """A round of the case."""

    number: int
    organisation: str
    since: datetime
    until: datetime | None
    outcome: str


@dataclass
class Relative:
    """Another case that this one belongs to in some way."""

    case: Case
    relation: str


@dataclass
class Day:
    """What happened on one day, newest first."""

    on: date
    entries: list[Entry]


def relations(case: Case, other: Case) -> Iterable[str]:
    """Word how another case belongs to this one."""
    to_it = {
        LinkType.MERGED_INTO: _("Merged into"),
        LinkType.FOLLOWS: _("Follows"),
        LinkType.HANDED_OVER: _("Handed over to"),
        LinkType.SAME_MATTER: _("Same matter as"),
        LinkType.PART_OF: _("Part of"),
    }
    from_it = {
        LinkType.MERGED_INTO: _("Has taken in"),
        LinkType.FOLLOWS: _("Is followed by"),
        LinkType.HANDED_OVER: _("Taken over from"),
        LinkType.SAME_MATTER: _("Same matter as"),
        LinkType.PART_OF: _("Has as a part"),
    }
    yield from (to_it[LinkType(t)] for t in other.to_it)  # type: ignore[attr-defined]
    yield from (from_it[LinkType(t)] for t in other.from_it)  # type: ignore[attr-defined]
    if other.pk == case.source_id:
        yield _("Came from")
    if other.source_id == case.pk:
        yield _("Led to")
