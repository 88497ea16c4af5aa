"""Ask and decide: more time and pauses, by whom, until when, and what lapses."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image
from rest_framework.exceptions import ValidationError

from grid.casework import deadlines, files, ledger, pages, requests, timeline
from grid.casework.actors import Actor
from grid.casework.errors import CaseworkError, StepNotPossible
from grid.casework.forms import StepForm
from grid.casework.models import Audience, Case, Deadline, Decision, Event, Extension, Pause, Request
from grid.casework.pages import CasePage
from grid.casework.steps import Taken, possible_steps, take_step
from grid.casework.tasks import lapse_requests
from grid.organisations.models import Role
from grid.people.models import User
from grid.worktime.models import DeadlineRule
from tests.factories.city import City, acting, add_user, build_city, post
from tests.factories.deadlines import rule, running, start
from tests.factories.incidents import report
from tests.factories.incidents import take as take_then

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=AT, urgency="yellow")


@pytest.fixture
def head(city: City) -> User:
    """The head of the community's office."""
    user = add_user("head", "罗主任")
    post(user, city.community_org, Role.COMMUNITY_CLERK, city.community, leads=True)
    return user


def take(case: Case, name: str, by: User, *, at: datetime = AT, **data: Any) -> Taken:
    return take_then(case, name, by, at=at, **data)


def ask(case: Case, by: User, *, at: datetime = AT, code: str = "INC-YELLOW", length: int = 5) -> Request:
    take(case, "ask_extension", by, at=at, deadline=code, length=length, reason="材料未到")
    return Request.objects.filter(case=case).latest("pk")


def ask_pause(
    case: Case, by: User, *, at: datetime = AT, code: str = "T", until: datetime | None = None
) -> Request:
    until = until or at + 3 * DAY
    take(case, "ask_pause", by, at=at, deadline=code, until=until.isoformat(), reason="等鉴定")
    return Request.objects.filter(case=case).latest("pk")


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


def names(case: Case, user: User) -> set[str]:
    return {s.name for s in possible_steps(Case.objects.get(pk=case.pk), acting(user))}


def refused(case: Case, step: str, by: User, *, at: datetime = AT, **data: Any) -> str:
    """Take a step that must be refused, check that nothing came of it, and return the words."""
    before = Event.objects.filter(case=case).count()
    with pytest.raises((StepNotPossible, ValidationError)) as caught, translation.override("en"):
        take(case, step, by, at=at, **data)
    assert Event.objects.filter(case=case).count() == before
    error = caught.value
    with translation.override("en"):
        return str(error.text) if isinstance(error, StepNotPossible) else str(error.detail)


# Extensions


def test_a_superior_grants_what_was_asked_and_the_date_moves_by_that_much(city: City, case: Case) -> None:
    before = running(case, "INC-YELLOW").due_at
    version = case.version
    asked = ask(case, city.clerk, length=5)
    assert case.version == version
    assert (asked.decide_by, asked.decider) == (before, city.street_org)

    taken = take(
        case, "grant_extension", city.street_officer, at=AT + HOUR, request=asked.pk, reason="情况属实"
    )

    after = running(case, "INC-YELLOW")
    assert before is not None
    assert after.due_at == before + 5 * HOUR
    assert case.next_due_at == after.due_at
    assert taken.case.version == version + 1
    assert taken.event.changed["deadline:INC-YELLOW"] == [
        timeline.plain(before),
        timeline.plain(after.due_at),
    ]
    asked.refresh_from_db()
    assert (asked.decision, asked.decided_by, asked.decided_at) == (
        Decision.GRANTED,
        city.street_officer,
        AT + HOUR,
    )
    row = Extension.objects.get(deadline=after)
    assert (row.length, row.request, row.reason) == (5, asked, "情况属实")
    assert list(ledger.check()) == []


def test_the_petitioner_is_told_of_more_time_with_the_reason_but_not_of_a_refusal(
    city: City, case: Case
) -> None:
    asked = ask(case, city.clerk)
    no = take(case, "refuse_extension", city.street_officer, request=asked.pk, reason="不够急")
    asked = ask(case, city.clerk, at=AT + HOUR)
    yes = take(
        case, "grant_extension", city.street_officer, at=AT + HOUR, request=asked.pk, reason="需要进场"
    )

    assert no.event.audience == Audience.STAFF
    assert yes.event.audience == Audience.PUBLIC
    assert [t.text for t in yes.event.texts.all()] == ["需要进场"]
    assert yes.event.data["asked_by"] == city.clerk.pk


def test_what_was_asked_tells_the_organisation_that_decides(city: City, case: Case) -> None:
    ask(case, city.clerk)

    event = Event.objects.get(case=case, verb="ask_extension")

    assert event.data["decider"] == city.street_org.pk
    assert event.data["deadline"] == "INC-YELLOW"


def test_refused_and_withdrawn_leave_the_date_and_another_request_may_follow(city: City, case: Case) -> None:
    before = running(case, "INC-YELLOW").due_at
    first = ask(case, city.clerk)
    take(case, "refuse_extension", city.street_officer, request=first.pk, reason="不予延期")
    second = ask(case, city.clerk)
    take(case, "withdraw_request", city.clerk, request=second.pk, reason="已办结")
    third = ask(case, city.clerk)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.decision, first.decided_by) == (Decision.REFUSED, city.street_officer)
    assert (second.decision, second.decided_by) == (Decision.WITHDRAWN, None)
    assert third.decision == ""
    assert running(case, "INC-YELLOW").due_at == before


def test_a_second_request_waits_until_the_first_is_decided(city: City, case: Case) -> None:
    ask(case, city.clerk)

    why = refused(case, "ask_extension", city.clerk, deadline="INC-YELLOW", length=1, reason="再延")

    assert "not decided yet" in why
    assert "ask_extension" not in names(case, city.clerk)


def test_more_than_the_rule_allows_is_refused_and_so_is_a_second_time(city: City, case: Case) -> None:
    why = refused(case, "ask_extension", city.clerk, deadline="INC-YELLOW", length=25, reason="多")
    assert "at most 24 hours" in why
    asked = ask(case, city.clerk, length=4)
    take(case, "grant_extension", city.street_officer, request=asked.pk, reason="可")

    why = refused(case, "ask_extension", city.clerk, deadline="INC-YELLOW", length=1, reason="再")

    assert "as often as its rule allows" in why


def test_a_rule_that_allows_several_times_holds_its_ceiling_over_all_of_them(city: City, case: Case) -> None:
    rule("T", extend_by="superior", extend_max=6, extend_times=3)
    start(case, "T", at=AT)
    for length in (2, 3):
        asked = ask(case, city.clerk, code="T", length=length)
        take(case, "grant_extension", city.street_officer, request=asked.pk, reason="可")

    why = refused(case, "ask_extension", city.clerk, deadline="T", length=2, reason="再")
    assert "at most 1 calendar day" in why
    asked = ask(case, city.clerk, code="T", length=1)
    take(case, "grant_extension", city.street_officer, request=asked.pk, reason="可")

    assert "as often" in refused(case, "ask_extension", city.clerk, deadline="T", length=1, reason="再")
    assert str(running(case, "T").raw_on) == "2026-09-22"


def test_a_rule_without_a_ceiling_takes_any_length_as_often_as_agreed(city: City, case: Case) -> None:
    rule("T", extend_by="superior", extend_max=None, extend_times=None)
    start(case, "T", at=AT)
    for length in (100, 200):
        asked = ask(case, city.clerk, code="T", length=length)
        take(case, "grant_extension", city.street_officer, request=asked.pk, reason="可")

    assert str(running(case, "T").raw_on) == "2027-07-13"


@pytest.mark.parametrize("length", [0, -1, 4000, "many"])
def test_a_length_that_is_none_is_refused(city: City, case: Case, length: object) -> None:
    assert "length" in refused(
        case, "ask_extension", city.clerk, deadline="INC-YELLOW", length=length, reason="x"
    )


def test_what_endangers_people_is_never_extended_or_paused(city: City) -> None:
    case = report(city, at=AT, urgency="red")

    assert {"ask_extension", "ask_pause"}.isdisjoint(names(case, city.clerk))
    assert "allows no extension" in refused(
        case, "ask_extension", city.clerk, deadline="INC-RED", length=1, reason="x"
    )


def test_asked_a_second_before_the_due_instant_and_decided_a_second_after_is_refused(
    city: City, case: Case
) -> None:
    due_at = running(case, "INC-YELLOW").due_at
    assert due_at is not None
    second = timedelta(seconds=1)
    asked = ask(case, city.clerk, at=due_at - second)

    why = refused(
        case, "grant_extension", city.street_officer, at=due_at + second, request=asked.pk, reason="迟"
    )
    assert "due date has passed" in why
    refused(case, "grant_extension", city.street_officer, at=due_at, request=asked.pk, reason="迟")
    refused(case, "refuse_extension", city.street_officer, at=due_at, request=asked.pk, reason="迟")

    assert running(case, "INC-YELLOW").due_at == due_at
    assert not Extension.objects.exists()


def test_decided_in_the_last_second_counts(city: City, case: Case) -> None:
    due_at = running(case, "INC-YELLOW").due_at
    assert due_at is not None
    last = due_at - timedelta(microseconds=1)
    asked = ask(case, city.clerk, at=last)

    take(case, "grant_extension", city.street_officer, at=last, request=asked.pk, reason="及时")

    assert running(case, "INC-YELLOW").due_at == due_at + 5 * HOUR


def test_nothing_is_asked_at_the_due_instant_or_after(city: City, case: Case) -> None:
    due_at = running(case, "INC-YELLOW").due_at
    assert due_at is not None
    for at in (due_at, due_at + DAY):
        why = refused(case, "ask_extension", city.clerk, at=at, deadline="INC-YELLOW", length=1, reason="x")
        assert "never after" in why


def test_whoever_asked_never_decides(city: City, case: Case) -> None:
    # The clerk of the community serves in the street's office too, and so has the rank.
    post(city.clerk, city.street_org, Role.STREET_OFFICER, city.street)
    asked = ask(case, city.clerk)

    for step in ("grant_extension", "refuse_extension"):
        assert "Whoever asked does not decide" in refused(
            case, step, city.clerk, request=asked.pk, reason="自批"
        )
    assert {"grant_extension", "refuse_extension"}.isdisjoint(names(case, city.clerk))
    assert {"grant_extension", "refuse_extension"} <= names(case, city.street_officer)


def test_who_decides_is_whom_the_rule_names(city: City, case: Case, head: User) -> None:
    rule("HEAD", extend_by="unit_head")
    rule("UP", extend_by="superior")
    start(case, "HEAD", "UP", at=AT)
    by_head, by_superior = ask(case, city.clerk, code="HEAD"), ask(case, city.clerk, code="UP")
    assert by_head.decider == city.community_org
    outsiders = (city.worker, city.handler, city.neighbour_officer, city.auditor, city.nobody)
    for user in outsiders:
        assert "grant_extension" not in names(case, user)

    why = refused(case, "grant_extension", city.street_officer, request=by_head.pk, reason="越权")
    assert "The head of the leading organisation" in why
    why = refused(case, "grant_extension", head, request=by_superior.pk, reason="越权")
    assert "superior" in why
    take(case, "grant_extension", head, request=by_head.pk, reason="同意")
    take(case, "grant_extension", city.street_officer, request=by_superior.pk, reason="同意")

    assert Extension.objects.count() == 2


def test_the_head_of_an_organisation_above_the_lead_may_stand_in_for_its_head(city: City, case: Case) -> None:
    rule("HEAD", extend_by="unit_head")
    start(case, "HEAD", at=AT)
    boss = add_user("boss", "戴书记")
    post(boss, city.street_org, Role.STREET_OFFICER, city.street, leads=True)
    asked = ask(case, city.clerk, code="HEAD")

    take(case, "grant_extension", boss, request=asked.pk, reason="同意")

    assert running(case, "HEAD").due_at == running(case, "HEAD").due_at
    assert Extension.objects.get().length == 5


@pytest.mark.parametrize("approver", ["parties", "outside"])
def test_what_others_agreed_is_recorded_by_another_officer_with_evidence(
    city: City, case: Case, approver: str, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    rule("T", extend_by=approver)
    start(case, "T", at=AT)
    colleague = add_user("colleague", "贾同事")
    post(colleague, city.community_org, Role.COMMUNITY_CLERK, city.community)
    asked = ask(case, city.clerk, code="T")
    why = refused(case, "grant_extension", colleague, request=asked.pk, reason="双方同意")
    assert "in writing" in why
    paper = files.receive(ContentFile(png(), name="page.png"), user=colleague, at=AT)

    taken = take(
        case, "grant_extension", colleague, request=asked.pk, reason="双方同意", uploads=[str(paper.pk)]
    )

    assert taken.event.attachments.count() == 1
    assert Extension.objects.get().length == 5


def test_where_nobody_stands_above_the_lead_the_superior_cannot_be_asked(city: City, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(lead=city.city_org, assignee=city.clerk)

    why = refused(case, "ask_extension", city.clerk, deadline="INC-YELLOW", length=1, reason="x")

    assert "no organisation stands above" in why


def test_a_request_of_another_case_is_not_there(city: City, case: Case) -> None:
    other = report(city, at=AT, urgency="yellow")
    asked, mine = ask(other, city.clerk), ask(case, city.clerk)

    why = refused(case, "grant_extension", city.street_officer, request=asked.pk, reason="错")

    assert "not there" in why
    for nonsense in ("", "x", None, [mine.pk], {"a": 1}, 10**30):
        assert "request" in refused(
            case, "grant_extension", city.street_officer, request=nonsense, reason="错"
        )


# Pauses


@pytest.fixture
def pausable(case: Case) -> Case:
    rule("T", may_pause=True, extend_by="unit_head")
    start(case, "T", at=AT)
    return case


def test_a_pause_is_asked_granted_and_ended_and_the_days_of_it_do_not_count(
    city: City, pausable: Case, head: User
) -> None:
    case, begun = pausable, AT + 2 * DAY
    asked = ask_pause(case, city.clerk, at=AT + DAY, until=AT + 9 * DAY)
    assert asked.decider == city.community_org
    granted = take(case, "grant_pause", head, at=begun, request=asked.pk, reason="鉴定确需时间")

    row = running(case, "T")
    assert (row.status, row.due_at, row.next_rung_at) == ("paused", None, AT + 9 * DAY)
    assert granted.event.audience == Audience.PUBLIC
    pause = Pause.objects.get(deadline=row)
    assert (pause.request, pause.reason, pause.until) == (asked, "鉴定确需时间", AT + 9 * DAY)

    ended = take(case, "end_pause", city.clerk, at=AT + 5 * DAY, deadline="T", note="鉴定意见已收到")

    row.refresh_from_db()
    pause.refresh_from_db()
    assert (pause.ended_why, pause.ended_note, pause.ended_at) == (
        "ended_early",
        "鉴定意见已收到",
        AT + 5 * DAY,
    )
    # 15 days after 1 September, and the 4th, 5th and 6th did not count.
    assert str(row.raw_on) == "2026-09-19"
    assert ended.event.changed["deadline:T"] == [None, timeline.plain(row.due_at)]
    assert list(ledger.check()) == []


def test_a_pause_ends_on_the_day_on_which_it_happened_not_when_somebody_says_so(
    city: City, pausable: Case, head: User
) -> None:
    case = pausable
    asked = ask_pause(case, city.clerk, until=AT + 9 * DAY)
    take(case, "grant_pause", head, at=AT + HOUR, request=asked.pk, reason="听证")
    data = {"deadline": "T", "note": "听证已开"}
    why = refused(case, "end_pause", city.clerk, at=AT + 6 * DAY, happened="2026-08-31", **data)
    assert "began after" in why

    take(case, "end_pause", city.clerk, at=AT + 6 * DAY, happened="2026-09-03", **data)

    assert str(running(case, "T").raw_on) == "2026-09-18"


def test_a_pause_that_happened_on_the_day_it_began_costs_nothing(
    city: City, pausable: Case, head: User
) -> None:
    before = running(pausable, "T").due_at
    asked = ask_pause(pausable, city.clerk)
    take(pausable, "grant_pause", head, at=AT + HOUR, request=asked.pk, reason="听证")

    data = {"deadline": "T", "note": "当日即开", "happened": "2026-09-01"}
    take(pausable, "end_pause", city.clerk, at=AT + 2 * DAY, **data)

    assert running(pausable, "T").due_at == before


@pytest.mark.parametrize(
    ("until", "words"),
    [(AT, "in the future"), (AT - DAY, "in the future"), (AT + 400 * DAY, "more than a year")],
)
def test_the_end_of_a_pause_is_a_day_that_can_be_meant(
    city: City, pausable: Case, until: datetime, words: str
) -> None:
    data = {"deadline": "T", "until": until.isoformat(), "reason": "x"}

    assert words in refused(pausable, "ask_pause", city.clerk, **data)


def test_a_pause_whose_end_has_passed_when_somebody_decides_is_refused(
    city: City, pausable: Case, head: User
) -> None:
    asked = ask_pause(pausable, city.clerk, until=AT + HOUR)

    why = refused(pausable, "grant_pause", head, at=AT + 2 * HOUR, request=asked.pk, reason="晚了")

    assert "no longer be paused" in why
    asked.refresh_from_db()
    assert asked.decision == ""


def test_what_is_paused_is_not_paused_again_and_what_runs_is_not_resumed(
    city: City, pausable: Case, head: User
) -> None:
    why = refused(pausable, "end_pause", city.clerk, deadline="T", note="x")
    assert "No time limit is paused" in why
    asked = ask_pause(pausable, city.clerk)
    take(pausable, "grant_pause", head, request=asked.pk, reason="听证")
    data = {"until": (AT + DAY).isoformat(), "reason": "x"}

    assert "already" in refused(pausable, "ask_pause", city.clerk, at=AT + HOUR, deadline="T", **data)
    assert "It is paused" in refused(
        pausable, "ask_extension", city.clerk, at=AT + HOUR, deadline="T", length=1, reason="x"
    )


def test_a_pause_is_decided_before_the_due_date_too(city: City, pausable: Case, head: User) -> None:
    due_at = running(pausable, "T").due_at
    assert due_at is not None
    asked = ask_pause(pausable, city.clerk, at=due_at - HOUR, until=due_at + 5 * DAY)

    assert "due date has passed" in refused(
        pausable, "grant_pause", head, at=due_at, request=asked.pk, reason="迟"
    )
    data = {"deadline": "T", "until": (due_at + DAY).isoformat(), "reason": "x"}
    requests.lapse(at=due_at)
    assert "never after" in refused(pausable, "ask_pause", city.clerk, at=due_at, **data)


def test_an_extension_asked_before_a_pause_may_be_granted_while_it_lasts(
    city: City, pausable: Case, head: User
) -> None:
    case = pausable
    longer = ask(case, city.clerk, code="T", length=4)
    paused = ask_pause(case, city.clerk, until=AT + 4 * DAY)
    take(case, "grant_pause", head, request=paused.pk, reason="听证")
    longer.refresh_from_db()
    assert longer.decide_by is None

    take(case, "grant_extension", head, at=AT + DAY, request=longer.pk, reason="疑难")
    assert running(case, "T").due_at is None
    take(case, "end_pause", city.clerk, at=AT + 2 * DAY, deadline="T", note="已开")

    # 15 days, 4 more, and 2 that did not count: 1 September and 21 days.
    assert str(running(case, "T").raw_on) == "2026-09-22"


def test_what_has_to_be_decided_by_follows_the_date(city: City, pausable: Case, head: User) -> None:
    case = pausable
    longer = ask(case, city.clerk, code="T", length=4)
    paused = ask_pause(case, city.clerk, until=AT + 4 * DAY)
    take(case, "grant_pause", head, request=paused.pk, reason="听证")
    take_step(case.pk, "resume", by=Actor.machine(), data={}, at=AT + 4 * DAY)

    longer.refresh_from_db()
    assert longer.decide_by == running(case, "T").due_at
    assert Pause.objects.get().ended_why == "ran_out"


# What lapses


def test_what_nobody_decided_by_the_due_instant_lapses_once_with_an_entry(city: City, case: Case) -> None:
    asked = ask(case, city.clerk)
    due_at = running(case, "INC-YELLOW").due_at
    assert due_at is not None
    assert requests.lapse(at=due_at - HOUR) == 0

    assert requests.lapse(at=due_at) == 1
    assert requests.lapse(at=due_at + HOUR) == 0

    asked.refresh_from_db()
    assert (asked.decision, asked.decided_by, asked.decided_at) == (Decision.LAPSED, None, due_at)
    event = Event.objects.get(case=case, verb="lapse_request")
    assert event.data["asked_by"] == city.clerk.pk
    assert event.data["decider"] == city.street_org.pk
    why = refused(
        case, "grant_extension", city.street_officer, at=due_at - HOUR, request=asked.pk, reason="迟"
    )
    assert "Nothing was asked" in why


@pytest.mark.parametrize("fault", [CaseworkError("busy"), KeyError("a kind that is gone")])
def test_a_case_in_hand_does_not_stop_the_other_requests_from_lapsing(
    city: City, case: Case, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    other = report(city, at=AT, urgency="yellow")
    first, second = ask(case, city.clerk), ask(other, city.clerk)
    real = requests.take_step

    def busy(case_id: int, *args: Any, **kwargs: Any) -> Any:
        if case_id == case.pk:
            raise fault
        return real(case_id, *args, **kwargs)

    monkeypatch.setattr(requests, "take_step", busy)

    assert requests.lapse(at=AT + 10 * DAY) == 1

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.decision, second.decision) == ("", Decision.LAPSED)


def test_the_job_lets_lapse_by_the_clock_of_the_portal(city: City, case: Case) -> None:
    asked = ask(case, city.clerk)
    Deadline.objects.filter(case=case).update(due_at=timezone.now() - HOUR)

    lapse_requests()

    asked.refresh_from_db()
    assert asked.decision == Decision.LAPSED


def test_when_the_deadline_ends_nothing_is_left_to_decide(city: City, case: Case) -> None:
    asked = ask(case, city.clerk)
    take(case, "accept", city.clerk, at=AT + HOUR)
    take(case, "handle", city.clerk, at=AT + HOUR, result="已清运")

    asked.refresh_from_db()
    assert (asked.decision, asked.decided_at) == (Decision.LAPSED, AT + HOUR)
    assert requests.lapse(at=AT + 10 * DAY) == 0


def test_only_the_portal_lets_a_request_lapse(city: City, case: Case) -> None:
    asked = ask(case, city.clerk)

    assert "portal itself" in refused(
        case, "lapse_request", city.street_officer, at=AT + 10 * DAY, request=asked.pk
    )


# Cancelling, several at once, what moves nothing


def test_a_superior_cancels_a_time_limit_that_no_longer_applies(city: City, case: Case) -> None:
    rule("T")
    start(case, "T", at=AT)
    before = running(case, "T").due_at
    assert "cancel_deadline" not in names(case, city.clerk)

    taken = take(
        case, "cancel_deadline", city.street_officer, at=AT + HOUR, deadline="T", reason="当事人撤回"
    )

    row = Deadline.objects.get(case=case, code="T")
    assert (row.status, row.ended_at, row.due_at) == ("cancelled", AT + HOUR, before)
    assert taken.event.changed["deadline:T"] == [timeline.plain(before), None]
    assert case.next_due_at == running(case, "INC-YELLOW").due_at
    assert list(ledger.check()) == []
    assert "T" not in [d.code for d in Deadline.objects.filter(case=case, ended_at=None)]


def test_several_deadlines_on_one_case_go_each_its_own_way(city: City, pausable: Case, head: User) -> None:
    case = pausable
    rule("W", unit="workday", length=10, extend_by="superior", extend_max=5)
    rule("P", binds="petitioner")
    start(case, "W", "P", at=AT)
    untouched = {c: running(case, c).due_at for c in ("INC-YELLOW", "P")}
    longer = ask(case, city.clerk, code="W", length=3)
    take(case, "grant_extension", city.street_officer, request=longer.pk, reason="可")
    paused = ask_pause(case, city.clerk, code="T", until=AT + 5 * DAY)
    take(case, "grant_pause", head, request=paused.pk, reason="听证")

    assert {c: running(case, c).due_at for c in untouched} == untouched
    assert running(case, "T").due_at is None
    # 13 working days after 1 September 2026: Saturday the 19th rests, Sunday the 20th is worked.
    assert str(running(case, "W").due_on) == "2026-09-18"
    assert list(ledger.check()) == []


def test_the_right_of_a_petitioner_is_not_the_office_s_to_move(city: City, case: Case) -> None:
    rule("P", binds="petitioner", extend_by="superior", may_pause=True)
    start(case, "P", at=AT)

    assert "allows no extension" in refused(
        case, "ask_extension", city.clerk, deadline="P", length=1, reason="x"
    )
    assert "ask_pause" not in names(case, city.clerk)


def test_a_comment_an_edit_and_a_rerouting_move_no_deadline(city: City, pausable: Case, head: User) -> None:
    case = pausable
    asked = ask(case, city.clerk, code="T")
    take(case, "grant_extension", head, request=asked.pk, reason="疑难")
    columns = ("code", "starts_at", "raw_on", "due_on", "due_at", "yellow_at", "orange_at", "length")
    stood = sorted(Deadline.objects.filter(case=case).values_list(*columns))

    take(case, "comment", city.worker, at=AT + HOUR, text="催一催")
    take(case, "correct", city.clerk, at=AT + HOUR, title="更正", reason="笔误")
    take(case, "move", city.clerk, at=AT + HOUR, area=city.grid_2.code, reason="在二网格")
    take(case, "assign", city.clerk, at=AT + HOUR, assignee=city.clerk.pk)
    take(case, "dispatch", city.clerk, at=AT + HOUR, lead=city.department.code, reason="属城管")
    take(case, "accept", city.handler, at=AT + 2 * HOUR)

    assert sorted(Deadline.objects.filter(case=case).values_list(*columns)) == stood
    assert case.next_due_at == running(case, "INC-YELLOW").due_at


# Forms, words, erasure


def page_of(case: Case, user: User, *, at: datetime = AT) -> CasePage:
    found = pages.find(case.number, acting(user))
    assert found is not None
    return CasePage(found, acting(user), at=at)


def form_fields(case: Case, user: User, step: str, *, at: datetime = AT) -> dict[str, dict[str, Any]]:
    page = page_of(case, user, at=at)
    row = page.kind.step(step)
    assert row is not None
    return {f["name"]: f for f in StepForm.fresh(page, row).fields}


def test_the_form_chooses_the_only_deadline_and_says_how_much_is_left(city: City, case: Case) -> None:
    rule("T", may_pause=True)
    start(case, "T", at=AT)

    with translation.override("en"):
        fields = form_fields(case, city.clerk, "ask_extension")

    assert [(o["value"], o["chosen"]) for o in fields["deadline"]["options"]] == [("INC-YELLOW", True)]
    assert "at most 24 hours" in str(fields["length"]["help"])


def test_the_form_leaves_the_choice_where_there_is_one(city: City, case: Case) -> None:
    rule("T", extend_by="superior")
    start(case, "T", at=AT)

    fields = form_fields(case, city.clerk, "ask_extension")

    assert [(o["value"], o["chosen"]) for o in fields["deadline"]["options"]] == [
        ("INC-YELLOW", False),
        ("T", False),
    ]


def test_the_form_of_a_decision_says_what_is_asked_and_by_whom(city: City, case: Case) -> None:
    asked = ask(case, city.clerk)

    with translation.override("en"):
        option = form_fields(case, city.street_officer, "grant_extension")["request"]["options"][0]

    assert option["hint"] == "材料未到"

    assert (option["value"], option["chosen"]) == (str(asked.pk), True)
    assert "5 hours more, asked by 李社区 on 2026-09-01 10:00" in option["label"]


def test_the_forms_are_served_and_sent_as_a_browser_does(
    city: City, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    case = report(city, at=now, urgency="blue")
    client.force_login(city.clerk)
    for step in ("ask_extension", "ask_pause"):
        address = reverse("casework:step", kwargs={"number": case.number, "name": step})
        assert client.get(address).status_code == 200
    address = reverse("casework:step", kwargs={"number": case.number, "name": "ask_extension"})
    sent = {"deadline": "INC-BLUE", "length": "10", "reason": "等吊车", "version": case.version, "seen": 1}

    assert client.post(address, sent).status_code == 302

    client.force_login(city.street_officer)
    asked = Request.objects.get(case=case)
    address = reverse("casework:step", kwargs={"number": case.number, "name": "grant_extension"})
    assert client.get(address).status_code == 200
    sent = {"request": asked.pk, "reason": "同意", "version": case.version, "seen": 2}
    assert client.post(address, sent).status_code == 302
    assert Extension.objects.get().length == 10


def test_entries_about_time_read_well(city: City, pausable: Case, head: User) -> None:
    case = pausable
    asked = ask(case, city.clerk, code="T", length=4)
    take(case, "grant_extension", head, request=asked.pk, reason="疑难")

    with translation.override("en"):
        entries = {e.verb: e for e in page_of(case, city.clerk).entries}

    assert entries["Ask for more time"].facts == [
        ("Deadline", "Test T"),
        ("More time", "4 calendar days"),
        ("To be decided by", "Caoshikou Committee"),
    ]
    granted = entries["Grant more time"]
    assert ("More time", "4 calendar days") in granted.facts
    assert ("Asked by", "李社区") in granted.facts
    assert granted.changed[0][0] == "Test T"


def test_a_lawful_erasure_empties_the_copies_too(city: City, pausable: Case, head: User) -> None:
    case = pausable
    asked = ask(case, city.clerk, code="T")
    take(case, "grant_extension", head, request=asked.pk, reason="王某某的病情")
    post(city.district_officer, city.district_org, Role.SUPERVISOR, city.district)
    seqs = list(
        Event.objects.filter(case=case, verb__in=["ask_extension", "grant_extension"]).values_list(
            "seq", flat=True
        )
    )

    take(case, "erase", city.district_officer, at=AT + DAY, entries=seqs, basis="个人信息保护法第四十七条")

    asked.refresh_from_db()
    assert (asked.reason, asked.decision_reason) == ("", "")
    assert Extension.objects.get().reason == ""


def test_the_kernel_itself_refuses_what_is_late_or_above_the_ceiling(city: City, pausable: Case) -> None:
    row = running(pausable, "T")
    assert row.due_at is not None
    with pytest.raises(ValueError, match="late"):
        deadlines.pause(row, until=row.due_at + DAY, reason="x", at=row.due_at)
    with pytest.raises(ValueError, match="cannot be paused"):
        deadlines.pause(row, until=AT, reason="x", at=AT)
    with pytest.raises(ValueError, match="late"):
        deadlines.extend(row, length=1, reason="x", at=row.due_at)
    deadlines.extend(row, length=1, reason="x", at=AT)
    with pytest.raises(ValueError, match="1 times is the most"):
        deadlines.extend(row, length=1, reason="x", at=AT)


def test_the_shipped_limits_of_incidents_say_what_gives_way(db: None) -> None:
    columns = ("code", "extend_by", "extend_max", "extend_times", "may_pause")
    rows = DeadlineRule.objects.filter(code__startswith="INC-").order_by("code").values_list(*columns)

    assert list(rows) == [
        ("INC-BLUE", "superior", 72, 1, True),
        ("INC-RED", "", 0, 1, False),
        ("INC-YELLOW", "superior", 24, 1, False),
    ]
