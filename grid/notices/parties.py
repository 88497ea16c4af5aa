"""Tell the people without an account what the public is told of a step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grid.casework import kinds
from grid.casework.models import NOT_TOLD, Event, Party
from grid.notices.choices import Code
from grid.notices.outbox import Addressee, Telling
from grid.notices.recipients import PARTIES


def tellings(events: Sequence[Event]) -> list[Telling]:
    """Return what the parties of the cases are told of some entries. One query."""
    telling = [e for e in events if not e.case.sealed and _tells_parties(e)]
    if not telling:
        return []
    people = Party.objects.filter(case__in={e.case_id for e in telling}, erased_at=None)
    of_case: dict[int, list[int]] = {}
    for case_id, pk in people.exclude(capacity__in=NOT_TOLD).order_by("pk").values_list("case", "pk"):
        of_case.setdefault(case_id, []).append(pk)
    return [
        Telling(e, Addressee(party=pk), Code.STEP, {"kind": e.case.kind, "verb": e.verb})
        for e in telling
        for pk in _others(of_case.get(e.case_id, ()), e.party_id)
    ]


def _tells_parties(event: Event) -> bool:
    """Tell whether the row of the step has a word for the public, or names the parties."""
    step = kinds.get(event.case.kind).step(event.verb)
    return step is not None and (bool(step.public_text) or PARTIES in step.tells)


def _others(parties: Iterable[int], acting: int | None) -> list[int]:
    return [pk for pk in parties if pk != acting]
