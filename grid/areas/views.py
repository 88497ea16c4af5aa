"""Browse the tree: one level at a time, with or without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Count, F, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONObject
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from grid.areas.models import Area, Tier
from grid.areas.nodes import describe_nodes
from grid.areas.querysets import AreaQuerySet

# A search that finds more asks for a longer word instead.
MOST_FOUND = 50


def shown_nodes() -> AreaQuerySet:
    """Return the areas that exist today, without outlines, each with the number of areas below it."""
    today = timezone.localdate()
    still = Q(children__valid_until__isnull=True) | Q(children__valid_until__gt=today)
    return (
        Area.objects.valid(today)
        .defer("outline")
        .annotate(below=Count("children", filter=still))
        .order_by("code")
    )


class TreePage(LoginRequiredMixin, View):
    """The tree, open down to the area named by ``open``, or the areas found for ``q``."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Draw the page."""
        code, words = request.GET.get("open", "").strip(), request.GET.get("q", "").strip()
        context: dict[str, Any] = {"q": words, "open_code": code}
        if words:
            found = list(search(words).select_related("parent")[: MOST_FOUND + 1])
            context |= {"found": found[:MOST_FOUND], "more": len(found) > MOST_FOUND, "most": MOST_FOUND}
            describe_nodes(context["found"])
        else:
            context["nodes"] = open_tree(code)
            context["unknown"] = bool(code) and not is_known(code)
        return render(request, "areas/tree.html", context)


class NodePart(LoginRequiredMixin, View):
    """One node, opened or closed, for htmx."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Draw the node, with its children if ``open`` is set."""
        node = get_object_or_404(shown_nodes(), pk=pk)
        below = list(shown_nodes().filter(parent=node)) if request.GET.get("open") else []
        describe_nodes([node, *below])
        for child in below:
            child.nodes, child.is_open = [], False
        node.nodes, node.is_open = below, bool(request.GET.get("open"))
        return render(request, "areas/_node.html", {"node": node})


class AreaPage(LoginRequiredMixin, View):
    """One area: where it stands, its facts, what is below it, what changed."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Draw the page."""
        area = get_object_or_404(Area.objects.select_related("parent", "successor").defer("outline"), pk=pk)
        children = list(shown_nodes().filter(parent=area))
        describe_nodes([area, *children])
        context = {
            "area": area,
            "path": list(Area.objects.ancestors_of(area.pk, include_self=False).defer("outline")),
            "facts": facts_of(area),
            "children": children,
            "changes": area.changes.select_related("by")[:20],
        }
        return render(request, "areas/detail.html", context)


class OutlinesPart(LoginRequiredMixin, View):
    """
    Outlines as a GeoJSON feature collection, built by the database.

    ``parent`` gives the areas directly below it (without it: the districts); with ``tier`` those of that
    tier anywhere below it.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the features, 404 for an unknown parent or tier."""
        parent, tier = request.GET.get("parent", ""), request.GET.get("tier", "")
        areas = Area.objects.valid(timezone.localdate()).filter(outline__isnull=False)
        if (parent and not parent.isdecimal()) or (tier and tier not in Tier.values):
            return HttpResponse(
                _("There is no such area."), status=404, content_type="text/plain; charset=utf-8"
            )
        if parent:
            root = get_object_or_404(Area.objects.defer("outline"), pk=int(parent))
            areas = areas.within([root.pk]).tier(tier) if tier else areas.filter(parent=root)
        else:
            areas = areas.tier(tier) if tier else areas.filter(parent__isnull=True)
        return HttpResponse(feature_collection(areas), content_type="application/geo+json")


def search(words: str) -> AreaQuerySet:
    """Return areas whose name has the words or whose code begins with them, the widest first."""
    named = Q(name__icontains=words) | Q(name_en__icontains=words) | Q(code__startswith=words)
    return shown_nodes().filter(named).order_by("level", "code")


def is_known(code: str) -> bool:
    """Tell whether an area of today has this code."""
    return Area.objects.valid(timezone.localdate()).filter(code=code).exists()


def open_tree(code: str) -> list[Area]:
    """
    Return the top of the tree, open down to the area with this code.

    Two queries however deep: each node has ``nodes`` (those drawn below it) and ``is_open``.
    """
    target = Area.objects.filter(code=code, valid_until__isnull=True)
    path = set(Area.objects.ancestors_of(target.values("pk")).values_list("pk", flat=True)) if code else set()
    nodes: Sequence[Area] = list(shown_nodes().filter(Q(parent__isnull=True) | Q(parent__in=path)))
    below: dict[int | None, list[Area]] = {}
    for node in nodes:
        below.setdefault(node.parent_id, []).append(node)
    for node in nodes:
        node.is_open = node.pk in path
        node.nodes = below.get(node.pk, [])
    describe_nodes(nodes)
    return below.get(None, [])


def facts_of(area: Area) -> list[tuple[str, Any]]:
    """Return what is known of an area as label and value."""
    return [
        (_("Tier"), area.get_tier_display()),
        (_("Code"), area.code),
        (_("Name in English"), area.name_en),
        (_("Households"), area.households),
        (_("Population"), area.population),
        (_("Valid from"), area.valid_from),
        (_("Valid until"), area.valid_until),
        (_("Followed by"), area.successor.label if area.successor else None),
        (_("Why it ended"), area.end_reason),
        (
            _("Codes in other systems"),
            ", ".join(f"{name} {code}" for name, code in area.external_codes.items()),
        ),
    ]


def feature_collection(areas: AreaQuerySet) -> str:
    """Return the outlines as GeoJSON text; one statement, nothing passes through Python objects."""
    feature = JSONObject(
        type=Value("Feature"),
        id="pk",
        geometry=F("outline"),
        properties=JSONObject(
            code="code", name="name", name_en="name_en", tier="tier", schematic="schematic"
        ),
    )
    features = Coalesce(Cast(JSONBAgg(feature, order_by="code"), TextField()), Value("[]", TextField()))
    found = areas.order_by().aggregate(features=features)["features"]
    return f'{{"type": "FeatureCollection", "features": {found}}}'
