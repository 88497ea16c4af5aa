"""The command `due_date`."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from grid.worktime.choices import DayKind
from grid.worktime.services import confirm_year, override_day

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("due_date", *arguments, stdout=out)
    return out.getvalue()


def run_json(start, length, unit, *more):
    return json.loads(run("--start", start, "--length", str(length), "--unit", unit, "--json", *more))


def test_json_has_raw_due_provisional_and_skipped():
    with translation.override("zh-hans"):
        result = run_json("2026-09-17", 15, "day")

    assert list(result) == ["raw", "due", "provisional", "skipped"]
    assert (result["raw"], result["due"], result["provisional"]) == ("2026-10-02", "2026-10-08", False)
    assert result["skipped"][0] == {"on": "2026-10-02", "kind": "holiday", "name": "国庆节"}
    assert len(result["skipped"]) == 6


def test_an_end_stays_with_no_roll():
    result = run_json("2026-09-17", 15, "day", "--no-roll")

    assert (result["raw"], result["due"], result["skipped"]) == ("2026-10-02", "2026-10-02", [])


def test_hours_are_given_with_zone():
    result = run_json("2026-09-17T09:00:00+08:00", 24, "hour")

    assert result == {
        "raw": "2026-09-18T09:00:00+08:00",
        "due": "2026-09-18T09:00:00+08:00",
        "provisional": False,
        "skipped": [],
    }


def test_a_time_without_zone_is_meant_in_the_city_and_one_with_zone_is_converted():
    assert run_json("2026-09-17T09:00", 1, "hour")["due"] == "2026-09-17T10:00:00+08:00"
    assert run_json("2026-09-17T01:00:00+00:00", 1, "hour")["due"] == "2026-09-17T10:00:00+08:00"
    # The 18th in the city; the end on Saturday rolls to a Sunday that is worked.
    assert run_json("2026-09-17T18:00:00+00:00", 1, "day")["due"] == "2026-09-20"
    assert run_json("2026-09-17", 24, "hour")["due"] == "2026-09-18T00:00:00+08:00"


def test_what_the_city_states_moves_the_date_and_a_confirmed_year_is_certain(at):
    assert run_json("2026-12-28", 5, "workday")["provisional"] is True

    override_day(on=date(2027, 1, 4), kind=DayKind.HOLIDAY, source="通知", by=None, at=at)
    confirm_year(year=2027, source="通知", by=None, at=at)

    result = run_json("2026-12-28", 5, "workday")
    assert (result["due"], result["provisional"]) == ("2027-01-06", False)


def test_without_json_it_is_told_day_by_day_in_the_language_of_the_reader():
    with translation.override("en"):
        lines = run("--start", "2026-09-17", "--length", "15", "--unit", "day").splitlines()

    assert lines[0].startswith("Counting starts on the day after Thursday 17 September 2026")
    assert lines[-1].startswith("In time until 24:00 on Thursday 8 October 2026")


@pytest.mark.parametrize(
    ("start", "length", "unit", "option"),
    [
        ("2026-02-30", "15", "day", "--start"),
        ("yesterday", "15", "day", "--start"),
        ("", "15", "day", "--start"),
        ("0001-01-01", "15", "day", "--start"),
        ("2026-09-17T25:00", "15", "hour", "--start"),
        ("2026-09-17", "0", "day", "--length"),
        ("2026-09-17", "-3", "day", "--length"),
        ("2026-09-17", "1.5", "day", "--length"),
        ("2026-09-17", "²", "day", "--length"),
        ("2026-09-17", "99999999999999999999", "day", "--length"),
        ("2026-09-17", "36526", "day", "--length"),
        ("2026-09-17", "15", "week", "--unit"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_option(start, length, unit, option):
    with pytest.raises(CommandError) as caught:
        run(f"--start={start}", f"--length={length}", f"--unit={unit}")

    assert str(caught.value).startswith((f"{option}:", f"{option}："))
    assert caught.value.returncode == 2


def test_a_missing_option_is_named():
    with pytest.raises(CommandError, match="--unit"):
        run("--start", "2026-09-17", "--length", "15")
