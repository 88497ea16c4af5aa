"""Who serves in a grid, and whether that is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Prefetch
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import cached_property

from grid.areas.models import Area, Tier
from grid.organisations.models import GOVERNED_TIERS, Absence, Organisation, Posting, Role
from grid.people.models import User

# 2+2 (清河区): two full-time and at least two part-time grid workers.
FULL_TIME = 2
PART_TIME = 2
TEAM_ROLES = (Role.GRID_LEADER, Role.GRID_WORKER)


@dataclass
class Team:
    """The people of one grid on one day."""

    area: Area
    members: list[Posting] = field(default_factory=list)

    @property
    def wanted(self) -> tuple[int, int]:
        """Return how many full-time and part-time workers a grid should have."""
        return FULL_TIME, PART_TIME

    @cached_property
    def full_time(self) -> list[Posting]:
        """Return those who do nothing else."""
        return [m for m in self.members if m.full_time]

    @cached_property
    def part_time(self) -> list[Posting]:
        """Return those who do it beside other work."""
        return [m for m in self.members if not m.full_time]

    @property
    def missing(self) -> tuple[int, int]:
        """Return how many full-time and part-time workers are missing."""
        return max(FULL_TIME - len(self.full_time), 0), max(PART_TIME - len(self.part_time), 0)

    @property
    def understaffed(self) -> bool:
        """Tell whether one of the two numbers falls short."""
        return is_understaffed(len(self.full_time), len(self.part_time))


@dataclass(frozen=True)
class Staffing:
    """How many grids are in an area, and how many of them have too few people."""

    area: Area
    grids: int
    understaffed: int


def is_understaffed(full_time: int, part_time: int) -> bool:
    """Tell whether a team is smaller than two full-time and two part-time workers."""
    return full_time < FULL_TIME or part_time < PART_TIME


def teams_of(grids: Sequence[Area], *, on: date) -> list[Team]:
    """Return the team of each grid, leaders first, with who is away and who stands in. Two queries."""
    teams = {grid.pk: Team(grid) for grid in grids}
    away = Absence.objects.on(on).select_related("stand_in")
    postings = (
        Posting.objects.held(on)
        .in_roles(TEAM_ROLES)
        .filter(area__in=list(teams))
        .select_related("user")
        .prefetch_related(Prefetch("absences", queryset=away, to_attr="away"))
        .order_by("-leads", "-full_time", "user__name", "id")
    )
    for posting in postings:
        teams[posting.area_id].members.append(posting)
    return list(teams.values())


def office_of(area: Area, *, on: date) -> tuple[Organisation | None, list[Posting]]:
    """Return the organisation that governs an area and who serves in its office. Three queries."""
    organisation = Organisation.objects.filter(governs=area).first()
    if organisation is None:
        return None, []
    away = Absence.objects.on(on).select_related("stand_in")
    postings = (
        Posting.objects.held(on)
        .filter(organisation=organisation)
        .exclude(role__in=TEAM_ROLES)
        .select_related("user")
        .prefetch_related(Prefetch("absences", queryset=away, to_attr="away"))
        .order_by("-leads", "role", "user__name", "id")
    )
    return organisation, list(postings)


def staffing_of(areas: Sequence[Area], *, on: date) -> list[Staffing]:
    """Return for each area how many grids stand in it and how many are understaffed. Two queries."""
    grids = Area.objects.tier(Tier.GRID).within([a.pk for a in areas]).valid(on)
    served = Counter(
        Posting.objects.held(on)
        .in_roles(TEAM_ROLES)
        .filter(area__in=grids.values("pk"))
        .values_list("area_id", "full_time")
    )
    inside: dict[int, list[bool]] = {}
    # A grid has at most three tiers above it, so that its path stands in one row.
    for path in grids.values_list("pk", "parent_id", "parent__parent_id", "parent__parent__parent_id"):
        short = is_understaffed(served[path[0], True], served[path[0], False])
        for place in path:
            inside.setdefault(place, []).append(short)
    return [Staffing(a, len(inside.get(a.pk, [])), sum(inside.get(a.pk, []))) for a in areas]


def beside_nodes(areas: Sequence[Area]) -> Mapping[int, Team | Staffing]:
    """Return what the tree shows beside its nodes: the team of a grid, the staffing of what is wider."""
    on = timezone.localdate()
    wide = [a for a in areas if a.tier in GOVERNED_TIERS]
    grids = [a for a in areas if a.tier == Tier.GRID]
    found: dict[int, Team | Staffing] = {team.area.pk: team for team in teams_of(grids, on=on)}
    return found | {staffing.area.pk: staffing for staffing in staffing_of(wide, on=on) if staffing.grids}


def governor_of(area: Area) -> Organisation | None:
    """Return the organisation that governs an area; a grid is governed with its community."""
    governed = area.parent_id if area.tier == Tier.GRID else area.pk
    return Organisation.objects.valid(timezone.localdate()).filter(governs=governed).first()


def home_area(user: User) -> int | None:
    """Return the area somebody serves, or else that of his organisation; the post he heads comes first."""
    served = (
        Posting.objects.held(timezone.localdate())
        .filter(user=user, whole_city=False)
        .annotate(place=Coalesce("area_id", "organisation__governs_id", "organisation__area_id"))
        .filter(place__isnull=False)
        .order_by("-leads", "-full_time", "pk")
    )
    return served.values_list("place", flat=True).first()
