"""The table of a kind: its rows, the steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grid.casework.data import StepData
from grid.casework.deadlines import Start
from grid.casework.models import Audience

if TYPE_CHECKING:
    from django.utils.functional import Promise
    from rest_framework import serializers

    from grid.casework.actors import Actor
    from grid.casework.who import Who

    Words = str | Promise
    DeadlineCode = str | Callable[[Any], str | list[Start]]


@dataclass(frozen=True)
class Step:
    """
    One row of a kind's table.

    `sources` are the statuses it starts from; an opening step has none and `opens` set. `targets` are the
    statuses it may lead to, the effect returns one of them; without targets the status stays. `data` is a
    DRF serializer that the API uses as it is and the pages draw. The effect is called with the detail row,
    its case locked, and the validated data as keyword arguments. `starts` and `meets` name deadline rules
    (a callable is given the detail row). `other` names the field of the data that holds a second case,
    which is locked too. `when` gives a reason why the step is not possible now, or nothing. `tells` are
    those who get a notice of it, in the words of `grid.notices`: lead, head, authority, addressee, asker,
    decider, reporter, parties.
    """

    name: str
    label: Words
    who: Who
    effect: Callable[..., str | None]
    sources: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    data: type[serializers.Serializer[Any]] = StepData
    starts: tuple[DeadlineCode, ...] = ()
    meets: tuple[DeadlineCode, ...] = ()
    cancels: tuple[DeadlineCode, ...] = ()
    public_text: Words = ""
    hint: Words = ""
    audience: str = Audience.STAFF
    other: str = ""
    opens: bool = False
    opens_round: bool = False
    hidden: bool = False
    style: str = "secondary"
    when: Callable[[Any, Actor], Words | None] | None = None
    tells: tuple[str, ...] = ()

    def speaks(self, audience: str | None = None) -> bool:
        """Tell whether the step is a word to the person whose matter it is."""
        return bool(self.public_text) or (audience or self.audience) in (Audience.PUBLIC, Audience.PARTIES)
