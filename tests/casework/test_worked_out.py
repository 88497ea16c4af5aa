"""How a due date was worked out, as a calendar and a bar: each day once, every reason named."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.casework.day_cells import Cell, Part
from grid.casework.models import Deadline, DeadlineStatus, Extension, Pause
from grid.casework.turns import turns_of
from grid.casework.worked_out import WorkedOut
from grid.worktime import arithmetic
from grid.worktime.calendar import WorkCalendar
from grid.worktime.choices import Binds, Told, Unit
from grid.worktime.models import RungRule

CITY = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=CITY)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CITY)


def worked(
    start: datetime,
    length: int,
    unit: Unit,
    *,
    at: datetime | None = None,
    pauses: tuple[tuple[datetime, datetime, datetime | None], ...] = (),
    extension: int = 0,
    **fields: Any,
) -> WorkedOut:
    """Work a deadline out as the page does, without a database: pauses are (since, until, ended)."""
    stops = [Pause(starts_at=a, until=b, ended_at=c, reason="听证") for a, b, c in pauses]
    longer = [Extension(length=extension, reason="案情复杂", at=start)] if extension else []
    due = arithmetic.due(
        start,
        length,
        unit,
        rolls=unit != Unit.HOUR,
        calendar=CALENDAR,
        pauses=[arithmetic.PauseSpan(p.starts_at, p.ended_at or p.until) for p in stops],
        extension=extension,
    )
    stands_still = any(p.ended_at is None for p in stops)
    fields.setdefault("status", DeadlineStatus.PAUSED if stands_still else DeadlineStatus.RUNNING)
    if not stands_still:
        fields = {"due_at": due.due_at, "due_on": due.due_on, "raw_on": due.raw_on} | fields
    row = Deadline(
        pk=1,
        length=length,
        unit=unit,
        binds=Binds.OFFICE,
        starts_at=start,
        label="办理",
        basis="第三十四条",
        provisional=due.provisional,
        **fields,
    )
    row._prefetched_objects_cache = {"pauses": stops, "extensions": longer}
    return WorkedOut(row, due, CALENDAR, at or start + timedelta(hours=1))


def parts(found: WorkedOut) -> dict[date, Part]:
    return {cell.on: cell.part for cell in found.cells}


def drawn(found: WorkedOut) -> list[Cell]:
    """Return what stands in the tables."""
    return [c for month in found.months for week in month.weeks for c in week if c]


# domain.md 6: start, length, unit, the day on which the count ends, the due date.
TABLE = [
    ((2026, 9, 17), 15, Unit.DAY, (2026, 10, 2), (2026, 10, 8)),
    ((2026, 3, 2), 60, Unit.DAY, (2026, 5, 1), (2026, 5, 6)),
    ((2026, 6, 1), 30, Unit.DAY, (2026, 7, 1), (2026, 7, 1)),
    ((2025, 12, 17), 15, Unit.DAY, (2026, 1, 1), (2026, 1, 4)),
    ((2026, 9, 28), 5, Unit.WORKDAY, (2026, 10, 10), (2026, 10, 10)),
    ((2026, 4, 30), 5, Unit.WORKDAY, (2026, 5, 11), (2026, 5, 11)),
]


@pytest.mark.parametrize(("start", "length", "unit", "raw", "due"), TABLE)
def test_the_table_of_the_law_stands_there_as_calendars(
    start: tuple[int, ...], length: int, unit: Unit, raw: tuple[int, ...], due: tuple[int, ...]
) -> None:
    found = worked(local(*start, 9), length, unit)
    cells = {cell.on: cell for cell in found.cells}

    assert found.cells[0].on == date(*start)
    assert found.cells[0].part == Part.START
    assert [c.on for c in found.cells if c.is_due] == [date(*due)] == [found.cells[-1].on]
    assert [c.on for c in found.cells if c.is_raw] == [date(*raw)]
    assert cells[date(*raw)].number == length
    assert [c.number for c in found.cells if c.number] == list(range(1, length + 1))
    assert (cells[date(*due)].part == Part.ROLLED) == (raw != due)


@given(
    start=st.dates(date(2024, 1, 1), date(2027, 6, 1)),
    length=st.integers(1, 90),
    unit=st.sampled_from([Unit.DAY, Unit.WORKDAY]),
    extension=st.integers(0, 30),
    stops=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_each_day_stands_in_the_calendar_exactly_once(
    start: date, length: int, unit: Unit, extension: int, stops: list[tuple[int, int]]
) -> None:
    begin = datetime.combine(start, datetime.min.time(), tzinfo=CITY) + timedelta(hours=9)
    spans = [(begin + timedelta(days=a), begin + timedelta(days=a + b)) for a, b in stops]
    found = worked(begin, length, unit, extension=extension, pauses=tuple((a, b, b) for a, b in spans))

    expected = [start + timedelta(days=n) for n in range((found.last_on - start).days + 1)]
    assert [c.on for c in found.cells] == expected
    numbers = [c.number for c in found.cells if c.number is not None]
    assert numbers == list(range(1, length + extension + 1))
    shown = [c.on for c in drawn(found)]
    assert len(shown) == len(set(shown))
    folded = [m.first for m in found.months if m.folded]
    assert {d for d in expected if d.replace(day=1) not in folded} <= set(shown)
    assert {c.on for c in found.cells if c.part == Part.PAUSED} == set(found.due.paused_on)


def test_a_skipped_day_says_why() -> None:
    found = worked(local(2026, 9, 28, 9), 5, Unit.WORKDAY)
    cells = {cell.on: cell for cell in found.cells}

    assert cells[date(2026, 10, 1)].part == Part.SKIPPED
    assert cells[date(2026, 10, 1)].name == "国庆节"
    assert "国庆节" in cells[date(2026, 10, 1)].words
    assert "is-makeup" in cells[date(2026, 10, 10)].classes
    with translation.override("en"):
        english = worked(local(2026, 9, 28, 9), 5, Unit.WORKDAY)
        words = [key.words for key in english.keys]
        assert any("National Day" in w and "1 Oct" in w and "7 Oct" in w for w in words)
        assert any(w.startswith("Make-up working day, counted: 10 Oct") for w in words)
        assert "National Day" in {c.on: c for c in english.cells}[date(2026, 10, 1)].words


def test_a_pause_and_an_extension_are_drawn_where_they_were() -> None:
    found = worked(
        local(2026, 6, 1, 9),
        10,
        Unit.DAY,
        extension=5,
        pauses=((local(2026, 6, 3, 9), local(2026, 6, 6, 9), local(2026, 6, 5, 9)),),
    )
    by_part = parts(found)

    assert [d.day for d, p in by_part.items() if p == Part.PAUSED] == [4, 5]
    assert [d.day for d, p in by_part.items() if p == Part.EXTENSION] == [14, 15, 16, 17, 18]
    assert found.cells[-1].is_due
    assert found.cells[-1].on == date(2026, 6, 18)


def test_while_it_stands_still_there_is_no_due_date_in_the_calendar() -> None:
    found = worked(
        local(2026, 6, 1, 9),
        10,
        Unit.DAY,
        at=local(2026, 6, 4),
        pauses=((local(2026, 6, 3, 9), local(2026, 6, 20, 9), None),),
    )

    assert not [c for c in found.cells if c.is_due or c.is_raw]
    assert found.cells[-1].on == date(2026, 6, 20)
    assert {c.part for c in found.cells if c.on > date(2026, 6, 3)} == {Part.PAUSED}
    assert [c.number for c in found.cells if c.number] == [1, 2]
    with translation.override("en"):
        lines = found.lines
        assert any("the limit was paused" in line for line in lines)
        assert not any("late after that" in line or "The count ends" in line for line in lines)


def test_a_provisional_date_shows_the_days_that_a_notice_may_move() -> None:
    found = worked(local(2026, 12, 28, 9), 5, Unit.WORKDAY)

    assert found.due.provisional
    open_days = {c.on for c in found.cells if c.is_open}
    assert open_days
    assert all(CALENDAR.may_change(day) for day in open_days)
    assert not [c for c in worked(local(2026, 6, 1, 9), 5, Unit.WORKDAY).cells if c.is_open]


def test_months_in_which_every_day_counts_are_told_in_a_line() -> None:
    found = worked(local(2026, 1, 10, 9), 365, Unit.DAY)

    folded = [m for m in found.months if m.folded]
    assert len(found.months) == 13
    assert [m.first.month for m in found.months if not m.folded] == [1, 1]
    with translation.override("en"):
        assert worked(local(2026, 1, 10, 9), 365, Unit.DAY).months[1].folded == "days 22 to 49 of the count"
    assert len(folded) == 11
    sixty = worked(local(2026, 3, 2, 9), 60, Unit.DAY)
    assert [m.first.month for m in sixty.months] == [3, 4, 5]
    assert not any(m.folded for m in sixty.months)
    assert sixty.is_compact


def test_a_limit_in_hours_is_a_bar_with_its_instants_in_order() -> None:
    start = local(2026, 9, 15, 9)
    found = worked(
        start,
        24,
        Unit.HOUR,
        at=local(2026, 9, 15, 21),
        yellow_at=local(2026, 9, 16, 1),
        orange_at=local(2026, 9, 16, 5),
    )

    assert found.cells == []
    assert found.months == []
    bar = found.bar
    assert bar is not None
    percents = {p.name: p.percent for p in bar.points}
    assert percents["start"] == 0
    assert percents["red"] == 100
    assert percents["now"] == 50
    assert 50 < percents["yellow"] < percents["orange"] < 100
    assert bar.passed.length == 50
    assert 3 <= len(bar.scale) <= 8


def test_a_paused_stretch_of_hours_stands_on_the_bar_and_the_late_part_too() -> None:
    start = local(2026, 9, 15, 9)
    stop = (start + timedelta(hours=6), start + timedelta(hours=12), start + timedelta(hours=12))
    found = worked(start, 24, Unit.HOUR, at=start + timedelta(hours=60), pauses=(stop,))

    bar = found.bar
    assert bar is not None
    assert [(round(s.percent), round(s.length)) for s in bar.paused] == [(10, 10)]
    assert {p.name: round(p.percent) for p in bar.points} == {"start": 0, "red": 50, "now": 100}


@pytest.mark.parametrize("hours", [1, 2, 24, 72, 240, 2000])
def test_the_scale_of_a_bar_is_never_crowded(hours: int) -> None:
    bar = worked(local(2026, 9, 15, 9, 40), hours, Unit.HOUR).bar

    assert bar is not None
    assert 1 <= len(bar.scale) <= 8


def rung(level: int, told: Told) -> RungRule:
    return RungRule(unit=Unit.DAY, level=level, told=told)


def test_what_happens_next_names_who_is_told_and_when() -> None:
    found = worked(
        local(2026, 9, 17, 9),
        15,
        Unit.DAY,
        at=local(2026, 9, 29),
        yellow_at=local(2026, 9, 28),
        orange_at=local(2026, 10, 1),
    )
    rules = {2: rung(2, Told.UNIT_HEAD), 3: rung(3, Told.SUPERIOR)}
    with translation.override("en"):
        turns = turns_of(found.deadline, rules, lead="Changxi Office", at=found.at, public=False)
        public = turns_of(found.deadline, rules, lead="Changxi Office", at=found.at, public=True)

    assert [(t.light, t.reached) for t in turns] == [("yellow", True), ("orange", False), ("red", False)]
    assert turns[2].at == local(2026, 10, 9)
    assert "Changxi Office, and the head there" in turns[1].words
    assert "supervision order is proposed" in turns[2].words
    assert all("Changxi Office" not in t.words for t in public)


@pytest.mark.parametrize(("binds", "says"), [(Binds.PETITIONER, "right ends"), (Binds.OUTSIDE, "limit ends")])
def test_nobody_is_told_of_what_makes_nobody_late(binds: Binds, says: str) -> None:
    row = worked(local(2026, 9, 17, 9), 30, Unit.DAY).deadline
    row.binds = binds
    with translation.override("en"):
        turns = turns_of(row, {}, lead="X", at=local(2026, 9, 18), public=False)

    assert [t.light for t in turns] == ["none"]
    assert says in turns[0].words


def test_an_ended_deadline_that_the_calendar_would_move_says_what_stood_then() -> None:
    found = worked(
        local(2026, 6, 1, 9),
        5,
        Unit.DAY,
        status=DeadlineStatus.MET,
        ended_at=local(2026, 6, 3),
        due_at=datetime(2026, 6, 20, tzinfo=UTC),
    )

    assert found.has_moved
    assert not worked(local(2026, 6, 1, 9), 5, Unit.DAY).has_moved


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("unit", [Unit.DAY, Unit.WORKDAY, Unit.HOUR])
def test_everything_is_drawn_as_tables_that_can_be_heard(language: str, unit: Unit) -> None:
    with translation.override(language):
        found = worked(
            local(2026, 9, 17, 9),
            30,
            unit,
            extension=3,
            pauses=((local(2026, 9, 18, 9), local(2026, 9, 20, 9), local(2026, 9, 20, 9)),),
        )
        html = render_to_string("casework/_worked_out.html", {"worked": found, "deadline": found.deadline})

    assert html.count("<table") == len(found.months) == html.count("<caption>")
    hidden = re.findall(r'class="day-cell is-[^"]*" title="([^"]+)"', html)
    assert len(hidden) == len(drawn(found))
    assert all(words for words in hidden)
    assert "听证" in html
    assert html.count("<li>") > 5
