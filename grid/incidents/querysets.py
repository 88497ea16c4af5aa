"""Narrow categories and the responsibility list."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Prefetch, Q

if TYPE_CHECKING:
    from grid.incidents.models import Category, Responsibility  # noqa: F401


class CategoryQuerySet(models.QuerySet["Category"]):
    """Categories."""

    def active(self) -> CategoryQuerySet:
        """Keep those that can be chosen; a second level goes with its first."""
        return self.filter(Q(parent=None) | Q(parent__is_active=True), is_active=True)

    def tree(self) -> CategoryQuerySet:
        """Return the first level, each with its second level as `leaves`. Two queries."""
        return (
            self.active()
            .filter(parent=None)
            .prefetch_related(
                Prefetch("children", self.model._default_manager.filter(is_active=True), "leaves")
            )
        )


class ResponsibilityQuerySet(models.QuerySet["Responsibility"]):
    """Lines of the responsibility list."""

    def valid(self, on: date) -> ResponsibilityQuerySet:
        """Keep the lines that hold on a day."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=on), valid_from__lte=on)

    def about(self, category: Category) -> ResponsibilityQuerySet:
        """Keep the lines of a category and of its first level."""
        return self.filter(category__in=[pk for pk in (category.pk, category.parent_id) if pk])

    def reaching(self, areas: models.QuerySet[Any, Any]) -> ResponsibilityQuerySet:
        """Keep the lines for the whole city and for any of the areas, given as their keys."""
        return self.filter(Q(area=None) | Q(area__in=areas))
