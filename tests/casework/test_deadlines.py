"""Deadlines of a case: computed from rows, never counted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from grid.casework import deadlines, ledger, timeline
from grid.casework.actors import Actor
from grid.casework.calendar_changes import recompute_open
from grid.casework.clocks import clocks_of
from grid.casework.models import Case, Deadline, Event, Rung
from grid.casework.steps import take_step
from grid.supervision.circle import Circles
from grid.worktime.choices import Told, Unit
from grid.worktime.models import DayKind, DeadlineRule, RungRule
from grid.worktime.services import override_day
from tests.factories.city import City, acting, build_city
from tests.factories.deadlines import rule, running, start
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=AT)


@pytest.fixture
def statutory(case: Case) -> Deadline:
    """A deadline of 15 days that may be paused, and extended by 10, on a real case."""
    rule = DeadlineRule.objects.create(
        code="TEST-15",
        kind="incident",
        label="测试",
        label_en="Test",
        basis="测试",
        basis_en="Test",
        length=15,
        unit="day",
        extend_by="unit_head",
        extend_max=10,
        may_pause=True,
        valid_from="2020-01-01",
    )
    start = deadlines.Start(rule.code, AT)
    deadlines.follow(case, starts=[start], meets=(), cancels=(), closes=False, at=AT)
    return Deadline.objects.get(code="TEST-15")


def test_the_limit_of_an_incident_runs_from_its_registration(case: Case) -> None:
    deadline = Deadline.objects.get(case=case)

    assert deadline.starts_at == AT
    assert deadline.due_at == AT + timedelta(hours=deadline.length)
    assert case.next_due_at == deadline.due_at
    assert case.next_rung_at == deadline.yellow_at


def test_a_running_deadline_keeps_the_rule_it_started_with(city: City, case: Case) -> None:
    before = Deadline.objects.get(case=case).due_at
    DeadlineRule.objects.filter(code__startswith="INC-").update(length=1)

    deadline = Deadline.objects.get(case=case)

    assert not deadlines.recompute(deadline)
    assert deadline.due_at == before


def test_a_comment_and_a_correction_move_nothing(city: City, case: Case) -> None:
    before = (case.next_due_at, case.next_rung_at)
    take_step(case.pk, "comment", by=acting(city.worker), data={"text": "快些"}, at=AT + timedelta(minutes=9))
    data = {"title": "更正后的标题", "reason": "写错"}
    taken = take_step(case.pk, "correct", by=acting(city.worker), data=data, at=AT + timedelta(minutes=10))

    assert (taken.case.next_due_at, taken.case.next_rung_at) == before


def test_while_paused_there_is_no_due_date_and_the_clock_looks_at_the_end_of_the_pause(
    statutory: Deadline,
) -> None:
    due_at = statutory.due_at
    until = AT + timedelta(days=5)
    deadlines.pause(statutory, until=until, reason="听证", at=AT + timedelta(days=2))

    assert (statutory.due_at, statutory.next_rung_at) == (None, until)

    deadlines.resume(statutory, at=AT + timedelta(days=4))

    assert due_at is not None
    # 19 September 2026 is a Saturday; the 20th is a make-up working day.
    assert str(statutory.raw_on) == "2026-09-18"
    assert statutory.due_at == due_at + timedelta(days=2)


def test_a_pause_that_runs_out_stands_in_the_timeline_with_the_new_date(
    city: City, case: Case, statutory: Deadline
) -> None:
    case.save()
    deadlines.pause(statutory, until=AT + timedelta(days=3), reason="听证", at=AT + timedelta(days=1))

    taken = take_step(case.pk, "resume", by=Actor.machine(), data={}, at=AT + timedelta(days=4))

    statutory.refresh_from_db()
    assert statutory.due_at is not None
    assert taken.event.changed["deadline:TEST-15"] == [None, timeline.plain(statutory.due_at)]
    assert taken.case.version == case.version + 1


def test_a_change_of_the_calendar_moves_open_dates_once_and_stands_in_the_timeline(
    case: Case, statutory: Deadline
) -> None:
    case.save()
    before, last_day = statutory.due_at, statutory.due_on
    assert before is not None
    assert last_day is not None
    override_day(on=last_day, kind=DayKind.RESTDAY, source="测试", by=None, at=AT)

    assert recompute_open(at=AT + timedelta(days=1)) == 1
    assert recompute_open(at=AT + timedelta(days=2)) == 0

    statutory.refresh_from_db()
    assert statutory.due_at is not None
    assert statutory.due_at > before
    event = Event.objects.filter(case=case).latest("seq")
    assert event.verb == "recompute"
    assert event.changed["deadline:TEST-15"] == [timeline.plain(before), timeline.plain(statutory.due_at)]
    assert list(ledger.check()) == []


def test_a_pause_is_refused_where_the_rule_allows_none(city: City) -> None:
    case = report(city, at=AT, urgency="red")
    with pytest.raises(ValueError, match="cannot be paused"):
        deadlines.pause(Deadline.objects.get(case=case), until=AT + timedelta(days=1), reason="x", at=AT)


def test_an_extension_is_refused_above_its_ceiling_and_after_the_due_date(statutory: Deadline) -> None:
    deadlines.extend(statutory, length=10, reason="疑难", at=AT)
    assert str(statutory.raw_on) == "2026-09-26"

    with pytest.raises(ValueError, match="cannot be extended by 1"):
        deadlines.extend(statutory, length=1, reason="再延", at=AT)
    statutory.extensions.all().delete()
    deadlines.recompute(statutory)
    with pytest.raises(ValueError, match="late"):
        deadlines.extend(statutory, length=1, reason="迟", at=AT + timedelta(days=40))


def test_computing_twice_changes_nothing(statutory: Deadline) -> None:
    deadlines.extend(statutory, length=3, reason="疑难", at=AT)

    assert not deadlines.recompute(statutory)
    assert not deadlines.recompute(Deadline.objects.get(pk=statutory.pk))


def test_a_right_of_the_petitioner_makes_nobody_late(case: Case, statutory: Deadline) -> None:
    statutory.binds = "petitioner"
    deadlines.set_clocks(case, [statutory])

    assert deadlines.next_rung(statutory) is None
    assert case.next_due_at is None


def test_lights_go_by_the_rung_rules(case: Case) -> None:
    deadline = Deadline.objects.get(case=case)
    assert deadline.yellow_at is not None
    assert deadline.orange_at is not None
    assert deadline.due_at is not None

    lit = [deadlines.light(deadline, at=at).name for at in (AT, deadline.yellow_at, deadline.orange_at)]

    assert lit == ["GREEN", "YELLOW", "ORANGE"]
    assert deadlines.light(deadline, at=deadline.due_at).name == "RED"
    assert RungRule.objects.filter(unit="hour").count() >= 3


def test_the_database_refuses_a_rung_that_was_climbed_and_takes_it_again_for_another_date(case: Case) -> None:
    deadline = Deadline.objects.get(case=case)
    rung = {"deadline": deadline, "level": 1, "climbed_at": AT, "told": True}
    Rung.objects.create(due_at=AT, **rung)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rung.objects.create(due_at=AT, **rung)

    Rung.objects.create(due_at=AT + timedelta(days=1), **rung)

    assert Rung.objects.count() == 2


def test_a_finished_deadline_is_never_recomputed(city: City, case: Case) -> None:
    take_step(case.pk, "void", by=acting(city.clerk), data={"reason": "误报"}, at=AT + timedelta(minutes=1))
    deadline = Deadline.objects.get(case=case)
    before = deadline.due_at
    deadline.length = 1

    assert not deadlines.recompute(deadline)
    assert deadline.due_at == before


def test_how_a_date_was_worked_out_is_told_with_its_article(statutory: Deadline) -> None:
    lines = deadlines.explain(statutory)

    assert len(lines) > 3
    assert any("201" in line for line in lines)


def test_the_ledger_fits_and_every_tampered_answer_is_named(city: City, case: Case) -> None:
    assert list(ledger.check()) == []
    wrong = [
        {"phase": "handling"},
        {"next_due_at": AT},
        {"next_rung_at": None},
        {"round_number": 2},
        {"lead_id": city.street_org.pk},
    ]
    for values in wrong:
        before = Case.objects.filter(pk=case.pk).values(*values).get()
        Case.objects.filter(pk=case.pk).update(**values)
        assert [f for f in ledger.check() if f.number == case.number], values
        Case.objects.filter(pk=case.pk).update(**before)
    assert list(ledger.check()) == []


def test_a_merger_and_its_undoing_keep_rule_pauses_and_extensions(city: City, case: Case) -> None:
    rule("T-LONG", extend_by="unit_head", may_pause=True)
    start(case, "T-LONG", at=AT)
    deadline = running(case, "T-LONG")
    deadlines.extend(deadline, length=5, reason="待鉴定", at=AT + timedelta(days=1))
    deadlines.pause(deadline, until=AT + timedelta(days=4), reason="听证", at=AT + timedelta(days=2))
    deadlines.resume(deadline, at=AT + timedelta(days=4))
    due = deadline.due_at
    other = report(city, at=AT)
    data = {"other": other.number, "reason": "同一处"}
    take_step(case.pk, "merge", by=acting(city.clerk), data=data, at=AT + timedelta(days=5))
    DeadlineRule.objects.filter(code="T-LONG").update(valid_until=(AT + timedelta(days=5)).date())

    take_step(case.pk, "unmerge", by=acting(city.clerk), data={"reason": "两处"}, at=AT + timedelta(days=6))

    again = running(case, "T-LONG")
    assert (again.due_at, again.starts_at, again.rule_id) == (due, AT, deadline.rule_id)
    assert (again.pauses.count(), again.extensions.count()) == (1, 1)
    assert again.pk != deadline.pk
    assert list(ledger.check()) == []


def test_what_happens_next_is_told_by_the_rungs_that_the_ladder_goes_by(city: City, case: Case) -> None:
    RungRule.objects.filter(code="", unit=Unit.HOUR, level=1).update(valid_until=AT.date())
    RungRule.objects.create(
        unit=Unit.HOUR,
        level=1,
        told=Told.SUPERIOR,
        share="0.333333",
        channels=["portal"],
        valid_from=AT.date() + timedelta(days=1),
    )

    clock = clocks_of(case, at=AT + timedelta(days=1))[0]

    circle = Circles(on=AT.date() + timedelta(days=1))
    circle.look_at([case])
    told = circle.of(case, code=clock.deadline.code, unit=clock.deadline.unit, level=1)
    assert city.street_officer.pk in told.told
    assert "上级" in clock.worked.turns[0].words
