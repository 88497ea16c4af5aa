"""Who is at his post on a day: holders, stand-ins for those away, and posts that nobody fills."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, TextChoices
from django.utils.translation import gettext_lazy as _

from grid.organisations.models import Absence, Posting
from grid.organisations.querysets import PostingQuerySet


class Seat(TextChoices):
    """A post that somebody must fill for messages about deadlines to arrive."""

    HANDLER = "handler", _("Handling staff")
    HEAD = "head", _("Head of the organisation")
    SUPERIOR = "superior", _("Officer or supervisor")


@dataclass(frozen=True)
class Post:
    """One posting on one day, with whoever is there for it: the holder, his stand-in, or nobody."""

    role: str
    leads: bool
    holder: int
    present: int | None


class Roster:
    """The posts of organisations on one day; each is read once, those learnt together in two queries."""

    def __init__(self, on: date) -> None:
        """Take the day whose postings and absences count."""
        self.on = on
        self._posts: dict[int, list[Post]] = {}

    def present(self, organisation_id: int, roles: Collection[str] = (), *, heads: bool = False) -> list[int]:
        """
        Return the ids of those who are there for posts in some roles, those who head it included if asked.

        A stand-in takes the place of somebody who is away. Nothing means that the posts are vacant.
        """
        found = [p for p in self.posts(organisation_id) if p.role in roles or (heads and p.leads)]
        return list(dict.fromkeys(p.present for p in found if p.present is not None))

    def in_place_of(self, user_id: int, organisation_id: int) -> list[int]:
        """Return the person himself if he is there for a post of an organisation, else his stand-ins."""
        found = [p.present for p in self.posts(organisation_id) if p.holder == user_id and p.present]
        return [user_id] if user_id in found else list(dict.fromkeys(found))

    def everywhere(self, role: str) -> list[int]:
        """Return the ids of those who are there for a role in any organisation. Two queries."""
        found = self._read(Posting.objects.filter(role=role))
        return list(dict.fromkeys(p.present for p in found if p.present is not None))

    def posts(self, organisation_id: int) -> list[Post]:
        """Return the posts of an organisation."""
        self.learn([organisation_id])
        return self._posts[organisation_id]

    def learn(self, organisation_ids: Iterable[int]) -> None:
        """Read the posts of several organisations together."""
        missing = set(organisation_ids) - self._posts.keys()
        if not missing:
            return
        self._posts |= {pk: [] for pk in missing}
        for organisation_id, post in self._read_all(Posting.objects.filter(organisation__in=missing)):
            self._posts[organisation_id].append(post)

    def _read(self, postings: PostingQuerySet) -> list[Post]:
        """Read who is there for each of some postings on the day."""
        return [post for _organisation_id, post in self._read_all(postings)]

    def _read_all(self, postings: PostingQuerySet) -> list[tuple[int, Post]]:
        """Read who is there for each of some postings on the day, with their organisation."""
        away = Absence.objects.on(self.on).select_related("stand_in").order_by("pk")
        rows = postings.held(self.on).order_by("pk")
        rows = rows.prefetch_related(Prefetch("absences", away, to_attr="absences_today"))
        return [(row.organisation_id, Post(row.role, row.leads, row.user_id, _present(row))) for row in rows]


def _present(posting: Posting) -> int | None:
    """Return who is there for a posting: its holder, the first stand-in who can sign in, or nobody."""
    absences: list[Absence] = posting.absences_today  # type: ignore[attr-defined]
    if not absences:
        return posting.user_id
    stand_ins = [a.stand_in for a in absences if a.stand_in is not None and a.stand_in.is_active]
    return stand_ins[0].pk if stand_ins else None
