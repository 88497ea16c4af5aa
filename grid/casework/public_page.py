"""What a person who brought a matter sees of it: where it stands, who has it, until when, what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.casework import kinds, timeline
from grid.casework.actors import Actor
from grid.casework.clocks import Clock, clocks_of
from grid.casework.models import Audience, Case, Event, Phase

if TYPE_CHECKING:
    from grid.casework.kinds import StatusInfo
    from grid.casework.models import Party

TOLD = (Audience.PUBLIC, Audience.PARTIES)


@dataclass
class PublicEntry:
    """One thing that happened, in words for the person, without the names of staff."""

    at: datetime
    words: str
    organisation: str
    texts: list[str] = field(default_factory=list)


@dataclass
class PublicDay:
    """What happened on one day, newest first."""

    on: date
    entries: list[PublicEntry]


def find(party: Party, number: str) -> Case | None:
    """Return the case of a party, if the public door leads to it."""
    found = Case.objects.visible_to(Actor(party=party)).filter(number=number)
    return (
        found.select_related("lead", "area__parent").defer("area__outline", "area__parent__outline").first()
    )


class PublicPage:
    """One case as the person sees it who brought it. Five queries."""

    def __init__(self, case: Case, party: Party, *, at: datetime) -> None:
        """Take a case that `find` returned."""
        self.case = case
        self.party = party
        self.at = at
        self.kind = kinds.get(case.kind)

    @property
    def status(self) -> StatusInfo:
        """Return the status in words, its sentence for the public among them."""
        return self.kind.status(self.case.status)

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing is left to do."""
        return self.case.phase == Phase.CLOSED

    @cached_property
    def clocks(self) -> list[Clock]:
        """Return the deadlines that run, those of the office first."""
        found = [c for c in clocks_of(self.case, at=self.at, public=True) if c.deadline.is_open]
        return sorted(found, key=lambda c: not c.is_ours)

    @cached_property
    def days(self) -> list[PublicDay]:
        """Return what happened by local day, newest first. One query."""
        spoken = {s.name: str(s.public_text) for s in self.kind.steps if s.public_text}
        wanted = Event.objects.filter(case=self.case).filter(Q(audience__in=TOLD) | Q(verb__in=spoken))
        events = timeline.with_texts(wanted.select_related("organisation").order_by("-seq"))
        entries = [self._entry(event, spoken) for event in events]
        by_day = groupby(entries, key=lambda e: timezone.localdate(e.at))
        return [PublicDay(on, list(found)) for on, found in by_day]

    def _entry(self, event: Event, spoken: dict[str, str]) -> PublicEntry:
        """Word an event; what staff typed is told only where the entry is meant for the person."""
        step = self.kind.step(event.verb)
        words = spoken.get(event.verb) or (str(step.label) if step else event.verb)
        told = event.audience in TOLD
        texts = [t.text for t in event.texts.all() if told and t.text and not t.erased_at]
        if event.party_id is not None and event.party_id == self.party.pk:
            return PublicEntry(event.at, words, _("You"), texts)
        return PublicEntry(event.at, words, event.organisation.label if event.organisation else "", texts)
