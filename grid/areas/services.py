"""
Write the tree.

Every function takes the lock of the tree first and reads what it needs behind it; whatever the caller
holds in memory may be stale. Errors are ``ValidationError`` by field, in the user's language.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from grid.areas import geometry
from grid.areas.models import (
    CODE_LENGTH_MESSAGE,
    CODE_LENGTHS,
    CODE_TAKEN_MESSAGE,
    Area,
    AreaChange,
    ChangeVerb,
    CodeSystem,
    Tier,
)
from grid.areas.tree import (
    code_fits,
    compute_bounds,
    lock_tree,
    refresh_statistics,
    stored_nodes,
    write_bounds,
)

if TYPE_CHECKING:
    from grid.people.models import User

# Enough to keep one INSERT under the 65,535 parameters of the protocol.
BATCH = 1_000
# Set by the tree itself, after validation.
BOUNDS = ["lft", "rght", "tree_id", "level"]
CORRECTABLE = ("name", "name_en", "households", "population", "external_codes", "valid_from")


@transaction.atomic
def insert_area(
    *,
    code: str,
    tier: Tier | str,
    name: str,
    parent: Area | None = None,
    by: User | None,
    at: datetime,
    **fields: Any,
) -> Area:
    """
    Add one area under a parent.

    :param fields: any other field of ``Area``: English name, households, outline, schematic and so on.
    :raises ValidationError: when the code, the tier, the parent or the outline is wrong.
    """
    lock_tree()
    area = Area(code=code, tier=tier, name=name, parent=_reload(parent), **fields)
    _prepare(area, taken=_taken_codes([area]))
    area.full_clean(exclude=BOUNDS)
    area.save()
    _record(area, ChangeVerb.INSERTED, by=by, at=at, after=_facts(area))
    return area


@transaction.atomic
def insert_areas(
    areas: Sequence[Area], *, by: User | None, at: datetime, progress: Callable[[int], object] | None = None
) -> list[Area]:
    """
    Add many areas at once: bounds computed in memory, written in bulk.

    :param areas: unsaved; the parent of each is in the database or earlier in the list.
    :param progress: called with the number of areas written since its last call.
    :raises ValidationError: naming the first area that is wrong.
    """
    lock_tree()
    places = {id(area): place for place, area in enumerate(areas)}
    taken = _taken_codes(areas)
    for place, area in enumerate(areas):
        parent = area.parent
        if parent is not None and parent.pk is None and places.get(id(parent), place) >= place:
            raise ValidationError(
                {"parent": _("The parent of %(code)s comes after it.") % {"code": area.code}}
            )
        _prepare(area, taken=taken)
        taken.add((area.code_system, area.code))
        area.clean_fields(exclude=["parent", *BOUNDS])
    write_forest(areas, progress=progress)
    changes = [
        AreaChange(area=area, verb=ChangeVerb.INSERTED, after=_facts(area), by=by, at=at) for area in areas
    ]
    AreaChange.objects.bulk_create(changes, batch_size=BATCH)
    return list(areas)


@transaction.atomic
def move_area(
    area: Area,
    *,
    to: Area,
    code: str | None = None,
    keep_code: bool = False,
    by: User | None,
    at: datetime,
) -> Area:
    """
    Put an area, with everything below it, under another parent.

    A statistical code begins with that of the parent, so a move usually brings a new code. Where the
    authority left the old one, ``keep_code`` says so, and ``check_tree`` knows it.

    :raises ValidationError: when the new parent is below the area, of a wrong tier, or the code does not fit.
    """
    lock_tree()
    area, target = Area.objects.get(pk=area.pk), Area.objects.get(pk=to.pk)
    if Area.objects.ancestors_of(target.pk).filter(pk=area.pk).exists():
        raise ValidationError({"parent": _("An area cannot stand under itself.")})
    if target.valid_until is not None:
        raise ValidationError({"parent": _("%(name)s has ended.") % {"name": target.label}})
    before = _facts(area)
    area.parent = target
    area.code = code or area.code
    area.code_kept = keep_code and not code_fits(area.code, area.code_system, target)
    _check_place(area)
    _check_code(area, _taken_codes([area]) - {(area.code_system, before["code"])})
    if code and area.children.exclude(code__startswith=code).filter(code_system=CodeSystem.STATS).exists():
        raise ValidationError(
            {"code": _("The areas below it do not begin with the code %(code)s.") % {"code": code}}
        )
    area.full_clean(exclude=BOUNDS)
    area.save()
    _record(area, ChangeVerb.MOVED, by=by, at=at, before=before, after=_facts(area))
    return area


@transaction.atomic
def correct_area(area: Area, *, by: User | None, at: datetime, **fields: Any) -> Area:
    """
    Change facts that do not touch the tree: names, households, population, external codes, validity.

    :raises ValidationError: when a value is wrong.
    """
    unknown = set(fields) - set(CORRECTABLE)
    if unknown:
        raise TypeError(f"not correctable: {', '.join(sorted(unknown))}")
    lock_tree()
    area = Area.objects.get(pk=area.pk)
    changed = {field: value for field, value in fields.items() if getattr(area, field) != value}
    if not changed:
        return area
    before = {field: _plain(getattr(area, field)) for field in changed}
    for field, value in changed.items():
        setattr(area, field, value)
    area.full_clean(exclude=BOUNDS)
    area.save(update_fields=list(changed))
    verb = ChangeVerb.RENAMED if set(changed) & {"name", "name_en"} else ChangeVerb.CORRECTED
    after = {field: _plain(value) for field, value in changed.items()}
    _record(area, verb, by=by, at=at, before=before, after=after)
    return area


@transaction.atomic
def end_area(
    area: Area,
    *,
    on: date,
    successor: Area | None = None,
    reason: str = "",
    by: User | None,
    at: datetime,
) -> Area:
    """
    End an area: it keeps its place and its history, and names what follows it.

    :param on: the first day on which it no longer exists.
    :raises ValidationError: when neither a successor nor a reason is given, the successor has ended itself,
        or areas below it have not ended.
    """
    lock_tree()
    area = Area.objects.get(pk=area.pk)
    if area.valid_until is not None:
        raise ValidationError({"valid_until": _("%(name)s has ended already.") % {"name": area.label}})
    if successor is None and not reason.strip():
        raise ValidationError(
            {"successor": _("An area that ends names its successor, or why there is none.")}
        )
    if successor is not None:
        successor = Area.objects.get(pk=successor.pk)
        if successor.pk == area.pk or successor.valid_until is not None:
            raise ValidationError({"successor": _("The successor must be another area that is still valid.")})
    left = area.children.filter(valid_until__isnull=True).count()
    if left:
        raise ValidationError(
            _("%(count)d areas below it are still valid; end or move them first.") % {"count": left}
        )
    area.valid_until, area.successor, area.end_reason = on, successor, reason.strip()
    area.full_clean(exclude=BOUNDS)
    area.save(update_fields=["valid_until", "successor", "end_reason"])
    after = {
        "valid_until": on.isoformat(),
        "successor": successor.code if successor else None,
        "reason": reason,
    }
    _record(area, ChangeVerb.ENDED, by=by, at=at, after=after)
    return area


@transaction.atomic
def set_outline(
    area: Area, *, outline: Any, schematic: bool = False, by: User | None, at: datetime
) -> tuple[Area, list[str]]:
    """
    Draw the outline of an area, or take it away with None.

    :param outline: a GeoJSON geometry or feature, WGS 84.
    :param schematic: True where it shows roughly where and was not surveyed.
    :return: the area, and warnings that do not stand in the way.
    :raises ValidationError: when the outline is not valid.
    """
    lock_tree()
    area = Area.objects.get(pk=area.pk)
    area.outline, area.schematic = outline, schematic
    _measure(area)
    fields = ["outline", "schematic", "west", "south", "east", "north", "centre_lon", "centre_lat"]
    area.save(update_fields=fields)
    _record(
        area, ChangeVerb.OUTLINED, by=by, at=at, after={"schematic": schematic, "drawn": outline is not None}
    )
    warnings = []
    if area.outline and geometry.outside_city(area.outline):
        warnings.append(_("Part of the outline lies outside the city."))
    return area, warnings


def write_forest(
    new: Sequence[Area],
    moved: Mapping[int, Area | None] | None = None,
    progress: Callable[[int], object] | None = None,
) -> None:
    """
    Insert new areas and move old ones in bulk, with bounds computed in memory; the lock must be held.

    :param new: unsaved, parents first.
    :param moved: primary key of an area to its new parent (saved, among the new, or None).
    """
    moved = moved or {}
    stored = stored_nodes()
    rows: list[tuple[Any, Any, tuple[str, int, int]]] = []
    for node in stored:
        parent = _key(moved[node.id]) if node.id in moved else node.parent_id
        rows.append((node.id, parent, (node.code, 0, node.id)))
    for place, area in enumerate(new):
        rows.append((_key(area), _key(area.parent), (area.code, 1, place)))
    bounds = compute_bounds(rows)
    write_bounds({node.id: bounds[node.id] for node in stored if bounds[node.id] != node.bounds})
    for area in new:
        area.tree_id, area.lft, area.rght, area.level = bounds[_key(area)]
    for batch in _generations(new):
        Area.objects.bulk_create(batch)
        if progress:
            progress(len(batch))
    changed = [Area(pk=pk, parent=parent) for pk, parent in moved.items()]
    Area.objects.bulk_update(changed, ["parent"], batch_size=BATCH)
    if len(new) >= BATCH:
        refresh_statistics()


def _key(area: Area | None) -> Any:
    """Return what a node is called while bounds are computed: its primary key, if it has one yet."""
    if area is None:
        return None
    return area.pk if area.pk is not None else ("new", id(area))


def _generations(new: Sequence[Area]) -> Iterable[list[Area]]:
    """Yield new areas in batches, every parent before its children."""
    for tier in Tier:
        same = [area for area in new if area.tier == tier]
        for start in range(0, len(same), BATCH):
            yield same[start : start + BATCH]


def _reload(parent: Area | None) -> Area | None:
    return None if parent is None else Area.objects.get(pk=parent.pk)


def _taken_codes(areas: Iterable[Area]) -> set[tuple[str, str]]:
    """Return which codes of new areas are in use, with their code system. One query."""
    valid = Area.objects.filter(code__in=[area.code for area in areas], valid_until__isnull=True)
    return set(valid.values_list("code_system", "code"))


def _prepare(area: Area, *, taken: Container[tuple[str, str]]) -> None:
    """Check the place and the code of a new area and measure its outline."""
    if area.parent is not None and area.parent.valid_until is not None:
        raise ValidationError({"parent": _("%(name)s has ended.") % {"name": area.parent.label}})
    _check_place(area)
    _check_code(area, taken)
    if area.outline is not None:
        _measure(area)


def _check_place(area: Area) -> None:
    """Hold the order of the tiers and the beginning of the code against the parent."""
    parent = area.parent
    if area.tier not in Tier.values:
        raise ValidationError({"tier": _("There is no tier %(tier)s.") % {"tier": area.tier}})
    tier = Tier(area.tier)
    if parent is None:
        if tier.rank > Tier.STREET.rank:
            raise ValidationError({"parent": _("A %(tier)s needs a parent area.") % {"tier": tier.label}})
        return
    if tier.rank <= Tier(parent.tier).rank:
        names = {"tier": tier.label, "parent": Tier(parent.tier).label}
        raise ValidationError({"parent": _("A %(tier)s cannot stand under a %(parent)s.") % names})
    if not area.code_kept and not code_fits(area.code, area.code_system, parent):
        codes = {"code": area.code, "parent": parent.code}
        raise ValidationError(
            {"code": _("The code %(code)s does not begin with that of its parent %(parent)s.") % codes}
        )


def _check_code(area: Area, taken: Container[tuple[str, str]]) -> None:
    """Say by field what the constraints say without one: the length of the code, and that it is free."""
    if area.code_system == CodeSystem.STATS and len(area.code) != CODE_LENGTHS[Tier(area.tier)]:
        raise ValidationError({"code": CODE_LENGTH_MESSAGE})
    if (area.code_system, area.code) in taken:
        raise ValidationError({"code": CODE_TAKEN_MESSAGE})


def _measure(area: Area) -> None:
    """Set box and centre from the outline."""
    if area.outline is None:
        area.west = area.south = area.east = area.north = area.centre_lon = area.centre_lat = None
        return
    try:
        area.outline = geometry.read_outline(area.outline)
    except ValidationError as error:
        raise ValidationError({"outline": error.messages}) from error
    area.west, area.south, area.east, area.north = geometry.box(area.outline)
    area.centre_lon, area.centre_lat = geometry.centre(area.outline)


def _facts(area: Area) -> dict[str, Any]:
    return {"code": area.code, "name": area.name, "parent": area.parent.code if area.parent else None}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _record(
    area: Area,
    verb: ChangeVerb,
    *,
    by: User | None,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    AreaChange.objects.create(area=area, verb=verb, before=before or {}, after=after or {}, by=by, at=at)
