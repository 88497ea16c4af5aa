"""The life of a supervision order: every status, by the right people, and by nobody else."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from grid.casework import holdings, ledger, seals
from grid.casework.errors import CaseNotFound, StepNotPossible
from grid.casework.models import Access, Assignment, Case, Deadline, DeadlineStatus, Event, Rung
from grid.casework.steps import possible_steps, take_step
from grid.notices import reader
from grid.notices.models import Notice
from grid.organisations.models import Posting, Role
from grid.people.models import User
from grid.supervision.models import OrderStatus, SupervisionOrder, SupervisionRecord
from grid.supervision.services import climb
from tests.factories.city import City, acting, add_user, build_city, post
from tests.factories.incidents import AT, handled, report, take

LATE = AT + timedelta(hours=72)
NEXT = LATE + timedelta(hours=1)
ORDER: dict[str, Any] = {"suggestions": ["improve"], "demand": "三日内清运到位，书面说明原因。"}
ANSWER = {"adoption": "adopted", "feedback": "已增派清运车辆，今后每日巡查。"}
RECTIFY_BY = date(2026, 10, 20)
LISTING: dict[str, Any] = {
    "listed_level": "street",
    "rectify_by": RECTIFY_BY.isoformat(),
    "reason": "同类问题一月内三次超期",
}
REPAIRED = {"rectification": "垃圾全部清运，新设投放点两处。"}
GONE_WELL = {"effect": "full", "evaluation": "现场核查，整改到位。"}


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    """A matter of the community that became late; the ladder proposed an order to the street."""
    case = report(city)
    climb(LATE)
    case.refresh_from_db()
    return case


def order_of(case: Case) -> SupervisionOrder:
    return SupervisionOrder.objects.filter(case=case).latest("pk")


def brought_to(case: Case, city: City, status: str) -> SupervisionOrder:
    """Bring the proposed order of a case to a status, by the people whose steps they are."""
    boss, clerk = city.street_officer, city.clerk
    ways: dict[str, list[tuple[str, User, dict[str, Any]]]] = {
        "proposed": [],
        "dismissed": [("order_dismiss", boss, {"reason": "暴雨停工，已另行安排"})],
        "issued": [("order_confirm", boss, ORDER)],
        "answered": [("order_confirm", boss, ORDER), ("order_answer", clerk, ANSWER)],
        "listed": [("order_confirm", boss, ORDER), ("order_list", boss, LISTING)],
    }
    ways["lifted"] = [*ways["answered"], ("order_lift", boss, {"evaluation": "答复属实"})]
    ways["rectified"] = [
        *ways["answered"],
        ("order_list", boss, LISTING),
        ("order_rectified", clerk, REPAIRED),
    ]
    ways["delisted"] = [*ways["rectified"], ("order_delist", boss, GONE_WELL)]
    for place, (name, by, data) in enumerate(ways[status]):
        take(case, name, by, at=NEXT + timedelta(hours=place), **data)
    order = order_of(case)
    assert order.status == status
    return order


def steps_of(case: Case, user: User) -> set[str]:
    """Return the names of the steps of supervision that somebody may take now."""
    fresh = Case.objects.get(pk=case.pk)
    names = {step.name for step in possible_steps(fresh, acting(user))}
    return {name for name in names if name.startswith(("order_", "record_"))}


# The whole life.


def test_the_ladder_proposes_to_the_superior_and_a_person_confirms(city: City, case: Case) -> None:
    order = order_of(case)
    assert (order.status, order.authority, order.addressee) == (
        "proposed",
        city.street_org,
        city.community_org,
    )

    taken = take(case, "order_confirm", city.street_officer, at=NEXT, **ORDER)

    order.refresh_from_db()
    assert (order.status, order.number) == ("issued", "督办〔2026〕1号")
    assert (order.trigger, order.suggestions) == ("late", ["improve"])
    assert (order.decided_by, order.decided_at) == (city.street_officer, NEXT)
    assert taken.event.data["authority"] == city.street_org.pk
    feedback = Deadline.objects.get(case=case, code="SUP-FEEDBACK")
    assert (feedback.length, feedback.unit, feedback.starts_at) == (30, "day", NEXT)


def test_the_whole_life_up_to_the_list_and_off_it_again(city: City, case: Case) -> None:
    order = brought_to(case, city, "delisted")

    assert (order.listed_level, order.rectify_by) == ("street", RECTIFY_BY)
    assert (order.effect, order.evaluation) == ("full", "现场核查，整改到位。")
    verbs = list(Event.objects.filter(case=case).order_by("seq").values_list("verb", flat=True))
    assert verbs[-5:] == ["order_confirm", "order_answer", "order_list", "order_rectified", "order_delist"]
    levels = Rung.objects.filter(deadline=order.deadline).order_by("level").values_list("level", "due_at")
    assert list(levels) == [(level, LATE) for level in (1, 2, 3, 4, 5)]
    assert set(
        Deadline.objects.filter(case=case, code__startswith="SUP").values_list("status", flat=True)
    ) == {DeadlineStatus.MET}
    assert list(ledger.check()) == []


def test_an_answered_order_is_lifted(city: City, case: Case) -> None:
    order = brought_to(case, city, "lifted")

    assert (order.adoption, order.answered_by) == ("adopted", city.clerk)
    assert (order.evaluation, order.ended_by) == ("答复属实", city.street_officer)
    assert Deadline.objects.get(case=case, code="SUP-FEEDBACK").status == DeadlineStatus.MET


def test_a_dismissed_proposal_keeps_its_reason_and_another_order_may_follow(city: City, case: Case) -> None:
    order = brought_to(case, city, "dismissed")
    assert (order.decision_reason, order.number) == ("暴雨停工，已另行安排", "")

    take(case, "order_issue", city.street_officer, at=NEXT + timedelta(days=1), trigger="other", **ORDER)

    assert SupervisionOrder.objects.filter(case=case).count() == 2
    assert order_of(case).number == "督办〔2026〕1号"


def test_the_day_named_at_listing_is_the_day_due(city: City, case: Case) -> None:
    brought_to(case, city, "listed")

    row = Deadline.objects.get(case=case, code="SUP-RECTIFY")
    assert (row.due_on, row.raw_on) == (RECTIFY_BY, RECTIFY_BY)
    assert Deadline.objects.get(case=case, code="SUP-FEEDBACK").is_open


def test_a_listed_matter_that_was_never_answered_is_answered_with_the_rectification(
    city: City, case: Case
) -> None:
    brought_to(case, city, "listed")
    with pytest.raises(ValidationError) as refused:
        take(case, "order_rectified", city.clerk, at=NEXT + timedelta(days=2), **REPAIRED)
    assert set(refused.value.detail) == {"adoption"}

    take(case, "order_rectified", city.clerk, at=NEXT + timedelta(days=2), adoption="partly", **REPAIRED)

    order = order_of(case)
    assert (order.status, order.adoption, order.feedback) == (
        "rectified",
        "partly",
        REPAIRED["rectification"],
    )
    assert not Deadline.objects.filter(case=case, code__startswith="SUP", ended_at=None).exists()


def test_what_was_not_rectified_stays_listed_to_another_day(city: City, case: Case) -> None:
    brought_to(case, city, "rectified")

    again = LISTING | {"rectify_by": "2026-11-05"}
    take(case, "order_list", city.street_officer, at=NEXT + timedelta(days=3), **again)

    order = order_of(case)
    assert (order.status, order.rectification, order.rectify_by) == ("listed", "", date(2026, 11, 5))
    assert Deadline.objects.get(case=case, code="SUP-RECTIFY", ended_at=None).due_on == date(2026, 11, 5)


def test_a_check_notes_when_the_next_one_is(city: City, case: Case) -> None:
    brought_to(case, city, "issued")

    take(
        case,
        "order_check",
        city.street_officer,
        at=NEXT + timedelta(days=1),
        note="仍有三袋",
        next_check_on="2026-09-28",
    )

    assert order_of(case).next_check_on == date(2026, 9, 28)


def test_talk_and_notice_are_records_of_the_case_and_the_notice_has_a_number(city: City, case: Case) -> None:
    order = brought_to(case, city, "issued")

    take(case, "record_talk", city.street_officer, at=NEXT + timedelta(days=1), record="约谈社区主要负责人")
    take(case, "record_notice", city.street_officer, at=NEXT + timedelta(days=2), record="全街道通报一次")

    talk, notice = SupervisionRecord.objects.order_by("pk")
    assert (talk.type, talk.number, talk.order) == ("talk", "", order)
    assert (notice.type, notice.number, notice.addressee) == ("notice", "通报〔2026〕1号", city.community_org)


def test_shirking_is_supervised_before_anything_is_late(city: City) -> None:
    case = report(city)

    take(case, "order_issue", city.street_officer, at=AT + timedelta(hours=1), trigger="perfunctory", **ORDER)

    order = order_of(case)
    assert (order.status, order.deadline, order.rung) == ("issued", None, None)
    assert not Rung.objects.exists()
    climb(LATE)
    assert [r.level for r in Rung.objects.order_by("level")] == [1, 2, 3]


def test_a_proposal_may_be_changed_when_it_is_confirmed(city: City, case: Case) -> None:
    take(
        case,
        "order_confirm",
        city.street_officer,
        at=NEXT,
        trigger="false_reporting",
        suggestions=["account", "improve"],
        demand="说明情况",
    )

    order = order_of(case)
    assert (order.trigger, order.suggestions) == ("false_reporting", ["improve", "account"])


# The right people, and nobody else.


@pytest.mark.parametrize("who", ["street_officer", "district_officer", "supervisor"])
def test_the_supervising_body_and_those_above_it_decide(city: City, case: Case, who: str) -> None:
    steps = {"order_confirm", "order_dismiss", "record_talk", "record_notice"}
    assert steps_of(case, getattr(city, who)) == steps


@pytest.mark.parametrize(
    "who",
    ["worker", "leader", "clerk", "handler", "neighbour_officer", "neighbour_clerk", "auditor", "nobody"],
)
def test_nobody_else_decides(city: City, case: Case, who: str) -> None:
    user = getattr(city, who)
    for name, data in (
        ("order_confirm", ORDER),
        ("order_dismiss", {"reason": "不"}),
        ("record_talk", {"record": "约谈"}),
    ):
        with pytest.raises((StepNotPossible, CaseNotFound)):
            take_step(case.pk, name, by=acting(user), data=data, at=NEXT)
    assert order_of(case).status == "proposed"
    assert not SupervisionRecord.objects.exists()


def test_whoever_belongs_to_the_body_addressed_does_not_judge_it_from_above(city: City, case: Case) -> None:
    post(city.street_officer, city.community_org, Role.COMMUNITY_CLERK, city.community)

    assert steps_of(case, city.street_officer) == set()


@pytest.mark.parametrize(
    "who", ["worker", "leader", "street_officer", "supervisor", "neighbour_clerk", "handler"]
)
def test_only_the_body_addressed_answers(city: City, case: Case, who: str) -> None:
    brought_to(case, city, "issued")

    with pytest.raises((StepNotPossible, CaseNotFound)):
        take_step(case.pk, "order_answer", by=acting(getattr(city, who)), data=ANSWER, at=NEXT)
    assert "order_answer" in steps_of(case, city.clerk)


def test_the_head_of_a_department_answers_for_it_and_a_handler_does_not(city: City) -> None:
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code, reason="市容管理")
    head = add_user("head", "马局长")
    post(head, city.department, Role.HANDLER, leads=True)
    climb(LATE)

    take(case, "order_confirm", city.district_officer, at=NEXT, **ORDER)

    assert order_of(case).addressee == city.department
    assert steps_of(case, city.handler) == set()
    assert steps_of(case, head) == {"order_answer"}


def test_a_street_does_not_lift_what_the_district_has_taken_over(city: City, case: Case) -> None:
    take(case, "order_confirm", city.supervisor, at=NEXT, **ORDER)

    assert order_of(case).authority == city.district_org
    assert steps_of(case, city.street_officer) == set()
    assert {"order_lift", "order_list"} <= steps_of(case, city.district_officer)


def test_an_order_of_a_sealed_matter_is_open_to_its_compartment_alone(city: City, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(sealed=True)
    Access.objects.create(
        case=case, user=city.supervisor, granted_by=city.district_officer, reason="督办", starts_at=NEXT
    )

    with pytest.raises(CaseNotFound):
        take_step(case.pk, "order_confirm", by=acting(city.street_officer), data=ORDER, at=NEXT)
    seen = [
        u
        for u in (city.street_officer, city.district_officer, city.supervisor, city.clerk)
        if SupervisionOrder.objects.visible_to(acting(u)).exists()
    ]
    assert seen == [city.supervisor]


# Levels.


@pytest.mark.parametrize(
    ("who", "own"), [("street_officer", "street"), ("district_officer", "district"), ("boss", "city")]
)
def test_a_body_lists_at_its_own_level_only(city: City, case: Case, who: str, own: str) -> None:
    boss = add_user("boss", "程主任")
    post(boss, city.city_org, Role.SUPERVISOR, whole_city=True)
    user = boss if who == "boss" else getattr(city, who)
    brought_to(case, city, "issued")

    for level in {"street", "district", "city"} - {own}:
        with pytest.raises(ValidationError) as refused:
            take(case, "order_list", user, at=NEXT + timedelta(days=1), **LISTING | {"listed_level": level})
        assert set(refused.value.detail) == {"listed_level"}
    take(case, "order_list", user, at=NEXT + timedelta(days=1), **LISTING | {"listed_level": own})

    assert order_of(case).listed_level == own


@pytest.mark.parametrize("day", ["2026-09-18", "2026-09-01", "2028-01-01"])
def test_the_day_of_rectification_is_still_to_come_and_not_far_off(city: City, case: Case, day: str) -> None:
    brought_to(case, city, "issued")

    with pytest.raises(ValidationError) as refused:
        take(case, "order_list", city.street_officer, at=NEXT, **LISTING | {"rectify_by": day})
    assert set(refused.value.detail) == {"rectify_by"}


def test_without_a_suggestion_there_is_no_order(city: City, case: Case) -> None:
    with pytest.raises(ValidationError) as refused:
        take(case, "order_confirm", city.street_officer, at=NEXT, **ORDER | {"suggestions": []})
    assert set(refused.value.detail) == {"suggestions"}


# From where to where.

FROM = {
    "proposed": {"order_confirm", "order_dismiss"},
    "dismissed": {"order_issue"},
    "issued": {"order_answer", "order_lift", "order_list", "order_check"},
    "answered": {"order_lift", "order_list", "order_check"},
    "lifted": {"order_issue"},
    "listed": {"order_rectified", "order_check"},
    "rectified": {"order_delist", "order_list", "order_check"},
    "delisted": {"order_issue"},
}


@pytest.mark.parametrize("status", OrderStatus.values)
def test_from_each_status_lead_these_steps_and_no_others(city: City, case: Case, status: str) -> None:
    brought_to(case, city, status)

    steps = steps_of(case, city.street_officer) | steps_of(case, city.clerk)

    assert {name for name in steps if name.startswith("order_")} == FROM[status]


def test_a_second_order_waits_for_the_end_of_the_first(city: City, case: Case) -> None:
    with pytest.raises(StepNotPossible) as refused:
        take(case, "order_issue", city.street_officer, at=NEXT, trigger="other", **ORDER)
    assert "dismiss" in str(refused.value).lower() or "不予" in str(refused.value)


# The end of the case.


@pytest.mark.parametrize("status", ["issued", "answered", "listed", "rectified"])
@pytest.mark.parametrize("ending", ["close", "void", "merge"])
def test_what_is_supervised_does_not_end_quietly(city: City, case: Case, status: str, ending: str) -> None:
    data = {
        "close": {"outcome": "explained", "explanation": "已解释"},
        "void": {"reason": "误报"},
        "merge": {"other": report(city).number, "reason": "同一事项"},
    }[ending]
    brought_to(case, city, status)

    with pytest.raises(StepNotPossible):
        take(case, ending, city.district_officer, at=NEXT + timedelta(days=2), **data)
    case.refresh_from_db()
    assert case.closed_at is None


@pytest.mark.parametrize("status", ["lifted", "delisted", "dismissed"])
def test_after_the_order_the_case_is_closed(city: City, case: Case, status: str) -> None:
    brought_to(case, city, status)

    take(case, "void", city.district_officer, at=NEXT + timedelta(days=2), reason="误报")

    assert case.closed_at is not None


@pytest.mark.parametrize("ending", ["close", "void", "merge"])
def test_a_proposal_on_which_nobody_decided_ends_with_the_case(city: City, case: Case, ending: str) -> None:
    data = {
        "close": {"outcome": "explained", "explanation": "已解释"},
        "void": {"reason": "误报"},
        "merge": {"other": report(city).number, "reason": "同一事项"},
    }[ending]

    take(case, ending, city.district_officer, at=NEXT, **data)

    order = order_of(case)
    assert (order.status, order.lapsed, order.decided_by, order.ended_at) == ("dismissed", True, None, NEXT)


def test_taken_out_of_a_merger_a_late_case_is_proposed_again(city: City, case: Case) -> None:
    other = report(city)
    take(case, "merge", city.street_officer, at=NEXT, other=other.number, reason="同一事项")
    take(case, "unmerge", city.street_officer, at=NEXT + timedelta(hours=1), reason="不是同一处")

    climb(NEXT + timedelta(hours=2))

    statuses = SupervisionOrder.objects.filter(case=case).order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["dismissed", "proposed"]


# Another body leads.


def test_the_order_stays_with_whoever_was_addressed_when_another_leads(city: City, case: Case) -> None:
    brought_to(case, city, "issued")

    take(case, "escalate", city.clerk, at=NEXT + timedelta(hours=3), reason="社区无力解决")

    order = order_of(case)
    assert (order.addressee, case.lead) == (city.community_org, city.street_org)
    assert "order_answer" in steps_of(case, city.clerk)
    # The street now leads, but it supervises: it does not answer to itself.
    assert "order_answer" not in steps_of(case, city.street_officer)


def test_a_body_that_lost_the_case_still_sees_and_answers_its_order(city: City) -> None:
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code, reason="市容管理")
    Posting.objects.filter(user=city.handler).update(leads=True)
    climb(LATE)
    take(case, "order_confirm", city.district_officer, at=NEXT, **ORDER)

    take(case, "send_back", city.handler, at=NEXT + timedelta(hours=1), reason="不属本局")

    assert Assignment.objects.get(case=case, ended_at=None).organisation == city.department
    take(case, "order_answer", city.handler, at=NEXT + timedelta(hours=2), **ANSWER)
    assert order_of(case).answered_by == city.handler


# Who is told.


def told_of(case: Case, verb: str) -> set[str]:
    """Return who got a notice of the newest entry of a verb."""
    reader.deliver()
    event = Event.objects.filter(case=case, verb=verb).latest("seq")
    return set(Notice.objects.filter(event=event).values_list("recipient__username", flat=True))


def test_both_sides_are_told_of_each_others_steps(city: City, case: Case) -> None:
    brought_to(case, city, "answered")

    assert "clerk" in told_of(case, "order_confirm")
    assert "street_officer" in told_of(case, "order_answer")
    assert {"neighbour_clerk", "neighbour_officer", "worker", "handler"}.isdisjoint(
        told_of(case, "order_confirm") | told_of(case, "order_answer")
    )


def test_the_body_addressed_is_told_after_another_one_leads(city: City) -> None:
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code, reason="市容管理")
    Posting.objects.filter(user=city.handler).update(leads=True)
    climb(LATE)
    take(case, "send_back", city.handler, at=NEXT, reason="不属本局")

    take(case, "order_confirm", city.district_officer, at=NEXT + timedelta(hours=1), **ORDER)

    assert {"handler", "clerk"} <= told_of(case, "order_confirm")


# The database holds it too.


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("proposed", {"status": "issued"}),
        ("proposed", {"decided_at": NEXT}),
        ("issued", {"number": ""}),
        ("issued", {"suggestions": []}),
        ("issued", {"suggestions": ["rank"]}),
        ("issued", {"status": "answered"}),
        ("issued", {"status": "listed"}),
        ("issued", {"ended_at": NEXT}),
        ("answered", {"adoption": ""}),
        ("answered", {"status": "issued"}),
        ("listed", {"rectify_by": None}),
        ("listed", {"status": "rectified"}),
        ("rectified", {"status": "delisted"}),
        ("lifted", {"evaluation": ""}),
        ("lifted", {"next_check_on": RECTIFY_BY}),
        ("delisted", {"effect": ""}),
        ("dismissed", {"decision_reason": ""}),
    ],
)
def test_the_database_refuses_a_status_whose_fields_do_not_fit(
    city: City, case: Case, status: str, change: dict[str, object]
) -> None:
    order = brought_to(case, city, status)

    with pytest.raises(IntegrityError), transaction.atomic():
        SupervisionOrder.objects.filter(pk=order.pk).update(**change)


def test_a_case_handled_late_can_still_be_supervised(city: City) -> None:
    case = handled(city)
    climb(LATE)
    assert not SupervisionOrder.objects.filter(case=case).exists()

    take(case, "order_issue", city.street_officer, at=NEXT, trigger="not_answered", **ORDER)

    assert order_of(case).status == "issued"


def test_the_next_year_begins_a_series_of_numbers_of_its_own(city: City, case: Case) -> None:
    new_year = datetime.fromisoformat("2027-01-02T09:00:00+08:00")
    take(case, "order_confirm", city.street_officer, at=new_year, **ORDER)

    assert order_of(case).number == "督办〔2027〕1号"


def test_a_lawful_erasure_reaches_the_order_and_its_records(city: City, case: Case) -> None:
    order = brought_to(case, city, "issued")
    event = Event.objects.get(case=case, verb="order_confirm")
    data = {"entries": [event.seq], "basis": "个人信息保护法第四十七条"}

    take_step(case.pk, "erase", by=acting(city.district_officer), data=data, at=LATE + timedelta(days=9))

    order.refresh_from_db()
    assert (order.demand, order.status) == ("〔…〕", "issued")
    assert list(seals.verify()) == []


def test_the_answer_owed_is_the_lateness_of_whoever_was_addressed(city: City) -> None:
    case = report(city, at=AT)
    climb(LATE)
    take(case, "order_confirm", city.street_officer, at=NEXT, **ORDER)
    take(case, "dispatch", city.clerk, at=NEXT + timedelta(hours=1), lead=city.department.code)
    addressed = SupervisionOrder.objects.get(case=case).addressee_id
    case.refresh_from_db()
    assert case.lead_id != addressed

    climb(NEXT + timedelta(days=33))

    red = Event.objects.filter(case=case, verb="climb", data__deadline="SUP-FEEDBACK").latest("seq")
    assert city.clerk.pk in red.data["told"]
    assert city.handler.pk not in red.data["told"]
    late = [d.deadline.code for row in holdings.ledger(case, NEXT + timedelta(days=33)) for d in row.lateness]
    assert "SUP-FEEDBACK" not in late


def test_the_deadline_of_an_order_is_not_cancelled_past_it(city: City, case: Case) -> None:
    brought_to(case, city, "issued")
    data = {"deadline": "SUP-FEEDBACK", "reason": "不再需要"}
    by, at = acting(city.district_officer), LATE + timedelta(days=9)

    with pytest.raises(ValidationError) as caught:
        take_step(case.pk, "cancel_deadline", by=by, data=data, at=at)

    assert set(caught.value.detail) == {"deadline"}
