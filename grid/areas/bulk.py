"""Make room in the tree for more areas than `insert_areas` takes: whoever calls this writes them himself."""

from __future__ import annotations

from collections.abc import Iterable

from grid.areas.tree import Bounds, compute_bounds, lock_tree, stored_nodes, write_bounds


def make_room(new: Iterable[tuple[int, int, str]]) -> dict[int, Bounds]:
    """
    Move the bounds of the stored areas apart, and return those of the new ones; takes the lock of the tree.

    The new ones have to be written in the same transaction, or the tree has gaps.

    :param new: key, key of the parent and code of each.
    :raises ValueError: when one hangs on nothing.
    """
    lock_tree()
    added = list(new)
    stored = stored_nodes()
    rows: list[tuple[int, int | None, tuple[str, int, int]]] = [
        (node.id, node.parent_id, (node.code, 0, node.id)) for node in stored
    ]
    rows += [(key, parent, (code, 1, key)) for key, parent, code in added]
    bounds = compute_bounds(rows)
    write_bounds({node.id: bounds[node.id] for node in stored if bounds[node.id] != node.bounds})
    return {key: bounds[key] for key, _parent, _code in added}
