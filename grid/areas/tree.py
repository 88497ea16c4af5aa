"""The bounds of the tree: computed in memory, compared with what is stored, written under one lock."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import Q

from grid.areas.models import PREFIX_LENGTHS, Area, CodeSystem, Tier

# Any fixed number does; it is the name of the lock among all advisory locks of this database.
TREE_LOCK = 0x41524541
K = TypeVar("K", bound=Hashable)


class Bounds(NamedTuple):
    """Where a node stands: tree, left and right bound, level."""

    tree_id: int
    lft: int
    rght: int
    level: int


class Fault(NamedTuple):
    """A node that does not stand where it should."""

    code: str
    name: str
    message: str


class Node(NamedTuple):
    """What is stored of a node, as far as the tree is concerned."""

    id: int
    parent_id: int | None
    code: str
    bounds: Bounds


def lock_tree() -> None:
    """
    Wait until no other transaction writes the tree, and keep others from it until this one ends.

    Readers are not held up. Whatever was read of the tree before this call may be stale after it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("lock_tree needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])


def compute_bounds(nodes: Iterable[tuple[K, K | None, tuple]]) -> dict[K, Bounds]:
    """
    Return the bounds of a whole forest, as django-mptt would give them.

    :param nodes: key, key of the parent (None for a root) and what to order siblings by.
    :raises ValueError: when a node hangs on nothing: its parent is not among the nodes, or below itself.
    """
    children: dict[K | None, list[tuple[tuple, K]]] = {}
    total = 0
    for key, parent, order in nodes:
        children.setdefault(parent, []).append((order, key))
        total += 1
    for siblings in children.values():
        siblings.sort(key=lambda entry: entry[0])
    found: dict[K, Bounds] = {}
    for tree_id, (_, root) in enumerate(children.get(None, []), start=1):
        found.update(_number_tree(root, tree_id, children))
    if len(found) != total:
        raise ValueError(f"{total - len(found)} areas hang on nothing")
    return found


def _number_tree(root: K, tree_id: int, children: dict[K | None, list[tuple[tuple, K]]]) -> dict[K, Bounds]:
    """Give the nodes of one tree their bounds; with a stack, so that no depth is too deep."""
    found: dict[K, Bounds] = {}
    left: dict[K, tuple[int, int]] = {root: (1, 0)}
    counter = 1
    stack: list[tuple[K, Iterator]] = [(root, iter(children.get(root, ())))]
    while stack:
        key, rest = stack[-1]
        counter += 1
        below = next(rest, None)
        if below is None:
            lft, level = left.pop(key)
            found[key] = Bounds(tree_id, lft, counter, level)
            stack.pop()
            continue
        left[below[1]] = (counter, len(stack))
        stack.append((below[1], iter(children.get(below[1], ()))))
    return found


def stored_nodes() -> list[Node]:
    """Return every node with its bounds as stored now."""
    rows = Area.objects.order_by().values_list("id", "parent_id", "code", "tree_id", "lft", "rght", "level")
    return [Node(row[0], row[1], row[2], Bounds(*row[3:])) for row in rows]


def write_bounds(changed: dict[int, Bounds]) -> None:
    """Write the bounds of many nodes in one statement, so that no reader ever sees half of them."""
    if not changed:
        return
    columns: list[list[int]] = [
        list(changed),
        *(list(column) for column in zip(*changed.values(), strict=True)),
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE areas_area AS area
            SET tree_id = new.tree_id, lft = new.lft, rght = new.rght, level = new.level
            FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[])
                AS new (id, tree_id, lft, rght, level)
            WHERE area.id = new.id
            """,
            columns,
        )


def refresh_statistics() -> None:
    """Tell the planner how large the tree has become; without it a subtree is searched row by row."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE areas_area")


def find_faults() -> list[Fault]:
    """
    Return every node whose bounds do not match its parent, or whose tier, code or box is out of order.

    An empty list means that a subtree asked for by bounds is the subtree given by the parents.
    """
    areas = list(
        Area.objects.order_by("tree_id", "lft", "id").only(
            "id", "parent_id", "code", "code_system", "code_kept", "tier", "name",
            "tree_id", "lft", "rght", "level", "west", "valid_until",
        ).annotate(has_outline=Q(outline__isnull=False))
    )  # fmt: skip
    by_id = {area.pk: area for area in areas}
    children: dict[int | None, list[Area]] = {}
    for area in areas:
        children.setdefault(area.parent_id, []).append(area)
    faults: list[Fault] = []
    trees: set[int] = set()
    for area in areas:
        parent = by_id.get(area.parent_id) if area.parent_id else None
        messages = [*_own_faults(area, children.get(area.pk, [])), *_faults_below(area, parent)]
        if parent is None:
            if area.tree_id in trees:
                messages.append(f"shares tree {area.tree_id} with another root")
            trees.add(area.tree_id)
        faults.extend(Fault(area.code, area.name, message) for message in messages)
    return faults


def _own_faults(area: Area, children: list[Area]) -> Iterator[str]:
    """Say where the bounds of a node do not close around those of its children."""
    expected = area.lft + 1
    for child in sorted(children, key=lambda c: c.lft):
        if child.lft != expected:
            yield f"child {child.code} begins at {child.lft} instead of {expected}"
        expected = child.rght + 1
    if area.rght != expected:
        yield f"ends at {area.rght} instead of {expected}"
    if area.has_outline and area.west is None:
        yield "has an outline but no bounding box"


def _faults_below(area: Area, parent: Area | None) -> Iterator[str]:
    """Say where a node does not fit what it stands under."""
    if parent is None:
        if (area.lft, area.level) != (1, 0):
            yield f"is a root but begins at {area.lft} on level {area.level}"
        return
    if area.tree_id != parent.tree_id:
        yield f"is in tree {area.tree_id}, its parent {parent.code} in tree {parent.tree_id}"
    if not (parent.lft < area.lft <= area.rght < parent.rght):
        yield (
            f"has the bounds {area.lft} to {area.rght}, "
            f"outside those of its parent {parent.code}, {parent.lft} to {parent.rght}"
        )
    if area.level != parent.level + 1:
        yield f"is on level {area.level}, its parent {parent.code} on level {parent.level}"
    if Tier(area.tier).rank <= Tier(parent.tier).rank:
        yield f"is a {area.tier} under a {parent.tier}"
    if not area.code_kept and not code_fits(area.code, area.code_system, parent):
        yield f"has a code that does not begin with that of its parent {parent.code}"


def code_fits(code: str, code_system: str, parent: Area) -> bool:
    """Tell whether a statistical code begins with the digits of the parent that are its own."""
    if CodeSystem.LOCAL in (code_system, parent.code_system):
        return True
    return code.startswith(parent.code[: PREFIX_LENGTHS[Tier(parent.tier)]])
