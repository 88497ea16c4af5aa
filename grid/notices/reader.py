"""Read the feed and tell people what they have to know, each of them exactly once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from grid.casework import feed, kinds
from grid.casework.actors import Actor
from grid.casework.models import Case, Deadline, Event, Holding, Phase
from grid.casework.sight import Sight
from grid.casework.steps import possible_steps
from grid.casework.timeline import plain
from grid.notices.models import Notice
from grid.notices.templates import RUNGS, Code
from grid.organisations.duty import Roster
from grid.organisations.models import Role
from grid.people.models import User

logger = logging.getLogger(__name__)

READER = "notices"
# Where every kind lets a case end aside of its way.
ASIDE = frozenset({"voided", "merged"})


def deliver() -> int:
    """Turn what is new in the feed into notices, and return how many entries were read."""
    return feed.read(READER, handle)


def handle(events: Sequence[Event]) -> None:
    """
    Write the notices of some entries; writing them again is harmless.

    An entry that cannot be understood is logged and passed by, so that it holds up nobody's messages.
    """
    batch = _Batch(events)
    notices: list[Notice] = []
    for event in events:
        try:
            notices += batch.notices_of(event)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("No notice could be made of entry %s of %s.", event.seq, event.case.number)
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


@dataclass
class _Day:
    """What is known of one day: who is at his post, and who sees which cases."""

    on: date
    roster: Roster
    sight: Sight
    _actors: dict[int, Actor] = field(default_factory=dict)

    def actor(self, user_id: int) -> Actor:
        """Return somebody with his postings of that day."""
        if user_id not in self._actors:
            self._actors[user_id] = Actor(User.objects.get(pk=user_id), on=self.on)
        return self._actors[user_id]


@dataclass
class _Told:
    """Who is told what of one entry: nobody twice, the first reason counts."""

    event: Event
    found: dict[int, tuple[Code, int | None, dict[str, Any]]] = field(default_factory=dict)

    def add(
        self, people: Iterable[int | None], code: Code, *, organisation: int | None = None, **params: Any
    ) -> None:
        """Take in people; whoever took the step himself knows."""
        for pk in people:
            if pk is not None and pk != self.event.user_id:
                self.found.setdefault(pk, (code, organisation, params))


class _Batch:
    """The entries of one batch, with what is read for all of them together."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.case_ids = {e.case_id for e in events}
        self._days: dict[date, _Day] = {}
        climbed = [e for e in events if e.verb == "climb"]
        rows = Deadline.objects.filter(case__in={e.case_id for e in climbed}).order_by("pk")
        self._deadlines = {(d.case_id, d.code): d for d in rows} if climbed else {}
        # An alert that nobody has read yet is not repeated.
        unread = Notice.objects.filter(template=Code.VACANT, read_at=None)
        vacant = unread.values_list("recipient", "organisation", "params") if climbed else ()
        self._alerted = {(pk, org, post) for pk, org, params in vacant for post in params["posts"]}

    def notices_of(self, event: Event) -> list[Notice]:
        """Return the notices of one entry: people who see the case, and alerts about vacant posts."""
        told = _Told(event)
        if event.verb == "climb":
            self._of_rung(event, told)
        else:
            self._of_change(event, told)
        seeing = self._day(event).sight.keep(event.case_id, told.found)
        notices = [self._notice(event, pk, *told.found[pk]) for pk in seeing]
        return notices + self._alerts(event)

    def _day(self, event: Event) -> _Day:
        on = timezone.localdate(event.at)
        if on not in self._days:
            self._days[on] = _Day(on, Roster(on), Sight(self.case_ids, on=on))
        return self._days[on]

    def _of_rung(self, event: Event, told: _Told) -> None:
        """Tell those whom the ladder found."""
        deadline = self._deadlines[event.case_id, event.data["deadline"]]
        due_at = event.data["due_at"]
        same = deadline.due_on is not None and plain(deadline.due_at) == due_at
        told.add(
            event.data.get("told", []),
            RUNGS[event.data["level"]],
            organisation=event.case.lead_id,
            label=deadline.label,
            label_en=deadline.label_en,
            due_at=due_at,
            due_on=plain(deadline.due_on) if same else None,
        )

    def _of_change(self, event: Event, told: _Told) -> None:
        """Tell those whom a change concerns, the most particular reason first."""
        case, changed = event.case, event.changed
        _before, phase = changed.get("phase", [None, None])
        if phase == Phase.CLOSED:
            told.add(
                [case.reporter_id],
                Code.CLOSED,
                kind=case.kind,
                status=changed["status"][1],
                outcome=changed.get("outcome", [None, None])[1],
            )
            return
        if phase == Phase.WAITING:
            told.add([case.reporter_id], Code.ASKED, organisation=case.lead_id)
        told.add([changed.get("assignee_id", [None, None])[1]], Code.ASSIGNED)
        if event.verb == "resume":
            told.add(self._handling(event, case.lead_id), Code.RESUMED, organisation=case.lead_id)
        elif "lead_id" in changed:
            new = changed["lead_id"][1]
            code = Code.OPENED if event.seq == 1 else Code.ARRIVED
            told.add(self._handling(event, new), code, organisation=new, kind=case.kind, verb=event.verb)
        elif changed.get("status", [None, None])[1] == case.status:
            # Where the case has gone on since, the entry that took it there tells whose turn it is.
            self._of_turn(event, told)

    def _of_turn(self, event: Event, told: _Told) -> None:
        """
        Tell those whose turn it is now: of the lead, of who had the case before, and the reporter.

        Colleagues of whoever took the step need not be told what their own office did.
        """
        case = event.case
        handling = self._handling(event, case.lead_id)
        maybe = [] if event.user_id in handling else handling
        before = Holding.objects.filter(case=case).exclude(organisation=case.lead_id).order_by("pk").last()
        if before is not None:
            maybe = [*maybe, *self._handling(event, before.organisation_id)]
        if case.reporter_id is not None:
            maybe = [*maybe, case.reporter_id]
        turn = [pk for pk in dict.fromkeys(maybe) if pk != event.user_id and self._may_go_on(event, pk)]
        told.add(turn, Code.MOVED_ON, kind=case.kind, verb=event.verb, status=event.changed["status"][1])

    def _may_go_on(self, event: Event, user_id: int) -> bool:
        """Tell whether somebody can take the main step from where the case stands, or any that leads on."""
        case = event.case
        possible = possible_steps(case, self._day(event).actor(user_id))
        steps = kinds.get(case.kind).steps
        main = {s.name for s in steps if case.status in s.sources and s.style == "primary"}
        return any(s.name in main if main else s.targets - ASIDE for s in possible)

    def _handling(self, event: Event, organisation: int) -> list[int]:
        """Return the assignee or his stand-in, else the people of an organisation who handle the kind."""
        case, roster = event.case, self._day(event).roster
        assigned = roster.in_place_of(case.assignee_id, organisation) if case.assignee_id else []
        return assigned or roster.present(organisation, kinds.get(case.kind).handlers)

    def _alerts(self, event: Event) -> list[Notice]:
        """Tell the system administrators of vacant posts, without the case; a sealed one leaves no trace."""
        if event.case.sealed or not event.data.get("vacant"):
            return []
        posts: dict[int, list[str]] = {}
        for row in event.data["vacant"]:
            posts.setdefault(row["organisation"], []).append(row["post"])
        notices = []
        for pk in self._day(event).roster.everywhere(Role.SYSTEM_ADMINISTRATOR):
            for organisation, vacant in posts.items():
                fresh = [post for post in vacant if (pk, organisation, post) not in self._alerted]
                self._alerted |= {(pk, organisation, post) for post in fresh}
                if fresh:
                    notices.append(self._notice(event, pk, Code.VACANT, organisation, {"posts": fresh}))
        return notices

    def _notice(
        self, event: Event, recipient: int, code: Code, organisation: int | None, params: dict[str, Any]
    ) -> Notice:
        case: Case | None = None if code == Code.VACANT else event.case
        return Notice(
            recipient_id=recipient,
            case=case,
            event=event,
            organisation_id=organisation,
            template=code,
            level=event.data["level"] if case is not None and event.verb == "climb" else 0,
            params={name: value for name, value in params.items() if value is not None},
            created_at=event.at,
        )
