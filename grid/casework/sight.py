"""Who of some people sees which of some cases, for whoever tells people of cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from grid.casework.actors import Actor
from grid.casework.models import Access, Case
from grid.people.models import User


class Sight:
    """
    What people see of a batch of cases on a day, by `visible_to` and nothing else.

    Costs one query for each person, and two for those asked about together, whatever the number of cases.
    """

    def __init__(self, case_ids: Iterable[int], *, on: date) -> None:
        """Take the cases in question and the day whose postings count."""
        self.case_ids = frozenset(case_ids)
        self.on = on
        self._seen: dict[int, frozenset[int]] = {}

    def keep(self, case_id: int, user_ids: Iterable[int]) -> list[int]:
        """Return those of some people who see a case, in their order, each once."""
        wanted = list(dict.fromkeys(user_ids))
        self._look(wanted)
        return [pk for pk in wanted if case_id in self._seen[pk]]

    def compartment(self, case_id: int) -> list[int]:
        """Return the people who see a sealed case (限制知悉)."""
        opened = Access.objects.filter(case=case_id, ended_at=None).order_by("pk")
        return self.keep(case_id, opened.values_list("user", flat=True))

    def _look(self, user_ids: list[int]) -> None:
        """Find out what people see of all the cases who were not asked about before."""
        missing = [pk for pk in user_ids if pk not in self._seen]
        people = list(User.objects.filter(pk__in=missing)) if missing else []
        for user, actor in zip(people, Actor.several(people, on=self.on), strict=True):
            visible = Case.objects.visible_to(actor).filter(pk__in=self.case_ids)
            self._seen[user.pk] = frozenset(visible.values_list("pk", flat=True))
