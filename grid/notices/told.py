"""What is known of a day and of an entry while people are told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from grid.casework.actors import Actor
from grid.casework.models import Event
from grid.casework.sight import Sight
from grid.notices.choices import Code
from grid.organisations.duty import Roster
from grid.organisations.models import Role
from grid.organisations.services import superiors_of
from grid.people.models import User


class Day:
    """One day: who is at his post, and who sees which cases of a batch."""

    def __init__(self, on: date, case_ids: Iterable[int]) -> None:
        """Take the day and the cases of a batch."""
        self.on = on
        self.roster = Roster(on)
        self.sight = Sight(case_ids, on=on)
        self._actors: dict[int, Actor] = {}
        self._superiors: dict[int, list[int]] = {}

    def actors(self, user_ids: Iterable[int]) -> list[Actor]:
        """Return people with their postings of that day, in their order; new ones are read together."""
        wanted = list(dict.fromkeys(user_ids))
        missing = User.objects.filter(pk__in=[pk for pk in wanted if pk not in self._actors])
        for actor in Actor.several(missing, on=self.on) if set(wanted) - self._actors.keys() else ():
            if actor.user is not None:
                self._actors[actor.user.pk] = actor
        return [self._actors[pk] for pk in wanted if pk in self._actors]

    def superiors(self, organisation_id: int) -> list[int]:
        """Return the organisations above one, nearest first."""
        if organisation_id not in self._superiors:
            self._superiors[organisation_id] = superiors_of(organisation_id)
        return self._superiors[organisation_id]

    @cached_property
    def administrators(self) -> list[int]:
        """Return the system administrators who are there."""
        return self.roster.everywhere(Role.SYSTEM_ADMINISTRATOR)


@dataclass
class Told:
    """Who is told what of one entry: nobody twice, the first reason counts."""

    event: Event
    found: dict[int, tuple[Code, int | None, dict[str, Any]]] = field(default_factory=dict)
    channels: frozenset[str] | None = None
    office_hours: bool | None = None

    def add(
        self, people: Iterable[int | None], code: Code, *, organisation: int | None = None, **params: Any
    ) -> None:
        """Take in people; whoever took the step himself knows."""
        for pk in people:
            if pk is not None and pk != self.event.user_id:
                self.found.setdefault(pk, (code, organisation, params))
