"""The registry of kinds: each introduces itself in its `kind.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.apps import apps

if TYPE_CHECKING:
    from datetime import datetime

    from django.db import models
    from django.utils.functional import Promise

    from grid.casework.actors import Actor
    from grid.casework.models import Case
    from grid.casework.table import Step
    from grid.worktime.services import RuleSpec


@dataclass(frozen=True)
class StatusInfo:
    """One status of a kind: its phase, its word for staff and its sentence for the public."""

    code: str
    label: str | Promise
    phase: str
    public_text: str | Promise


@dataclass(frozen=True)
class Kind:
    """
    What casework has to know of a kind of case.

    `readers` are the roles that read it by a posting over its area, `handlers` those that see and work on
    it in the leading, assisting or copied organisation. `tracked` are the fields of the detail row whose
    change stands in the timeline. `facts` returns what the case page shows beside the shared facts, as
    (label, value) pairs, and `joins` the paths of the detail row that they and the page need. `categories`
    returns the codes that deadline rules may ask for, the most particular first.

    `may_end` says why a case cannot be ended now, whatever step would end it, or nothing; `at_end` is called
    in the step that ends it. `forgets` empties the copies that others keep of a text which a lawful erasure
    took out of the timeline. `panels` are shown on the case page: each is given the case, the reader and the
    time, and returns a template with what it shows, or nothing.
    """

    code: str
    label: str | Promise
    prefix: str
    detail: str
    statuses: tuple[StatusInfo, ...]
    steps: tuple[Step, ...]
    rules: tuple[RuleSpec, ...] = ()
    readers: frozenset[str] = frozenset()
    handlers: frozenset[str] = frozenset()
    tracked: tuple[str, ...] = ()
    facts: Callable[[Any], list[tuple[str | Promise, Any]]] | None = None
    joins: tuple[str, ...] = ()
    categories: Callable[[Any], Sequence[str]] | None = None
    may_end: Callable[[Any, Actor], str | Promise | None] | None = None
    at_end: Callable[[Any, datetime], None] | None = None
    forgets: Callable[[Case, str], None] | None = None
    panels: tuple[Callable[[Case, Actor, datetime], tuple[str, dict[str, Any]] | None], ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)

    def status(self, code: str) -> StatusInfo:
        """
        Return one status.

        :raises KeyError: when the kind has no such status.
        """
        for info in self.statuses:
            if info.code == code:
                return info
        raise KeyError(f"{self.code} has no status {code}")

    def step(self, name: str) -> Step | None:
        """Return the step of a name, if there is one."""
        return next((s for s in self.steps if s.name == name), None)

    def ends_by(self, step: Step) -> bool:
        """Tell whether a step ends a case, wherever it leads."""
        return bool(step.targets) and all(self.status(code).phase == "closed" for code in step.targets)

    @property
    def detail_model(self) -> type[models.Model]:
        """Return the model of the detail row."""
        return apps.get_model(self.detail)


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """
    Add a kind to the registry.

    :raises ValueError: when another kind has its code or its number prefix.
    """
    for other in _kinds.values():
        if kind.code == other.code or kind.prefix == other.prefix:
            raise ValueError(f"{kind.code} and {other.code} share a code or a prefix.")
    _kinds[kind.code] = kind


def get(code: str) -> Kind:
    """
    Return the kind of a code.

    :raises KeyError: when no kind introduced itself by it.
    """
    return _kinds[code]


def all_kinds() -> list[Kind]:
    """Return every kind, by code."""
    return [_kinds[code] for code in sorted(_kinds)]
