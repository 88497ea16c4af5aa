"""
Questions about the tree.

The bounds of django-mptt go stale in memory as soon as another process inserts or moves a node.
Everything here therefore resolves a subtree inside the statement that uses it; nobody outside
``grid.areas`` reads ``lft``, ``rght`` or ``tree_id`` of an instance.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from grid.areas.geometry import covers

if TYPE_CHECKING:
    from grid.areas.models import Area, Tier

Ids = Iterable[int] | QuerySet[Any, Any]
PATHS = """
    WITH RECURSIVE up(leaf, id, parent_id) AS (
        SELECT id, id, parent_id FROM areas_area WHERE id = ANY(%s)
      UNION ALL
        SELECT up.leaf, a.id, a.parent_id FROM up JOIN areas_area a ON a.id = up.parent_id
    )
    SELECT leaf, array_agg(id) FROM up GROUP BY leaf
"""


class AreaQuerySet(QuerySet["Area"]):
    """Narrow the areas."""

    def within(self, areas: Ids) -> AreaQuerySet:
        """
        Return the given areas and everything below them.

        :param areas: primary keys, or a queryset with one column of them (or of areas).
        """
        root = self.model._base_manager.filter(
            pk__in=areas,
            tree_id=OuterRef("tree_id"),
            # Both against the left bound: the index on (tree_id, lft) then finds a subtree as one range.
            lft__lte=OuterRef("lft"),
            rght__gte=OuterRef("lft"),
        )
        return self.filter(Exists(root))

    def ancestors_of(self, areas: Ids | int, *, include_self: bool = True) -> AreaQuerySet:
        """Return the path from the district down to the given areas, the areas themselves included."""
        ids = [areas] if isinstance(areas, int) else areas
        leaf = self.model._base_manager.filter(
            pk__in=ids,
            tree_id=OuterRef("tree_id"),
            lft__gte=OuterRef("lft"),
            rght__lte=OuterRef("rght"),
        )
        if not include_self:
            leaf = leaf.exclude(pk=OuterRef("pk"))
        return self.filter(Exists(leaf)).order_by("level", "code")

    def paths(self, areas: Iterable[int]) -> dict[int, frozenset[int]]:
        """Return for each area its own id and those of all above it. One query, by parents, no bounds."""
        with connection.cursor() as cursor:
            cursor.execute(PATHS, [list(areas)])
            return {leaf: frozenset(path) for leaf, path in cursor.fetchall()}

    def valid(self, on: date) -> AreaQuerySet:
        """Return the areas that exist on that day; ``valid_until`` is the first day they no longer do."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=on),
            Q(valid_until__isnull=True) | Q(valid_until__gt=on),
        )

    def tier(self, *tiers: Tier | str) -> AreaQuerySet:
        """Return the areas of these tiers."""
        return self.filter(tier__in=tiers)

    def around(self, lon: float, lat: float) -> AreaQuerySet:
        """Return the areas whose bounding box holds the point (WGS 84, degrees)."""
        return self.filter(west__lte=lon, east__gte=lon, south__lte=lat, north__gte=lat)

    def at_point(self, lon: float, lat: float, *, tier: Tier | str = "grid") -> Area | None:
        """
        Return the area of that tier under the point, None if there is none.

        The bounding box narrows in the database, shapely decides. On a shared edge the smaller area
        has it, then the lower code, so that the same point always gives the same grid.
        """
        found = [
            (size, area.code, area)
            for area in self.filter(tier=tier, valid_until__isnull=True).around(lon, lat)
            if (size := covers(area.outline, lon, lat)) is not None
        ]
        return min(found, key=lambda hit: hit[:2])[2] if found else None
