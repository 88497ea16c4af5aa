import pytest
from django.core.exceptions import ValidationError

from grid.areas.geometry import MOST_POSITIONS, box, centre, covers, outside_city, read_outline


def polygon(*positions, **more) -> dict:
    return {"type": "Polygon", "coordinates": [[list(p) for p in positions]], **more}


SQUARE = polygon((119.0, 33.6), (119.1, 33.6), (119.1, 33.7), (119.0, 33.7), (119.0, 33.6))


def test_a_polygon_is_kept_as_it_is():
    assert read_outline(SQUARE) == SQUARE


def test_a_feature_gives_its_geometry_and_heights_are_dropped():
    high = polygon(*((lon, lat, 12.5) for lon, lat in SQUARE["coordinates"][0]))

    assert read_outline({"type": "Feature", "properties": {}, "geometry": high}) == SQUARE


def test_several_parts_are_a_multipolygon():
    far = [[[lon + 1, lat] for lon, lat in SQUARE["coordinates"][0]]]
    outline = {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"], far]}

    assert box(read_outline(outline)) == (119.0, 33.6, 120.1, 33.7)


@pytest.mark.parametrize(
    ("outline", "code"),
    [
        (None, "type"),
        ("Polygon", "type"),
        ([], "type"),
        ({}, "type"),
        ({"type": "Point", "coordinates": [119, 33]}, "type"),
        ({"type": "Feature", "geometry": None}, "type"),
        ({"type": "Polygon"}, "coordinates"),
        ({"type": "Polygon", "coordinates": []}, "coordinates"),
        ({"type": "MultiPolygon", "coordinates": []}, "coordinates"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "coordinates"),
        (polygon((119, 33), (119, 34), (119, 33)), "ring"),
        (polygon((119, 33), (120, 33), (120, 34), (119, 34)), "closed"),
        (polygon((119, 33), (120, 33), (120, "34"), (119, 33)), "position"),
        (polygon((119, 33), (120, 33), (True, 34), (119, 33)), "position"),
        (polygon((119, 33), (120, 33), (float("nan"), 34), (119, 33)), "position"),
        (polygon((119,), (120, 33), (120, 34), (119,)), "position"),
        (polygon((33.6, 119.0), (33.6, 119.1), (33.7, 119.1), (33.6, 119.0)), "swapped"),
        (polygon((190, 33), (191, 33), (191, 34), (190, 33)), "range"),
        (polygon((119, 33), (120, 34), (120, 33), (119, 34), (119, 33)), "invalid"),
        (polygon((119, 33), (120, 33), (119, 33), (119, 33)), "invalid"),
        ({**SQUARE, "crs": {"type": "name", "properties": {"name": "EPSG:4490"}}}, "crs"),
        ({**SQUARE, "crs": "EPSG:3857"}, "crs"),
        (
            polygon((119, 33), *((119 + i / 1e6, 34) for i in range(MOST_POSITIONS)), (119, 33)),
            "size",
        ),
    ],
)
def test_a_bad_outline_is_refused_with_its_reason(outline, code):
    with pytest.raises(ValidationError) as error:
        read_outline(outline)
    assert error.value.code == code
    assert error.value.messages


def test_wgs_84_may_be_declared():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}

    assert read_outline({**SQUARE, "crs": crs}) == SQUARE


def test_the_centre_lies_inside_even_where_the_middle_does_not():
    horseshoe = polygon((0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3), (0, 0))

    assert covers(horseshoe, *centre(horseshoe)) == 7


def test_an_outline_partly_outside_the_city_is_noticed(settings):
    settings.CITY_BOUNDS = (118.2, 32.7, 119.7, 34.1)

    assert not outside_city(SQUARE)
    assert outside_city(polygon((119.6, 33), (119.8, 33), (119.8, 33.1), (119.6, 33)))
