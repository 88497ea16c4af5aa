"""Narrowing of deadline and rung rules."""

from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from grid.worktime.models import DeadlineRule

M = TypeVar("M", bound=models.Model)


class ValidQuerySet(models.QuerySet[M]):
    """Rows that hold from a day on and, maybe, until a day."""

    def valid(self, on: date) -> "ValidQuerySet[M]":
        """Keep the rows in force on a day: from `valid_from`, before `valid_until`."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=on), valid_from__lte=on)


class DeadlineRuleQuerySet(ValidQuerySet["DeadlineRule"]):
    """Deadline rules."""

    def citywide(self) -> "DeadlineRuleQuerySet":
        """Keep the rules that no organisation, area or category narrows."""
        return self.filter(organisation=None, area=None, category="")

    def same_scope(self, rule: "DeadlineRule") -> "DeadlineRuleQuerySet":
        """Keep the rules with the code and the reach of another, without that one."""
        reach: dict[str, Any] = {
            "organisation_id": rule.organisation_id,
            "area_id": rule.area_id,
            "category": rule.category,
        }
        return self.filter(code=rule.code, **reach).exclude(pk=rule.pk)

    def in_force(self, code: str, *, on: date) -> "DeadlineRule":
        """
        Return the citywide rule of a code on a day; the city's own shorter promise goes before the statute.

        :raises DeadlineRule.DoesNotExist: no such rule is in force.
        """
        rule = self.citywide().valid(on).filter(code=code).order_by("statutory", "-valid_from").first()
        if rule is None:
            raise self.model.DoesNotExist(f"No deadline rule {code} is in force on {on.isoformat()}.")
        return rule
