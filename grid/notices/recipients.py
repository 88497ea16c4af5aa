"""Find who has to know of a step: whose turn it is now, and whom the step's own row names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from grid.areas.models import Area
from grid.casework import kinds
from grid.casework.models import Event, Holding
from grid.casework.steps import SUPERIOR_ROLES, possible_steps
from grid.organisations.models import Role

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.notices.told import Day

OFFICERS = (Role.COMMUNITY_CLERK, Role.STREET_OFFICER, Role.DISTRICT_OFFICER)
# Where every kind lets a case end aside of its way.
ASIDE = frozenset({"voided", "merged"})
# Parties are told by messages of their own (see `grid.notices.parties`).
PARTIES = "parties"


def handling(event: Event, organisation: int, day: Day) -> list[int]:
    """Return the assignee or his stand-in, else the people of an organisation who handle the kind."""
    case, roster = event.case, day.roster
    assigned = roster.in_place_of(case.assignee_id, organisation) if case.assignee_id else []
    return assigned or roster.present(organisation, kinds.get(case.kind).handlers)


def _lead(event: Event, day: Day) -> list[int | None]:
    return [*handling(event, event.case.lead_id, day)]


def _head(event: Event, day: Day) -> list[int | None]:
    return [*day.roster.present(event.case.lead_id, heads=True)]


def _deciding(organisation: int, day: Day) -> list[int | None]:
    return [*day.roster.present(organisation, SUPERIOR_ROLES, heads=True)]


def _authority(event: Event, day: Day) -> list[int | None]:
    """Return the officers of the authority that the entry names, else of the nearest superior with any."""
    named = event.data.get("authority")
    if named is not None:
        return _deciding(named, day)
    return next((f for pk in day.superiors(event.case.lead_id) if (f := _deciding(pk, day))), [])


def _addressee(event: Event, day: Day) -> list[int | None]:
    """Return the officers and the head of the body that the entry addresses, if it names one."""
    named = event.data.get("addressee")
    return [*day.roster.present(named, OFFICERS, heads=True)] if named is not None else []


def _decider(event: Event, day: Day) -> list[int | None]:
    named = event.data.get("decider")
    return _deciding(named, day) if named is not None else []


def _asker(event: Event, day: Day) -> list[int | None]:
    return [event.data.get("asked_by")]


def _reporter(event: Event, day: Day) -> list[int | None]:
    return [event.case.reporter_id]


# The words in which a row of a table (`Step.tells`) says who gets a notice of the step.
TELLS: dict[str, Callable[[Event, Day], list[int | None]]] = {
    "lead": _lead,
    "head": _head,
    "authority": _authority,
    "asker": _asker,
    "decider": _decider,
    "addressee": _addressee,
    "reporter": _reporter,
}


def named(event: Event, day: Day) -> list[int | None]:
    """Return whom the row of the step names, the nearest first."""
    step = kinds.get(event.case.kind).step(event.verb)
    found: list[int | None] = []
    for word in step.tells if step is not None else ():
        if word != PARTIES:
            found += TELLS[word](event, day)
    return found


class Turns:
    """Whose turn it is after the steps of a batch; what is asked of many cases is read together."""

    def __init__(self, events: Iterable[Event]) -> None:
        """Take the entries that moved a case on."""
        cases = {e.case_id: e.case for e in events}
        self._before: dict[int, int] = {}
        self._details: dict[int, Any] = {}
        self._paths: dict[int, frozenset[int]] = {}
        if not cases:
            return
        holdings = Holding.objects.filter(case__in=cases).order_by("pk")
        for case_id, organisation_id in holdings.values_list("case", "organisation"):
            if organisation_id != cases[case_id].lead_id:
                self._before[case_id] = organisation_id
        known = {kind.code for kind in kinds.all_kinds()}
        for code in {case.kind for case in cases.values()} & known:
            model = kinds.get(code).detail_model
            for detail in model._default_manager.filter(pk__in=cases):
                detail.case = cases[detail.pk]  # type: ignore[attr-defined]
                self._details[detail.pk] = detail
        self._paths = Area.objects.paths({c.area_id for c in cases.values() if c.area_id is not None})

    def of(self, event: Event, day: Day) -> list[int]:
        """
        Return those whose turn it is: of the lead, of who had the case before, and the reporter.

        Colleagues of whoever took the step need not be told what their own office did.
        """
        case = event.case
        here = handling(event, case.lead_id, day)
        maybe = [] if event.user_id in here else here
        before = self._before.get(case.pk)
        if before is not None:
            maybe = [*maybe, *handling(event, before, day)]
        if case.reporter_id is not None:
            maybe = [*maybe, case.reporter_id]
        actors = day.actors(pk for pk in maybe if pk != event.user_id)
        return [actor.user.pk for actor in actors if actor.user and self._may_go_on(event, actor)]

    def _may_go_on(self, event: Event, actor: Actor) -> bool:
        """Tell whether somebody can take the main step from where the case stands, or any that leads on."""
        case = event.case
        if case.area_id in self._paths:
            actor.learn(case.area_id, self._paths[case.area_id])
        possible = possible_steps(case, actor, detail=self._details.get(case.pk))
        steps = kinds.get(case.kind).steps
        main = {s.name for s in steps if case.status in s.sources and s.style == "primary"}
        return any(s.name in main if main else s.targets - ASIDE for s in possible)
