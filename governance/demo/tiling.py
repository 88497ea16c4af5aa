"""Divide a convex shape into cells that fill it, as a schematic map has them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")
Point = tuple[float, float]
Shape = list[Point]

# A degree of longitude at 33.6 N is so much shorter than one of latitude.
SHRINK = math.cos(math.radians(33.6))
# How far a cut may lean, radians: enough to look drawn, too little to make splinters.
LEAN = 0.16
# Nine decimals are a tenth of a millimetre: rounding leaves no seams.
DECIMALS = 9
HALVINGS = 40


def divide(shape: Shape, items: Sequence[tuple[T, float]], rng: Random) -> list[tuple[T, Shape]]:
    """
    Return a cell of a convex shape for each item, as large as its weight; together they fill the shape.

    :param items: item and weight; neighbours in the list become neighbours on the map.
    """
    if len(items) == 1:
        return [(items[0][0], shape)]
    half = _middle([weight for _item, weight in items])
    first, second = items[:half], items[half:]
    share = sum(weight for _item, weight in first) / sum(weight for _item, weight in items)
    one, other = cut(shape, share, rng.uniform(-LEAN, LEAN))
    return [*divide(one, first, rng), *divide(other, second, rng)]


def cut(shape: Shape, share: float, lean: float) -> tuple[Shape, Shape]:
    """
    Cut a convex shape across its longer side, so that the first part has this share of it.

    :param lean: radians by which the cut leans from the right angle.
    """
    xs, ys = [x for x, _y in shape], [y for _x, y in shape]
    lying = (max(xs) - min(xs)) * SHRINK > max(ys) - min(ys)
    angle = lean if lying else math.pi / 2 + lean
    normal = (math.cos(angle), math.sin(angle))
    heights = [x * normal[0] + y * normal[1] for x, y in shape]
    low, high, wanted = min(heights), max(heights), share * area(shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if area(_clip(shape, normal, middle)) < wanted:
            low = middle
        else:
            high = middle
    return _clip(shape, normal, high), _clip(shape, (-normal[0], -normal[1]), -high)


def area(shape: Shape) -> float:
    """Return the size of a shape, square degrees."""
    pairs = zip(shape, [*shape[1:], shape[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def centre(shape: Shape) -> Point:
    """Return the mean of the corners, which lies inside a convex shape."""
    return sum(x for x, _y in shape) / len(shape), sum(y for _x, y in shape) / len(shape)


def scale(shape: Shape, factor: float) -> Shape:
    """Return the shape drawn in around its centre: the footprint of a building on its plot."""
    mid = centre(shape)
    return [
        (round(mid[0] + (x - mid[0]) * factor, DECIMALS), round(mid[1] + (y - mid[1]) * factor, DECIMALS))
        for x, y in shape
    ]


def point_in(shape: Shape, rng: Random) -> Point:
    """Return a point inside a convex shape, six decimals (about 10 cm), away from its edge."""
    mid, weights = centre(shape), [rng.random() for _ in shape]
    total = sum(weights)
    x = sum(w * corner[0] for w, corner in zip(weights, shape, strict=True)) / total
    y = sum(w * corner[1] for w, corner in zip(weights, shape, strict=True)) / total
    return round(mid[0] + (x - mid[0]) * 0.9, 6), round(mid[1] + (y - mid[1]) * 0.9, 6)


def geojson(shape: Shape) -> dict[str, object]:
    """Return the outline as GeoJSON."""
    return {"type": "Polygon", "coordinates": [[[x, y] for x, y in [*shape, shape[0]]]]}


def corners(outline: dict[str, object]) -> Shape:
    """Return the shape of an outline that `geojson` wrote."""
    rings: list[list[list[float]]] = outline["coordinates"]  # type: ignore[assignment]
    return [(x, y) for x, y in rings[0][:-1]]


def _clip(shape: Shape, normal: Point, height: float) -> Shape:
    """Return the part of a convex shape on the lower side of a line (Sutherland and Hodgman)."""
    kept: Shape = []
    for (x1, y1), (x2, y2) in zip(shape, [*shape[1:], shape[0]], strict=True):
        h1 = x1 * normal[0] + y1 * normal[1] - height
        h2 = x2 * normal[0] + y2 * normal[1] - height
        if h1 <= 0:
            kept.append((x1, y1))
        if (h1 < 0) != (h2 < 0) and h1 != 0 and h2 != 0:
            t = h1 / (h1 - h2)
            kept.append((round(x1 + t * (x2 - x1), DECIMALS), round(y1 + t * (y2 - y1), DECIMALS)))
    return kept


def _middle(weights: Sequence[float]) -> int:
    """Return where the weights are cut into two halves; neither is empty."""
    total, running = sum(weights), 0.0
    for place, weight in enumerate(weights[:-1], start=1):
        running += weight
        if running >= total / 2:
            return place
    return len(weights) - 1
