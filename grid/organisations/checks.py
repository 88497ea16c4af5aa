"""Find what is wrong with the tree of organisations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from grid.areas.models import Area, Tier
from grid.organisations.models import GOVERNED_TIERS, Organisation


class Fault(NamedTuple):
    """An organisation or area that does not stand where it should."""

    code: str
    name: str
    message: str


def find_faults(*, on: date) -> list[Fault]:
    """
    Return what breaks the line of authority on a day: roots, circles, and areas that nobody governs.

    An empty list means that from every governed area a way leads up to the one root.
    """
    organisations = {o.pk: o for o in Organisation.objects.select_related("governs")}
    areas = list(
        Area.objects.tier(*GOVERNED_TIERS)
        .valid(on)
        .defer("outline")
        .select_related("parent")
        .order_by("code")
    )
    return [
        *_root_faults(organisations, needed=bool(areas)),
        *_circles(organisations),
        *_area_faults(organisations, areas, on),
        *_tier_faults(organisations),
    ]


def _root_faults(organisations: dict[int, Organisation], *, needed: bool) -> Iterator[Fault]:
    """Say where the tree has no root, or an organisation hangs on one that ended."""
    if (needed or organisations) and not any(o.parent_id is None for o in organisations.values()):
        yield Fault("-", "-", "no organisation stands at the top")


def _circles(organisations: dict[int, Organisation]) -> Iterator[Fault]:
    """Name every circle, by whichever line; with a stack, so that no depth is too deep."""
    above = {
        pk: [s for s in (o.parent_id, o.functional_superior_id) if s is not None]
        for pk, o in organisations.items()
    }
    done: set[int] = set()
    for start in sorted(above):
        path: dict[int, Iterator[int]] = {} if start in done else {start: iter(above[start])}
        while path:
            here = next(reversed(path))
            following = next((s for s in path[here] if s not in done), None)
            if following is None:
                done.add(here)
                path.pop(here)
            elif following in path:
                circle = list(path)[list(path).index(following) :]
                names = " > ".join(organisations[pk].code for pk in [*circle, following])
                yield Fault(
                    organisations[following].code, organisations[following].name, f"is above itself: {names}"
                )
            else:
                path[following] = iter(above[following])


def _area_faults(organisations: dict[int, Organisation], areas: list[Area], on: date) -> Iterator[Fault]:
    """Hold every governed area against its organisation, and that one's superior against the area above."""
    governs = {o.governs_id: o for o in organisations.values() if o.governs_id is not None}
    for area in areas:
        organisation = governs.get(area.pk)
        if organisation is None:
            yield Fault(area.code, area.name, "no organisation governs it")
            continue
        if organisation.valid_until is not None and organisation.valid_until < on:
            yield Fault(area.code, area.name, f"{organisation.code}, which governs it, has ended")
        wanted = governs.get(area.parent_id) if area.parent_id else None
        superior = organisations.get(organisation.parent_id) if organisation.parent_id else None
        if wanted is not None and superior != wanted:
            yield Fault(
                organisation.code,
                organisation.name,
                f"stands under {superior.code if superior else 'nothing'}, "
                f"but {wanted.code} governs the area above",
            )


def _tier_faults(organisations: dict[int, Organisation]) -> Iterator[Fault]:
    for organisation in organisations.values():
        if organisation.governs is not None and organisation.governs.tier not in GOVERNED_TIERS:
            tier = Tier(organisation.governs.tier).value
            yield Fault(organisation.code, organisation.name, f"governs a {tier}, which nobody governs")
