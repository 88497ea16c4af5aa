"""An incident from the first report to the end, step by step."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError
from rest_framework.exceptions import ValidationError

from grid.areas.models import Tier
from grid.casework import steps
from grid.casework.errors import CaseNotFound, StepNotPossible
from grid.casework.models import Case, Deadline, Holding, Round
from grid.incidents.deadlines import RULES
from grid.incidents.models import Incident
from grid.worktime.models import DeadlineRule
from grid.worktime.services import ship_rules
from tests.factories.city import acting
from tests.factories.incidents import AT, closed, handled, listed, report, take

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def running(case: Case) -> Deadline:
    return Deadline.objects.get(case=case, ended_at=None)


def names(case: Case, user: object) -> set[str]:
    return {s.name for s in steps.possible_steps(Case.objects.get(pk=case.pk), acting(user))}


def test_an_incident_goes_all_the_way(city):
    listed("F03", Tier.STREET, city.department, assisting=(city.company,))
    listed("F03", Tier.COMMUNITY)
    case = report(city, category="F03")

    take(case, "accept", city.clerk, at=AT + HOUR)
    take(case, "escalate", city.clerk, at=AT + 2 * HOUR, reason="社区无执法权")
    take(case, "dispatch", city.street_officer, at=AT + 3 * HOUR)
    take(case, "handle", city.handler, at=AT + 4 * HOUR, result="已劝离并清理")
    take(case, "verify", city.worker, at=AT + 5 * HOUR, finding="passed")
    take(case, "close", city.street_officer, at=AT + 6 * HOUR, outcome="solved")

    assert [e.verb for e in case.events.all()] == [
        "report",
        "accept",
        "escalate",
        "dispatch",
        "handle",
        "verify",
        "close",
    ]
    assert [e.organisation for e in case.events.all()] == [
        city.community_org,
        city.community_org,
        city.community_org,
        city.street_org,
        city.department,
        city.community_org,
        city.street_org,
    ]
    assert (case.status, case.phase, case.outcome) == ("closed", "closed", "solved")
    assert list(Holding.objects.filter(case=case).values_list("organisation", flat=True)) == [
        city.community_org.pk,
        city.street_org.pk,
        city.department.pk,
    ]
    assert Deadline.objects.get(case=case).status == "met"
    assert list(case.assignments.values_list("organisation", flat=True)) == [city.company.pk]


@pytest.mark.parametrize(("urgency", "hours"), [("red", 2), ("yellow", 24), ("blue", 72)])
def test_the_limit_follows_the_urgency_and_runs_from_registration(city, urgency, hours):
    case = report(city, urgency=urgency)

    assert case.next_due_at == AT + hours * HOUR
    assert running(case).basis_en.startswith("Local choice")


def test_the_urgency_of_the_category_counts_when_none_is_said(city):
    assert report(city, category="G01").urgency == "red"
    assert report(city, category="G01", urgency="blue").urgency == "blue"


def test_a_title_is_made_from_place_and_category(city):
    assert report(city).title == "草市口社区第一网格：垃圾积存"
    assert report(city, address="新民路3号").title == "新民路3号：垃圾积存"
    assert report(city, title="门口堆垃圾").title == "门口堆垃圾"


def test_nobody_without_a_role_on_the_grid_reports(city):
    for user in (city.auditor, city.admin, city.nobody):
        with pytest.raises(StepNotPossible):
            report(city, by=user)


def test_what_is_handled_at_once_is_closed_without_limit_and_verification(city):
    data = {"category": "F04", "result": "当场清除"}
    case = steps.open_case("incident", "report_done", by=acting(city.worker), data=data, at=AT).case
    incident = Incident.objects.get(pk=case.pk)

    assert (case.status, case.outcome, case.area) == ("closed", "solved", city.grid)
    assert incident.handled_at_once
    assert incident.handled_by == city.worker
    assert not Deadline.objects.filter(case=case).exists()
    assert case.next_rung_at is None
    assert names(case, city.leader) == {"comment", "link"}


def test_handled_at_once_needs_to_say_what_was_done(city):
    with pytest.raises(ValidationError) as error:
        steps.open_case("incident", "report_done", by=acting(city.worker), data={"category": "F04"}, at=AT)

    assert list(error.value.detail) == ["result"]


def test_an_incident_without_a_place_waits_at_an_office_until_it_has_one(city):
    data = {"category": "F01"}
    case = steps.open_case("incident", "report", by=acting(city.handler), data=data, at=AT).case

    assert (case.area, case.lead, case.phase) == (None, city.district_org, "intake")
    assert "accept" not in names(case, city.district_officer)
    with pytest.raises(StepNotPossible):
        take(case, "accept", city.district_officer)
    take(case, "move", city.district_officer, area=city.grid.code, reason="电话核实")
    take(case, "accept", city.district_officer)
    assert case.status == "accepted"


def test_the_district_passes_nothing_up(city):
    case = report(city)
    take(case, "escalate", city.clerk, reason="超出社区能力")
    take(case, "escalate", city.street_officer, reason="超出街道能力")

    assert case.lead == city.district_org
    assert "escalate" not in names(case, city.district_officer)


def test_passing_up_needs_a_reason(city):
    case = report(city)

    with pytest.raises(ValidationError) as error:
        take(case, "escalate", city.clerk)
    assert list(error.value.detail) == ["reason"]


def test_a_missing_tier_is_skipped_on_the_way_up(city):
    city.street_org.governs = None
    city.street_org.save()
    case = report(city)
    take(case, "escalate", city.clerk, reason="超出社区能力")

    assert case.lead == city.district_org


def test_asking_the_reporter_waits_but_buys_no_time(city):
    case = report(city)
    due = case.next_due_at
    take(case, "accept", city.clerk)
    take(case, "ask", city.clerk, question="在几号楼?")

    assert (case.phase, case.next_due_at) == ("waiting", due)
    with pytest.raises(StepNotPossible):
        take(case, "answer", city.street_officer, answer="3号楼")
    take(case, "answer", city.worker, answer="3号楼")
    assert (case.status, case.next_due_at) == ("accepted", due)


def test_the_handler_does_not_verify_his_own_work(city):
    case = handled(city)

    assert "verify" not in names(case, city.clerk)
    with pytest.raises(StepNotPossible):
        take(case, "verify", city.clerk, finding="passed")
    for other in (city.worker, city.leader, city.street_officer, city.district_officer, city.supervisor):
        assert "verify" in names(case, other)


def test_a_neighbour_neither_sees_nor_verifies(city):
    case = handled(city)

    with pytest.raises(CaseNotFound):
        take(case, "verify", city.neighbour_clerk, finding="passed")


def test_what_is_not_in_order_goes_back_with_a_new_limit_from_now(city):
    case = handled(city)
    later = AT + 100 * HOUR
    assert case.next_due_at is None

    take(case, "verify", city.leader, at=later, finding="failed", text="还剩一袋")

    assert (case.status, case.next_due_at) == ("accepted", later + 72 * HOUR)
    assert Incident.objects.get(pk=case.pk).handled_by is None
    take(case, "handle", city.clerk, at=later + HOUR, result="全部清运")
    take(case, "verify", city.leader, at=later + HOUR, finding="passed")


def test_what_is_not_in_order_goes_back_to_the_department_that_did_it(city):
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code)
    take(case, "handle", city.handler, result="已清运")
    take(case, "verify", city.leader, finding="failed", text="还剩一袋")

    assert (case.status, case.lead) == ("dispatched", city.department)


def test_a_failed_verification_says_why(city):
    case = handled(city)

    with pytest.raises(ValidationError) as error:
        take(case, "verify", city.leader, finding="failed")
    assert list(error.value.detail) == ["text"]


def test_only_verified_work_is_closed_as_solved(city):
    case = report(city)

    with pytest.raises(ValidationError) as error:
        take(case, "close", city.clerk, outcome="solved")
    assert list(error.value.detail) == ["outcome"]
    take(case, "close", city.clerk, outcome="explained", explanation="属正常施工，已向居民说明")
    assert case.outcome == "explained"
    assert Deadline.objects.get(case=case).status == "cancelled"


def test_the_community_does_not_close_what_others_have_before_it_is_verified(city):
    case = report(city)
    take(case, "escalate", city.clerk, reason="社区无执法权")
    assert "close" not in names(case, city.clerk)
    assert "close" in names(case, city.street_officer)

    take(case, "dispatch", city.street_officer, lead=city.department.code, reason="城管职责")
    take(case, "accept", city.handler)
    with pytest.raises(StepNotPossible):
        take(case, "close", city.clerk, outcome="not_ours", explanation="不归我们")

    take(case, "handle", city.handler, result="已清运")
    take(case, "verify", city.worker, finding="passed")
    assert "close" in names(case, city.clerk)


def test_a_handler_does_not_void_what_he_was_given_to_handle(city):
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code, reason="城管职责")

    assert "void" not in names(case, city.handler)
    assert "void" in names(case, city.district_officer)


def test_a_matter_is_not_dispatched_past_the_levels_to_the_city(city):
    case = report(city)

    with pytest.raises(ValidationError) as caught:
        take(case, "dispatch", city.clerk, lead=city.city_org.code, reason="市里管")
    assert set(caught.value.detail) == {"lead"}

    take(case, "escalate", city.clerk, reason="社区无执法权")
    take(case, "escalate", city.street_officer, reason="跨街道")
    take(case, "dispatch", city.district_officer, lead=city.city_org.code, reason="跨区")
    assert case.lead == city.city_org


def test_a_handler_does_not_close(city):
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code)
    take(case, "accept", city.handler)

    assert "close" not in names(case, city.handler)


def test_what_waits_says_for_what_and_until_when(city):
    case = report(city)
    today = AT.date()

    for wrong in ({}, {"waits_for": "维修资金"}, {"waits_for": "维修资金", "waits_until": today}):
        with pytest.raises(ValidationError):
            take(case, "close", city.clerk, outcome="waits", explanation="需等资金", **wrong)
    take(
        case,
        "close",
        city.clerk,
        outcome="waits",
        explanation="需等资金",
        waits_for="维修资金",
        waits_until=date(2027, 3, 1),
    )
    assert Incident.objects.get(pk=case.pk).waits_until == date(2027, 3, 1)


def test_only_what_waits_has_a_waiting_day(city):
    case = report(city)

    with pytest.raises(ValidationError) as error:
        take(
            case, "close", city.clerk, outcome="not_ours", explanation="属铁路", waits_until=date(2027, 3, 1)
        )
    assert list(error.value.detail) == ["waits_until"]


def test_reopening_opens_round_two_with_a_limit_of_its_own(city):
    case = closed(city)
    later = AT + timedelta(days=5)

    take(case, "reopen", city.worker, at=later, reason="垃圾又堆起来了")

    assert (case.round_number, case.status, case.lead) == (2, "reported", city.community_org)
    assert case.next_due_at == later + 72 * HOUR
    assert Round.objects.get(case=case, number=1).outcome == "solved"
    assert Round.objects.get(case=case, number=2).closed_at is None
    incident = Incident.objects.get(pk=case.pk)
    assert (incident.handled_by, incident.verified_by) == (None, None)


def test_what_was_handled_at_once_can_be_reopened_and_is_then_verified_like_any_other(city):
    data = {"category": "F04", "result": "当场清除"}
    case = steps.open_case("incident", "report_done", by=acting(city.worker), data=data, at=AT).case
    take(case, "reopen", city.clerk, reason="没有清除干净")

    assert not Incident.objects.get(pk=case.pk).handled_at_once
    assert running(case).code == "INC-BLUE"


def test_a_neighbour_does_not_reopen(city):
    case = closed(city)

    with pytest.raises(CaseNotFound):
        take(case, "reopen", city.neighbour_officer, reason="x")


@pytest.mark.parametrize(("first", "second", "hours"), [("blue", "red", 2), ("red", "blue", 72)])
def test_regrading_counts_from_registration(city, first, second, hours):
    case = report(city, urgency=first)

    take(case, "regrade", city.clerk, at=AT + HOUR, urgency=second, reason="现场核实")

    assert case.next_due_at == AT + hours * HOUR
    assert running(case).starts_at == AT
    assert Deadline.objects.filter(case=case, status="cancelled").count() == 1


def test_regrading_does_not_take_back_a_limit_that_has_passed(city):
    case = report(city, urgency="yellow")
    late = AT + 30 * HOUR

    with pytest.raises(ValidationError) as error:
        take(case, "regrade", city.clerk, at=late, urgency="blue", reason="不急")
    assert list(error.value.detail) == ["urgency"]
    take(case, "regrade", city.clerk, at=late, urgency="red", reason="更急")
    assert case.next_due_at == AT + 2 * HOUR


def test_another_category_alone_leaves_the_limit_as_it_is(city):
    case = report(city, urgency="blue")
    before = running(case).pk

    take(case, "regrade", city.clerk, category="F02", reason="选错了")

    assert running(case).pk == before
    assert case.incident.category.code == "F02"
    assert case.events.last().changed["category_id"]


def test_regrading_to_the_same_is_refused(city):
    with pytest.raises(ValidationError):
        take(report(city, urgency="blue"), "regrade", city.clerk, urgency="blue", reason="x")


def test_a_handler_does_not_regrade(city):
    case = report(city)
    take(case, "dispatch", city.clerk, lead=city.department.code)

    assert "regrade" not in names(case, city.handler)
    assert "regrade" in names(case, city.district_officer)


def test_merging_and_taking_out_again_keeps_the_start_of_the_limit(city):
    one, other = report(city), report(city)
    take(one, "merge", city.clerk, at=AT + HOUR, other=other.number, reason="同一堆垃圾")
    assert (one.status, one.next_due_at) == ("merged", None)

    take(one, "unmerge", city.clerk, at=AT + 3 * HOUR, reason="是另一堆")
    assert (one.status, one.next_due_at) == ("reported", AT + 72 * HOUR)


def test_a_clock_a_little_ahead_is_clamped_and_one_far_ahead_refused(city):
    case = report(city, observed_at=(AT + 5 * HOUR).isoformat())
    assert Incident.objects.get(pk=case.pk).observed_at == AT

    with pytest.raises(ValidationError) as error:
        report(city, observed_at=(AT + timedelta(days=3)).isoformat())
    assert list(error.value.detail) == ["observed_at"]


def test_the_limits_in_the_code_are_those_that_the_migration_ships(city):
    before = list(DeadlineRule.objects.filter(kind="incident").order_by("code").values())
    for spec in RULES:
        row = DeadlineRule.objects.get(code=spec.code)
        for name in ("label", "label_en", "basis", "basis_en", "length", "unit", "rolls", "valid_from"):
            assert getattr(row, name) == getattr(spec, name)
    ship_rules(RULES)
    assert list(DeadlineRule.objects.filter(kind="incident").order_by("code").values()) == before


def test_a_case_cannot_have_a_detail_row_of_another_kind(city):
    case = report(city)
    with pytest.raises(IntegrityError):
        Incident.objects.filter(pk=case.pk).update(kind="petition")
