"""When messages may go out: office hours and gathering times on working days, make-up weekends included."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from grid.notices.schedule import Schedule
from grid.worktime.calendar import WorkCalendar

HERE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def schedule() -> Schedule:
    return Schedule(WorkCalendar(zone=HERE))


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HERE)


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        ("2026-09-15 08:29", "2026-09-15 08:30"),
        ("2026-09-15 08:30", "2026-09-15 08:30"),
        ("2026-09-15 17:29", "2026-09-15 17:29"),
        ("2026-09-15 17:30", "2026-09-16 08:30"),
        ("2026-09-18 20:00", "2026-09-20 08:30"),  # a Sunday that is worked (国庆节调休)
        ("2026-09-30 18:00", "2026-10-08 08:30"),  # across the whole National Day holiday
        ("2026-10-03 10:00", "2026-10-08 08:30"),
        ("2026-10-09 18:00", "2026-10-10 08:30"),  # a Saturday that is worked
        ("2026-12-31 18:00", "2027-01-04 08:30"),
    ],
)
def test_a_message_waits_for_the_next_office_hours(schedule: Schedule, at: str, goes: str) -> None:
    assert schedule.in_office_hours(here(at)) == here(goes)
    assert schedule.in_office_hours(here(at).astimezone(UTC)) == here(goes)


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        ("2026-09-15 00:00", "2026-09-15 08:30"),
        ("2026-09-15 08:30", "2026-09-15 08:30"),
        ("2026-09-15 08:31", "2026-09-15 14:00"),
        ("2026-09-15 14:01", "2026-09-16 08:30"),
        ("2026-09-30 14:01", "2026-10-08 08:30"),
    ],
)
def test_what_is_gathered_goes_at_half_past_eight_and_at_two(schedule: Schedule, at: str, goes: str) -> None:
    assert schedule.next_digest(here(at)) == here(goes)


def test_a_rule_that_ignores_office_hours_gathers_on_rest_days_too(schedule: Schedule) -> None:
    assert schedule.next_digest(here("2026-10-03 09:00"), office_hours=False) == here("2026-10-03 14:00")
