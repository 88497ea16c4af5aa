"""Narrowing of deadline and rung rules."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, When

from grid.areas.models import Area

if TYPE_CHECKING:
    from grid.organisations.models import Organisation
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

    def in_force(
        self,
        code: str,
        *,
        on: date,
        organisation: "Organisation | int | None" = None,
        area: "Area | int | None" = None,
        categories: Sequence[str] = (),
    ) -> "DeadlineRule":
        """
        Return the rule of a code that holds on a day for an organisation, an area and some categories.

        The city's own goes before the statute; of several the one for the organisation, then the one for
        the deepest area, then the one for the category (the most particular is given first), then the newest.
        One query.

        :raises DeadlineRule.DoesNotExist: no such rule is in force.
        """
        found = self.in_force_many([code], on=on, organisation=organisation, area=area, categories=categories)
        if code not in found:
            raise self.model.DoesNotExist(f"No deadline rule {code} is in force on {on.isoformat()}.")
        return found[code]

    def in_force_many(
        self,
        codes: Iterable[str],
        *,
        on: date,
        organisation: "Organisation | int | None" = None,
        area: "Area | int | None" = None,
        categories: Sequence[str] = (),
    ) -> "dict[str, DeadlineRule]":
        """Return by code the rules that `in_force` would give; codes without one are left out. One query."""
        rows = (
            self.valid(on).filter(code__in=list(codes)).filter(_within_reach(organisation, area, categories))
        )
        named = [When(category=category, then=place) for place, category in enumerate(categories)]
        place = [Case(*named, default=len(named), output_field=IntegerField())] if named else []
        rows = rows.order_by(
            "code",
            "statutory",
            F("organisation_id").asc(nulls_last=True),
            F("area__level").desc(nulls_last=True),
            *place,
            "-valid_from",
            "-pk",
        )
        return {rule.code: rule for rule in rows.distinct("code")}


def _within_reach(
    organisation: "Organisation | int | None", area: "Area | int | None", categories: Sequence[str]
) -> Q:
    """Keep the rules that nothing narrows, or that are narrowed to what is given."""
    here = Q(area=None)
    if area is not None:
        # Asked from the rule upwards, so that two rows are looked up by key and no tree is walked.
        above = Area.objects.ancestors_of(area if isinstance(area, int) else area.pk)
        here = here | Q(Exists(above.filter(pk=OuterRef("area_id")).order_by()))
    office = Q(organisation=None)
    if organisation is not None:
        office |= Q(organisation=organisation)
    return office & here & Q(category__in=["", *categories])
