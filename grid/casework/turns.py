"""What happens when a deadline comes near or passes, in words: when, which light, who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from grid.casework.models import DeadlineStatus
from grid.worktime import arithmetic
from grid.worktime.choices import Binds, Told

if TYPE_CHECKING:
    from grid.casework.models import Deadline
    from grid.worktime.models import RungRule

# Where the city has no rule for a rung; the ladder holds to the same.
REACH = {1: Told.HANDLER, 2: Told.UNIT_HEAD, 3: Told.SUPERIOR}


@dataclass(frozen=True)
class Turn:
    """What happens at an instant: the light that comes on, and who is told."""

    light: str
    at: datetime
    words: str
    reached: bool


def turns_of(
    deadline: Deadline, rules: Mapping[int, RungRule], *, lead: str, at: datetime, public: bool
) -> list[Turn]:
    """
    Return what happens to a deadline that is open, in the order of time.

    :param rules: the rung rules that hold for it, by level.
    :param lead: the name of the organisation that has the case.
    :param public: word it for the person whose matter it is.
    """
    if deadline.status == DeadlineStatus.PAUSED:
        until = max(p.until for p in deadline.pauses.all() if p.ended_at is None)
        return [
            Turn("paused", until, _("The pause ends at the latest, and the limit runs on."), reached=False)
        ]
    if not deadline.is_open or deadline.due_at is None:
        return []
    reached = at >= deadline.due_at
    if deadline.binds == Binds.PETITIONER:
        return [Turn("none", deadline.due_at, _("This right ends. Nobody becomes late by it."), reached)]
    if deadline.binds != Binds.OFFICE:
        return [Turn("none", deadline.due_at, _("The limit ends. Nobody here becomes late by it."), reached)]
    marks = [(1, deadline.yellow_at), (2, deadline.orange_at), (3, deadline.due_at)]
    found = []
    for level, when in marks:
        if when is not None:
            told = Told(rules[level].told) if level in rules else REACH[level]
            words = _public_words(level, told) if public else _staff_words(level, told, lead)
            found.append(Turn(arithmetic.Light(level).name.lower(), when, words, reached=at >= when))
    return found


def _staff_words(level: int, told: Told, lead: str) -> str:
    """Say who is told of a rung, and what a red one brings."""
    said = {
        Told.HANDLER: _("Told: whoever handles it at %(lead)s."),
        Told.SECTION_HEAD: _("Told: whoever handles it at %(lead)s."),
        Told.UNIT_HEAD: _("Told: whoever handles it at %(lead)s, and the head there."),
        Told.SUPERIOR: _("Told: whoever handles it at %(lead)s, the head there, and the superior."),
    }[told] % {"lead": lead}
    if level < arithmetic.Light.RED:
        return said
    proposed = _("A supervision order is proposed, on which a person decides.")
    return _("%(first)s %(second)s") % {"first": said, "second": proposed}


def _public_words(level: int, told: Told) -> str:
    """Say the same for the person whose matter it is."""
    if level == arithmetic.Light.RED:
        return _("It counts as late. The office above is told and decides whether to supervise it.")
    if told in (Told.HANDLER, Told.SECTION_HEAD):
        return _("The office that has it is reminded.")
    return _("The office that has it and its head are reminded.")
