"""Find the way up the organisation tree, and give every governed area its organisation."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction

from grid.areas.models import Area, Tier
from grid.organisations.models import GOVERNED_TIERS, Organisation, OrganisationType

# Any fixed number does; it is the name of the lock among all advisory locks of this database.
GOVERN_LOCK = 0x4F524741
BATCH = 1_000
SUPERIORS = """
    WITH RECURSIVE up(below, id, distance, territorial) AS (
        SELECT o.id, s.id, 1, s.territorial FROM organisations_organisation o,
               LATERAL (VALUES (o.parent_id, true), (o.functional_superior_id, false)) s(id, territorial)
         WHERE o.id = ANY(%s) AND s.id IS NOT NULL
      UNION
        SELECT up.below, s.id, up.distance + 1, up.territorial AND s.territorial
          FROM up JOIN organisations_organisation o ON o.id = up.id,
               LATERAL (VALUES (o.parent_id, true), (o.functional_superior_id, false)) s(id, territorial)
         WHERE s.id IS NOT NULL AND up.distance < 20
    )
    SELECT below, id FROM up GROUP BY below, id ORDER BY below, min(distance), bool_or(territorial) DESC, id
"""


def superiors_of(organisation_id: int) -> list[int]:
    """
    Return the ids of all organisations above one, in both lines (块 and 条), nearest first. One query.

    Of two equally near, the one reached through territorial superiors alone comes first.

    The depth is bounded, so that a circle made by hand in the admin cannot hang a page.
    """
    return superiors_of_each([organisation_id])[organisation_id]


def superiors_of_each(organisation_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return for each of some organisations the ids of those above it, as `superiors_of`. One query."""
    found: dict[int, list[int]] = {pk: [] for pk in organisation_ids}
    with connection.cursor() as cursor:
        cursor.execute(SUPERIORS, [list(found)])
        for below, pk in cursor.fetchall():
            found[below].append(pk)
    return found


@transaction.atomic
def govern_areas() -> list[Organisation]:
    """
    Give every valid district, subdistrict and community without one its governing organisation.

    Can be called again: what governs already stays as it is. The city's own organisation becomes the root.

    :return: the organisations that were added, the widest area first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GOVERN_LOCK])
    root = city_organisation()
    governs = {o.governs_id: o for o in Organisation.objects.filter(governs__isnull=False)}
    taken = set(Organisation.objects.values_list("code", flat=True))
    added: list[Organisation] = []
    for tier in GOVERNED_TIERS:
        fresh = []
        for area in _ungoverned(tier):
            superior = governs.get(area.parent_id, root)
            organisation = _governing(area, superior, taken)
            governs[area.pk] = organisation
            fresh.append(organisation)
        added += Organisation.objects.bulk_create(fresh, batch_size=BATCH)
    return added


def city_organisation() -> Organisation:
    """
    Return the organisation of the city, in which the tree is rooted; make it where there is none.

    The city's row of the official list is no area: it carries this organisation.
    """
    root: Organisation | None = Organisation.objects.filter(parent=None).first()
    if root is None:
        root = Organisation(
            code=settings.CITY_CODE,
            name=f"{settings.CITY_NAME}网格化服务管理中心",
            name_en=f"{settings.CITY_NAME_EN} Grid Service Management Centre",
            type=OrganisationType.GOVERNMENT,
        )
        root.save(force_insert=True)
    return root


def _ungoverned(tier: Tier) -> list[Area]:
    areas = Area.objects.tier(tier).filter(valid_until=None, governing_organisation=None)
    return list(areas.defer("outline").order_by("code"))


def _governing(area: Area, superior: Organisation, taken: set[str]) -> Organisation:
    """Return the unsaved governing organisation of an area, with the area's code where that is free."""
    name, name_en, kind = governing_name(area)
    code = area.code if area.code not in taken else f"{area.code}-{area.pk}"
    taken.add(code)
    return Organisation(
        code=code, name=name, name_en=name_en, type=kind, parent=superior, area=area, governs=area
    )


def governing_name(area: Area) -> tuple[str, str, OrganisationType]:
    """Return Chinese name, English name and type of the organisation that governs an area."""
    name, name_en = area.name, area.name_en
    if area.tier == Tier.DISTRICT:
        suffix_en = " Grid Service Management Centre"
        return f"{name}网格化服务管理中心", _english(name_en, suffix_en), OrganisationType.GOVERNMENT
    if area.tier == Tier.STREET:
        return *_street_name(name, name_en), OrganisationType.GOVERNMENT
    return *_community_name(name, name_en), OrganisationType.SELF_GOVERNMENT


def _street_name(name: str, name_en: str) -> tuple[str, str]:
    if name.endswith("街道"):
        return f"{name}办事处", _english(name_en, " Office")
    if name.endswith(("镇", "乡")):
        return f"{name}人民政府", _english(name_en, " Government")
    if name.endswith("办"):
        return f"{name}事处", name_en
    return f"{name}管理委员会", _english(name_en, " Administration")


def _community_name(name: str, name_en: str) -> tuple[str, str]:
    """Write out what the official list shortens (城市居民委员会组织法, 村民委员会组织法)."""
    residents, villagers = "居民委员会", "村民委员会"
    if name.endswith(residents) or name.endswith("居委会"):
        stem = name.removesuffix(residents).removesuffix("居委会").removesuffix("社区")
        return f"{stem}社区{residents}", _english(name_en, " Residents' Committee")
    if name.endswith(villagers) or name.endswith("村委会"):
        stem = name.removesuffix(villagers).removesuffix("委会").removesuffix("村")
        return f"{stem}村{villagers}", _english(name_en.removesuffix(" Village"), " Villagers' Committee")
    return f"{name}管理委员会", _english(name_en, " Committee")


def _english(name_en: str, suffix: str) -> str:
    return f"{name_en}{suffix}" if name_en else ""
