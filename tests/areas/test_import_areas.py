import csv
import gzip
import time
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from grid.areas import services
from grid.areas.models import Area, AreaChange, ChangeVerb, Tier

DATA = Path(__file__).resolve().parent.parent.parent / "grid" / "areas" / "data"
HUAIAN = DATA / "huaian_areas.csv"
JIANGSU = DATA / "jiangsu_areas.csv.gz"
HEADER = "code,name,level,parent_code"
GOOD = [
    "320800000000,淮安市,city,",
    "320812000000,清江浦区,county,320800000000",
    "320812001000,长东街道,street,320812000000",
    "320812001001,花街社区,community,320812001000",
    "320812001002,东大街社区,community,320812001000",
    "320812002000,长西街道,street,320812000000",
]


@pytest.fixture
def bring(tmp_path, capsys, db):
    """Import lines of a list and return what the command printed."""

    def _bring(lines: list[str], *options: str) -> str:
        path = tmp_path / "list.csv"
        path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
        call_command("import_areas", str(path), *options)
        return capsys.readouterr().out

    return _bring


def test_a_list_becomes_a_tree(bring):
    out = bring(GOOD)

    assert "5 new, 0 renamed, 0 moved" in out
    assert "1 rows of province and city" in out
    street = Area.objects.get(code="320812001000")
    assert [a.name for a in Area.objects.within([street.pk])] == ["长东街道", "花街社区", "东大街社区"]
    call_command("check_tree")


def test_a_list_can_be_imported_again(bring):
    bring(GOOD)

    assert "0 new, 0 renamed, 0 moved, 0 missing" in bring(GOOD)
    assert Area.objects.count() == 5


def test_one_bad_row_and_nothing_is_written(bring, capsys):
    bad = [*GOOD, "320812001002,x,community,320812001000", "32081200200,x,community,320812009000"]

    with pytest.raises(CommandError, match="2 bad rows; nothing was written"):
        bring(bad)

    err = capsys.readouterr().err
    assert "line 8: code: 320812001002 stands on line 6 already" in err
    assert "line 9: code: 32081200200 has 11 digits" in err
    assert "line 9: parent_code: 320812009000 is neither in the list nor in the tree" in err
    assert not Area.objects.exists()


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(bring):
    out = bring(GOOD, "--dry-run")

    assert "5 new" in out
    assert "nothing was written" in out
    assert not Area.objects.exists()
    bring(GOOD[:3])
    assert "3 new, 1 renamed" in bring([line.replace("长东", "东长") for line in GOOD], "--dry-run")
    assert Area.objects.count() == 2
    assert not Area.objects.filter(name="东长街道").exists()


def test_renames_and_moves_are_reported_and_kept_with_what_was(bring):
    bring(GOOD)
    changed = [line.replace("花街社区", "花街新社区") for line in GOOD]
    changed[4] = changed[4].replace(",320812001000", ",320812000000")

    out = bring(changed)

    assert "0 new, 1 renamed, 1 moved" in out
    assert "renamed: 320812001001: 花街社区 -> 花街新社区" in out
    assert "moved: 320812001002 东大街社区: 320812001000 -> 320812000000" in out
    district = Area.objects.get(code="320812000000")
    assert Area.objects.get(code="320812001002").parent == district
    assert AreaChange.objects.get(verb=ChangeVerb.MOVED).before == {"parent": "320812001000"}
    assert AreaChange.objects.get(verb=ChangeVerb.RENAMED).after == {"name": "花街新社区"}
    call_command("check_tree")


def test_what_the_list_lacks_is_named_and_stays(bring):
    bring([*GOOD, "320813000000,洪泽区,county,320800000000"])

    out = bring(GOOD[:4] + GOOD[5:])

    assert "1 missing from the list" in out
    assert "missing from the list, left as it is: 320812001002 东大街社区" in out
    assert "洪泽区" not in out
    assert Area.objects.filter(code="320812001002").exists()


def test_grids_survive_an_import_and_are_not_missed(bring, at):
    bring(GOOD)
    community = Area.objects.get(code="320812001001")
    grid = services.insert_area(
        code="320812001001001", tier=Tier.GRID, name="第一网格", parent=community, by=None, at=at
    )

    moved = [line.replace(",320812001000", ",320812000000") for line in GOOD]
    out = bring(moved)

    assert "0 missing" in out
    assert list(Area.objects.within([community.pk])) == [community, grid]
    call_command("check_tree")


def test_a_part_of_a_list_may_hang_on_the_tree(bring):
    bring(GOOD)

    assert "1 new" in bring(["320812002001,新社区,community,320812002000"])
    with pytest.raises(CommandError):
        bring(["320899002001,新社区,community,320812002000"])
    call_command("check_tree")


def test_a_code_that_is_of_another_tier_in_the_tree_is_refused(bring, plant, capsys):
    street = plant(Tier.STREET, code="320812000000")

    with pytest.raises(CommandError):
        bring(GOOD)
    assert "line 3: level: 320812000000 is a street in the tree" in capsys.readouterr().err
    assert list(Area.objects.all()) == [street]


def test_what_has_ended_stays_ended(bring, at):
    bring(GOOD)
    gone, heir = Area.objects.get(code="320812001002"), Area.objects.get(code="320812001001")
    services.end_area(gone, on=date(2026, 3, 2), successor=heir, by=None, at=at)

    out = bring(GOOD)

    assert "0 new, 0 renamed, 0 moved" in out
    assert "has ended, left as it is: 320812001002" in out
    assert Area.objects.filter(code="320812001002").count() == 1


def test_nothing_new_hangs_on_what_has_ended(bring, capsys, at):
    bring(GOOD)
    gone = Area.objects.get(code="320812002000")
    services.end_area(gone, on=date(2026, 3, 2), reason="dissolved", by=None, at=at)

    with pytest.raises(CommandError):
        bring([*GOOD, "320812002001,新社区,community,320812002000"])
    assert "line 8: parent_code: 320812002000 has ended" in capsys.readouterr().err


def test_subdistricts_of_a_city_without_districts_stand_at_the_top(bring):
    bring(["441900000000,东莞市,city,", "441900003000,东城街道,street,441900000000"])

    assert Area.objects.get().parent is None
    call_command("check_tree")


def test_a_file_that_is_not_there_is_an_error_not_a_crash(db):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_areas", "/nowhere/list.csv")


def test_huaian_is_imported_with_english_names(db, capsys):
    call_command("import_areas", str(HUAIAN))

    counts = {tier: Area.objects.tier(tier).count() for tier in (Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY)}
    assert list(counts.values()) == [8, 113, 1601]
    assert not Area.objects.filter(name_en="").exists()
    names = dict(Area.objects.values_list("code", "name_en"))
    assert names["320812000000"] == "Qingjiangpu District"
    assert names["320830000000"] == "Xuyi County"
    assert Area.objects.get(name="长东街道").name_en == "Changdong Subdistrict"
    # The development zone (经济技术开发区) is a district of its own in the list.
    assert Area.objects.get(code="320871000000").parent is None


def test_english_names_that_come_later_are_no_renaming(db, tmp_path, capsys):
    plain = tmp_path / "plain.csv"
    plain.write_bytes(HUAIAN.read_bytes())
    call_command("import_areas", str(plain))
    capsys.readouterr()

    call_command("import_areas", str(HUAIAN))

    out = capsys.readouterr().out
    assert "0 new, 0 renamed, 0 moved" in out
    assert "1722 English names added" in out
    call_command("import_areas", str(plain))
    assert not Area.objects.filter(name_en="").exists()


def test_every_english_name_belongs_to_an_area_and_is_latin():
    with (
        HUAIAN.open(encoding="utf-8") as listed,
        (DATA / "huaian_names_en.csv").open(encoding="utf-8") as named,
    ):
        codes = [row["code"] for row in csv.DictReader(listed)]
        english = {row["code"]: row["name_en"] for row in csv.DictReader(named)}
    assert list(english) == codes
    assert all(name and name[0].isupper() and name.replace("ü", "u").isascii() for name in english.values())


def test_the_whole_province_is_imported(db, record_property):
    begun = time.perf_counter()
    call_command("import_areas", str(JIANGSU))
    record_property("import_jiangsu_seconds", round(time.perf_counter() - begun, 1))

    counts = [Area.objects.tier(tier).count() for tier in (Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY)]
    with gzip.open(JIANGSU, "rt", encoding="utf-8") as lines:
        assert sum(counts) == sum(1 for _ in lines) - 1 - 14
    assert counts == [104, 1487, 21958]
    call_command("check_tree")
