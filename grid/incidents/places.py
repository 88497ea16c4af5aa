"""Where an incident is: by position, by choice, or by the posting of whoever reports it."""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Area, Tier
from grid.casework.actors import Actor
from grid.casework.models import Case
from grid.organisations.models import Role

PLACED_ROLES = (Role.GRID_WORKER, Role.GRID_LEADER, Role.COMMUNITY_CLERK)


def areas_of(actor: Actor) -> list[Area]:
    """Return the areas that somebody is posted to, the narrowest first. One query for the postings."""
    found = {p.area.pk: p.area for p in actor.postings if p.area and p.role in PLACED_ROLES}
    return sorted(found.values(), key=lambda area: (-Tier(area.tier).rank, area.code))


def own_area(actor: Actor) -> Area | None:
    """Return the one area of somebody's narrowest posting, or nothing when there are several."""
    areas = areas_of(actor)
    narrowest = [area for area in areas if area.tier == areas[0].tier]
    return narrowest[0] if len(narrowest) == 1 else None


def under(longitude: float | None, latitude: float | None) -> Area | None:
    """Return the grid under a point (WGS 84, degrees)."""
    if longitude is None or latitude is None:
        return None
    return Area.objects.select_related("parent").at_point(longitude, latitude)


def outside_city(longitude: float, latitude: float) -> bool:
    """Tell whether a point lies outside the bounds of the city, which are a rectangle."""
    west, south, east, north = settings.CITY_BOUNDS
    return not (west <= longitude <= east and south <= latitude <= north)


def warnings(case: Case) -> list[str | Promise]:
    """Return what is odd about the place of a case; nothing of it stands in the way."""
    if case.area_id is None:
        return [_("No grid is known yet. The office that got this puts it on the map.")]
    if case.longitude is None or case.latitude is None:
        return []
    if outside_city(case.longitude, case.latitude):
        return [_("The position lies outside the city. It was kept; check whether it is right.")]
    grid = under(case.longitude, case.latitude)
    if grid is None or Area.objects.within([grid.pk]).filter(pk=case.area_id).exists():
        return []
    if Area.objects.ancestors_of(grid.pk).filter(pk=case.area_id).exists():
        return []
    return [_("The position lies in another grid than the one chosen. Both were kept.")]
