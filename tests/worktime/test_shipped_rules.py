"""The shipped limits say what the law says, and never call law what is not."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from grid.worktime import models
from grid.worktime.models import DeadlineRule

pytestmark = pytest.mark.django_db
LIST = Path(models.__file__).resolve().parents[1] / "data" / "rules.csv"

# Written down again from the catalogue of the field (domain 1.2 and 3.2), on purpose.
# code: length, unit, binds, who may extend, by how much, article
STATUTES = {
    "XF-TRANSFER": (15, "day", "office", "", 0, "第二十二条"),
    "XF-NOTICE-DIRECT": (15, "day", "office", "", 0, "第二十三条第二款"),
    "XF-NOTICE-TRANSFERRED": (15, "day", "office", "", 0, "第二十三条第三款"),
    "XF-OBJECTION": (5, "workday", "office", "", 0, "第二十三条第三款"),
    "XF-ASSIGN-REPORT": (None, "day", "office", "superior", None, "第二十二条第一款第三项"),
    "XF-HANDLE": (60, "day", "office", "unit_head", 30, "第三十四条"),
    "XF-REVIEW-REQ": (30, "day", "petitioner", "", 0, "第三十五条"),
    "XF-REVIEW-DEC": (30, "day", "office", "", 0, "第三十五条"),
    "XF-RECHECK-REQ": (30, "day", "petitioner", "", 0, "第三十六条"),
    "XF-RECHECK-DEC": (30, "day", "office", "", 0, "第三十六条"),
    "XF-URGENT": (None, "hour", "office", "", 0, "第二十五条"),
    "MED-CONFIRM": (30, "day", "petitioner", "", 0, "第二百零五条"),
    "MED-COURT-PRE": (30, "day", "office", "parties", None, "第二十七条"),
    "MED-COURT-PRE-ONLINE": (30, "day", "office", "parties", None, "第二十四条"),
    "MED-COURT-PRE-ACCEPT": (3, "workday", "office", "", 0, "第十二条"),
    "MED-COURT-POST": (15, "day", "office", "parties", None, "第二十七条"),
    "MED-COURT-POST-SUMMARY": (7, "day", "office", "parties", None, "第二十七条"),
    "LAB-MED": (15, "day", "office", "", 0, "第十四条"),
    "LAB-ARB-ACCEPT": (5, "day", "outside", "", 0, "第二十九条"),
    "LAB-ARB": (45, "day", "outside", "outside", 15, "第四十三条"),
    "LAB-TIME": (None, "day", "petitioner", "", 0, "第二十七条"),
    "LAB-SUE": (15, "day", "petitioner", "", 0, "第四十八条、第五十条"),
    "TRAFFIC-APPLY": (10, "day", "petitioner", "", 0, "第八十六条"),
    "TRAFFIC-PM": (3, "day", "petitioner", "", 0, "第八十五条"),
    "TRAFFIC-MED": (10, "day", "office", "", 0, "第八十六条至第九十四条"),
    "MEDI-PM": (30, "workday", "office", "parties", None, "第三十八条"),
    "MEDI-ADM-ACCEPT": (5, "workday", "office", "", 0, "第四十条"),
    "MEDI-ADM": (30, "workday", "office", "", 0, "第四十条"),
    "RURAL-LAND": (60, "day", "outside", "outside", 30, "第四十七条"),
}
# Practice of other places, what is not verified, and promises: the city's own settings.
LOCAL = {
    "MED-CONFIRM-ACCEPT": (3, "day", "outside"),
    "MED-CONFIRM-DECIDE": (15, "day", "outside"),
    "POL-MED-SECOND": (7, "workday", "office"),
    "ADM-MED-TRANSFER": (3, "workday", "office"),
    "ADM-MED-ACCEPT": (5, "workday", "office"),
    "ADM-MED-ACCEPT-COMPLEX": (10, "workday", "office"),
    "SPK-ACCEPT": (24, "hour", "office"),
    "SPK-REPLY": (7, "workday", "office"),
    "SILENCE": (7, "day", "watch"),
}
PAUSED = {"XF-RECHECK-DEC": "听证", "MEDI-PM": "鉴定", "MEDI-ADM": "鉴定"}


def shipped():
    """Return the shipped rules by code, without those that other apps ship themselves."""
    rules = DeadlineRule.objects.exclude(kind="incident").exclude(code__startswith="SUP-")
    return {rule.code: rule for rule in rules}


def test_every_limit_of_the_catalogue_is_shipped_as_the_law_says():
    rules = shipped()

    said = {
        code: (rule.length, rule.unit, rule.binds, rule.extend_by, rule.extend_max, STATUTES[code][-1])
        for code, rule in rules.items()
        if rule.statutory
    }
    assert said == STATUTES
    assert [code for code in STATUTES if STATUTES[code][-1] not in rules[code].basis] == []


def test_practice_and_what_is_not_verified_is_a_setting_that_says_so():
    local = {code: rule for code, rule in shipped().items() if not rule.statutory}

    assert {code: (rule.length, rule.unit, rule.binds) for code, rule in local.items()} == LOCAL
    for rule in local.values():
        assert "可调整" in rule.basis, rule.code
        assert re.search(r"may be changed|a local setting", rule.basis_en), rule.code
        assert re.search(r"非法律规定|非本市法定时限|未核实", rule.basis), rule.code


def test_only_a_hearing_and_an_appraisal_stop_a_clock():
    paused = {code: rule.pause_for for code, rule in shipped().items() if rule.may_pause}

    assert paused == PAUSED


def test_every_shipped_rule_would_pass_its_own_checks():
    for rule in DeadlineRule.objects.all():
        rule.full_clean()


def test_a_court_and_an_arbitration_commission_are_outside_and_nobody_is_late_by_the_watch():
    by_whom = {}
    for rule in shipped().values():
        by_whom.setdefault(rule.binds, set()).add(rule.code)

    assert by_whom["outside"] == {
        "MED-CONFIRM-ACCEPT", "MED-CONFIRM-DECIDE", "LAB-ARB-ACCEPT", "LAB-ARB", "RURAL-LAND",
    }  # fmt: skip
    assert by_whom["watch"] == {"SILENCE"}


def test_the_list_and_the_table_say_the_same():
    with LIST.open(encoding="utf-8", newline="") as lines:
        listed = {row["code"]: row for row in csv.DictReader(lines)}

    rules = shipped()
    assert set(listed) == set(rules)
    for code, row in listed.items():
        rule = rules[code]
        assert (rule.label, rule.label_en, rule.basis, rule.basis_en) == (
            row["label"],
            row["label_en"],
            row["basis"],
            row["basis_en"],
        )
        assert rule.valid_from == date.fromisoformat(row["valid_from"])
        assert rule.statutory == (row["source"] == "statute")
        assert all((rule.label, rule.label_en, rule.basis, rule.basis_en))


def test_who_may_extend_how_often():
    rules = shipped()

    assert (rules["XF-HANDLE"].extend_times, rules["LAB-ARB"].extend_times) == (1, 1)
    assert rules["MEDI-PM"].extend_times is None
    assert rules["XF-ASSIGN-REPORT"].extend_times is None
