"""Who is told of a rung: the handling side, the head, the superior; never somebody who may not know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from grid.casework import kinds
from grid.casework.models import Case
from grid.casework.sight import Sight
from grid.casework.steps import SUPERIOR_ROLES
from grid.organisations.duty import Roster, Seat
from grid.organisations.services import superiors_of
from grid.worktime.models import RungRule, Told

# Where the city has no rule for a rung. A section head has no posting of his own in the portal: up to him
# means the people who handle the case.
DEFAULT_REACH = {1: Told.SECTION_HEAD, 2: Told.UNIT_HEAD, 3: Told.SUPERIOR}


@dataclass
class Circle:
    """
    Who is told of one rung.

    `vacant` are posts at which nobody was found, as (organisation, post); `organisation` is the superior
    among whose people some of the told are.
    """

    told: list[int] = field(default_factory=list)
    vacant: list[tuple[int, str]] = field(default_factory=list)
    organisation: int | None = None

    def add(self, people: Iterable[int]) -> None:
        """Take in more people, each once."""
        self.told = list(dict.fromkeys([*self.told, *people]))


class Circles:
    """Finds who is told, for a batch of cases on one day."""

    def __init__(self, cases: Iterable[Case], *, on: date) -> None:
        """Take the cases and the day whose postings, absences and rules count."""
        self.sight = Sight((c.pk for c in cases), on=on)
        self.roster = Roster(on)
        self._superiors: dict[int, list[int]] = {}
        rules = RungRule.objects.valid(on).order_by("valid_from")
        self._reach = {(rule.unit, rule.level): Told(rule.told) for rule in rules}

    def of(self, case: Case, *, unit: str, level: int) -> Circle:
        """
        Return who is told of a rung.

        A sealed case is told within its compartment alone. Otherwise the handling side always, the head of
        the lead and the superior as far as the rung reaches. Where nobody can be told (a vacant post, or
        people who may not know of the case), the next node up is told instead.
        """
        circle = Circle()
        if case.sealed:
            circle.add(self.sight.compartment(case.pk))
            return circle
        reach = list(Told).index(self._reach.get((unit, level), DEFAULT_REACH[level]))
        reached = self._tell(circle, case, case.lead_id, Seat.HANDLER, self._handling(case))
        if reach >= list(Told).index(Told.UNIT_HEAD):
            heads = self.roster.present(case.lead_id, heads=True)
            reached = self._tell(circle, case, case.lead_id, Seat.HEAD, heads) and reached
        if not reached or reach >= list(Told).index(Told.SUPERIOR):
            self._tell_superior(circle, case)
        return circle

    def _handling(self, case: Case) -> list[int]:
        """Return the assignee or his stand-in, else the people of the lead in roles that handle the kind."""
        found: list[int] = []
        if case.assignee_id is not None:
            found = self.roster.in_place_of(case.assignee_id, case.lead_id)
        return found or self.roster.present(case.lead_id, kinds.get(case.kind).handlers)

    def _tell(self, circle: Circle, case: Case, organisation: int, seat: Seat, present: list[int]) -> bool:
        """Take in those at a post who may know of the case, or note it as vacant; say if anybody is told."""
        if not present:
            circle.vacant.append((organisation, seat.value))
        seeing = self.sight.keep(case.pk, present)
        circle.add(seeing)
        return bool(seeing)

    def _tell_superior(self, circle: Circle, case: Case) -> None:
        """Take in the people of the nearest superior at which anybody can be told."""
        if case.lead_id not in self._superiors:
            self._superiors[case.lead_id] = superiors_of(case.lead_id)
        for organisation in self._superiors[case.lead_id]:
            present = self.roster.present(organisation, SUPERIOR_ROLES, heads=True)
            if self._tell(circle, case, organisation, Seat.SUPERIOR, present):
                circle.organisation = organisation
                return
