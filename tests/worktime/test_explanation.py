"""How a due date is told."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from grid.worktime.arithmetic import Code, PauseSpan, due, explain, line_text, quantity_text
from grid.worktime.calendar import WorkCalendar
from grid.worktime.choices import Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=SHANGHAI)


def codes(lines):
    return [line.code.value for line in lines]


def test_an_end_on_a_holiday_is_told_with_the_articles_of_the_civil_code():
    lines = explain(due(date(2026, 9, 17), 15, Unit.DAY, calendar=CALENDAR))

    assert codes(lines) == ["start", "length", "counted", "raw", "rest_at_end", "rolled", "due"]
    assert [line.article for line in lines if line.article] == [201, 203, 203]
    rest = lines[4]
    assert (rest.values["first"], rest.values["last"]) == (date(2026, 10, 2), date(2026, 10, 7))
    with translation.override("en"):
        assert [line_text(line) for line in lines] == [
            "Counting starts on the day after Thursday 17 September 2026; that day itself does not count."
            " (Civil Code, article 201)",
            "The limit is 15 calendar days.",
            "Friday 18 September 2026 to Friday 2 October 2026: days 1 to 15 of the count.",
            "The count ends on Friday 2 October 2026.",
            "Friday 2 October 2026 to Wednesday 7 October 2026: National Day, the limit cannot end there.",
            "The end moves to the next working day, Thursday 8 October 2026. (Civil Code, article 203)",
            "In time until 24:00 on Thursday 8 October 2026, late after that. (Civil Code, article 203)",
        ]


def test_working_days_name_every_day_skipped_and_why():
    lines = explain(due(date(2026, 9, 28), 5, Unit.WORKDAY, calendar=CALENDAR))

    assert codes(lines) == ["start", "length", "counted", "skipped", "counted", "raw", "due"]
    assert (lines[2].values["to"], lines[4].values["from"]) == (2, 3)


def test_pauses_extension_and_basis_are_told():
    pause = PauseSpan(date(2026, 6, 3), date(2026, 6, 8))
    result = due(date(2026, 6, 1), 10, Unit.DAY, calendar=CALENDAR, pauses=[pause], extension=1)

    lines = explain(result, basis="《信访工作条例》第三十四条", basis_en="Petition Regulations, article 34")

    assert codes(lines) == [
        "start",
        "length_by_law",
        "extension",
        "counted",
        "paused",
        "counted",
        "raw",
        "due",
    ]
    with translation.override("en"):
        assert line_text(lines[1]) == "The limit is 10 calendar days: Petition Regulations, article 34."
        assert line_text(lines[2]) == "It was extended by 1 calendar day."
    with translation.override("zh-hans"):
        assert "《信访工作条例》第三十四条" in line_text(lines[1])


def test_hours_are_told_without_days():
    start = datetime(2026, 6, 1, 9, 0, tzinfo=SHANGHAI)
    pause = PauseSpan(
        datetime(2026, 6, 1, 10, 0, tzinfo=SHANGHAI), datetime(2026, 6, 1, 11, 30, tzinfo=SHANGHAI)
    )

    lines = explain(due(start, 24, Unit.HOUR, calendar=CALENDAR, pauses=[pause]))

    assert codes(lines) == ["start_hours", "length", "paused_hours", "due_hours"]
    with translation.override("en"):
        assert line_text(lines[-1]) == "In time until 10:30, Tuesday 2 June 2026, late from then on."


def test_a_provisional_date_says_so_last():
    assert codes(explain(due(date(2026, 12, 28), 5, Unit.WORKDAY, calendar=CALENDAR)))[-1] == "provisional"


def test_lines_are_worded_in_the_language_of_the_reader_not_of_the_moment_they_were_made():
    with translation.override("zh-hans"):
        lines = explain(due(date(2026, 9, 17), 15, Unit.DAY, calendar=CALENDAR))
    with translation.override("en"):
        english = [line_text(line) for line in lines]
    with translation.override("zh-hans"):
        chinese = [line_text(line) for line in lines]

    assert "National Day" in english[4]
    assert "国庆节" in chinese[4]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_code_has_words_that_fit_its_values(language):
    pause = PauseSpan(date(2026, 12, 29), date(2026, 12, 30))
    moment = datetime(2026, 12, 28, 9, 0, tzinfo=SHANGHAI)
    hours = PauseSpan(moment, moment.replace(hour=10))
    results = [
        due(date(2026, 12, 28), 5, Unit.WORKDAY, calendar=CALENDAR, pauses=[pause], extension=2),
        due(date(2026, 9, 17), 15, Unit.DAY, calendar=CALENDAR),
        due(date(2026, 6, 1), 1, Unit.DAY, calendar=CALENDAR),
        due(moment, 2, Unit.HOUR, calendar=CALENDAR, pauses=[hours]),
    ]
    lines = [line for result in results for basis in ("", "法") for line in explain(result, basis=basis)]

    assert {line.code for line in lines} == set(Code)
    with translation.override(language):
        assert all(line_text(line).strip() for line in lines)


def test_one_is_said_in_the_singular():
    with translation.override("en"):
        assert [quantity_text(1, unit) for unit in Unit] == ["1 calendar day", "1 working day", "1 hour"]
        assert quantity_text(2, Unit.HOUR) == "2 hours"
