"""Outlines of areas: GeoJSON geometries in WGS 84, degrees, longitude first."""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from shapely.geometry import Point, shape
from shapely.validation import explain_validity

GeoJSON = dict[str, Any]

# An outline is drawn by hand or taken from a survey; more positions than this are a mistake in the file.
MOST_POSITIONS = 20_000
CRS_NAMES = {
    "urn:ogc:def:crs:OGC:1.3:CRS84",
    "urn:ogc:def:crs:OGC::CRS84",
    "urn:ogc:def:crs:EPSG::4326",
    "EPSG:4326",
}


def read_outline(value: Any) -> GeoJSON:
    """
    Return a valid outline: a polygon or multipolygon with longitude and latitude only.

    :param value: a GeoJSON geometry, or a feature that holds one.
    :raises ValidationError: saying what is wrong, in the user's language.
    """
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = {**(value.get("geometry") or {}), **({"crs": value["crs"]} if "crs" in value else {})}
    if not isinstance(value, dict) or value.get("type") not in ("Polygon", "MultiPolygon"):
        raise ValidationError(_("The outline is not a GeoJSON polygon or multipolygon."), code="type")
    _check_crs(value.get("crs"))
    polygons = value.get("coordinates")
    if value["type"] == "Polygon":
        polygons = [polygons]
    if not isinstance(polygons, list) or not polygons:
        raise ValidationError(_("The outline has no coordinates."), code="coordinates")
    clean = [_read_polygon(polygon) for polygon in polygons]
    if sum(len(ring) for polygon in clean for ring in polygon) > MOST_POSITIONS:
        raise ValidationError(
            _("The outline has more than %(most)d positions; simplify it."),
            params={"most": MOST_POSITIONS},
            code="size",
        )
    coordinates = clean[0] if value["type"] == "Polygon" else clean
    outline = {"type": value["type"], "coordinates": coordinates}
    geometry = shape(outline)
    if not geometry.is_valid:
        raise ValidationError(
            _("The outline crosses or touches itself: %(reason)s."),
            params={"reason": explain_validity(geometry)},
            code="invalid",
        )
    return outline


def _check_crs(crs: Any) -> None:
    """Refuse any other declared reference system: an offset of hundreds of metres would go unseen."""
    if crs is None:
        return
    name = crs.get("properties", {}).get("name") if isinstance(crs, dict) else crs
    if name not in CRS_NAMES:
        raise ValidationError(
            _("The outline is not in WGS 84 but in %(crs)s."), params={"crs": name}, code="crs"
        )


def _read_polygon(rings: Any) -> list[list[list[float]]]:
    if not isinstance(rings, list) or not rings:
        raise ValidationError(_("The outline has no coordinates."), code="coordinates")
    return [_read_ring(ring) for ring in rings]


def _read_ring(ring: Any) -> list[list[float]]:
    if not isinstance(ring, list) or len(ring) < 4:
        raise ValidationError(_("A ring of the outline has fewer than four positions."), code="ring")
    clean = [_read_position(position) for position in ring]
    if clean[0] != clean[-1]:
        raise ValidationError(
            _("A ring of the outline is not closed: it must end where it begins."), code="closed"
        )
    return clean


def _read_position(position: Any) -> list[float]:
    if not isinstance(position, list | tuple) or len(position) < 2:
        raise ValidationError(
            _("A position of the outline is not a longitude and a latitude."), code="position"
        )
    if not all(
        isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in position[:2]
    ):
        raise ValidationError(
            _("A position of the outline is not a longitude and a latitude."), code="position"
        )
    lon, lat = float(position[0]), float(position[1])
    if abs(lat) > 90 >= abs(lon):
        raise ValidationError(
            _("Longitude and latitude are swapped at %(lon)s, %(lat)s: longitude comes first."),
            params={"lon": lon, "lat": lat},
            code="swapped",
        )
    if abs(lon) > 180 or abs(lat) > 90:
        raise ValidationError(
            _("%(lon)s, %(lat)s is no place on earth."), params={"lon": lon, "lat": lat}, code="range"
        )
    return [lon, lat]


def box(outline: GeoJSON) -> tuple[float, float, float, float]:
    """Return west, south, east and north of an outline, degrees."""
    west, south, east, north = shape(outline).bounds
    return west, south, east, north


def centre(outline: GeoJSON) -> tuple[float, float]:
    """Return longitude and latitude of a point that is certainly inside the outline."""
    point = shape(outline).representative_point()
    return round(point.x, 6), round(point.y, 6)


def outside_city(outline: GeoJSON) -> bool:
    """Tell whether part of an outline lies outside ``CITY_BOUNDS``: worth a warning, never a refusal."""
    west, south, east, north = box(outline)
    bounds = settings.CITY_BOUNDS
    return west < bounds[0] or south < bounds[1] or east > bounds[2] or north > bounds[3]


def covers(outline: GeoJSON | None, lon: float, lat: float) -> float | None:
    """Return the size of the outline (square degrees) if it covers the point, edges included, else None."""
    if not outline:
        return None
    geometry = shape(outline)
    return geometry.area if geometry.covers(Point(lon, lat)) else None
