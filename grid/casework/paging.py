"""Page through a list by the place of its last row, and count it no further than people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet

ASCENDING = ("asc", "asc nulls last")
DIRECTIONS = (*ASCENDING, "desc", "desc nulls last")
NULLS_LAST = " nulls last"
SALT = "casework.paging"

Row = TypeVar("Row", bound=Model)
Order = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Page(Generic[Row]):
    """
    The rows of one page, and the cursors of its neighbours ("" where there is none).

    `restarted` says that the cursor was no good, or its rows are gone, and that this is the first page again.
    """

    rows: list[Row]
    next: str = ""
    previous: str = ""
    restarted: bool = False


@dataclass(frozen=True)
class UpTo:
    """A count that stops at a limit: as a text "1,000+" beyond it."""

    number: int
    more: bool

    def __str__(self) -> str:
        return f"{self.number:,}+" if self.more else f"{self.number:,}"


def count_up_to(queryset: QuerySet[Any, Any], limit: int = 1000) -> UpTo:
    """Return how many rows there are, exactly up to a limit. One query, which stops at the limit."""
    found = queryset.order_by().values("pk")[: limit + 1].count()
    return UpTo(min(found, limit), more=found > limit)


def keyset(queryset: QuerySet[Row, Row], *, order: Order, cursor: str = "", size: int = 25) -> Page[Row]:
    """
    Return one page of a queryset, found by the place of a row and not by counting rows from the top.

    It costs the same on page 1,000 as on page 1, and a row that comes or goes elsewhere moves no other across
    the edge. At most two queries: rows without a value in the first column stand in a part of their own, so
    that either part is read along an index.

    :param order: (field, direction) pairs; direction is "asc" or "desc", for the first one also with
        " nulls last". The last field must be unique. Fields after the first must not be null.
    :param cursor: as an earlier page gave it; one that was altered, or made for another order, is no good.
    """
    _check(order)
    place = _decode(cursor, order)
    if place is None:
        found = _walk(queryset, order, None, size + 1)
        return _page(found, order, size, restarted=bool(cursor))
    if place.backward:
        found = _walk(queryset, _reversed(order), place.values, size + 1)
        if len(found) < size:
            return keyset(queryset, order=order, size=size)
        rows = found[:size][::-1]
        return Page(
            rows,
            next=_encode(rows[-1], order, backward=False),
            previous=_encode(rows[0], order, backward=True) if len(found) > size else "",
        )
    found = _walk(queryset, order, place.values, size + 1)
    if not found:
        first = keyset(queryset, order=order, size=size)
        return Page(first.rows, first.next, restarted=True)
    return _page(found, order, size, after=True)


@dataclass(frozen=True)
class _Place:
    """The values of the row at an edge, and on which side of it to read on."""

    values: list[Any]
    backward: bool


def _check(order: Order) -> None:
    """
    Refuse an order that pages could not follow.

    :raises ValueError: when a direction is unknown, or nulls are named beyond the first field.
    """
    if not order or any(direction not in DIRECTIONS for _field, direction in order):
        raise ValueError(f"Directions are {', '.join(DIRECTIONS)}.")
    if any(NULLS_LAST in direction for _field, direction in order[1:]):
        raise ValueError("Only the first field may be null.")


def _page(
    found: list[Row], order: Order, size: int, *, after: bool = False, restarted: bool = False
) -> Page[Row]:
    """Make a page of rows that were read forwards, one more than fits."""
    rows = found[:size]
    return Page(
        rows,
        next=_encode(rows[-1], order, backward=False) if len(found) > size else "",
        previous=_encode(rows[0], order, backward=True) if after else "",
        restarted=restarted,
    )


def _reversed(order: Order) -> list[tuple[str, str]]:
    """Turn an order round; where nulls stood last they now stand first."""
    turned = {
        "asc": "desc",
        "desc": "asc",
        "asc nulls last": "desc nulls first",
        "desc nulls last": "asc nulls first",
    }
    return [(field, turned[direction]) for field, direction in order]


def _walk(queryset: QuerySet[Row, Row], order: Order, values: list[Any] | None, limit: int) -> list[Row]:
    """Return the rows after a place, in an order whose first field may be null."""
    field, direction = order[0]
    if "nulls" not in direction:
        return list(_part(queryset, order, values)[:limit])
    plain = [(field, direction.split()[0]), *order[1:]]
    filled = queryset.filter(**{f"{field}__isnull": False})
    empty = queryset.filter(**{f"{field}__isnull": True})
    at_empty = values is not None and values[0] is None
    parts = [(filled, plain, None if at_empty else values)]
    rest = (empty, list(order[1:]), values[1:] if values and at_empty else None)
    if direction.endswith("last"):
        parts = [rest] if at_empty else [*parts, rest]
    else:
        parts = [rest, *parts] if values is None or at_empty else parts
    found: list[Row] = []
    for part, part_order, part_values in parts:
        if len(found) < limit:
            found += _part(part, part_order, part_values)[: limit - len(found)]
    return found


def _part(queryset: QuerySet[Row, Row], order: Order, values: list[Any] | None) -> QuerySet[Row, Row]:
    """Narrow rows without nulls to those after a place, sorted."""
    names = [field if direction == "asc" else f"-{field}" for field, direction in order]
    if values is not None:
        field, direction = order[0]
        # Said twice, so that the first field bounds the scan of an index.
        bound = Q(**{f"{field}__{'gte' if direction == 'asc' else 'lte'}": values[0]})
        queryset = queryset.filter(bound & _after(order, values))
    return queryset.order_by(*names)


def _after(order: Order, values: list[Any]) -> Q:
    """Compare by the first field, among equals by the second, and so on."""
    (field, direction), value = order[0], values[0]
    beyond = Q(**{f"{field}__{'gt' if direction == 'asc' else 'lt'}": value})
    if len(order) == 1:
        return beyond
    return beyond | (Q(**{field: value}) & _after(order[1:], values[1:]))


def _encode(row: Any, order: Order, *, backward: bool) -> str:
    """Return a cursor: signed, so that nobody can walk a list by values he made up."""
    values = [_plain(_value(row, field)) for field, _direction in order]
    return signing.dumps([int(backward), values], salt=_salt(order), compress=True)


def _decode(cursor: str, order: Order) -> _Place | None:
    """Return the place of a cursor, or nothing when it is empty, altered or of another order."""
    if not cursor:
        return None
    try:
        backward, values = signing.loads(cursor, salt=_salt(order))
    except signing.BadSignature:
        return None
    return _Place([_typed(value) for value in values], backward=bool(backward))


def _salt(order: Order) -> str:
    return SALT + ":" + ",".join(f"{field} {direction}" for field, direction in order)


def _value(row: Any, path: str) -> Any:
    """Return the value of a field, of a related row too (`area__name`)."""
    for name in path.split("__"):
        row = row[name] if isinstance(row, Mapping) else getattr(row, name)
    return row


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it, times and dates with their type."""
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return value


def _typed(value: Any) -> Any:
    """Return the value that `_plain` was given."""
    if not isinstance(value, dict):
        return value
    return datetime.fromisoformat(value["t"]) if "t" in value else date.fromisoformat(value["d"])
