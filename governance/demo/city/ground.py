"""The ground of the city: its real districts, subdistricts and communities, invented grids and buildings."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import product
from random import Random
from typing import Any

from governance.demo.city.copying import copy_rows, reserve
from governance.demo.territory import DATA, NUMERALS, VILLAGE, short_name
from governance.demo.tiling import Point, Shape, area, divide, geojson
from grid.areas import geometry
from grid.areas.bulk import make_room
from grid.areas.imports import import_areas
from grid.areas.lists import OfficialList, read_list
from grid.areas.models import Area, Tier
from grid.areas.tree import refresh_statistics

# Around 33.4 N, 119.0 E, inside the bounds of the city; schematic, not surveyed.
FRAME: Shape = [
    (118.35, 33.10), (118.80, 32.78), (119.40, 32.85),
    (119.62, 33.40), (119.45, 33.95), (118.85, 34.05), (118.40, 33.70),
]  # fmt: skip
GRIDS_IN_TOWN, GRIDS_IN_VILLAGE = (6, 9), (5, 7)
BUILDINGS = (15, 25)
# A grid is laid out in so many plots each way; those that lie inside its outline can be built on.
PLOTS = 9
Plot = tuple[int, int]


@dataclass(slots=True)
class Grid:
    """One grid with the keys of what it stands in, and its buildings, whose keys follow one another."""

    pk: int
    community: int
    first_building: int
    buildings: int


@dataclass
class Ground:
    """The areas of the city, in the order of their codes."""

    districts: list[Area]
    streets: list[Area]
    communities: list[Area]
    grids: list[Grid] = field(default_factory=list)
    first_building: int = 0
    # Longitude and latitude of every building, in the order of the keys.
    places: array[float] = field(default_factory=lambda: array("d"))

    def place(self, building: int) -> Point:
        """Return where a building stands, degrees."""
        at = 2 * (building - self.first_building)
        return self.places[at], self.places[at + 1]


def lay_ground(
    rng: Random, *, at: datetime, districts: int = 0, bulk: Callable[[], AbstractContextManager[Any]]
) -> Ground:
    """
    Import the official list and draw grids and buildings into it; the caller opens the transaction.

    :param bulk: what to wrap the many rows in.
    :param districts: only the smallest so many districts, for tests; 0 means all.
    """
    import_areas(official_list(districts), by=None, at=at)
    found = list(Area.objects.order_by("code").select_related("parent"))
    ground = Ground(
        districts=[a for a in found if a.tier == Tier.DISTRICT],
        streets=[a for a in found if a.tier == Tier.STREET],
        communities=[a for a in found if a.tier == Tier.COMMUNITY],
    )
    outlines = _outline(ground, rng)
    _write_outlines(found, outlines)
    drawn = [one for c in ground.communities for one in _draw_grids(c, outlines[c.pk], rng)]
    with bulk():
        _write_grids(ground, drawn, rng)
    refresh_statistics()
    return ground


def official_list(districts: int) -> OfficialList:
    """
    Return the rows of the shipped list, with English names; all, or those of the smallest districts.

    :raises ValueError: when the shipped list has a problem.
    """
    found = read_list(DATA / "huaian_areas.csv", names_en=DATA / "huaian_names_en.csv")
    if found.problems:
        raise ValueError(f"the shipped list is not sound: {found.problems[0]}")
    if not districts:
        return found
    sizes = Counter(row.code[:6] for row in found.rows if row.level.tier)
    kept = sorted(sizes, key=lambda code: (sizes[code], code))[:districts]
    return replace(found, rows=[r for r in found.rows if r.level.tier is None or r.code[:6] in kept])


def _outline(ground: Ground, rng: Random) -> dict[int, Shape]:
    """Return a schematic outline for every area of the list, as large as what stands in it."""
    below: dict[int | None, list[Area]] = {}
    for one in (*ground.streets, *ground.communities):
        below.setdefault(one.parent_id, []).append(one)
    outlines: dict[int, Shape] = {}

    def weigh(one: Area) -> float:
        return float(sum(weigh(child) for child in below.get(one.pk, [])) or 1)

    def fill(shape: Shape, inside: list[Area]) -> None:
        for one, cell in divide(shape, [(i, weigh(i)) for i in inside], rng):
            outlines[one.pk] = cell
            if one.pk in below:
                fill(cell, below[one.pk])

    fill(FRAME, ground.districts)
    return outlines


def _write_outlines(areas: list[Area], outlines: dict[int, Shape]) -> None:
    for one in areas:
        one.outline, one.schematic = geojson(outlines[one.pk]), True
        one.west, one.south, one.east, one.north = geometry.box(one.outline)
        one.centre_lon, one.centre_lat = geometry.centre(one.outline)
    names = ["outline", "schematic", "west", "south", "east", "north", "centre_lon", "centre_lat"]
    Area.objects.bulk_update(areas, names, batch_size=500)


def _draw_grids(community: Area, shape: Shape, rng: Random) -> Iterator[tuple[Area, int, Shape]]:
    """Yield community, number and outline of each of its grids."""
    fewest, most = GRIDS_IN_VILLAGE if community.name.endswith(VILLAGE) else GRIDS_IN_TOWN
    numbers = [(number, rng.uniform(0.8, 1.2)) for number in range(1, rng.randint(fewest, most) + 1)]
    for number, cell in divide(shape, numbers, rng):
        yield community, number, cell


def _write_grids(ground: Ground, drawn: list[tuple[Area, int, Shape]], rng: Random) -> None:
    """Write grids and buildings with their bounds; as with an import, nobody is noted as who added them."""
    plots = [_plots(shape, rng) for _community, _number, shape in drawn]
    keys, building_keys = reserve(Area, len(drawn)), reserve(Area, sum(len(found) for found in plots))
    first = ground.first_building = building_keys.start
    for key, (community, _number, _shape), found in zip(keys, drawn, plots, strict=True):
        ground.grids.append(Grid(key, community.pk, first, len(found)))
        first += len(found)

    def rows() -> Iterator[dict[str, Any]]:
        for grid, (community, number, shape), found in zip(ground.grids, drawn, plots, strict=True):
            row = _grid_row(grid, community, number, shape)
            yield row
            for place, plot in enumerate(found):
                yield _building_row(grid.first_building + place, row, community, place + 1, shape, plot)

    bounds = make_room((row["id"], row["parent_id"], row["code"]) for row in rows())
    for row in rows():
        if row["tier"] == Tier.BUILDING:
            ground.places.extend((row["centre_lon"], row["centre_lat"]))
    copy_rows(Area, (row | bounds[row["id"]]._asdict() for row in rows()))


def _grid_row(grid: Grid, community: Area, number: int, shape: Shape) -> dict[str, Any]:
    households = grid.buildings * (4 if community.name.endswith(VILLAGE) else 18)
    return _drawn(shape) | {
        "id": grid.pk,
        "code": f"{community.code}{number:03}",
        "tier": Tier.GRID.value,
        "name": f"{short_name(community)}第{NUMERALS[number - 1]}网格",
        "name_en": f"{community.name_en} Grid {number}",
        "parent_id": community.pk,
        "households": households,
        "population": round(households * 2.7),
    }


def _building_row(
    key: int, grid: dict[str, Any], community: Area, number: int, shape: Shape, plot: Plot
) -> dict[str, Any]:
    village = community.name.endswith(VILLAGE)
    return _drawn(_footprint(shape, plot)) | {
        "id": key,
        "code": f"{grid['code']}{number:05}",
        "tier": Tier.BUILDING.value,
        "name": f"{number}号院" if village else f"{number}号楼",
        "name_en": f"Courtyard {number}" if village else f"Building {number}",
        "parent_id": grid["id"],
        "households": 4 if village else 18,
    }


def _drawn(shape: Shape) -> dict[str, Any]:
    """Return outline, box and centre of a convex shape, as `geometry` would measure them."""
    xs, ys = [x for x, _y in shape], [y for _x, y in shape]
    return {
        "outline": geojson(shape),
        "schematic": True,
        "west": min(xs),
        "south": min(ys),
        "east": max(xs),
        "north": max(ys),
        # Inside, since the shape is convex.
        "centre_lon": round(sum(xs) / len(xs), 6),
        "centre_lat": round(sum(ys) / len(ys), 6),
    }


def _plots(shape: Shape, rng: Random) -> list[Plot]:
    """Return where the buildings of a grid stand: some of the plots that lie wholly inside its outline."""
    edges = _edges(shape)
    inside = [
        plot
        for plot in product(range(PLOTS), range(PLOTS))
        if all(a * x + b * y >= c for x, y in _footprint(shape, plot) for a, b, c in edges)
    ]
    wanted = min(rng.randint(*BUILDINGS), len(inside))
    return sorted(rng.sample(inside, wanted))


def _footprint(shape: Shape, plot: Plot) -> Shape:
    """Return the outline of the building on a plot: half as wide and as high as the plot."""
    west, south = min(x for x, _y in shape), min(y for _x, y in shape)
    wide = (max(x for x, _y in shape) - west) / PLOTS
    high = (max(y for _x, y in shape) - south) / PLOTS
    x1, y1 = west + (plot[0] + 0.25) * wide, south + (plot[1] + 0.25) * high
    x2, y2 = round(x1 + wide / 2, 9), round(y1 + high / 2, 9)
    x1, y1 = round(x1, 9), round(y1, 9)
    return [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]


def _edges(shape: Shape) -> list[tuple[float, float, float]]:
    """Return the edges of a convex shape as a, b, c of a·x + b·y ≥ c, which holds inside."""
    turn = 1.0 if _runs_left(shape) else -1.0
    found = []
    for (x1, y1), (x2, y2) in zip(shape, [*shape[1:], shape[0]], strict=True):
        a, b = turn * (y1 - y2), turn * (x2 - x1)
        found.append((a, b, a * x1 + b * y1))
    return found


def _runs_left(shape: Shape) -> bool:
    """Tell whether the corners run counter-clockwise."""
    pairs = zip(shape, [*shape[1:], shape[0]], strict=True)
    return area(shape) > 0 and sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) > 0
