"""Who is told of a rung: the handling side, the head, the superior; never somebody who may not know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from grid.casework import kinds
from grid.casework.models import Case
from grid.casework.sight import Sight
from grid.casework.steps import SUPERIOR_ROLES
from grid.organisations.duty import Roster, Seat
from grid.organisations.services import superiors_of_each
from grid.worktime.models import Channel, RungRule, Told
from grid.worktime.rung_table import RungTable

# Where the city has no rule for a rung. A section head has no posting of his own in the portal: up to him
# means the people who handle the case.
DEFAULT_REACH = {1: Told.SECTION_HEAD, 2: Told.UNIT_HEAD, 3: Told.SUPERIOR}


@dataclass
class Circle:
    """
    Who is told of one rung, and how.

    `vacant` are posts at which nobody was found, as (organisation, post); `organisation` is the superior
    among whose people some of the told are; `rule` is the rung rule, where the city has one.
    """

    told: list[int] = field(default_factory=list)
    vacant: list[tuple[int, str]] = field(default_factory=list)
    organisation: int | None = None
    rule: RungRule | None = None

    def add(self, people: Iterable[int]) -> None:
        """Take in more people, each once."""
        self.told = list(dict.fromkeys([*self.told, *people]))

    @property
    def data(self) -> dict[str, Any]:
        """Return what the entry keeps of it."""
        found: dict[str, Any] = {"told": self.told, "organisation": self.organisation}
        if self.vacant:
            found["vacant"] = [{"organisation": pk, "post": post} for pk, post in self.vacant]
        channels = [c for c in self.rule.channels if c != Channel.PORTAL] if self.rule else []
        if channels and self.rule:
            found |= {"channels": channels, "office_hours": self.rule.office_hours}
        return found


class Circles:
    """Finds who is told, for one batch of cases after another on one day; what it read stays known."""

    def __init__(self, *, on: date) -> None:
        """Take the day whose postings, absences and rules count."""
        self.on = on
        self.sight = Sight(on=on)
        self.roster = Roster(on)
        self._superiors: dict[int, list[int]] = {}
        self._rungs = RungTable.load()

    def look_at(self, cases: Sequence[Case]) -> None:
        """Read what decides about a batch of cases, in few queries whatever its size."""
        leads = {c.lead_id for c in cases}
        missing = leads - self._superiors.keys()
        if missing:
            self._superiors |= superiors_of_each(missing)
        nearest = {pk for lead in missing for pk in self._superiors[lead][:1]}
        self.roster.learn(leads | nearest)
        self.sight.look_at(cases)
        asked = {role for kind in kinds.all_kinds() for role in kind.handlers} | set(SUPERIOR_ROLES)
        posts = (post for pk in missing | nearest for post in self.roster.posts(pk))
        likely = (post for post in posts if post.leads or post.role in asked)
        self.sight.learn({post.present for post in likely if post.present is not None})

    def nearest_superior(self, organisation_id: int) -> int | None:
        """Return the nearest organisation above one of the batch, if there is any."""
        return next(iter(self._superiors[organisation_id]), None)

    def of_silence(self, case: Case) -> Circle:
        """Return who is told that the person has heard nothing: who handles it, and the head."""
        return self._circle(case, list(Told).index(Told.UNIT_HEAD))

    def of(self, case: Case, *, code: str, unit: str, level: int, holder: int | None = None) -> Circle:
        """
        Return who is told of a rung.

        A sealed case is told within its compartment alone. Otherwise the handling side always, the head of
        the lead and the superior as far as the rung reaches. Where nobody can be told (a vacant post, or
        people who may not know of the case), the next node up is told instead.
        """
        rule = self._rungs.of(code, unit, on=self.on).get(level)
        told = Told(rule.told) if rule else DEFAULT_REACH[level]
        circle = self._circle(case, list(Told).index(told), holder)
        circle.rule = rule
        return circle

    def _circle(self, case: Case, reach: int, holder: int | None = None) -> Circle:
        circle = Circle()
        if case.sealed:
            circle.add(self.sight.compartment(case.pk))
            return circle
        lead = holder or case.lead_id
        reached = self._tell(circle, case, lead, Seat.HANDLER, self._handling(case, lead))
        heads = self.roster.present(lead, heads=True)
        if reach >= list(Told).index(Told.UNIT_HEAD):
            reached = self._tell(circle, case, lead, Seat.HEAD, heads) and reached
        elif not reached:
            # The head is the next one up where nobody handles; only then another organisation is.
            seeing = self.sight.keep(case.pk, heads)
            circle.add(seeing)
            reached = bool(seeing)
        if not reached or reach >= list(Told).index(Told.SUPERIOR):
            self._tell_superior(circle, case, lead)
        return circle

    def _handling(self, case: Case, lead: int) -> list[int]:
        """Return the assignee or his stand-in, else the people of a body in roles that handle the kind."""
        found: list[int] = []
        if case.assignee_id is not None:
            found = self.roster.in_place_of(case.assignee_id, lead)
        return found or self.roster.present(lead, kinds.get(case.kind).handlers)

    def _tell(self, circle: Circle, case: Case, organisation: int, seat: Seat, present: list[int]) -> bool:
        """Take in those at a post who may know of the case, or note it as vacant; say if anybody is told."""
        if not present:
            circle.vacant.append((organisation, seat.value))
        seeing = self.sight.keep(case.pk, present)
        circle.add(seeing)
        return bool(seeing)

    def _tell_superior(self, circle: Circle, case: Case, lead: int) -> None:
        """Take in the people of the nearest superior at which anybody can be told."""
        if lead not in self._superiors:
            self._superiors |= superiors_of_each([lead])
        for organisation in self._superiors[lead]:
            present = self.roster.present(organisation, SUPERIOR_ROLES, heads=True)
            if self._tell(circle, case, organisation, Seat.SUPERIOR, present):
                circle.organisation = organisation
                return
