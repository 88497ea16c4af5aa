"""Who leads an incident: the responsibility list first, then whoever governs the area."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from grid.areas.models import Area, Tier
from grid.incidents.models import Category, Responsibility
from grid.organisations.models import Organisation

UPWARDS = (Tier.COMMUNITY, Tier.STREET, Tier.DISTRICT)


@dataclass(frozen=True)
class Route:
    """One answer of the responsibility list: who leads on a tier, and who assists."""

    tier: str
    lead: Organisation
    line: Responsibility

    @property
    def assisting(self) -> list[Organisation]:
        """Return who assists. One query."""
        return [o for o in self.line.assisting.all() if o != self.lead]


@dataclass(frozen=True)
class Routes:
    """What the list says about one category in one place, from the lowest tier up, and who governs there."""

    listed: tuple[Route, ...]
    governing: dict[str, Organisation]

    def governs(self, tier: str) -> Organisation | None:
        """Return the governing organisation of a tier, or of the next one above that has any."""
        lowest = Tier(tier).rank
        tiers = [t for t in UPWARDS if t.rank <= lowest]
        return next((self.governing[t] for t in tiers if t in self.governing), None)

    def above(self, tier: str) -> Organisation | None:
        """Return the governing organisation of the next tier above that has any."""
        tiers = [t for t in UPWARDS if t.rank < Tier(tier).rank]
        return next((self.governing[t] for t in tiers if t in self.governing), None)

    def first(self) -> Organisation | None:
        """Return who gets a new report: the lowest line of the list, else the community or the next above."""
        return self.listed[0].lead if self.listed else self.governs(Tier.COMMUNITY)

    def proposal(self, *, holder: Organisation, tier: str) -> Route | None:
        """Return to whom the list sends a matter from a tier: its own line first, then those above."""
        others = [route for route in self.listed if route.lead != holder]
        here_or_above = [route for route in others if Tier(route.tier).rank <= Tier(tier).rank]
        return next(iter(here_or_above or others), None)

    def lists_community(self, organisation: Organisation) -> bool:
        """Tell whether the matter stands on the list of a community."""
        return any(
            route.lead == organisation for route in self.listed if route.tier in (Tier.COMMUNITY, Tier.GRID)
        )


def routes(category: Category, area: Area | int | None, *, on: date) -> Routes:
    """Read list and governing organisations for a category in an area on a day. Two queries."""
    area_id = area.pk if isinstance(area, Area) else area
    if area_id is None:
        return Routes((), {})
    path = Area.objects.ancestors_of(area_id).order_by().values("pk")
    rows = Organisation.objects.valid(on).filter(governs__in=path).select_related("governs")
    governing = {o.governs.tier: o for o in rows.defer("governs__outline") if o.governs}
    lines = Responsibility.objects.valid(on).about(category).reaching(path)
    bare = Routes((), governing)
    listed = []
    for line in _deciding(lines.select_related("lead_organisation", "area").defer("area__outline"), category):
        lead = line.lead_organisation or bare.governs(line.tier)
        if lead is not None:
            listed.append(Route(line.tier, lead, line))
    return Routes(tuple(listed), governing)


def _deciding(lines: Iterable[Responsibility], category: Category) -> list[Responsibility]:
    """
    Return one line per tier, the lowest tier first.

    Lines of the category itself shut out those of its first level; the narrower area goes first.
    """
    found = list(lines)
    own = [line for line in found if line.category_id == category.pk]
    by_tier: dict[str, Responsibility] = {}
    for line in sorted(own or found, key=_width):
        by_tier.setdefault(line.tier, line)
    return sorted(by_tier.values(), key=lambda line: -Tier(line.tier).rank)


def _width(line: Responsibility) -> int:
    """Return how wide a line reaches: 0 for a building, 5 for the whole city."""
    return len(Tier) - Tier(line.area.tier).rank - 1 if line.area else len(Tier)
