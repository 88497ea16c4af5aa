"""Notices: the right people, once, and never somebody who may not know."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from grid.casework import feed, kinds
from grid.casework.models import Access, Case, Event, FeedReader, Recusal
from grid.casework.steps import take_step
from grid.notices import channels, reader
from grid.notices.models import Notice
from grid.notices.recipients import PARTIES, TELLS, named
from grid.notices.tasks import deliver
from grid.notices.told import Day
from grid.organisations.models import Posting
from grid.people.models import User
from grid.supervision.services import climb
from tests.factories.city import City, acting
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
LATE = AT + timedelta(hours=72)


def of(user: User, template: str = "") -> list[Notice]:
    found = Notice.objects.of(user).order_by("pk")
    return list(found.filter(template=template) if template else found)


def test_the_street_is_told_of_a_late_case_exactly_once(city: City, case: Case) -> None:
    for hour in range(5):
        climb(LATE + timedelta(hours=hour))
        deliver()

    (notice,) = of(city.street_officer)
    assert (notice.case, notice.template, notice.level) == (case, "rung_red", 3)
    assert notice.created_at == LATE
    assert len(of(city.clerk, "rung_red")) == 1
    assert of(city.district_officer) == []


def test_a_notice_is_worded_in_the_language_of_the_reader(city: City, case: Case) -> None:
    climb(LATE)
    deliver()
    (notice,) = of(city.street_officer)

    with translation.override("zh-hans"):
        chinese = str(notice)
    with translation.override("en"):
        english = str(notice)

    assert "一般事件处置时限" in chinese
    assert "草市口社区居委会" in chinese
    assert "2026-09-04 10:00" in chinese
    assert "Handling of a normal incident" in english
    assert "Caoshikou Committee" in english


def test_no_notice_carries_what_people_typed(city: City, case: Case) -> None:
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT)
    take_step(case.pk, "ask", by=acting(city.clerk), data={"question": "陈某住几号楼"}, at=AT)
    climb(LATE)
    deliver()

    for notice in Notice.objects.select_related("organisation"):
        assert case.title not in f"{notice} {notice.params}"
        assert "陈某" not in f"{notice} {notice.params}"


def test_a_crash_after_the_notices_were_written_repeats_the_batch_and_tells_once(
    city: City, case: Case
) -> None:
    climb(LATE)

    def crashing(events: Sequence[Event]) -> None:
        reader.handle(events)
        assert Notice.objects.exists()
        raise ConnectionError("the worker was killed")

    with pytest.raises(ConnectionError):
        feed.read(reader.READER, crashing)
    assert not Notice.objects.exists()

    assert deliver() is None
    assert len(of(city.street_officer)) == 1


def test_a_batch_that_is_read_again_tells_nobody_twice(city: City, case: Case) -> None:
    climb(LATE)
    deliver()
    before = list(Notice.objects.order_by("pk").values_list("pk", flat=True))

    FeedReader.objects.filter(name=reader.READER).update(position=0)
    deliver()

    assert list(Notice.objects.order_by("pk").values_list("pk", flat=True)) == before


def test_an_entry_that_cannot_be_understood_holds_up_nobody(
    city: City, case: Case, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = report(city, at=AT)
    real = reader._Batch.notices_of

    def broken(batch: reader._Batch, event: Event) -> list[Notice]:
        if event.case_id == case.pk:
            raise KeyError("a step that is gone")
        return real(batch, event)

    monkeypatch.setattr(reader._Batch, "notices_of", broken)
    deliver()

    assert "No notice could be made of entry" in caplog.text
    assert {n.case_id for n in of(city.clerk)} == {other.pk}


def test_a_matter_of_a_kind_that_is_gone_holds_up_nobody(city: City, case: Case) -> None:
    other = report(city, at=AT)
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT + timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE casework_case SET kind = 'gone' WHERE id = %s", [case.pk])
        cursor.execute("SET session_replication_role = origin")

    deliver()

    assert {n.case_id for n in of(city.clerk)} == {other.pk}


def test_a_reader_whose_time_is_up_passes_no_entry_by(
    city: City, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_is_up(batch: reader._Batch, event: Event) -> list[Notice]:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        patch.setattr(reader._Batch, "notices_of", time_is_up)
        with pytest.raises(SoftTimeLimitExceeded):
            deliver()

    deliver()
    assert {n.case_id for n in of(city.clerk)} == {case.pk}


def test_a_reader_goes_on_where_it_stopped_for_time(city: City, case: Case) -> None:
    assert reader.deliver(seconds=0) == 0
    assert reader.deliver(seconds=60) > 0


def test_a_new_matter_is_told_to_those_who_handle_it_and_not_to_its_reporter(city: City, case: Case) -> None:
    deliver()

    assert [n.template for n in of(city.clerk)] == ["opened"]
    assert of(city.worker) == []
    assert of(city.neighbour_clerk) == []


def test_an_escalated_matter_is_told_to_the_next_tier(city: City, case: Case) -> None:
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT)
    take_step(case.pk, "escalate", by=acting(city.clerk), data={"reason": "社区无力解决"}, at=AT)
    deliver()

    (notice,) = of(city.street_officer)
    assert (notice.template, notice.params["verb"]) == ("arrived", "escalate")
    assert [n.template for n in of(city.clerk)] == ["opened"]


def test_who_is_asked_to_take_a_matter_in_hand_is_told(city: City, case: Case) -> None:
    deliver()
    take_step(case.pk, "assign", by=acting(city.clerk), data={"assignee": city.leader.pk}, at=AT)
    deliver()

    assert [n.template for n in of(city.leader)] == ["assigned"]


def test_who_takes_a_matter_in_hand_himself_is_not_told_so(city: City, case: Case) -> None:
    take_step(case.pk, "assign", by=acting(city.clerk), data={"assignee": city.clerk.pk}, at=AT)
    deliver()

    assert of(city.clerk, "assigned") == []


def test_a_reporter_is_told_that_he_is_asked_and_the_office_that_he_answered(city: City, case: Case) -> None:
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT)
    take_step(case.pk, "ask", by=acting(city.clerk), data={"question": "几号楼"}, at=AT)
    deliver()
    assert [n.template for n in of(city.worker)] == ["asked"]

    take_step(case.pk, "answer", by=acting(city.worker), data={"answer": "三号楼"}, at=AT)
    deliver()
    notice = of(city.clerk)[-1]
    assert notice.template == "moved_on"
    assert notice.params["verb"] == "answer"


def test_whoever_can_verify_is_told_what_was_handled_and_the_handler_what_was_not_in_order(
    city: City, case: Case
) -> None:
    take_step(
        case.pk,
        "dispatch",
        by=acting(city.clerk),
        data={"lead": city.department.code, "assisting": [], "reason": "市容"},
        at=AT,
    )
    take_step(case.pk, "accept", by=acting(city.handler), data={}, at=AT)
    deliver()
    assert [n.template for n in of(city.handler)] == ["arrived"]
    assert [n.template for n in of(city.clerk)] == ["opened"]
    assert of(city.worker) == []

    take_step(case.pk, "handle", by=acting(city.handler), data={"result": "已清理"}, at=AT)
    deliver()
    assert [n.params.get("verb") for n in of(city.clerk, "moved_on")] == ["handle"]
    assert [n.params.get("verb") for n in of(city.worker)] == ["handle"]
    assert len(of(city.handler)) == 1

    failed = {"finding": "failed", "text": "没有清理干净"}
    take_step(case.pk, "verify", by=acting(city.worker), data=failed, at=AT)
    deliver()
    assert [n.params.get("verb") for n in of(city.handler)][1:] == ["verify"]


def test_when_it_is_in_order_whoever_can_close_is_told(city: City, case: Case) -> None:
    take_step(
        case.pk,
        "dispatch",
        by=acting(city.clerk),
        data={"lead": city.department.code, "assisting": [], "reason": "市容"},
        at=AT,
    )
    take_step(case.pk, "handle", by=acting(city.handler), data={"result": "已清理"}, at=AT)
    deliver()
    Notice.objects.all().delete()

    take_step(case.pk, "verify", by=acting(city.worker), data={"finding": "passed"}, at=AT)
    deliver()

    assert [n.params["status"] for n in of(city.clerk)] == ["verified"]
    assert of(city.handler) == []


def test_a_reporter_is_told_that_his_matter_was_closed(city: City, case: Case) -> None:
    take_step(case.pk, "void", by=acting(city.clerk), data={"reason": "重复录入"}, at=AT)
    deliver()

    (notice,) = of(city.worker)
    assert notice.template == "closed"
    assert notice.params["outcome"] == "voided"


def test_a_comment_tells_nobody(city: City, case: Case) -> None:
    deliver()
    count = Notice.objects.count()

    take_step(case.pk, "comment", by=acting(city.clerk), data={"text": "已联系"}, at=AT)
    deliver()

    assert Notice.objects.count() == count


def test_nobody_is_told_of_what_he_cannot_see_by_then(city: City, case: Case) -> None:
    climb(LATE)
    Recusal.objects.create(case=case, user=city.street_officer, reason="亲属", at=LATE)

    deliver()

    assert of(city.street_officer) == []
    assert len(of(city.clerk, "rung_red")) == 1


def test_a_matter_that_was_sealed_by_then_is_told_within_its_compartment(city: City, case: Case) -> None:
    climb(LATE)
    Case.objects.filter(pk=case.pk).update(sealed=True)
    Access.objects.create(
        case=case, user=city.clerk, granted_by=city.district_officer, reason="检举", starts_at=AT
    )

    deliver()

    assert of(city.street_officer) == []
    assert len(of(city.clerk, "rung_red")) == 1


def test_what_was_told_before_a_matter_was_sealed_is_gone_outside_its_compartment(
    city: City, case: Case
) -> None:
    climb(LATE)
    deliver()
    assert Notice.objects.unread_count(city.street_officer) == 1

    Case.objects.filter(pk=case.pk).update(sealed=True)

    assert of(city.street_officer) == []
    assert Notice.objects.unread_count(city.street_officer) == 0


def test_a_vacant_post_is_told_to_the_administrators_once_and_without_the_matter(
    city: City, case: Case
) -> None:
    report(city, at=AT)
    Posting.objects.filter(organisation=city.street_org).update(ends_on=date(2026, 9, 3))

    climb(LATE)
    deliver()

    (notice,) = of(city.admin)
    assert (notice.template, notice.case, notice.organisation) == ("vacant_post", None, city.street_org)
    assert notice.params == {"posts": ["superior"]}
    with translation.override("en"):
        assert "Changxi Subdistrict Office" in notice.text
        assert case.number not in notice.text

    Notice.objects.filter(pk=notice.pk).update(read_at=LATE)
    report(city, at=AT + timedelta(hours=1))
    climb(LATE + timedelta(hours=1))
    deliver()
    assert len(of(city.admin)) == 2, "a post that is still vacant after the alert was read is told again"


def test_a_sealed_matter_raises_no_alert(city: City, case: Case) -> None:
    Posting.objects.filter(organisation=city.street_org).update(ends_on=date(2026, 9, 3))
    climb(LATE)
    assert Event.objects.get(case=case, verb="climb").data["vacant"]
    Case.objects.filter(pk=case.pk).update(sealed=True)

    deliver()

    assert not Notice.objects.exists()


def test_unread_notices_are_counted_for_their_reader_alone(city: City, case: Case) -> None:
    climb(LATE)
    deliver()

    assert Notice.objects.unread_count(city.street_officer) == 1
    assert Notice.objects.unread_count(city.neighbour_officer) == 0
    assert Notice.objects.unread_count(city.clerk, limit=1) == 1


def with_tells(monkeypatch: pytest.MonkeyPatch, *words: str, name: str = "comment") -> None:
    """Let a step tell those whom the words name."""
    kind = kinds.get("incident")
    steps_ = tuple(replace(s, tells=words) if s.name == name else s for s in kind.steps)
    monkeypatch.setitem(kinds._kinds, "incident", replace(kind, steps=steps_))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("lead", ["clerk"]),
        ("head", ["clerk"]),
        ("reporter", ["worker"]),
        ("authority", ["street_officer"]),
    ],
)
def test_whom_a_step_names_is_told_of_it(
    city: City, case: Case, monkeypatch: pytest.MonkeyPatch, word: str, told: list[str]
) -> None:
    deliver()
    Notice.objects.all().delete()
    with_tells(monkeypatch, word)
    take_step(case.pk, "comment", by=acting(city.supervisor), data={"text": "请抓紧"}, at=AT)
    deliver()

    assert sorted({n.recipient.username for n in Notice.objects.all()} & set(told)) == told
    notice = Notice.objects.get(recipient__username=told[0])
    assert (notice.template, notice.organisation) == ("step", city.district_org)
    with translation.override("en"):
        assert (notice.heading, notice.text) == ("Comment", "Qingjiangpu Governance Centre: Comment.")
    assert "请抓紧" not in f"{notice} {notice.params}"


def test_authority_decider_and_asker_are_those_whom_the_entry_names(
    city: City, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_tells(monkeypatch, "authority", "decider", "asker")
    day = Day(AT.date(), [case.pk])
    event = Event(
        case=case,
        verb="comment",
        data={
            "authority": city.district_org.pk,
            "decider": city.street_org.pk,
            "asked_by": city.clerk.pk,
        },
    )

    assert set(named(event, day)) == {
        city.district_officer.pk,
        city.supervisor.pk,
        city.street_officer.pk,
        city.clerk.pk,
    }


def test_of_a_sealed_matter_a_step_tells_its_compartment_alone(
    city: City, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_tells(monkeypatch, "lead", "head", "authority", "reporter")
    take_step(case.pk, "comment", by=acting(city.supervisor), data={"text": "请抓紧"}, at=AT)
    Case.objects.filter(pk=case.pk).update(sealed=True)
    Access.objects.create(
        case=case, user=city.clerk, granted_by=city.district_officer, reason="检举", starts_at=AT
    )
    deliver()

    assert {n.recipient for n in Notice.objects.all()} == {city.clerk}


def test_every_step_names_only_those_whom_notices_can_find() -> None:
    words = {word for kind in kinds.all_kinds() for step in kind.steps for word in step.tells}
    assert words <= {*TELLS, PARTIES}
    assert words, "some steps tell somebody"


def test_silence_is_told_to_whom_the_ladder_found(city: City, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(heard_at=AT, silent_at=AT + timedelta(days=7))
    Case.objects.filter(pk=case.pk).update(next_rung_at=AT + timedelta(days=7))
    climb(AT + timedelta(days=7))
    deliver()

    (notice,) = of(city.clerk, "silence")
    with translation.override("en"):
        assert "has heard nothing for 7 days. Caoshikou Committee is in charge." in notice.text


def test_a_proposed_order_stands_in_the_notice_of_what_is_late(city: City, case: Case) -> None:
    climb(LATE)
    deliver()

    (notice,) = of(city.street_officer, "rung_red")
    assert notice.params["proposal"]
    with translation.override("en"):
        assert "A supervision order is proposed" in notice.text


def test_what_the_ladder_set_aside_is_told_to_administrators_once_and_names_no_matter(city: City) -> None:
    channels.ladder_set_aside(2, at=LATE)
    channels.ladder_set_aside(3, at=LATE)
    channels.ladder_set_aside(0, at=LATE)

    (notice,) = of(city.admin)
    assert (notice.template, notice.case, notice.params) == ("ladder_set_aside", None, {"count": 2})
    Notice.objects.filter(pk=notice.pk).update(read_at=LATE)
    channels.ladder_set_aside(3, at=LATE)
    assert len(of(city.admin)) == 2


def test_rungs_and_silences_are_read_at_the_same_price_however_many_they_are(city: City) -> None:
    def price(number: int, hours: int) -> int:
        for _number in range(number):
            report(city, at=AT + timedelta(hours=hours))
        deliver()
        climb(AT + timedelta(hours=hours + 72))
        with CaptureQueriesContext(connection) as queries:
            deliver()
        return len(queries)

    few, many = price(2, 0), price(25, 100)
    assert many <= few
