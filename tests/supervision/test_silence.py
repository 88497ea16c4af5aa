"""The silence watch: so many days without a word to the person is a rung of its own."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.desk import worklist
from grid.casework import ledger
from grid.casework.actors import Actor
from grid.casework.errors import StepNotPossible
from grid.casework.models import Case, Event, SilenceRung
from grid.casework.steps import take_step
from grid.supervision.services import climb
from grid.worktime.models import DeadlineRule
from tests.factories.city import City, acting
from tests.factories.incidents import report

# 10:00 on 1 September in the city; the seventh day after it is the 8th, silent too long from the 9th on.
AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
SILENT = datetime(2026, 9, 8, 16, 0, tzinfo=UTC)


def silences(case: Case) -> list[Event]:
    return list(Event.objects.filter(case=case, verb="silence").order_by("seq"))


def test_seven_days_without_a_word_are_told_once(city: City, case: Case, heads: None) -> None:
    assert (case.heard_at, case.silent_at) == (AT, SILENT)

    climb(SILENT - timedelta(seconds=1))
    assert silences(case) == []
    for hours in (0, 1, 200):
        climb(SILENT + timedelta(hours=hours))

    (entry,) = silences(case)
    assert city.clerk.pk in entry.data["told"]
    assert entry.data["days"] == 7
    assert SilenceRung.objects.get(case=case).heard_at == AT
    case.refresh_from_db()
    assert (case.silent_at, case.silence_told) == (None, True)
    assert list(ledger.check()) == []


def test_a_word_to_the_person_begins_it_anew_and_a_remark_among_colleagues_does_not(
    city: City, case: Case
) -> None:
    later = AT + timedelta(days=3)
    take_step(case.pk, "comment", by=acting(city.clerk), data={"text": "内部备注"}, at=later)
    case.refresh_from_db()
    assert case.heard_at == AT

    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later)
    case.refresh_from_db()
    assert (case.heard_at, case.silent_at, case.silence_told) == (later, SILENT + timedelta(days=3), False)

    climb(SILENT + timedelta(days=2))
    assert silences(case) == []
    climb(SILENT + timedelta(days=3))
    assert len(silences(case)) == 1


def test_a_new_silence_after_a_new_word_is_told_again(city: City, case: Case) -> None:
    climb(SILENT)
    case.refresh_from_db()
    assert worklist.is_silent(case, at=SILENT + timedelta(minutes=1)), "the desk goes on saying so"
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=SILENT + timedelta(hours=1))

    climb(SILENT + timedelta(days=9))

    assert len(silences(case)) == 2


def test_a_closed_case_is_silent(city: City, case: Case) -> None:
    data = {"outcome": "explained", "explanation": "已当面说明"}
    take_step(case.pk, "close", by=acting(city.clerk), data=data, at=AT + timedelta(hours=1))

    case.refresh_from_db()
    assert (case.silent_at, case.next_rung_at) == (None, None)
    climb(SILENT + timedelta(days=30))
    assert silences(case) == []


def test_the_number_of_days_is_a_rule_that_the_city_sets(city: City) -> None:
    DeadlineRule.objects.filter(code="SILENCE").update(length=3)

    case = report(city, at=AT)

    assert case.silent_at == SILENT - timedelta(days=4)


def test_nobody_but_the_ladder_writes_the_entry(case: Case) -> None:
    with pytest.raises(StepNotPossible):
        take_step(case.pk, "silence", by=Actor.machine(), data={"days": 7}, at=SILENT)
    data = {"deadline": "INC-BLUE", "level": 3, "due_at": SILENT}
    with pytest.raises(StepNotPossible):
        take_step(case.pk, "climb", by=Actor.machine(), data=data, at=SILENT)


def test_silence_makes_nobody_late(city: City, case: Case) -> None:
    due = case.next_due_at

    climb(SILENT)

    case.refresh_from_db()
    assert case.next_due_at == due


def test_the_ledger_names_a_word_that_was_never_written(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(heard_at=AT + timedelta(days=1))

    assert [fault.number for fault in ledger.check()] == [case.number]
