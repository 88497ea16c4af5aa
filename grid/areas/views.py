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
from django.utils.translation import ngettext
from django.views import View

from grid.areas.models import Area, Tier
from grid.areas.nodes import describe_nodes, describe_page, home_of
from grid.areas.querysets import AreaQuerySet

# A search that finds more asks for a longer word instead.
MOST_FOUND = 50


def shown_nodes() -> AreaQuerySet:
    """Return the areas that exist today, without outlines, each with the number of areas below it by tier."""
    today = timezone.localdate()
    still = Q(children__valid_until__isnull=True) | Q(children__valid_until__gt=today)
    by_tier = {f"below_{tier}": Count("children", filter=still & Q(children__tier=tier)) for tier in Tier}
    return (
        Area.objects.valid(today)
        .defer("outline")
        .annotate(below=Count("children", filter=still), **by_tier)
        .order_by("code")
    )


class TreePage(LoginRequiredMixin, View):
    """
    The tree, open down to the area named by ``open``, or the areas found for ``q``.

    Without either it opens where the reader serves; an empty ``open`` shows the top alone.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Draw the page."""
        code, words = request.GET.get("open", "").strip(), request.GET.get("q", "").strip()
        home = home_of(request.user)
        context: dict[str, Any] = {"q": words, "open_code": code, "home": home}
        if words:
            found = list(search(words).select_related("parent")[: MOST_FOUND + 1])
            context |= {"found": found[:MOST_FOUND], "more": len(found) > MOST_FOUND, "most": MOST_FOUND}
            describe_rows(context["found"], home)
        else:
            here = opened(code, home, anywhere="open" not in request.GET)
            context |= {"nodes": open_tree(here.pk if here else None, home), "here": here}
            context |= map_of(here) if here else {}
            context["unknown"] = bool(code) and here is None
        return render(request, "areas/tree.html", context)


class NodePart(LoginRequiredMixin, View):
    """One node, opened or closed, for htmx; an opened one brings its map along."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Draw the node, with its children if ``open`` is set."""
        node, is_open = get_object_or_404(shown_nodes(), pk=pk), bool(request.GET.get("open"))
        below = list(shown_nodes().filter(parent=node)) if is_open else []
        describe_rows([node, *below], home_of(request.user))
        for child in below:
            child.nodes, child.is_open = [], False
        node.nodes, node.is_open = below, is_open
        context = {"node": node, **({"here": node, **map_of(node)} if is_open else {})}
        return render(request, "areas/_opened.html", context)


class AreaPage(LoginRequiredMixin, View):
    """One area: where it stands, its facts, what is below it, what changed."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Draw the page."""
        area = get_object_or_404(Area.objects.select_related("parent", "successor").defer("outline"), pk=pk)
        children = list(shown_nodes().filter(parent=area))
        describe_rows([area, *children], home_of(request.user))
        context = {
            "area": area,
            "path": list(Area.objects.ancestors_of(area.pk, include_self=False).defer("outline")),
            "facts": facts_of(area),
            "children": children,
            "page_notes": describe_page(area),
            "changes": area.changes.select_related("by")[:20],
            **map_of(area),
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


def opened(code: str, home: int | None, *, anywhere: bool) -> Area | None:
    """
    Return the area down to which the tree is open, None for the top alone or an unknown code.

    :param anywhere: nothing was asked for, so that it is where the reader serves, else the only district.
    """
    areas = Area.objects.valid(timezone.localdate()).defer("outline")
    if code:
        return areas.filter(code=code).first()
    if not anywhere:
        return None
    at_home = areas.filter(pk=home).first() if home else None
    if at_home is not None:
        return at_home
    tops = list(areas.filter(parent__isnull=True)[:2])
    return tops[0] if len(tops) == 1 else None


def open_tree(here: int | None, home: int | None) -> list[Area]:
    """
    Return the top of the tree, open down to an area.

    Two queries however deep: each node has ``nodes`` (those drawn below it) and ``is_open``.
    """
    path = set(Area.objects.ancestors_of(here).values_list("pk", flat=True)) if here else set()
    nodes: Sequence[Area] = list(shown_nodes().filter(Q(parent__isnull=True) | Q(parent__in=path)))
    below: dict[int | None, list[Area]] = {}
    for node in nodes:
        below.setdefault(node.parent_id, []).append(node)
    for node in nodes:
        node.is_open = node.pk in path
        node.nodes = below.get(node.pk, [])
    describe_rows(nodes, home)
    return below.get(None, [])


def describe_rows(nodes: Sequence[Area], home: int | None) -> None:
    """Give every area what its row says of it: ``notes`` of others, ``counts`` in words, ``is_home``."""
    describe_nodes(nodes)
    for node in nodes:
        node.counts, node.is_home = counts_of(node), node.pk == home


def counts_of(node: Area) -> list[str]:
    """Return in words what stands directly below an area; its grids are counted by those who staff them."""
    streets, communities, buildings = (
        getattr(node, f"below_{tier}", 0) for tier in (Tier.STREET, Tier.COMMUNITY, Tier.BUILDING)
    )
    words = [
        (streets, ngettext("%(count)s subdistrict", "%(count)s subdistricts", streets)),
        (communities, ngettext("%(count)s community", "%(count)s communities", communities)),
        (buildings, ngettext("%(count)s building", "%(count)s buildings", buildings)),
    ]
    if node.tier == Tier.BUILDING and node.households:
        households = ngettext("%(count)s household", "%(count)s households", node.households)
        words.append((node.households, households))
    return [word % {"count": count} for count, word in words if count]


def map_of(area: Area) -> dict[str, Any]:
    """
    Return which outlines show an area best: those directly below it, else its own among its neighbours.

    Two queries at most; ``map_shown`` is false where there is no outline at all.
    """
    for parent in dict.fromkeys([area.pk, area.parent_id]):
        drawn = Area.objects.valid(timezone.localdate()).filter(parent=parent, outline__isnull=False)
        found = drawn.aggregate(shapes=Count("pk"), schematic=Count("pk", filter=Q(schematic=True)))
        if found["shapes"]:
            return {"map_shown": True, "map_parent": parent, "map_schematic": bool(found["schematic"])}
    return {"map_shown": False}


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
