"""The ladder: each rung once, the right people, nothing half, nobody who may not know."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grid.casework import deadlines, ledger, seals, timeline
from grid.casework.models import Access, Case, Deadline, DeadlineStatus, Event, Recusal, Rung
from grid.casework.steps import take_step
from grid.notices.models import Notice
from grid.organisations.models import Absence, Posting, Role
from grid.people.models import User
from grid.supervision import services
from grid.supervision.models import LadderRun, SetAside, SupervisionOrder
from grid.supervision.services import climb
from tests.factories.city import City, acting, add_user, post
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
SOON = AT + timedelta(hours=49)
VERY_SOON = AT + timedelta(hours=71)
LATE = AT + timedelta(hours=72)


def told(case: Case) -> list[list[int]]:
    """Return whom each entry of the ladder told, oldest first."""
    return [e.data.get("told", []) for e in Event.objects.filter(case=case, verb="climb").order_by("seq")]


def timeline_faults() -> Iterator[seals.Fault]:
    """Recompute every chain."""
    return seals.verify()


def ids(*users: User) -> set[int]:
    return {u.pk for u in users}


def test_a_late_case_is_told_exactly_once_however_often_the_ladder_runs(
    city: City, case: Case, heads: None
) -> None:
    for hours in range(0, 48):
        climb(LATE + timedelta(hours=hours))

    assert len(told(case)) == 1
    assert city.street_officer.pk in told(case)[0]


def test_nothing_is_told_before_its_time(case: Case) -> None:
    report_ = climb(AT + timedelta(hours=47, minutes=59))

    assert (report_.cases, report_.told) == (0, 0)
    assert told(case) == []


def test_a_deadline_is_late_at_its_first_late_instant_and_not_before(
    city: City, case: Case, heads: None
) -> None:
    climb(LATE - timedelta(microseconds=1))
    assert city.street_officer.pk not in told(case)[-1]

    climb(LATE)
    assert city.street_officer.pk in told(case)[-1]


def test_all_rungs_that_were_passed_are_written_and_only_the_highest_is_told(
    case: Case, deadline: Deadline
) -> None:
    climb(LATE + timedelta(days=3))

    rungs = Rung.objects.filter(deadline=deadline).order_by("level")
    assert [(r.level, r.told) for r in rungs] == [(1, False), (2, False), (3, True)]
    assert {r.due_at for r in rungs} == {LATE}
    event = Event.objects.get(case=case, verb="climb")
    assert (event.data["level"], event.data["deadline"]) == (3, "INC-BLUE")
    assert (event.user.username, event.at) == ("machine", LATE + timedelta(days=3))


def test_each_rung_reaches_further_up(city: City, case: Case, heads: None) -> None:
    for at in (SOON, VERY_SOON, LATE):
        climb(at)

    yellow, orange, red = map(set, told(case))
    assert city.clerk.pk in yellow
    assert ids(city.street_officer, city.district_officer).isdisjoint(yellow | orange)
    assert yellow <= orange <= red
    assert city.street_officer.pk in red
    assert city.district_officer.pk not in red


def test_orange_also_tells_the_head_of_the_lead(city: City, case: Case) -> None:
    head = add_user("head", "马主任")
    post(head, city.community_org, Role.MEDIATOR, city.community, leads=True)
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT)
    take_step(case.pk, "assign", by=acting(city.clerk), data={"assignee": city.clerk.pk}, at=AT)
    post(head, city.street_org, Role.STREET_OFFICER, city.street)

    climb(SOON)
    climb(VERY_SOON)

    assert told(case) == [[city.clerk.pk], [city.clerk.pk, head.pk]]


def test_the_lead_and_the_lateness_stay_with_the_holder(city: City, case: Case, heads: None) -> None:
    before = (case.lead_id, case.assignee_id, case.status, case.version, case.next_due_at)

    climb(LATE)

    case.refresh_from_db()
    assert (case.lead_id, case.assignee_id, case.status, case.version, case.next_due_at) == before
    assert case.next_rung_at == case.silent_at, "what is left to come is the silence watch"
    assert case.holdings.get(ended_at=None).organisation == city.community_org


def test_of_two_superiors_the_nearest_territorial_one_is_told(city: City, case: Case, heads: None) -> None:
    city.community_org.functional_superior = city.department_b
    city.community_org.save(update_fields=["functional_superior"])
    Posting.objects.filter(user=city.handler_b).update(leads=True, area=city.district)

    climb(LATE)

    assert city.street_officer.pk in told(case)[0]
    assert city.handler_b.pk not in told(case)[0]


def test_the_assignee_is_told_instead_of_all_who_handle(city: City, case: Case) -> None:
    second = add_user("clerk_2", "田社区")
    post(second, city.community_org, Role.COMMUNITY_CLERK, city.community)
    take_step(case.pk, "assign", by=acting(city.clerk), data={"assignee": second.pk}, at=AT)

    climb(SOON)

    assert told(case) == [[second.pk]]


def test_a_stand_in_is_told_instead_of_somebody_away(city: City, case: Case, heads: None) -> None:
    stand_in = add_user("stand_in", "代班")
    Absence.objects.create(
        posting=Posting.objects.get(user=city.street_officer),
        stand_in=stand_in,
        starts_on=date(2026, 9, 4),
        ends_on=date(2026, 9, 4),
    )

    climb(LATE)

    assert stand_in.pk in told(case)[0]
    assert city.street_officer.pk not in told(case)[0]


def test_after_the_last_day_away_the_holder_is_told_again(city: City, case: Case, heads: None) -> None:
    Absence.objects.create(
        posting=Posting.objects.get(user=city.street_officer),
        stand_in=city.nobody,
        starts_on=date(2026, 9, 1),
        ends_on=date(2026, 9, 3),
    )

    climb(LATE)

    assert city.street_officer.pk in told(case)[0]
    assert city.nobody.pk not in told(case)[0]


def test_a_vacant_post_passes_to_the_next_node_up_and_is_named(city: City, case: Case, heads: None) -> None:
    Posting.objects.filter(organisation=city.street_org).update(ends_on=date(2026, 9, 3))

    climb(LATE)

    event = Event.objects.get(case=case, verb="climb")
    assert city.district_officer.pk in event.data["told"]
    assert city.street_officer.pk not in event.data["told"]
    assert event.data["organisation"] == city.district_org.pk
    assert event.data["vacant"] == [{"organisation": city.street_org.pk, "post": "superior"}]


def test_somebody_away_without_a_stand_in_leaves_his_post_vacant(city: City, case: Case, heads: None) -> None:
    for posting in Posting.objects.filter(organisation=city.street_org):
        Absence.objects.create(posting=posting, starts_on=date(2026, 9, 4), ends_on=date(2026, 9, 5))

    climb(LATE)

    event = Event.objects.get(case=case, verb="climb")
    assert city.district_officer.pk in event.data["told"]
    assert event.data["vacant"] == [{"organisation": city.street_org.pk, "post": "superior"}]


def test_when_nobody_handles_in_the_lead_even_yellow_goes_up(city: City, case: Case) -> None:
    Posting.objects.filter(organisation=city.community_org).update(ends_on=date(2026, 9, 2))

    climb(SOON)

    event = Event.objects.get(case=case, verb="climb")
    assert event.data["told"] == [city.street_officer.pk]
    assert event.data["vacant"] == [{"organisation": city.community_org.pk, "post": "handler"}]


def test_where_nobody_handles_the_head_is_the_next_one_up(city: City, case: Case) -> None:
    Posting.objects.filter(organisation=city.community_org).update(ends_on=date(2026, 9, 2))
    head = add_user("head", "马主任")
    post(head, city.community_org, Role.MEDIATOR, leads=True)
    post(head, city.city_org, Role.DISTRICT_OFFICER, city.district)

    climb(SOON)

    event = Event.objects.get(case=case, verb="climb")
    assert event.data["told"] == [head.pk]
    assert event.data["vacant"] == [{"organisation": city.community_org.pk, "post": "handler"}]


def test_somebody_whose_account_is_closed_is_not_told(city: City, case: Case, heads: None) -> None:
    User.objects.filter(pk=city.street_officer.pk).update(is_active=False)

    climb(LATE)

    assert city.street_officer.pk not in told(case)[0]
    assert city.district_officer.pk in told(case)[0]


def test_somebody_who_cannot_see_the_case_is_never_told(city: City, case: Case, heads: None) -> None:
    Posting.objects.filter(user=city.street_officer).update(area=city.street_b)

    climb(LATE)

    event = Event.objects.get(case=case, verb="climb")
    assert city.street_officer.pk not in event.data["told"]
    assert city.district_officer.pk in event.data["told"]
    assert "vacant" not in event.data, "the post is filled; it is only this case that he does not see"


def test_somebody_recused_is_never_told(city: City, case: Case, heads: None) -> None:
    for user in (city.clerk, city.street_officer):
        Recusal.objects.create(case=case, user=user, reason="亲属", at=AT)

    climb(LATE)

    assert ids(city.clerk, city.street_officer).isdisjoint(told(case)[0])
    assert city.district_officer.pk in told(case)[0]


def test_a_sealed_case_is_told_within_its_compartment_alone(city: City, case: Case, heads: None) -> None:
    Case.objects.filter(pk=case.pk).update(sealed=True)
    Access.objects.create(
        case=case, user=city.supervisor, granted_by=city.district_officer, reason="检举", starts_at=AT
    )
    Access.objects.create(
        case=case, user=city.nobody, granted_by=city.supervisor, reason="检举", starts_at=AT, ended_at=AT
    )

    climb(LATE)

    assert told(case) == [[city.supervisor.pk]]
    assert "vacant" not in Event.objects.get(case=case, verb="climb").data


def test_a_comment_resets_nothing(city: City, case: Case) -> None:
    climb(SOON)
    take_step(case.pk, "comment", by=acting(city.clerk), data={"text": "已联系"}, at=SOON)
    case.refresh_from_db()
    assert case.next_rung_at == AT + timedelta(hours=70)

    climb(SOON + timedelta(hours=1))
    assert len(told(case)) == 1


def test_a_moved_date_may_be_late_again(
    case: Case, deadline: Deadline, move: Callable[[Deadline], None]
) -> None:
    climb(SOON)
    deadline.refresh_from_db()
    deadline.rule.extend_max = 24
    deadlines.extend(deadline, length=24, reason="下雨", at=SOON)
    move(deadline)

    climb(SOON + timedelta(hours=1))
    assert len(told(case)) == 1
    climb(AT + timedelta(hours=96))

    assert len(told(case)) == 2
    rungs = Rung.objects.filter(deadline=deadline).order_by("pk").values_list("level", "due_at")
    later = AT + timedelta(hours=96)
    assert list(rungs) == [(1, LATE), (1, later), (2, later), (3, later)]


def test_a_pause_that_runs_out_is_a_rung_and_the_deadline_runs_again(
    case: Case, deadline: Deadline, move: Callable[[Deadline], None]
) -> None:
    deadline.may_pause = True
    until = AT + timedelta(hours=34)
    deadlines.pause(deadline, until=until, reason="鉴定", at=AT + timedelta(hours=10))
    move(deadline)
    case.refresh_from_db()
    assert (case.next_due_at, case.next_rung_at) == (None, until)

    assert climb(until - timedelta(minutes=1)).cases == 0
    report_ = climb(until + timedelta(minutes=1))

    assert (report_.resumed, report_.told) == (1, 0)
    deadline.refresh_from_db()
    assert deadline.status == DeadlineStatus.RUNNING
    assert deadline.due_at == AT + timedelta(hours=96)
    case.refresh_from_db()
    assert (case.next_due_at, case.next_rung_at) == (deadline.due_at, AT + timedelta(hours=72))
    assert list(Event.objects.filter(case=case).order_by("seq").values_list("verb", flat=True))[1:] == [
        "resume"
    ]


def test_a_deadline_that_is_already_late_when_its_pause_runs_out_is_told_in_the_same_run(
    case: Case, deadline: Deadline, move: Callable[[Deadline], None]
) -> None:
    deadline.may_pause = True
    deadlines.pause(deadline, until=AT + timedelta(hours=34), reason="鉴定", at=AT + timedelta(hours=10))
    move(deadline)

    climb(AT + timedelta(hours=100))

    assert list(Event.objects.filter(case=case).order_by("seq").values_list("verb", flat=True))[1:] == [
        "resume",
        "climb",
    ]
    assert climb(AT + timedelta(hours=101)).cases == 0


def test_a_closed_case_climbs_nothing(city: City, case: Case) -> None:
    take_step(case.pk, "void", by=acting(city.clerk), data={"reason": "重复录入"}, at=AT)

    assert climb(LATE).cases == 0
    assert not Rung.objects.exists()


def test_a_case_that_the_database_refuses_is_set_aside_and_stops_no_other(
    city: City, caplog: pytest.LogCaptureFixture
) -> None:
    cases = [report(city, at=AT + timedelta(minutes=n)) for n in range(9)]
    broken = Deadline.objects.get(case=cases[4])
    Rung.objects.create(deadline=broken, level=3, due_at=broken.due_at, climbed_at=AT, told=True)

    report_ = climb(LATE + timedelta(hours=1))

    assert report_.set_aside == [cases[4].number]
    assert f"case {cases[4].pk} aside" in caplog.text
    assert [len(told(c)) for c in cases] == [1, 1, 1, 1, 0, 1, 1, 1, 1]
    assert Rung.objects.filter(deadline__case=cases[4]).count() == 1, "nothing half stays behind"
    assert LadderRun.objects.last_run().failed == 1
    assert list(timeline_faults()) == []


def test_a_deadline_whose_rule_is_gone_is_set_aside_with_a_reason_and_taken_again_when_mended(
    city: City, case: Case
) -> None:
    other = report(city, at=AT + timedelta(hours=1))
    Deadline.objects.filter(case=case).update(code="GONE")

    report_ = climb(LATE + timedelta(hours=2))

    assert report_.set_aside == [case.number]
    assert (len(told(case)), len(told(other))) == (0, 1)
    row = SetAside.objects.waiting().get()
    assert (row.case_id, row.at) == (case.pk, LATE + timedelta(hours=2))
    assert "GONE" in row.reason
    assert Notice.objects.filter(recipient=city.admin, template="ladder_set_aside").count() == 1
    assert climb(LATE + timedelta(hours=3)).set_aside == [], "it is passed by, not tried every minute"

    Deadline.objects.filter(case=case).update(code="INC-BLUE")
    assert SetAside.objects.clear(row.pk, at=LATE + timedelta(hours=3)) == 1
    assert SetAside.objects.clear(row.pk, at=LATE + timedelta(hours=3)) == 0
    climb(LATE + timedelta(hours=4))
    assert len(told(case)) == 1


def test_a_case_of_a_kind_that_is_gone_is_set_aside(city: City, case: Case) -> None:
    other = report(city, at=AT + timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE casework_case SET kind = 'gone' WHERE id = %s", [case.pk])
        cursor.execute("SET session_replication_role = origin")

    assert climb(LATE + timedelta(hours=2)).set_aside == [case.number]
    assert len(told(other)) == 1


@pytest.mark.parametrize("end", [KeyboardInterrupt, SoftTimeLimitExceeded])
def test_killed_in_the_middle_of_a_batch_nothing_is_lost_and_nothing_told_twice(
    city: City, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    cases = [report(city, at=AT + timedelta(minutes=n)) for n in range(3)]

    def killed(*args: object, **kwargs: object) -> object:
        raise end

    with monkeypatch.context() as patch:
        patch.setattr(timeline, "append_many", killed)
        with pytest.raises(end):
            climb(LATE + timedelta(hours=1))
    assert not Rung.objects.exists()
    assert not SetAside.objects.exists()
    assert LadderRun.objects.last_run() is None, "a run that was killed does not count as one"

    climb(LATE + timedelta(hours=1))
    assert [len(told(c)) for c in cases] == [1, 1, 1]


def test_a_case_whose_clock_is_wrong_is_set_aside_and_blocks_nobody(city: City, case: Case) -> None:
    Deadline.objects.filter(case=case).update(next_rung_at=LATE + timedelta(days=9))
    other = report(city, at=AT + timedelta(hours=1))

    report_ = climb(LATE + timedelta(hours=2))

    assert report_.set_aside == [case.number]
    assert "check_ledger" in SetAside.objects.get().reason
    assert len(told(other)) == 1


def test_many_cases_are_climbed_in_short_batches(city: City) -> None:
    for minute in range(7):
        report(city, at=AT + timedelta(minutes=minute % 3))

    report_ = climb(LATE + timedelta(hours=1), batch=2)

    assert (report_.cases, report_.set_aside) == (7, [])
    assert Event.objects.filter(verb="climb").count() == 7


def test_a_batch_costs_the_same_queries_for_one_case_and_for_many(city: City, heads: None) -> None:
    def cost(cases: int) -> int:
        for minute in range(cases):
            report(city, at=AT + timedelta(minutes=minute))
        with CaptureQueriesContext(connection) as queries:
            climb(LATE + timedelta(hours=1), dry_run=True)
        return len(queries)

    assert cost(1) == cost(20)


def test_after_a_pass_every_chain_and_clock_is_as_steps_would_have_left_it(city: City, heads: None) -> None:
    for minute in range(5):
        case = report(city, at=AT + timedelta(minutes=minute))
        take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT + timedelta(hours=1))
    for hours in (49, 71, 80, 400):
        climb(AT + timedelta(hours=hours))

    assert list(timeline_faults()) == []
    assert list(ledger.check()) == []


def test_who_is_told_is_asked_once_for_a_whole_batch(city: City, heads: None) -> None:
    def questions(cases: int) -> int:
        for minute in range(cases):
            report(city, at=AT + timedelta(minutes=minute))
        with CaptureQueriesContext(connection) as queries:
            climb(LATE + timedelta(hours=1), dry_run=True)
        return sum('FROM "organisations_posting"' in q["sql"] for q in queries)

    first = questions(1)
    assert first > 0
    assert questions(4) == first


def test_a_dry_run_says_what_would_be_told_and_writes_nothing(city: City, case: Case, heads: None) -> None:
    events = Event.objects.count()

    rows: list[services.Told] = []
    report_ = climb(LATE, dry_run=True, listen=rows.append)

    assert (report_.cases, report_.rungs, report_.proposed) == (1, 1, 1)
    assert city.street_officer.pk in rows[0].told
    assert not SupervisionOrder.objects.exists()
    assert Event.objects.count() == events
    assert not Rung.objects.exists()
    assert not LadderRun.objects.exists()
    case.refresh_from_db()
    assert case.next_rung_at == AT + timedelta(hours=48)


def test_a_run_out_of_time_leaves_the_rest_to_the_next(city: City) -> None:
    for minute in range(3):
        report(city, at=AT + timedelta(minutes=minute))

    assert climb(LATE + timedelta(hours=1), batch=1, seconds=0).cases == 1
    assert climb(LATE + timedelta(hours=1)).cases == 2


def test_every_run_leaves_a_row_so_that_the_ladder_cannot_stop_silently(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LadderRun.objects.last_run() is None

    climb(LATE)
    run = LadderRun.objects.last_run()
    assert (run.at, run.cases, run.failed) == (LATE, 1, 0)
    assert run.told == len(told(case)[0])
    assert run.started_at <= run.finished_at

    monkeypatch.setattr(services, "RUNS_KEPT", 3)
    for _run in range(5):
        climb(LATE)
    assert LadderRun.objects.count() == 3
