"""What a person's postings open to him: said once, asked in SQL by `visible_to` and in memory by `Sight`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grid.casework import kinds

if TYPE_CHECKING:
    from grid.casework.actors import Actor


@dataclass(frozen=True)
class Scope:
    """
    What postings open of unsealed cases.

    `everywhere` are the kinds read in the whole city, `areas` the areas below which a set of kinds is read,
    `served` the organisations whose led, assisted or copied cases of a kind are seen.
    """

    everywhere: frozenset[str]
    areas: tuple[tuple[frozenset[str], frozenset[int]], ...]
    served: tuple[tuple[str, frozenset[int]], ...]

    @classmethod
    def of(cls, actor: Actor) -> Scope:
        """Read the scope from the postings of a day."""
        all_kinds = kinds.all_kinds()
        areas: dict[frozenset[str], set[int]] = defaultdict(set)
        everywhere: set[str] = set()
        for posting in actor.postings:
            readable = frozenset(k.code for k in all_kinds if posting.role in k.readers)
            if posting.whole_city:
                everywhere |= readable
            elif readable and posting.area_id:
                areas[readable].add(posting.area_id)
        served = ((kind.code, frozenset(actor.organisations_in(kind.handlers))) for kind in all_kinds)
        return cls(
            everywhere=frozenset(everywhere),
            areas=tuple((readable, frozenset(roots)) for readable, roots in areas.items()),
            served=tuple((code, organisations) for code, organisations in served if organisations),
        )

    def opens(self, kind: str, *, path: Collection[int], organisations: Collection[int]) -> bool:
        """
        Tell whether an unsealed case is seen by these postings.

        :param path: the area of the case and all above it.
        :param organisations: its leading, assisting and copied organisations.
        """
        if kind in self.everywhere:
            return True
        if any(kind in readable and not roots.isdisjoint(path) for readable, roots in self.areas):
            return True
        return any(kind == code and not served.isdisjoint(organisations) for code, served in self.served)
