"""Every rung rule, read once: which rungs a deadline of some rule, unit and start has."""

from collections.abc import Iterable
from datetime import date
from typing import Self

from grid.worktime.models import RungRule


class RungTable:
    """The rung rules at one moment; load one per request, job or batch."""

    def __init__(self, rules: Iterable[RungRule]) -> None:
        """Take the rules, those in force later last."""
        self._rules = sorted(rules, key=lambda rule: rule.valid_from)
        self._by_reach: dict[tuple[str, str], list[RungRule]] = {}

    @classmethod
    def load(cls) -> Self:
        """Read all rules in one query."""
        return cls(RungRule.objects.order_by())

    def of(self, code: str, unit: str, *, on: date) -> dict[int, RungRule]:
        """
        Return the rungs in force on a day, by level.

        A row for the code of the rule stands in place of the unit's own row of that level.
        """
        found: dict[int, RungRule] = {}
        for rule in self._reaching(code, unit):
            if rule.valid_from <= on and (rule.valid_until is None or on < rule.valid_until):
                found[rule.level] = rule
        return found

    def _reaching(self, code: str, unit: str) -> list[RungRule]:
        """Return the rules for a code and a unit, the general ones first."""
        if (code, unit) not in self._by_reach:
            rules = [rule for rule in self._rules if rule.unit == unit and rule.code in ("", code)]
            self._by_reach[code, unit] = sorted(rules, key=lambda rule: bool(rule.code))
        return self._by_reach[code, unit]
