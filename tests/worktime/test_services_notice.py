"""Import of a holiday notice: all or nothing, each fault with its line."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from grid.worktime.models import CalendarChange, CalendarDay
from grid.worktime.services import (
    NoticeRefused,
    compare,
    confirm_year,
    decode,
    import_notice,
    override_day,
    read_notice,
)

pytestmark = pytest.mark.django_db
HEAD = "date,kind,name,name_en,source\n"
GOOD = (
    HEAD
    + "2027-02-05,holiday,春节,Spring Festival,国办发明电〔2026〕1号\n"
    + "2027/2/7,调休上班,春节调休上班,Make-up working day,国办发明电〔2026〕1号\n"
)


def faults_of(text):
    return [(fault.line, fault.reason) for fault in read_notice(text).faults]


def test_a_notice_enters_at_once_and_leaves_one_change(administrator, at):
    change = import_notice(GOOD, by=administrator, at=at)

    assert list(CalendarDay.objects.order_by("on").values_list("on", "kind")) == [
        (date(2027, 2, 5), "holiday"),
        (date(2027, 2, 7), "makeup"),
    ]
    assert change == CalendarChange.objects.get()
    assert (change.first_on, change.last_on) == (date(2027, 2, 5), date(2027, 2, 7))
    assert (change.by, change.at, change.what["verb"]) == (administrator, at, "import")
    assert change.what["source"] == "国办发明电〔2026〕1号"


def test_importing_again_changes_nothing(at):
    import_notice(GOOD, by=None, at=at)
    before = list(CalendarDay.objects.values())

    assert import_notice(GOOD, by=None, at=at) is None

    assert list(CalendarDay.objects.values()) == before
    assert CalendarChange.objects.count() == 1


def test_each_bad_line_is_named_and_then_nothing_enters(at):
    text = (
        GOOD
        + "2027-02-30,holiday,,,通知\n"
        + "\n"
        + "2027-02-08,party,,,通知\n"
        + "2027-02-09,makeup,,,通知\n"
        + "2027-02-05,restday,,,通知\n"
        + "2027-02-10,holiday,,,\n"
        + "2027-02-11,holiday,a,b,c,d\n"
        + "1999-01-01,holiday,,,通知\n"
    )

    with pytest.raises(NoticeRefused) as caught:
        import_notice(text, by=None, at=at)

    assert [fault.line for fault in caught.value.faults] == [4, 6, 7, 8, 9, 10, 11]
    assert all(fault.reason for fault in caught.value.faults)
    assert not CalendarDay.objects.exists()
    assert not CalendarChange.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "on,what\n2027-01-01,holiday\n",
        HEAD,
        HEAD + "x" * 200_000,
        HEAD + "2027-01-01\x00,holiday,,,a\n",
    ],
)
def test_a_list_that_is_none_is_refused_without_a_crash(text):
    assert faults_of(text)


def test_a_list_with_too_many_lines_stops_early():
    text = HEAD + "nonsense,holiday,,,通知\n" * 5_000

    assert len(faults_of(text)) == 1001


def test_spreadsheets_save_in_two_ways_and_both_are_read():
    assert read_notice(decode(GOOD.encode("utf-8-sig"))).days[0].name == "春节"
    assert read_notice(decode(GOOD.encode("gb18030"))).days[0].name == "春节"


@pytest.mark.parametrize("content", [b"\xff\xff\xff", b"a" * (256 * 1024 + 1)])
def test_what_is_no_text_or_too_large_is_refused_at_the_file(content):
    with pytest.raises(ValidationError) as caught:
        decode(content)

    assert list(caught.value.message_dict) == ["file"]


def test_a_preview_says_what_is_new_changed_and_the_same(at):
    override_day(on=date(2027, 2, 5), kind="restday", source="通知", by=None, at=at)
    override_day(
        on=date(2027, 2, 7),
        kind="makeup",
        source="国办发明电〔2026〕1号",
        name="春节调休上班",
        name_en="Make-up working day",
        by=None,
        at=at,
    )
    more = GOOD + "2027-02-14,makeup,,,国办发明电〔2026〕1号\n"

    found = compare(read_notice(more).days)

    assert [difference.state for difference in found] == ["changed", "same", "new"]
    import_notice(more, by=None, at=at)
    assert [d.state for d in compare(read_notice(more).days)] == ["same", "same", "same"]


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_a_year_at_once_leave_one_row_and_one_change(at, both):
    import_notice(GOOD, by=None, at=at)

    first, second = both(
        lambda: confirm_year(year=2027, source="甲", by=None, at=at),
        lambda: confirm_year(year=2027, source="乙", by=None, at=at),
    )

    assert first == second
    assert first.source == second.source
    assert CalendarChange.objects.filter(year=2027).count() == 1
