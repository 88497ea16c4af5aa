"""Read the feed and tell people what they have to know, each of them exactly once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from grid.casework import feed, kinds
from grid.casework.models import Case, Deadline, Event, Phase
from grid.casework.timeline import plain
from grid.notices import outbox, parties
from grid.notices.choices import RUNGS, Code
from grid.notices.models import Notice
from grid.notices.outbox import Addressee, Telling
from grid.notices.recipients import Turns, handling, named
from grid.notices.told import Day, Told

logger = logging.getLogger(__name__)

READER = "notices"
BATCH = 500
# What is no fault of the entry in hand: its batch is read again.
NOT_ITS_FAULT = (DatabaseError, SoftTimeLimitExceeded)
# What the work chat of the leading organisation is told of, where a text for it exists.
TO_CHATS = frozenset({*RUNGS.values(), Code.SILENCE, Code.OPENED, Code.ARRIVED, Code.RESUMED})


def deliver(at: datetime | None = None, *, seconds: float | None = None) -> int:
    """
    Turn what is new in the feed into notices and messages, and return how many entries were read.

    :param at: the clock, from which messages outside the portal count their office hours (now).
    :param seconds: after so long no further batch is read; the next call goes on.
    """
    return feed.read(READER, partial(handle, at=at), batch=BATCH, seconds=seconds)


def handle(events: Sequence[Event], *, at: datetime | None = None) -> None:
    """
    Write the notices and messages of some entries; writing them again is harmless.

    An entry that cannot be understood is logged and passed by, so that it holds up nobody's messages.
    """
    at = at or timezone.now()
    batch = _Batch(events)
    notices: list[Notice] = []
    tellings: list[Telling] = []
    for event in events:
        try:
            notices += batch.notices_of(event)
            tellings += batch.tellings_of(event)
        except NOT_ITS_FAULT:
            raise
        except Exception:
            logger.exception("No notice could be made of entry %s.", event.pk)
    Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=1000)
    stale = at - timedelta(hours=settings.NOTICES_STALE)
    recent = [e for e in events if e.at > stale]
    fresh = [t for t in tellings if t.event.at > stale]
    _write_outside([*fresh, *_of_parties(recent)], at=at)


def _of_parties(events: Sequence[Event]) -> list[Telling]:
    """Return what parties are told; entries of a kind that is gone have told nobody."""
    known = {kind.code for kind in kinds.all_kinds()}
    return parties.tellings([e for e in events if e.case.kind in known])


def _write_outside(tellings: Sequence[Telling], *, at: datetime) -> None:
    """Write the messages; should one be impossible, the others are written one by one, and it is logged."""
    try:
        with transaction.atomic():
            outbox.write(tellings, at=at)
        return
    except NOT_ITS_FAULT:
        raise
    except Exception:
        logger.exception("Messages could not be written together and are written one by one.")
    for telling in tellings:
        try:
            with transaction.atomic():
                outbox.write([telling], at=at)
        except NOT_ITS_FAULT:
            raise
        except Exception:
            logger.exception("No message could be made of entry %s.", telling.event.pk)


class _Batch:
    """The entries of one batch, with what is read for all of them together."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.case_ids = {e.case_id for e in events}
        self._days: dict[date, Day] = {}
        self._told: dict[int, tuple[Told, list[int]]] = {}
        climbed = [e for e in events if e.verb == "climb"]
        rows = Deadline.objects.filter(case__in={e.case_id for e in climbed}).order_by("pk")
        self._deadlines = {(d.case_id, d.code): d for d in rows} if climbed else {}
        self._turns = Turns(e for e in events if _is_turn(e))
        self._alerted = self._unread_alerts()
        self._learn()

    def notices_of(self, event: Event) -> list[Notice]:
        """Return the notices of one entry: people who see the case, and alerts about vacant posts."""
        told, seeing = self._seeing(event)
        notices = [self._notice(event, pk, *told.found[pk]) for pk in seeing]
        return notices + self._alerts(event)

    def tellings_of(self, event: Event) -> list[Telling]:
        """Return what goes out beside the portal: to the same people, and to the work chat of the lead."""
        told, seeing = self._seeing(event)
        found = [self._telling(event, told, Addressee(user=pk), *told.found[pk]) for pk in seeing]
        chats: dict[int, Telling] = {}
        for pk in seeing:
            code, organisation, params = told.found[pk]
            if code in TO_CHATS and organisation is not None:
                for chat in (organisation, event.data.get("organisation")):
                    if chat is not None and chat not in chats:
                        to = Addressee(chat=chat)
                        chats[chat] = self._telling(event, told, to, code, organisation, params)
        return [*found, *chats.values()]

    def _seeing(self, event: Event) -> tuple[Told, list[int]]:
        """Return who is told what of an entry, and those of them who see the case."""
        if event.pk not in self._told:
            told = self._found(event)
            self._told[event.pk] = told, self._day(event).sight.keep(event.case_id, told.found)
        return self._told[event.pk]

    def _found(self, event: Event) -> Told:
        told = Told(event)
        if event.verb == "climb":
            self._of_rung(event, told)
        elif event.verb == "silence":
            self._of_silence(event, told)
        else:
            self._of_change(event, told)
            told.add(
                named(event, self._day(event)),
                Code.STEP,
                organisation=event.organisation_id,
                kind=event.case.kind,
                verb=event.verb,
            )
        return told

    def _day(self, event: Event) -> Day:
        on = timezone.localdate(event.at)
        if on not in self._days:
            self._days[on] = Day(on, self.case_ids)
        return self._days[on]

    def _learn(self) -> None:
        """Read together who is told by the ladder and who serves where, for each day of the batch."""
        people: dict[Day, set[int]] = {}
        bodies: dict[Day, set[int]] = {}
        for event in self.events:
            day = self._day(event)
            if event.verb in ("climb", "silence"):
                people.setdefault(day, set()).update(event.data.get("told", []))
            else:
                bodies.setdefault(day, set()).add(event.case.lead_id)
        for day, told in people.items():
            day.sight.learn(told)
        for day, organisations in bodies.items():
            day.roster.learn(organisations)

    def _of_rung(self, event: Event, told: Told) -> None:
        """Tell those whom the ladder found, by the channels that its rule names."""
        deadline = self._deadlines[event.case_id, event.data["deadline"]]
        level, due_at = event.data["level"], event.data["due_at"]
        same = deadline.due_on is not None and plain(deadline.due_at) == due_at
        told.channels = frozenset(event.data.get("channels", ()))
        told.office_hours = event.data.get("office_hours")
        told.add(
            event.data.get("told", []),
            RUNGS[level],
            organisation=event.case.lead_id,
            label=deadline.label,
            label_en=deadline.label_en,
            due_at=due_at,
            due_on=plain(deadline.due_on) if same else None,
            deadline=deadline.code,
            proposal=event.data.get("proposal"),
        )

    def _of_silence(self, event: Event, told: Told) -> None:
        """Tell those whom the ladder found that the person has heard nothing for so many days."""
        if "channels" in event.data:
            told.channels = frozenset(event.data["channels"])
            told.office_hours = event.data.get("office_hours")
        days = event.data.get("days")
        told.add(event.data.get("told", []), Code.SILENCE, organisation=event.case.lead_id, days=days)

    def _of_change(self, event: Event, told: Told) -> None:
        """Tell those whom a change concerns, the most particular reason first."""
        case, changed = event.case, event.changed
        day = self._day(event)
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
            told.add(handling(event, case.lead_id, day), Code.RESUMED, organisation=case.lead_id)
        elif "lead_id" in changed:
            new = changed["lead_id"][1]
            code = Code.OPENED if event.seq == 1 else Code.ARRIVED
            told.add(handling(event, new, day), code, organisation=new, kind=case.kind, verb=event.verb)
        elif _is_turn(event):
            told.add(
                self._turns.of(event, day),
                Code.MOVED_ON,
                kind=case.kind,
                verb=event.verb,
                status=changed["status"][1],
            )

    def _unread_alerts(self) -> set[tuple[int, int | None, str]]:
        """Return the alerts about vacant posts that nobody has read yet: they are not repeated."""
        if not any(e.data.get("vacant") for e in self.events):
            return set()
        unread = Notice.objects.filter(template=Code.VACANT, read_at=None)
        rows = unread.values_list("recipient", "organisation", "params")
        return {(pk, org, post) for pk, org, params in rows for post in params["posts"]}

    def _alerts(self, event: Event) -> list[Notice]:
        """Tell the system administrators of vacant posts, without the case; a sealed one leaves no trace."""
        if event.case.sealed or not event.data.get("vacant"):
            return []
        posts: dict[int, list[str]] = {}
        for row in event.data["vacant"]:
            posts.setdefault(row["organisation"], []).append(row["post"])
        notices = []
        for pk in self._day(event).administrators:
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
            params=_filled(params),
            created_at=event.at,
        )

    @staticmethod
    def _telling(
        event: Event,
        told: Told,
        to: Addressee,
        code: Code,
        organisation: int | None,
        params: dict[str, Any],
    ) -> Telling:
        carried = _filled({**params, "organisation": organisation})
        return Telling(event, to, code, carried, channels=told.channels, office_hours=told.office_hours)


def _is_turn(event: Event) -> bool:
    """
    Tell whether an entry may say that it is somebody's turn.

    Where the case has gone on since, the entry that took it there tells whose turn it is.
    """
    changed = event.changed
    if event.verb in ("climb", "silence", "resume") or "lead_id" in changed:
        return False
    moved = changed.get("status", [None, None])[1] == event.case.status
    return moved and changed.get("phase", [None, None])[1] != Phase.CLOSED


def _filled(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
