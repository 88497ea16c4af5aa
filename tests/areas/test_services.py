from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import override

from grid.areas import services
from grid.areas.models import Area, AreaChange, ChangeVerb, CodeSystem, Tier
from grid.areas.tree import find_faults, lock_tree


def faults_of(error: pytest.ExceptionInfo) -> dict:
    return error.value.message_dict


def test_siblings_stand_in_the_order_of_their_codes(plant, district):
    for number in (7, 3, 5):
        plant(Tier.STREET, district, code=f"{district.code[:6]}{number:03}000")

    codes = list(Area.objects.within([district.pk]).tier(Tier.STREET).values_list("code", flat=True))

    assert codes == sorted(codes)
    assert find_faults() == []


def test_a_tier_may_be_missing(plant, district):
    plant(Tier.BUILDING, plant(Tier.GRID, plant(Tier.COMMUNITY, district)))

    assert find_faults() == []


def test_a_city_without_districts_has_subdistricts_at_the_top(plant):
    plant(Tier.COMMUNITY, plant(Tier.STREET))

    assert find_faults() == []


@pytest.mark.parametrize("tier", [Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY])
def test_a_tier_is_never_out_of_order(plant, community, tier, at):
    with pytest.raises(ValidationError) as error:
        services.insert_area(code="320801001999", tier=tier, name="x", parent=community, by=None, at=at)
    assert "parent" in faults_of(error)


def test_the_database_itself_refuses_a_tier_out_of_order(street, community):
    with pytest.raises(IntegrityError, match="same or a narrower tier"), transaction.atomic():
        Area.objects.filter(pk=community.pk).update(tier=Tier.STREET)
    with pytest.raises(IntegrityError, match="same or a wider tier"), transaction.atomic():
        Area.objects.filter(pk=street.pk).update(tier=Tier.BUILDING, code="3" * 20)


@pytest.mark.parametrize("tier", [Tier.COMMUNITY, Tier.GRID, Tier.BUILDING])
def test_nothing_narrower_than_a_subdistrict_stands_alone(db, tier, at):
    with pytest.raises(ValidationError) as error:
        services.insert_area(code="320801001001", tier=tier, name="x", by=None, at=at)
    assert "parent" in faults_of(error)


@pytest.mark.parametrize(
    ("code", "field"),
    [("320801001", "code"), ("32080100100a", "code"), ("999901001001", "code"), ("", "code")],
)
def test_a_wrong_code_is_refused_by_name(street, code, field, at):
    Area.objects.filter(pk=street.pk).update(code="320801001000")
    with pytest.raises(ValidationError) as error:
        services.insert_area(code=code, tier=Tier.COMMUNITY, name="x", parent=street, by=None, at=at)
    assert field in faults_of(error)
    assert not Area.objects.tier(Tier.COMMUNITY).exists()


def test_a_code_is_used_once_while_it_is_valid(plant, community, at):
    grid = plant(Tier.GRID, community)
    with pytest.raises(ValidationError) as error:
        plant(Tier.GRID, community, code=grid.code)
    assert "code" in faults_of(error)
    services.end_area(grid, on=date(2026, 3, 2), reason="redrawn", by=None, at=at)

    again = plant(Tier.GRID, community, code=grid.code)

    assert again.pk != grid.pk
    assert find_faults() == []


def test_a_local_code_need_not_begin_with_that_of_the_parent(plant, community):
    plant(Tier.GRID, community, code="77", code_system=CodeSystem.LOCAL)

    assert find_faults() == []


def test_nothing_is_inserted_under_an_area_that_ended(plant, street, community, at):
    services.end_area(community, on=date(2026, 3, 2), reason="merged away", by=None, at=at)

    with pytest.raises(ValidationError) as error:
        plant(Tier.GRID, community)
    assert "parent" in faults_of(error)


def test_many_areas_are_inserted_with_the_bounds_that_one_by_one_would_give(plant, district, at):
    first = plant(Tier.STREET, district, code=f"{district.code[:6]}900000")
    street = Area(code=f"{district.code[:6]}100000", tier=Tier.STREET, name="北", parent=district)
    below = [
        Area(code=f"{street.code[:9]}{n:03}", tier=Tier.COMMUNITY, name=f"第{n}", parent=street)
        for n in (3, 1, 2)
    ]
    other = Area(code="320899000000", tier=Tier.DISTRICT, name="区")

    services.insert_areas([street, *below, other], by=None, at=at)

    assert find_faults() == []
    assert [a.code for a in Area.objects.within([street.pk])] == [
        street.code, *sorted(area.code for area in below),
    ]  # fmt: skip
    assert list(Area.objects.within([first.pk])) == [first]
    assert AreaChange.objects.filter(verb=ChangeVerb.INSERTED).count() == 7


def test_many_areas_are_refused_together(district, at):
    good = Area(code=f"{district.code[:6]}100000", tier=Tier.STREET, name="北", parent=district)
    bad = Area(code="999999100000", tier=Tier.STREET, name="南", parent=district)

    with pytest.raises(ValidationError) as error:
        services.insert_areas([good, bad], by=None, at=at)
    assert "999999100000" in str(error.value)
    assert Area.objects.count() == 1


def test_a_child_before_its_parent_is_refused(district, at):
    street = Area(code=f"{district.code[:6]}100000", tier=Tier.STREET, name="北", parent=district)
    child = Area(code=f"{street.code[:9]}001", tier=Tier.COMMUNITY, name="x", parent=street)

    with pytest.raises(ValidationError):
        services.insert_areas([child, street], by=None, at=at)


def test_a_move_takes_everything_below_along(plant, district, street, at):
    community = plant(Tier.COMMUNITY, district)
    grid = plant(Tier.GRID, community)
    stale = Area.objects.get(pk=street.pk)
    code = f"{street.code[:9]}777"
    Area.objects.filter(pk=grid.pk).update(code=f"{code}001")

    services.move_area(community, to=stale, code=code, by=None, at=at)

    assert list(Area.objects.within([street.pk])) == [street, community, grid]
    assert find_faults() == []
    change = AreaChange.objects.filter(verb=ChangeVerb.MOVED).get()
    assert change.before["parent"] == district.code
    assert change.after == {"code": code, "name": community.name, "parent": street.code}


def test_a_move_to_another_tree_takes_everything_below_along(plant, street, community, at):
    grid = plant(Tier.GRID, community)
    there = plant(Tier.STREET, plant(Tier.DISTRICT))

    with pytest.raises(ValidationError) as error:
        services.move_area(community, to=there, by=None, at=at)
    assert "code" in faults_of(error)
    moved = services.move_area(community, to=there, keep_code=True, by=None, at=at)

    assert moved.code_kept
    assert set(Area.objects.within([there.pk])) == {there, community, grid}
    assert list(Area.objects.within([street.pk])) == [street]
    assert find_faults() == []


def test_an_area_cannot_stand_under_itself(plant, community, at):
    grid = plant(Tier.GRID, community)
    with pytest.raises(ValidationError) as error:
        services.move_area(community, to=grid, by=None, at=at)
    assert "parent" in faults_of(error)


def test_an_area_ends_with_a_successor_or_a_reason(plant, community, at):
    grid, heir = plant(Tier.GRID, community), plant(Tier.GRID, community)
    with pytest.raises(ValidationError) as error:
        services.end_area(grid, on=date(2026, 3, 2), by=None, at=at)
    assert "successor" in faults_of(error)
    with pytest.raises(ValidationError):
        services.end_area(grid, on=date(2026, 3, 2), successor=grid, by=None, at=at)

    ended = services.end_area(grid, on=date(2026, 3, 2), successor=heir, by=None, at=at)

    assert ended.successor == heir
    with pytest.raises(ValidationError):
        services.end_area(grid, on=date(2026, 3, 2), successor=heir, by=None, at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Area.objects.filter(pk=grid.pk).update(successor=None)


def test_an_area_does_not_end_above_areas_that_are_valid(street, community, at):
    with pytest.raises(ValidationError):
        services.end_area(street, on=date(2026, 3, 2), reason="dissolved", by=None, at=at)


def test_a_renaming_is_kept_with_what_it_was_and_who_did_it(street, at, django_user_model):
    officer = django_user_model.objects.create(username="officer", name="王")

    services.correct_area(street, name="长西街道", households=900, by=officer, at=at)
    services.correct_area(street, name="长西街道", by=officer, at=at)

    change = AreaChange.objects.get(verb=ChangeVerb.RENAMED)
    assert change.before == {"name": "长东街道", "households": None}
    assert change.after == {"name": "长西街道", "households": 900}
    assert (change.by, change.at) == (officer, at)


def test_an_empty_name_is_refused(street, at):
    with pytest.raises(ValidationError) as error:
        services.correct_area(street, name="", by=None, at=at)
    assert "name" in faults_of(error)


def test_the_tree_cannot_be_corrected_past_the_services(street, at):
    with pytest.raises(TypeError):
        services.correct_area(street, parent=None, by=None, at=at)


def test_an_outline_gives_box_and_centre(street, square, at):
    area, warnings = services.set_outline(street, outline=square(119.0, 33.6), schematic=True, by=None, at=at)

    assert (area.west, area.south) == (119.0, 33.6)
    assert (area.east, area.north) == (pytest.approx(119.01), pytest.approx(33.61))
    assert area.centre_lon == pytest.approx(119.005)
    assert area.schematic
    assert warnings == []


def test_an_outline_outside_the_city_is_warned_about_and_kept(street, square, at):
    area, warnings = services.set_outline(street, outline=square(116.4, 39.9), by=None, at=at)

    assert area.outline
    assert len(warnings) == 1


def test_a_bad_outline_leaves_the_old_one(street, square, at):
    services.set_outline(street, outline=square(119.0, 33.6), by=None, at=at)
    with pytest.raises(ValidationError) as error:
        services.set_outline(street, outline={"type": "Point", "coordinates": [1, 2]}, by=None, at=at)
    assert "outline" in faults_of(error)
    street.refresh_from_db()
    assert street.west == 119.0


def test_an_outline_can_be_taken_away(street, square, at):
    services.set_outline(street, outline=square(119.0, 33.6), by=None, at=at)

    area, _ = services.set_outline(street, outline=None, by=None, at=at)

    assert (area.outline, area.west, area.centre_lon) == (None, None, None)
    assert Area.objects.filter(outline__isnull=True, pk=street.pk).exists()


def test_the_lock_of_the_tree_needs_a_transaction(transactional_db):
    with pytest.raises(RuntimeError):
        lock_tree()


def test_the_name_is_shown_in_the_language_of_the_reader(district):
    with override("zh-hans"):
        assert district.label == "清江浦区"
    with override("en"):
        assert district.label == "Qingjiangpu District"
        assert Area(name="新街道").label == "新街道"
