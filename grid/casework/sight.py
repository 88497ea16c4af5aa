"""Who of some people sees which of some cases, for whoever tells people of cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from grid.areas.models import Area
from grid.casework.actors import Actor
from grid.casework.models import Access, Assignment, Case, Recusal
from grid.casework.scope import Scope
from grid.people.models import User


@dataclass
class Known:
    """What decides who sees one case: `visible_to` asks for the same in SQL."""

    kind: str
    sealed: bool
    mine: frozenset[int | None]
    path: frozenset[int] = frozenset()
    organisations: set[int] = field(default_factory=set)
    recused: set[int] = field(default_factory=set)
    opened: list[int] = field(default_factory=list)

    def is_seen_by(self, user_id: int, scope: Scope) -> bool:
        """Tell whether somebody who can sign in sees it."""
        if user_id in self.recused:
            return False
        if self.sealed:
            return user_id in self.opened
        return user_id in self.mine or scope.opens(
            self.kind, path=self.path, organisations=self.organisations
        )


class Sight:
    """
    What people see of cases on a day: the rule of `visible_to`, asked for many people at once in memory.

    Both read the same `Scope`; a test compares them for every sort of posting and case. Costs five queries
    for the cases and two for those people asked about together, whatever their numbers.
    """

    def __init__(self, case_ids: Iterable[int] = (), *, on: date) -> None:
        """Take the cases in question and the day whose postings count."""
        self.on = on
        self._known: dict[int, Known] = {}
        self._scopes: dict[int, Scope | None] = {}
        self._paths: dict[int, frozenset[int]] = {}
        columns = ("pk", "kind", "sealed", "lead_id", "area_id", "reporter_id", "assignee_id")
        self.look_at(Case.objects.filter(pk__in=list(case_ids)).only(*columns) if case_ids else ())

    def look_at(self, cases: Iterable[Case]) -> None:
        """Forget the cases so far and take others, with all that decides who sees them."""
        rows = list(cases)
        self._read_paths({c.area_id for c in rows if c.area_id is not None})
        self._known = {
            c.pk: Known(
                kind=c.kind,
                sealed=c.sealed,
                mine=frozenset((c.reporter_id, c.assignee_id)),
                path=self._paths.get(c.area_id, frozenset()) if c.area_id else frozenset(),
                organisations={c.lead_id},
            )
            for c in rows
        }
        ids = list(self._known)
        if not ids:
            return
        drawn_in = Assignment.objects.filter(case__in=ids, ended_at=None)
        for case_id, organisation_id in drawn_in.values_list("case", "organisation"):
            self._known[case_id].organisations.add(organisation_id)
        for case_id, user_id in Recusal.objects.filter(case__in=ids).values_list("case", "user"):
            self._known[case_id].recused.add(user_id)
        sealed = [pk for pk, known in self._known.items() if known.sealed]
        if sealed:
            opened = Access.objects.filter(case__in=sealed, ended_at=None).order_by("pk")
            for case_id, user_id in opened.values_list("case", "user"):
                self._known[case_id].opened.append(user_id)

    def keep(self, case_id: int, user_ids: Iterable[int]) -> list[int]:
        """Return those of some people who see a case, in their order, each once."""
        known = self._known.get(case_id)
        wanted = list(dict.fromkeys(user_ids))
        if known is None or not wanted:
            return []
        self.learn(wanted)
        found = []
        for pk in wanted:
            scope = self._scopes[pk]
            if scope is not None and known.is_seen_by(pk, scope):
                found.append(pk)
        return found

    def compartment(self, case_id: int) -> list[int]:
        """Return the people who see a sealed case (限制知悉)."""
        known = self._known.get(case_id)
        return self.keep(case_id, known.opened) if known is not None else []

    def learn(self, user_ids: Iterable[int]) -> None:
        """Read the postings of people who were not asked about before; nothing is opened to the inactive."""
        missing = [pk for pk in user_ids if pk not in self._scopes]
        if not missing:
            return
        self._scopes |= dict.fromkeys(missing)
        people = User.objects.filter(pk__in=missing, is_active=True)
        for actor in Actor.several(people, on=self.on):
            if actor.user is not None and not actor.is_machine:
                self._scopes[actor.user.pk] = Scope.of(actor)

    def _read_paths(self, area_ids: set[int]) -> None:
        """Read where areas lie; a path that was read stays known, for as long as the batch of a job lasts."""
        missing = area_ids - self._paths.keys()
        if missing:
            self._paths |= Area.objects.paths(missing)
