"""Bring the tree in line with an official list: add, rename, move; never delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from grid.areas.lists import LEVELS, OfficialList, Problem, Row, judge_place
from grid.areas.models import Area, AreaChange, ChangeVerb, CodeSystem, Tier
from grid.areas.services import BATCH, write_forest
from grid.areas.tree import lock_tree

if TYPE_CHECKING:
    from grid.people.models import User

LEVEL_OF_TIER = {level.tier: level for level in LEVELS.values() if level.tier}
# Below these an official list says nothing: grids and buildings are the city's own.
LISTED_TIERS = [Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY]


class Difference(NamedTuple):
    """What changed about a known area."""

    code: str
    name: str
    before: str
    after: str


@dataclass
class ImportResult:
    """What an import did, or would do."""

    problems: list[Problem] = field(default_factory=list)
    new: int = 0
    renamed: list[Difference] = field(default_factory=list)
    moved: list[Difference] = field(default_factory=list)
    missing: list[Area] = field(default_factory=list)
    ended: list[Row] = field(default_factory=list)
    # English names that were empty until now: no renaming, so counted apart.
    named_in_english: list[Difference] = field(default_factory=list)
    organisation_rows: int = 0
    written: bool = False


@transaction.atomic
def import_areas(
    found: OfficialList,
    *,
    dry_run: bool = False,
    progress: Callable[[int], object] | None = None,
    by: User | None,
    at: datetime,
) -> ImportResult:
    """
    Write a list into the tree in one transaction, or nothing at all if one row is bad.

    Areas are known by their code. What is missing from the list is named, never removed; what has ended stays
    ended. Province and city rows are judged and counted: they carry organisations and are no areas.

    :param progress: called with the number of new areas written since its last call.
    """
    lock_tree()
    result = ImportResult(problems=list(found.problems))
    stats = Area.objects.filter(code_system=CodeSystem.STATS).select_related("parent")
    stats = stats.defer("outline", "parent__outline").order_by("pk")
    known = {area.code: area for area in stats.filter(valid_until__isnull=True)}
    ended = {area.code: area for area in stats.filter(valid_until__isnull=False) if area.code not in known}
    rows = [row for row in found.rows if row.level.tier]
    result.organisation_rows = len(found.rows) - len(rows)
    result.problems.extend(_judge_against_tree(found, known, ended))
    if result.problems:
        result.problems.sort()
        return result
    result.ended = [row for row in rows if row.code in ended]
    rows = [row for row in rows if row.code not in ended]
    new, moved = _plan(rows, known, result)
    result.missing = _missing(rows, known, new)
    if dry_run:
        return result
    write_forest(new, moved, progress)
    _write_changes(result, known, {row.code: row for row in rows}, by=by, at=at)
    result.written = True
    return result


def _judge_against_tree(found: OfficialList, known: dict[str, Area], ended: dict[str, Area]) -> list[Problem]:
    """Judge what only the tree can tell: parents outside the list, levels of known codes, ended parents."""
    problems = []
    for row in found.unknown_parents:
        parent = known.get(row.parent_code)
        if parent is not None:
            message = judge_place(row, parent.code, LEVEL_OF_TIER[parent.tier])
        elif row.parent_code in ended:
            message = f"parent_code: {row.parent_code} has ended"
        else:
            message = f"parent_code: {row.parent_code} is neither in the list nor in the tree"
        if message:
            problems.append(Problem(row.line, message))
    for row in found.rows:
        area = known.get(row.code)
        if area is not None and area.tier != row.level.tier:
            problems.append(Problem(row.line, f"level: {row.code} is a {area.tier} in the tree"))
        if area is None and row.code not in ended and row.parent_code in ended:
            problems.append(Problem(row.line, f"parent_code: {row.parent_code} has ended"))
    return sorted(set(problems))


def _plan(
    rows: Sequence[Row], known: dict[str, Area], result: ImportResult
) -> tuple[list[Area], dict[int, Area | None]]:
    """Return new areas, parents first, and known areas with their new parents; note renames and moves."""
    fresh: dict[str, Area] = {}
    moved: dict[int, Area | None] = {}
    for row in sorted(rows, key=lambda row: (row.level.rank, row.line)):
        parent = known.get(row.parent_code) or fresh.get(row.parent_code)
        area = known.get(row.code)
        if area is None:
            fresh[row.code] = Area(
                code=row.code, tier=row.level.tier, name=row.name, name_en=row.name_en, parent=parent
            )
            continue
        if row.name != area.name or (row.name_en and area.name_en and row.name_en != area.name_en):
            result.renamed.append(Difference(row.code, row.name, _both(area), _both(row)))
        elif row.name_en and not area.name_en:
            result.named_in_english.append(Difference(row.code, row.name, _both(area), _both(row)))
        # A row whose parent is a province or city stands at the top of its tree.
        old_code, new_code = (place.code if place else "" for place in (area.parent, parent))
        if old_code != new_code:
            moved[area.pk] = parent
            result.moved.append(Difference(row.code, row.name, old_code, new_code))
    result.new = len(fresh)
    return list(fresh.values()), moved


def _both(named: Row | Area) -> str:
    return f"{named.name} ({named.name_en})" if named.name_en else named.name


def _missing(rows: Sequence[Row], known: dict[str, Area], new: Sequence[Area]) -> list[Area]:
    """Return known areas of the districts in the list that the list no longer has."""
    codes = {row.code for row in rows}
    roots = [area.pk for area in known.values() if area.code in codes and area.parent_id is None]
    inside = Area.objects.within(roots).tier(*LISTED_TIERS).filter(valid_until__isnull=True)
    return [area for area in inside.filter(code_system=CodeSystem.STATS) if area.code not in codes]


def _write_changes(
    result: ImportResult, known: dict[str, Area], rows: dict[str, Row], *, by: User | None, at: datetime
) -> None:
    """Write new names, and who changed what."""
    changes = []
    renamed = []
    for difference in result.renamed + result.named_in_english:
        area, row = known[difference.code], rows[difference.code]
        renamed.append(Area(pk=area.pk, name=row.name, name_en=row.name_en or area.name_en))
        before, after = {"name": difference.before}, {"name": difference.after}
        changes.append(
            AreaChange(area=area, verb=ChangeVerb.RENAMED, before=before, after=after, by=by, at=at)
        )
    for difference in result.moved:
        before, after = {"parent": difference.before}, {"parent": difference.after}
        area = known[difference.code]
        changes.append(AreaChange(area=area, verb=ChangeVerb.MOVED, before=before, after=after, by=by, at=at))
    Area.objects.bulk_update(renamed, ["name", "name_en"], batch_size=BATCH)
    AreaChange.objects.bulk_create(changes, batch_size=BATCH)
