from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon
from shapely.ops import unary_union

from governance.demo.tiling import area, corners, divide, geojson, point_in, scale

FRAME = [(118.93, 33.51), (119.08, 33.50), (119.11, 33.57), (119.10, 33.66), (118.97, 33.68), (118.92, 33.60)]
# Square degrees; some ten square metres, on a district of 300 square kilometres.
SEAM = 1e-9


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.5, 9), min_size=1, max_size=30), st.integers(0, 10**6))
def test_cells_fill_the_shape_and_never_overlap(weights, seed):
    cells = divide(FRAME, list(enumerate(weights)), Random(seed))

    shapes = [Polygon(cell) for _item, cell in cells]
    assert [item for item, _cell in cells] == list(range(len(weights)))
    assert all(shape.is_valid for shape in shapes)
    assert unary_union(shapes).symmetric_difference(Polygon(FRAME)).area < SEAM
    assert sum(shape.area for shape in shapes) == pytest.approx(Polygon(FRAME).area, abs=SEAM)


def test_a_cell_is_as_large_as_its_weight():
    cells = divide(FRAME, [("a", 1.0), ("b", 2.0), ("c", 5.0)], Random(1))

    sizes = {item: area(cell) / area(FRAME) for item, cell in cells}
    assert sizes == pytest.approx({"a": 1 / 8, "b": 2 / 8, "c": 5 / 8}, rel=1e-4)


@given(st.integers(0, 10**6))
def test_a_point_lies_inside(seed):
    assert Polygon(FRAME).contains(Point(point_in(FRAME, Random(seed))))


def test_a_footprint_lies_inside_its_plot():
    assert Polygon(FRAME).contains(Polygon(scale(FRAME, 0.5)))


def test_an_outline_is_closed_and_can_be_read_back():
    outline = geojson(FRAME)

    assert outline["coordinates"][0][0] == outline["coordinates"][0][-1]
    assert corners(outline) == FRAME
