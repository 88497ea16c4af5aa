from datetime import date

import pytest

from grid.areas import services
from grid.areas.models import Area, Tier


def test_a_subtree_holds_its_root_and_everything_below_and_nothing_else(plant, district, street, community):
    neighbour = plant(Tier.STREET, district)
    plant(Tier.COMMUNITY, neighbour)
    grid = plant(Tier.GRID, community)
    other = plant(Tier.DISTRICT)

    assert list(Area.objects.within([street.pk])) == [street, community, grid]
    assert set(Area.objects.within([grid.pk, other.pk])) == {grid, other}
    assert set(Area.objects.within(Area.objects.tier(Tier.DISTRICT))) == set(Area.objects.all())
    assert not Area.objects.within([]).exists()


def test_a_subtree_of_overlapping_roots_lists_every_area_once(district, street, community):
    found = list(Area.objects.within([district.pk, street.pk, community.pk]))

    assert found == [district, street, community]


def test_a_subtree_is_right_although_the_bounds_in_memory_are_stale(plant, district, numbers):
    for _ in range(20):
        next(numbers)
    street = plant(Tier.STREET, district)
    low = iter(range(1, 6))
    held = Area.objects.get(pk=street.pk)
    for _ in range(5):
        plant(Tier.COMMUNITY, plant(Tier.STREET, district, code=f"{district.code[:6]}00{next(low)}000"))
    below = plant(Tier.COMMUNITY, street)

    assert list(Area.objects.within([held.pk])) == [street, below]


def test_the_path_of_an_area_runs_from_the_district_down(plant, district, street, community):
    grid = plant(Tier.GRID, community)
    plant(Tier.GRID, community)

    assert list(Area.objects.ancestors_of(grid.pk)) == [district, street, community, grid]
    assert list(Area.objects.ancestors_of(grid.pk, include_self=False)) == [district, street, community]
    assert list(Area.objects.ancestors_of([community.pk, grid.pk], include_self=False)) == [
        district,
        street,
        community,
    ]


def test_an_area_is_valid_from_its_first_day_to_the_day_before_its_end(plant, street, community, at):
    grid = plant(Tier.GRID, community, valid_from=date(2026, 1, 1))
    services.end_area(grid, on=date(2026, 3, 1), reason="redrawn", by=None, at=at)

    def is_valid(on: date) -> bool:
        return Area.objects.valid(on).filter(pk=grid.pk).exists()

    assert not is_valid(date(2025, 12, 31))
    assert is_valid(date(2026, 1, 1))
    assert is_valid(date(2026, 2, 28))
    assert not is_valid(date(2026, 3, 1))


@pytest.fixture
def grids(plant, community, square):
    west = plant(Tier.GRID, community, outline=square(119.00, 33.60))
    east = plant(Tier.GRID, community, outline=square(119.01, 33.60))
    return west, east


def test_a_point_is_in_the_grid_that_covers_it(grids):
    west, east = grids

    assert Area.objects.at_point(119.005, 33.605) == west
    assert Area.objects.at_point(119.015, 33.605) == east
    assert Area.objects.at_point(119.03, 33.605) is None


def test_a_point_on_a_shared_edge_always_gets_the_same_grid(grids):
    west, _east = grids

    assert {Area.objects.at_point(119.01, 33.605) for _ in range(3)} == {west}


def test_a_point_in_a_hole_belongs_to_whoever_fills_the_hole(plant, community, square):
    hole = [[119.004, 33.604], [119.004, 33.606], [119.006, 33.606], [119.006, 33.604], [119.004, 33.604]]
    ring = plant(Tier.GRID, community, outline=square(119.0, 33.6, hole=hole))

    assert Area.objects.at_point(119.005, 33.605) is None
    assert Area.objects.at_point(119.001, 33.601) == ring
    school = plant(Tier.GRID, community, outline={"type": "Polygon", "coordinates": [hole]})
    assert Area.objects.at_point(119.005, 33.605) == school
    # The edge of the hole is shared; the smaller area has it.
    assert Area.objects.at_point(119.004, 33.605) == school


def test_a_point_inside_the_box_but_outside_the_outline_is_nobodys(plant, community):
    triangle = {"type": "Polygon", "coordinates": [[[119, 33], [119.1, 33], [119, 33.1], [119, 33]]]}
    plant(Tier.GRID, community, outline=triangle)

    assert Area.objects.around(119.09, 33.09).exists()
    assert Area.objects.at_point(119.09, 33.09) is None


def test_a_grid_that_ended_has_no_points(grids, at):
    west, east = grids
    services.end_area(west, on=date(2026, 1, 1), successor=east, by=None, at=at)

    assert Area.objects.at_point(119.005, 33.605) is None


def test_a_point_can_be_looked_up_in_another_tier(plant, street, square):
    wide = plant(Tier.COMMUNITY, street, outline=square(119.0, 33.6))

    assert Area.objects.at_point(119.005, 33.605, tier=Tier.COMMUNITY) == wide
    assert Area.objects.at_point(119.005, 33.605) is None
