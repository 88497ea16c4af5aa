import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.areas import services
from grid.areas.models import Area, CodeSystem, Tier
from grid.areas.tree import Bounds, compute_bounds, find_faults, stored_nodes

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

ROOT = Path(__file__).resolve().parent.parent.parent


def test_bounds_close_around_everything_below():
    found = compute_bounds([("b", None, (2,)), ("a", None, (1,)), ("a2", "a", (2,)), ("a1", "a", (1,))])

    assert found == {
        "a": Bounds(1, 1, 6, 0),
        "a1": Bounds(1, 2, 3, 1),
        "a2": Bounds(1, 4, 5, 1),
        "b": Bounds(2, 1, 2, 0),
    }


def test_a_circle_or_a_lost_parent_is_refused():
    with pytest.raises(ValueError, match="2 areas hang on nothing"):
        compute_bounds([("a", None, (1,)), ("b", "c", (2,)), ("c", "b", (3,))])
    with pytest.raises(ValueError, match="1 areas hang on nothing"):
        compute_bounds([("a", "nobody", (1,))])


@st.composite
def forests(draw):
    """Return areas as (code, place of the parent in the list or None, rank), in the order of insertion."""
    size = draw(st.integers(1, 14))
    codes = draw(st.lists(st.integers(1, 999), min_size=size, max_size=size, unique=True))
    areas = []
    for code in codes:
        parents = [None, *(place for place, area in enumerate(areas) if area[2] < 4)]
        parent = draw(st.sampled_from(parents))
        lowest = 0 if parent is None else areas[parent][2] + 1
        areas.append((str(code), parent, 0 if parent is None else draw(st.integers(lowest, 4))))
    return areas


def grow(forest) -> list[Area]:
    """Insert one by one, as django-mptt does it."""
    grown: list[Area] = []
    for code, parent, rank in forest:
        under = None if parent is None else grown[parent]
        grown.append(
            services.insert_area(
                code=code,
                code_system=CodeSystem.LOCAL,
                tier=list(Tier)[rank],
                name=code,
                parent=under,
                by=None,
                at=AT,
            )
        )
    return grown


def assert_bounds_are_those_computed() -> None:
    nodes = stored_nodes()
    assert {n.id: n.bounds for n in nodes} == compute_bounds(
        (n.id, n.parent_id, (n.code, n.id)) for n in nodes
    )


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(forest=forests(), data=st.data())
def test_bounds_computed_in_memory_are_those_of_mptt(forest, data):
    with transaction.atomic():
        grown = grow(forest)
        assert_bounds_are_those_computed()
        for _ in range(3):
            moving = data.draw(st.sampled_from(grown))
            places = [a for a in grown if Tier(a.tier).rank < Tier(moving.tier).rank]
            if moving.tier != Tier.DISTRICT and places:
                services.move_area(moving, to=data.draw(st.sampled_from(places)), by=None, at=AT)
                assert_bounds_are_those_computed()
        assert find_faults() == []
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(forest=forests(), old=st.integers(0, 14))
def test_a_bulk_insert_into_any_forest_gives_the_same_bounds(forest, old):
    with transaction.atomic():
        grown = grow(forest[:old])
        for code, parent, rank in forest[old:]:
            under = None if parent is None else grown[parent]
            tier = list(Tier)[rank]
            grown.append(Area(code=code, code_system=CodeSystem.LOCAL, tier=tier, name=code, parent=under))
        services.insert_areas(grown[old:], by=None, at=AT)
        assert_bounds_are_those_computed()
        assert find_faults() == []
        transaction.set_rollback(True)


def test_check_tree_prints_the_count_of_every_tier(plant, community, capsys):
    plant(Tier.GRID, community)
    plant(Tier.GRID, community)

    call_command("check_tree")

    out = capsys.readouterr().out
    for line in (
        "district +1",
        "street +1",
        "community +1",
        "grid +2",
        "building +0",
        "5 areas, every bound",
    ):
        assert re.search(line, out)


@pytest.mark.parametrize(
    "damage",
    [
        "rght = rght + 1",
        "lft = lft - 1",
        "lft = lft + 40, rght = rght + 40",
        "level = level + 1",
        "tree_id = tree_id + 1",
        "code = '999901001001'",
        "outline = '{}'",
    ],
)
def test_check_tree_names_the_area_that_does_not_match_its_parent(community, damage, capsys):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE areas_area SET {damage} WHERE id = %s", [community.pk])
    community.refresh_from_db()

    with pytest.raises(CommandError):
        call_command("check_tree")

    assert f"{community.code} {community.name}" in capsys.readouterr().err


def test_check_tree_names_a_root_that_is_none(plant, district, capsys):
    other = plant(Tier.DISTRICT)
    Area.objects.filter(pk=other.pk).update(tree_id=Area.objects.get(pk=district.pk).tree_id, lft=3, rght=4)

    with pytest.raises(CommandError):
        call_command("check_tree")

    err = capsys.readouterr().err
    assert f"{other.code} {other.name} shares tree" in err
    assert f"{other.code} {other.name} is a root but begins at 3" in err


def test_check_tree_names_siblings_that_overlap(plant, district, street, capsys):
    sibling = plant(Tier.STREET, district)
    Area.objects.filter(pk=sibling.pk).update(lft=2, rght=3)

    with pytest.raises(CommandError):
        call_command("check_tree")

    assert f"{district.code} {district.name} child" in capsys.readouterr().err


def test_check_tree_names_a_tier_out_of_order(street, community, capsys):
    with connection.cursor() as cursor:
        # PostgreSQL alters no table whose foreign keys are still to be checked.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE areas_area DISABLE TRIGGER area_tier_order_update")
        cursor.execute("UPDATE areas_area SET tier = 'street' WHERE id = %s", [community.pk])
        cursor.execute("ALTER TABLE areas_area ENABLE TRIGGER area_tier_order_update")

    with pytest.raises(CommandError):
        call_command("check_tree")

    assert f"{community.code} {community.name} is a street under a street" in capsys.readouterr().err


def test_the_bounds_are_used_nowhere_outside_the_areas():
    bounds = re.compile(
        r"\b(lft|rght|tree_id|get_descendants|get_ancestors|get_descendant_count|get_family)\b"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in ("governance", "grid", "petitions", "mediation", "risk_assessment", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".html") and not path.is_relative_to(ROOT / "grid" / "areas")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if bounds.search(line)
    ]
    assert found == []


def test_the_whole_tree_is_never_rebuilt():
    calls = [
        str(path)
        for path in (ROOT / "grid").rglob("*.py")
        if re.search(
            r"\.(partial_)?rebuild\(|delay_mptt_updates|disable_mptt_updates",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert calls == []
