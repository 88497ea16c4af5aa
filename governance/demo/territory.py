"""Lay out the territory of the demo: real subdistricts and communities, invented grids and buildings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random

from governance.demo.tiling import Shape, divide, geojson, scale
from grid.areas import lists
from grid.areas.imports import import_areas
from grid.areas.lists import OfficialList, read_list
from grid.areas.models import Area, Tier
from grid.areas.services import insert_areas, set_outline

DISTRICT = "320812000000"
DATA = Path(lists.__file__).parent / "data"
# Around 33.60 N, 119.02 E; schematic, not surveyed.
FRAME: Shape = [
    (118.938, 33.512), (119.086, 33.498), (119.118, 33.571),
    (119.104, 33.668), (118.972, 33.689), (118.921, 33.604),
]  # fmt: skip
NUMERALS = "一二三四五六七八九"
VILLAGE = "村委会"


@dataclass
class Territory:
    """The areas of the demo, each list in the order of the codes."""

    district: Area
    streets: list[Area]
    communities: list[Area]
    grids: list[Area] = field(default_factory=list)
    buildings: list[Area] = field(default_factory=list)

    def below(self, area: Area) -> list[Area]:
        """Return the communities of a street, the grids of a community, the buildings of a grid."""
        narrower = {Tier.STREET: self.communities, Tier.COMMUNITY: self.grids, Tier.GRID: self.buildings}
        return [a for a in narrower[Tier(area.tier)] if a.parent_id == area.pk]


def lay_out(*, small: bool, rng: Random, at: datetime) -> Territory:
    """
    Import the district from the official list and draw grids and buildings into it.

    :param small: only the first subdistrict, for tests.
    """
    import_areas(official_list(small=small), by=None, at=at)
    areas = Area.objects.within(Area.objects.filter(code=DISTRICT)).order_by("code").select_related("parent")
    found = list(areas)
    territory = Territory(
        district=next(a for a in found if a.tier == Tier.DISTRICT),
        streets=[a for a in found if a.tier == Tier.STREET],
        communities=[a for a in found if a.tier == Tier.COMMUNITY],
    )
    _draw(territory, rng, at)
    return territory


def official_list(*, small: bool) -> OfficialList:
    """Return the rows of the district, with those of its province and city, from the list of Huai'an."""
    found = read_list(DATA / "huaian_areas.csv", names_en=DATA / "huaian_names_en.csv")
    if found.problems:
        raise ValueError(f"the shipped list is not sound: {found.problems[0]}")
    own = DISTRICT[:6]
    rows = [row for row in found.rows if row.code.startswith(own) or row.level.tier is None]
    if small:
        street = min(row.code for row in rows if row.level.tier == Tier.STREET)
        rows = [r for r in rows if r.level.tier in (None, Tier.DISTRICT) or r.code.startswith(street[:9])]
    return replace(found, rows=rows)


def _draw(territory: Territory, rng: Random, at: datetime) -> None:
    """Divide the district down to the grids, and some grids into buildings."""
    counts = {c.pk: _grid_count(c, rng) for c in territory.communities}
    streets = [(s, sum(counts[c.pk] for c in territory.below(s))) for s in territory.streets]
    outlines: dict[int, Shape] = {territory.district.pk: FRAME}
    for street, shape in divide(FRAME, streets, rng):
        outlines[street.pk] = shape
        communities = [(c, counts[c.pk]) for c in territory.below(street)]
        outlines |= {c.pk: cell for c, cell in divide(shape, communities, rng)}
    grids = [drawn for c in territory.communities for drawn in _grids(c, counts[c.pk], outlines[c.pk], rng)]
    buildings = [b for grid, shape in grids if _is_built_up(grid) for b in _buildings(grid, shape, rng)]
    for area in (territory.district, *territory.streets, *territory.communities):
        inside = [g for g, _shape in grids if g.code.startswith(_own_digits(area))]
        area.households = sum(g.households or 0 for g in inside)
        area.population = sum(g.population or 0 for g in inside)
        set_outline(area, outline=geojson(outlines[area.pk]), schematic=True, by=None, at=at)
    wide = [territory.district, *territory.streets, *territory.communities]
    Area.objects.bulk_update(wide, ["households", "population"])
    made = insert_areas([*(grid for grid, _shape in grids), *buildings], by=None, at=at)
    territory.grids = [a for a in made if a.tier == Tier.GRID]
    territory.buildings = [a for a in made if a.tier == Tier.BUILDING]


def _own_digits(area: Area) -> str:
    return area.code[: {Tier.DISTRICT: 6, Tier.STREET: 9}.get(Tier(area.tier), 12)]


def _grid_count(community: Area, rng: Random) -> int:
    """Return how many grids a community has; a village has fewer."""
    return rng.randint(2, 4) if community.name.endswith(VILLAGE) else rng.randint(4, 6)


def _grids(community: Area, count: int, shape: Shape, rng: Random) -> list[tuple[Area, Shape]]:
    """Return the unsaved grids of a community: 300 to 500 households in town, some 300 in a village."""
    village = community.name.endswith(VILLAGE)
    cells = divide(shape, [(number, rng.uniform(0.8, 1.2)) for number in range(1, count + 1)], rng)
    return [
        (_grid(community, number, cell, rng.randint(*((240, 340) if village else (300, 500))), rng), cell)
        for number, cell in cells
    ]


def _grid(community: Area, number: int, cell: Shape, households: int, rng: Random) -> Area:
    return Area(
        code=f"{community.code}{number:03}",
        tier=Tier.GRID,
        name=f"{short_name(community)}第{NUMERALS[number - 1]}网格",
        name_en=f"{community.name_en} Grid {number}",
        parent=community,
        outline=geojson(cell),
        schematic=True,
        households=households,
        population=round(households * rng.uniform(2.4, 3.1)),
    )


def short_name(community: Area) -> str:
    """Return the name of a community without its office (花街居委会 → 花街)."""
    for office in ("社区居委会", "居委会", "村委会"):
        if community.name.endswith(office):
            return community.name.removesuffix(office)
    return community.name


def _is_built_up(grid: Area) -> bool:
    """Tell whether the buildings of a grid are listed: in every fourth grid of the towns."""
    return not grid.parent.name.endswith(VILLAGE) and int(grid.code[-6:]) % 4 == 1


def _buildings(grid: Area, shape: Shape, rng: Random) -> list[Area]:
    """Return the unsaved buildings of a grid."""
    plots = divide(shape, [(number, 1.0) for number in range(1, rng.randint(5, 9))], rng)
    return [
        Area(
            code=f"{grid.code}{number:05}",
            tier=Tier.BUILDING,
            name=f"{number}号楼",
            name_en=f"Building {number}",
            parent=grid,
            outline=geojson(scale(plot, 0.5)),
            schematic=True,
            households=rng.choice((24, 36, 48, 60)),
        )
        for number, plot in plots
    ]
