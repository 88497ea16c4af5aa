"""
What other apps show beside a node of the tree, such as the team of a grid.

They stand above this app, so they introduce themselves here when they start; nothing is imported from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from grid.areas.models import Area


class Note(NamedTuple):
    """Something to show beside one node: a template, which finds the data as ``note``."""

    template: str
    data: Any


Describe = Callable[[Sequence[Area]], Mapping[int, Any]]
_describers: dict[str, Describe] = {}


def show_beside_nodes(template: str, describe: Describe) -> None:
    """
    Show something beside the nodes of the tree page and on the page of an area.

    :param template: drawn once for each node that has data.
    :param describe: called once with all nodes of a page, returns data by primary key of the area; its
        number of queries must not depend on the number of nodes.
    """
    _describers[template] = describe


def describe_nodes(areas: Sequence[Area]) -> None:
    """Give every area its ``notes``."""
    found = {template: describe(areas) for template, describe in _describers.items()}
    for area in areas:
        area.notes = [Note(template, data[area.pk]) for template, data in found.items() if area.pk in data]
