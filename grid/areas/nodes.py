"""
What other apps add to the tree: the team beside a grid, the office on a page, where a reader is at home.

They stand above this app, so they introduce themselves here when they start; nothing is imported from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from grid.areas.models import Area


class Note(NamedTuple):
    """Something to show with one area: templates, which find the data as ``note``."""

    template: str
    data: Any
    actions: str = ""


Describe = Callable[[Sequence[Area]], Mapping[int, Any]]
DescribePage = Callable[[Area], Any]
FindHome = Callable[[Any], int | None]


class _Describer(NamedTuple):
    """Who has something to say of areas, and the template of the links that go with it."""

    describe: Describe
    actions: str


_describers: dict[str, _Describer] = {}
_page_describers: dict[str, DescribePage] = {}
_home_finders: dict[str, FindHome] = {}


def show_beside_nodes(template: str, describe: Describe, *, actions: str = "") -> None:
    """
    Show something beside the nodes of the tree page and on the page of an area.

    :param template: drawn once for each node that has data.
    :param describe: called once with all nodes of a page, returns data by primary key of the area; its
        number of queries must not depend on the number of nodes.
    :param actions: a template with links, drawn at the end of the row from the same data.
    """
    _describers[template] = _Describer(describe, actions)


def show_on_page(template: str, describe: DescribePage) -> None:
    """Show something on the page of an area alone; ``describe`` returns None where there is nothing."""
    _page_describers[template] = describe


def find_home_with(name: str, find: FindHome) -> None:
    """Let the tree open where somebody serves; ``find`` takes a user, returns the key of an area or None."""
    _home_finders[name] = find


def describe_nodes(areas: Sequence[Area]) -> None:
    """Give every area its ``notes``."""
    found = {template: (who.describe(areas), who.actions) for template, who in _describers.items()}
    for area in areas:
        area.notes = [
            Note(template, data[area.pk], actions)
            for template, (data, actions) in found.items()
            if area.pk in data
        ]


def describe_page(area: Area) -> list[Note]:
    """Return what others show on the page of an area."""
    found = {template: describe(area) for template, describe in _page_describers.items()}
    return [Note(template, data) for template, data in found.items() if data is not None]


def home_of(user: Any) -> int | None:
    """Return the key of the area in which somebody serves, None where nobody knows of one."""
    return next((home for find in _home_finders.values() if (home := find(user)) is not None), None)
