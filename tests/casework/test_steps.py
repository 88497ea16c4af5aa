"""The step: whole or not at all, once, by the right person, on the version he saw."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from rest_framework.exceptions import ValidationError

from grid.casework import timeline
from grid.casework.errors import CaseNotFound, KeyReused, StaleCase, StepNotPossible
from grid.casework.models import Case, Deadline, Event, Feed, Holding, OnceKey, Round
from grid.casework.steps import possible_steps, take_step
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=AT)


def later(**delta: float) -> datetime:
    return AT + timedelta(**delta)


def test_a_step_writes_status_entry_and_feed_row_together(city: City, case: Case) -> None:
    taken = take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later(minutes=5))

    assert taken.case.status == "accepted"
    assert taken.event.seq == 2
    assert taken.event.changed["status"] == ["reported", "accepted"]
    assert taken.event.organisation == city.community_org
    assert Feed.objects.filter(event=taken.event).exists()
    case.refresh_from_db()
    assert (case.event_count, case.event_head) == (2, taken.event.hash)


def test_when_the_entry_cannot_be_written_nothing_happened(
    city: City, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the log writer fails")

    monkeypatch.setattr(timeline, "append", broken)
    with pytest.raises(RuntimeError, match="the log writer fails"):
        take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later(minutes=5), key="k")

    case.refresh_from_db()
    assert (case.status, case.version, case.event_count) == ("reported", 1, 1)
    assert not OnceKey.objects.filter(key="k").exists()


def test_a_step_that_does_not_exist_from_here_names_those_that_do(city: City, case: Case) -> None:
    with pytest.raises(StepNotPossible) as caught:
        take_step(case.pk, "verify", by=acting(city.clerk), data={}, at=later(minutes=5))

    names = [s.name for s in caught.value.possible]
    assert "accept" in names
    assert names == [s.name for s in possible_steps(case, acting(city.clerk))]


def test_a_step_is_refused_to_whom_the_table_does_not_name(city: City, case: Case) -> None:
    with pytest.raises(StepNotPossible):
        take_step(case.pk, "accept", by=acting(city.worker), data={}, at=later(minutes=5))


def test_somebody_elses_case_is_not_there(city: City, case: Case) -> None:
    with pytest.raises(CaseNotFound):
        take_step(
            case.pk, "comment", by=acting(city.neighbour_clerk), data={"text": "看看"}, at=later(hours=1)
        )


def test_a_step_on_an_older_version_is_refused(city: City, case: Case) -> None:
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later(minutes=5), version=1)

    with pytest.raises(StaleCase) as caught:
        take_step(
            case.pk, "void", by=acting(city.clerk), data={"reason": "重复"}, at=later(minutes=6), version=1
        )

    assert caught.value.case.version == 2


def test_a_comment_does_not_make_a_form_stale(city: City, case: Case) -> None:
    take_step(case.pk, "comment", by=acting(city.worker), data={"text": "还在漏水"}, at=later(minutes=5))

    taken = take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later(minutes=6), version=1)

    assert taken.case.status == "accepted"


def test_the_same_key_gets_the_first_answer(city: City, case: Case) -> None:
    first = take_step(
        case.pk, "comment", by=acting(city.worker), data={"text": "一"}, at=later(minutes=1), key="a"
    )
    again = take_step(
        case.pk, "comment", by=acting(city.worker), data={"text": "一"}, at=later(minutes=2), key="a"
    )

    assert again.repeated
    assert again.event == first.event
    assert Event.objects.filter(case=case, verb="comment").count() == 1


def test_the_same_key_with_another_body_is_refused(city: City, case: Case) -> None:
    take_step(case.pk, "comment", by=acting(city.worker), data={"text": "一"}, at=later(minutes=1), key="a")

    with pytest.raises(KeyReused):
        take_step(
            case.pk, "comment", by=acting(city.worker), data={"text": "二"}, at=later(minutes=2), key="a"
        )


def test_the_same_key_of_somebody_else_is_another_key(city: City, case: Case) -> None:
    take_step(case.pk, "comment", by=acting(city.worker), data={"text": "一"}, at=later(minutes=1), key="a")
    other = take_step(
        case.pk, "comment", by=acting(city.clerk), data={"text": "一"}, at=later(minutes=2), key="a"
    )

    assert not other.repeated


def test_a_refused_step_gives_its_key_back(city: City, case: Case) -> None:
    with pytest.raises(ValidationError):
        take_step(case.pk, "comment", by=acting(city.worker), data={"text": ""}, at=later(minutes=1), key="a")

    taken = take_step(
        case.pk, "comment", by=acting(city.worker), data={"text": "一"}, at=later(minutes=2), key="a"
    )

    assert not taken.repeated


def test_wrong_data_name_their_field(city: City, case: Case) -> None:
    with pytest.raises(ValidationError) as caught:
        take_step(case.pk, "void", by=acting(city.clerk), data={}, at=later(minutes=1))

    assert set(caught.value.detail) == {"reason"}


def test_typed_text_stands_outside_the_chain_and_codes_inside(city: City, case: Case) -> None:
    taken = take_step(
        case.pk, "comment", by=acting(city.worker), data={"text": "张三家漏水"}, at=later(minutes=1)
    )

    assert "张三" not in str(taken.event.data)
    assert taken.event.texts.get().text == "张三家漏水"
    assert set(taken.event.digests) == {"text"}


def test_one_organisation_holds_a_case_at_any_time(city: City, case: Case) -> None:
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later(minutes=5))
    take_step(case.pk, "escalate", by=acting(city.clerk), data={"reason": "无力处置"}, at=later(minutes=9))

    held = list(Holding.objects.filter(case=case).values_list("organisation", "starts_at", "ended_at"))
    assert held == [
        (city.community_org.pk, AT, later(minutes=9)),
        (city.street_org.pk, later(minutes=9), None),
    ]


def test_voiding_ends_everything_that_runs_and_deletes_nothing(city: City, case: Case) -> None:
    taken = take_step(case.pk, "void", by=acting(city.clerk), data={"reason": "误报"}, at=later(minutes=5))

    assert (taken.case.phase, taken.case.outcome, taken.case.next_due_at) == ("closed", "voided", None)
    assert not Deadline.objects.filter(case=case, ended_at=None).exists()
    assert not Holding.objects.filter(case=case, ended_at=None).exists()
    assert Round.objects.get(case=case).closed_at == later(minutes=5)


def test_merging_and_unmerging_loses_nothing(city: City, case: Case) -> None:
    other = report(city, at=later(minutes=1))
    due = Deadline.objects.get(case=case).due_at
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later(minutes=5))
    merged = take_step(
        case.pk,
        "merge",
        by=acting(city.clerk),
        data={"other": other.number, "reason": "同一处"},
        at=later(minutes=6),
    )
    assert (merged.case.status, merged.case.outcome) == ("merged", "merged")

    back = take_step(case.pk, "unmerge", by=acting(city.clerk), data={"reason": "两处"}, at=later(minutes=9))

    assert (back.case.status, back.case.outcome, back.case.round_number) == ("accepted", "", 2)
    assert Deadline.objects.get(case=case, ended_at=None).due_at == due
    assert Round.objects.filter(case=case).count() == 2


def test_two_cases_are_never_merged_into_each_other(city: City, case: Case) -> None:
    other = report(city, at=later(minutes=1))
    data = {"other": other.number, "reason": "同一处"}
    take_step(case.pk, "merge", by=acting(city.clerk), data=data, at=later(minutes=6))

    data = {"other": case.number, "reason": "同一处"}
    with pytest.raises(ValidationError) as caught:
        take_step(other.pk, "merge", by=acting(city.clerk), data=data, at=later(minutes=7))

    assert set(caught.value.detail) == {"other"}


def test_a_case_that_one_may_not_see_cannot_be_linked(city: City, case: Case) -> None:
    foreign = report(city, at=AT, area=city.grid_b.code, by=city.neighbour_worker)

    data = {"other": foreign.number, "type": "same_matter"}
    with pytest.raises(ValidationError) as caught:
        take_step(case.pk, "link", by=acting(city.clerk), data=data, at=later(minutes=7))

    assert set(caught.value.detail) == {"other"}


def test_a_number_carries_a_check_character(case: Case) -> None:
    assert timeline.number_is_sound(case.number)
    wrong = case.number[:-3] + ("1" if case.number[-3] != "1" else "2") + case.number[-2:]
    assert not timeline.number_is_sound(wrong)


def test_the_database_refuses_a_detail_row_of_another_kind(case: Case) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE casework_case SET kind = 'petition' WHERE id = %s", [case.pk])


@pytest.mark.parametrize(
    ("day", "field"), [("2026-09-10", True), ("1926-08-31", True), ("2026-08-31", False)]
)
def test_a_stated_day_is_neither_in_the_future_nor_of_another_age(
    city: City, case: Case, day: str, field: bool
) -> None:
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=later(minutes=1))
    data = {"result": "已清运", "happened_on": day}
    if not field:
        taken = take_step(case.pk, "handle", by=acting(city.clerk), data=data, at=later(minutes=2))
        assert str(taken.event.happened_on) == day
        return
    with pytest.raises(ValidationError) as caught:
        take_step(case.pk, "handle", by=acting(city.district_officer), data=data, at=later(minutes=2))
    assert set(caught.value.detail) == {"happened_on"}


def test_a_handler_ends_no_matter_by_merging_or_voiding_it(city: City, case: Case) -> None:
    other = report(city, at=AT)
    Case.objects.filter(pk=case.pk).update(lead=city.department)
    for step, data in (("void", {"reason": "x"}), ("merge", {"other": other.number, "reason": "x"})):
        with pytest.raises(StepNotPossible):
            take_step(case.pk, step, by=acting(city.handler), data=data, at=later(minutes=1))
