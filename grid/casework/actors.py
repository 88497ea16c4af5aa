"""Who acts: a person in his postings, a party with a token, or the portal itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from grid.areas.models import Area
from grid.casework.models.parties import Party
from grid.organisations.models import Absence, Organisation, Posting, Role
from grid.organisations.querysets import PostingQuerySet
from grid.organisations.services import superiors_of
from grid.people.models import User, UserType


def _held(wanted: Q, *, on: date) -> PostingQuerySet:
    """Return some postings that are held on a day, the heads first, with organisation and area."""
    return (
        Posting.objects.filter(wanted)
        .held(on)
        .select_related("organisation", "area")
        .defer("area__outline")
        .order_by("-leads", "id")
    )


class Actor:
    """
    Somebody who reads or changes cases, with what he is today.

    Postings are read once; a stand-in acts in the postings he stands in for.
    """

    def __init__(
        self, user: User | None = None, *, party: Party | None = None, on: date | None = None
    ) -> None:
        """Take a user or a party, and the day whose postings count (today)."""
        if (user is None) == (party is None):
            raise ValueError("An actor is a user or a party, never both and never neither.")
        self.user = user
        self.party = party
        self.on = on or timezone.localdate()
        self._covers: dict[int, frozenset[int]] = {}
        self._superiors: dict[int, frozenset[int]] = {}

    @classmethod
    def of(cls, user: User | AnonymousUser) -> Actor:
        """Return the actor of a request's user; one per user object, so that postings are read once."""
        if not isinstance(user, User):
            raise TypeError("An anonymous visitor is no actor.")
        known: Actor | None = getattr(user, "_actor", None)
        if known is None or known.on != timezone.localdate():
            known = cls(user)
            user._actor = known  # type: ignore[attr-defined]
        return known

    @classmethod
    def several(cls, users: Iterable[User], *, on: date) -> list[Actor]:
        """Return the actors of several people on a day; their postings are read together, in two queries."""
        actors = {user.pk: cls(user, on=on) for user in users}
        able = [pk for pk, a in actors.items() if a.user and a.user.is_active and not a.is_machine]
        away = Absence.objects.on(on).filter(stand_in__in=able)
        standing_in: dict[int, list[int]] = {}
        for absent, stand_in in away.values_list("posting", "stand_in"):
            standing_in.setdefault(absent, []).append(stand_in)
        held: dict[int, list[Posting]] = {pk: [] for pk in actors}
        for posting in _held(Q(user__in=able) | Q(pk__in=standing_in), on=on):
            for pk in {posting.user_id, *standing_in.get(posting.pk, [])} & held.keys():
                held[pk].append(posting)
        for pk, actor in actors.items():
            actor.__dict__["postings"] = held[pk]
        return list(actors.values())

    @classmethod
    def machine(cls) -> Actor:
        """Return the portal itself."""
        return cls(User.objects.machine())

    def __str__(self) -> str:
        return str(self.user or self.party)

    @property
    def is_machine(self) -> bool:
        """Tell whether the portal itself acts."""
        return self.user is not None and self.user.type == UserType.MACHINE

    @cached_property
    def postings(self) -> list[Posting]:
        """Return the postings held or stood in for, with organisation and area. One query."""
        if self.user is None or not self.user.is_active or self.is_machine:
            return []
        own = Posting.objects.filter(user=self.user).values("pk")
        standing_in = Absence.objects.on(self.on).filter(stand_in=self.user).values("posting")
        return list(_held(Q(pk__in=own.union(standing_in, all=True)), on=self.on))

    @property
    def organisation(self) -> Organisation | None:
        """Return the organisation that somebody acts for when the case names none of his."""
        return self.postings[0].organisation if self.postings else None

    def acting_for(self, *organisations: int | None) -> Organisation | None:
        """Return the first of these organisations in which he serves, else the one of his first posting."""
        for wanted in organisations:
            for posting in self.postings:
                if posting.organisation_id == wanted:
                    return posting.organisation
        return self.organisation

    def holds(self, roles: Iterable[str]) -> bool:
        """Tell whether any posting is in one of the roles."""
        wanted = set(roles)
        return any(p.role in wanted for p in self.postings)

    def serves(self, organisation_id: int | None, roles: Iterable[str]) -> bool:
        """Tell whether he serves in an organisation in one of the roles."""
        wanted = set(roles)
        return any(p.organisation_id == organisation_id and p.role in wanted for p in self.postings)

    def covers(self, area_id: int | None, roles: Iterable[str]) -> bool:
        """Tell whether a posting in one of the roles is over this area. One query per area."""
        wanted = set(roles)
        candidates = [p for p in self.postings if p.role in wanted]
        if any(p.whole_city for p in candidates):
            return True
        if area_id is None:
            return False
        if area_id not in self._covers:
            above = Area.objects.ancestors_of(area_id).values_list("pk", flat=True)
            self._covers[area_id] = frozenset(above) | {area_id}
        return any(p.area_id in self._covers[area_id] for p in candidates)

    def learn(self, area_id: int, above: Iterable[int]) -> None:
        """Take over what a page has read of the tree: an area and all that lie above it."""
        self._covers[area_id] = frozenset(above) | {area_id}

    def is_above(self, organisation_id: int, roles: Iterable[str]) -> bool:
        """Tell whether he serves in a superior of an organisation, in either line. One query each."""
        return self.holds(roles) and any(self.serves(o, roles) for o in self._above(organisation_id))

    def heads(self, organisation_id: int) -> bool:
        """Tell whether he heads an organisation, or one above it in either line. One query each."""
        headed = {p.organisation_id for p in self.postings if p.leads}
        if not headed:
            return False
        return organisation_id in headed or not headed.isdisjoint(self._above(organisation_id))

    def _above(self, organisation_id: int) -> frozenset[int]:
        """Return the superiors of an organisation."""
        if organisation_id not in self._superiors:
            self._superiors[organisation_id] = frozenset(superiors_of(organisation_id))
        return self._superiors[organisation_id]

    def organisations_in(self, roles: Iterable[str]) -> list[int]:
        """Return the organisations in which he serves in one of the roles."""
        wanted = set(roles)
        return sorted({p.organisation_id for p in self.postings if p.role in wanted})


OFFICE_ROLES = frozenset(
    {
        Role.GRID_LEADER,
        Role.COMMUNITY_CLERK,
        Role.STREET_OFFICER,
        Role.DISTRICT_OFFICER,
        Role.HANDLER,
        Role.SUPERVISOR,
    }
)
