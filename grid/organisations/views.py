"""Who serves where: the office of an area and the teams of its grids."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views import View

from grid.areas.models import Area, Tier
from grid.organisations.models import GOVERNED_TIERS
from grid.organisations.teams import office_of, staffing_of, teams_of


class TeamPage(LoginRequiredMixin, View):
    """
    The people of an area: its office, the teams of its grids, or how the areas below it are staffed.

    Names and service telephones of a grid's people are there to be known (滨州市网格化服务管理条例 6).
    """

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        """Draw the page; the number of queries does not depend on the number of grids."""
        today = timezone.localdate()
        areas = Area.objects.valid(today).tier(*GOVERNED_TIERS, Tier.GRID).defer("outline")
        area = get_object_or_404(areas, code=code)
        path = list(Area.objects.ancestors_of(area.pk, include_self=False).defer("outline"))
        context = {"area": area, "path": path, **people_of(area, today)}
        return render(request, "organisations/team.html", context)


def people_of(area: Area, today: date) -> dict[str, Any]:
    """Return what the page shows for the tier of an area."""
    if area.tier == Tier.GRID:
        return {"teams": teams_of([area], on=today)}
    organisation, members = office_of(area, on=today)
    below = list(Area.objects.filter(parent=area).valid(today).defer("outline").order_by("code"))
    wide = [a for a in below if a.tier in GOVERNED_TIERS]
    grids = [a for a in below if a.tier == Tier.GRID]
    teams = teams_of(grids, on=today)
    return {
        "organisation": organisation,
        "members": members,
        "teams": teams,
        "short": sum(team.understaffed for team in teams),
        "staffing": staffing_of(wide, on=today) if wide else [],
    }
