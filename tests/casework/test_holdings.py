"""The holding ledger: who had a case how long, and with whom it was late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.casework import holdings
from grid.casework.models import Case, Deadline, Holding
from grid.organisations.models import Organisation
from grid.worktime.calendar import WorkCalendar
from tests.factories.city import City, build_city
from tests.factories.deadlines import rule, running, start
from tests.factories.incidents import report, take

# A Tuesday, 10:00 in Huai'an.
AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTHING = timedelta()


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def passed_on(city: City) -> Case:
    """A normal incident (72 hours), a day with the community, four with a department, then back again."""
    case = report(city, at=AT, urgency="blue")
    data: dict[str, Any] = {"lead": city.department.code, "reason": "属城管"}
    take(case, "dispatch", city.clerk, at=AT + DAY, **data)
    take(case, "send_back", city.handler, at=AT + 5 * DAY, reason="不属城管")
    return case


def test_lateness_counts_to_whoever_held_it_while_it_was_late(city: City, passed_on: Case) -> None:
    rows = holdings.ledger(passed_on, AT + 7 * DAY)

    assert [(r.organisation, r.duration, r.until) for r in rows] == [
        (city.community_org, DAY, AT + DAY),
        (city.department, 4 * DAY, AT + 5 * DAY),
        (city.community_org, 2 * DAY, None),
    ]
    # Due after three days: two days late with the department, two more since with the community.
    assert [r.late for r in rows] == [NOTHING, 2 * DAY, 2 * DAY]
    assert [[(late.deadline.code, late.duration) for late in r.lateness] for r in rows] == [
        [],
        [("INC-BLUE", 2 * DAY)],
        [("INC-BLUE", 2 * DAY)],
    ]


def test_the_totals_add_up_by_organisation_in_the_order_of_first_having_it(
    city: City, passed_on: Case
) -> None:
    totals = holdings.totals(holdings.ledger(passed_on, AT + 7 * DAY))

    assert [(t.organisation, t.stays, t.duration, t.late) for t in totals] == [
        (city.community_org, 2, 3 * DAY, 2 * DAY),
        (city.department, 1, 4 * DAY, 2 * DAY),
    ]


def test_lateness_ends_when_the_deadline_is_met_though_the_case_stays(city: City, passed_on: Case) -> None:
    take(passed_on, "handle", city.clerk, at=AT + 6 * DAY, result="已清运")

    rows = holdings.ledger(passed_on, AT + 20 * DAY)

    assert [r.late for r in rows] == [NOTHING, 2 * DAY, DAY]
    assert rows[-1].duration == 15 * DAY


def test_what_was_in_time_is_nobody_s_lateness(city: City) -> None:
    case = report(city, at=AT, urgency="blue")
    take(case, "accept", city.clerk, at=AT + HOUR)
    take(case, "handle", city.clerk, at=AT + 2 * HOUR, result="已清运")

    (row,) = holdings.ledger(case, AT + 30 * DAY)

    assert (row.late, row.lateness) == (NOTHING, ())


def test_a_ledger_of_an_earlier_instant_knows_nothing_of_what_came_later(city: City, passed_on: Case) -> None:
    rows = holdings.ledger(passed_on, AT + 4 * DAY)

    assert [(r.organisation, r.duration, r.until, r.late) for r in rows] == [
        (city.community_org, DAY, AT + DAY, NOTHING),
        (city.department, 3 * DAY, None, DAY),
    ]


def test_two_deadlines_late_at_once_are_late_once_and_each_is_named(city: City) -> None:
    case = report(city, at=AT, urgency="blue")
    rule("T", unit="hour", length=96, rolls=False)
    rule("P", unit="hour", length=1, rolls=False, binds="petitioner")
    start(case, "T", "P", at=AT)

    (row,) = holdings.ledger(case, AT + 5 * DAY)

    assert row.late == 2 * DAY
    assert [(late.deadline.code, late.duration) for late in row.lateness] == [
        ("INC-BLUE", 2 * DAY),
        ("T", DAY),
    ]


def test_working_days_leave_out_rest_days_and_the_day_of_the_start(city: City, passed_on: Case) -> None:
    rows = holdings.ledger(passed_on, AT + 7 * DAY)

    # Tuesday to Wednesday; to Sunday; to Tuesday. 5 and 6 September 2026 are a weekend.
    assert [r.working_days for r in rows] == [1, 2, 2]


def test_closing_ends_the_stay_and_reopening_begins_another(city: City) -> None:
    case = report(city, at=AT, urgency="blue")
    take(case, "close", city.clerk, at=AT + DAY, outcome="explained", explanation="已说明")
    take(case, "reopen", city.clerk, at=AT + 3 * DAY, reason="又出现")

    rows = holdings.ledger(case, AT + 4 * DAY)

    assert [(r.since, r.until, r.duration) for r in rows] == [
        (AT, AT + DAY, DAY),
        (AT + 3 * DAY, None, DAY),
    ]


def test_the_ledger_costs_three_queries_however_long_the_case_was_passed_on(
    city: City, passed_on: Case, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        holdings.totals(holdings.ledger(passed_on, AT + 7 * DAY))


spans = st.tuples(st.integers(0, 200), st.integers(1, 200))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 80), min_size=1, max_size=6), st.lists(spans, max_size=4), st.integers(0, 500))
def test_every_late_hour_belongs_to_exactly_one_holder(
    stays: list[int], overdue: list[tuple[int, int]], now: int
) -> None:
    """Hour by hour: who had it, and was anything late."""
    begins = [sum(stays[:i]) for i in range(len(stays))]
    held = [
        Holding(
            organisation=Organisation(pk=i),
            starts_at=AT + b * HOUR,
            ended_at=AT + (b + n) * HOUR if i < len(stays) - 1 else None,
        )
        for i, (b, n) in enumerate(zip(begins, stays, strict=True))
        if b <= now
    ]
    late = [
        Deadline(code=f"D{i}", binds="office", due_at=AT + a * HOUR, ended_at=AT + (a + n) * HOUR)
        for i, (a, n) in enumerate(overdue)
    ]
    calendar = WorkCalendar(zone=UTC)

    rows = holdings.rows(held, late, calendar, at=AT + now * HOUR)

    counted = [0] * len(held)
    for hour in range(now):
        holder = max(i for i, h in enumerate(held) if h.starts_at <= AT + hour * HOUR)
        counted[holder] += any(a <= hour < a + n for a, n in overdue)
    assert [r.late for r in rows] == [n * HOUR for n in counted]
    assert sum((r.duration for r in rows), NOTHING) == now * HOUR


def test_the_api_tells_it_to_those_who_see_the_case(city: City, passed_on: Case, client: Client) -> None:
    address = reverse("api:holdings", kwargs={"number": passed_on.number})
    client.force_login(city.clerk)

    body = client.get(address, headers={"Accept-Language": "en"}).json()

    assert body["number"] == passed_on.number
    assert [r["organisation"]["code"] for r in body["holdings"]] == ["CSK", "QJP-CG", "CSK"]
    assert [r["seconds"] for r in body["holdings"]][:2] == [86400, 4 * 86400]
    assert body["holdings"][1]["late"] == [
        {"deadline": "INC-BLUE", "label": running(passed_on, "INC-BLUE").label_en, "seconds": 2 * 86400}
    ]
    assert [t["stays"] for t in body["totals"]] == [2, 1]
    client.force_login(city.neighbour_clerk)
    assert client.get(address).status_code == 404
