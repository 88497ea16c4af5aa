"""Outlines of areas: GeoJSON geometries in WGS 84, degrees."""

from __future__ import annotations

from typing import Any

from shapely.geometry import Point, shape


def covers(outline: dict[str, Any] | None, lon: float, lat: float) -> float | None:
    """Return the size of the outline (square degrees) if it covers the point, edges included, else None."""
    if not outline:
        return None
    geometry = shape(outline)
    return geometry.area if geometry.covers(Point(lon, lat)) else None
