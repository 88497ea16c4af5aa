"""The worklist: what may be seen, in order, counted, and at a fixed price."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from governance.desk import worklist
from grid.casework import deadlines
from grid.casework.models import Case, Deadline
from grid.casework.steps import take_step
from grid.people.models import User
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import closed, report

LIST = "desk:worklist"


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def get(user: User, **query: str) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse(LIST), query)
    assert answer.status_code == 200
    return answer.content.decode()


def queries_of(user: User, django_assert_max_num_queries: object, most: int, **query: str) -> int:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    # The first request of a session renews it, which the next ones do not.
    client.get(reverse("portal:help"))
    with django_assert_max_num_queries(most) as counted:  # type: ignore[operator]
        client.get(reverse(LIST), query)
    return len(counted)


def test_a_list_of_a_hundred_costs_at_most_nine_queries_and_as_many_as_a_list_of_one(
    city: City, now: datetime, django_assert_max_num_queries: object
) -> None:
    report(city, at=now)
    views = [{"desk": "all", "state": s, "size": "100", "area": city.street.code} for s in worklist.STATES]
    one = [queries_of(city.street_officer, django_assert_max_num_queries, 9, **v) for v in views]
    for i in range(104):
        case = report(city, at=now - timedelta(minutes=i * 60))
        if i % 3 == 0:
            take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=now)

    many = [queries_of(city.street_officer, django_assert_max_num_queries, 9, **v) for v in views]

    assert [m <= o for o, m in zip(one, many, strict=True)] == [True] * len(views)


def test_what_is_due_first_stands_first_and_what_is_not_due_last(city: City, now: datetime) -> None:
    later = report(city, at=now)
    first = report(city, at=now - timedelta(hours=10))
    done = report(city, at=now)
    take_step(done.pk, "accept", by=acting(city.clerk), data={}, at=now)
    take_step(done.pk, "handle", by=acting(city.clerk), data={"result": "已清运"}, at=now)

    body = get(city.clerk, desk="all")

    assert body.index(first.number) < body.index(later.number) < body.index(done.number)


def test_nobody_finds_a_foreign_case_by_any_filter(city: City, now: datetime) -> None:
    foreign = report(city, at=now, by=city.neighbour_worker, area=city.grid_b.code)

    for query in (
        {"desk": "all"},
        {"desk": "all", "q": foreign.number},
        {"area": city.grid_b.code, "desk": "all"},
    ):
        body = get(city.clerk, **query)
        assert foreign.title not in body
        assert f"/cases/{foreign.number}/" not in body


def test_counts_are_exact_to_a_thousand(city: City, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        report(city, at=now)
    actor, filters = acting(city.clerk), worklist.Filters(desk="all")
    assert str(worklist.counts(filters, actor, at=now)["open"]) == "3"

    monkeypatch.setattr(worklist, "COUNT_LIMIT", 2)

    assert str(worklist.counts(filters, actor, at=now)["open"]) == "2+"


def test_counts_agree_with_the_rows(city: City, now: datetime) -> None:
    report(city, at=now - timedelta(days=9))
    report(city, at=now)
    closed(city, at=now - timedelta(hours=1))
    asked = report(city, at=now)
    take_step(asked.pk, "ask", by=acting(city.clerk), data={"question": "几楼？"}, at=now)
    actor = acting(city.clerk)

    for state in worklist.STATES:
        filters = worklist.Filters(desk="all", state=state, size=100)
        rows = worklist.rows(filters, actor, at=now, cursor="").rows
        assert worklist.counts(filters, actor, at=now)[state].number == len(rows), state


def test_pages_lead_from_the_first_row_to_the_last_without_repeating(city: City, now: datetime) -> None:
    made = {report(city, at=now - timedelta(hours=i)).number for i in range(7)}
    take_step(Case.objects.first().pk, "accept", by=acting(city.clerk), data={}, at=now)  # type: ignore[union-attr]
    actor, seen, cursor = acting(city.clerk), [], ""
    filters = worklist.Filters(desk="all", size=3)
    while True:
        page = worklist.rows(filters, actor, at=now, cursor=cursor)
        seen += [c.number for c in page.rows]
        cursor = page.next
        if not cursor:
            break

    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "nonsense"},
        {"desk": "'; DROP TABLE"},
        {"cursor": "broken"},
        {"area": "999"},
        {"size": "100000"},
        {"size": "²"},
        {"q": "%_\\"},
        {"kind": "petition"},
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out_and_named(
    city: City, now: datetime, query: dict[str, str]
) -> None:
    report(city, at=now)

    body = get(city.clerk, **query)

    assert "worklist" in body


def test_a_grid_worker_first_sees_what_he_reported(city: City, now: datetime) -> None:
    mine = report(city, at=now)
    other = report(city, at=now, by=city.leader)

    body = get(city.worker)

    assert mine.number in body
    assert other.number not in body
    assert other.number in get(city.worker, desk="all")


def test_an_office_first_sees_what_it_has_to_handle(city: City, now: datetime) -> None:
    ours = report(city, at=now)
    gone = report(city, at=now)
    take_step(gone.pk, "accept", by=acting(city.clerk), data={}, at=now)
    take_step(gone.pk, "escalate", by=acting(city.clerk), data={"reason": "无力处置"}, at=now)

    body = get(city.clerk)

    assert ours.number in body
    assert gone.number not in body
    assert gone.number in get(city.street_officer)


def test_lights_go_from_green_to_red(city: City) -> None:
    at = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
    case = report(city, at=at)
    actor, filters = acting(city.clerk), worklist.Filters(desk="all")

    def light(when: datetime) -> str:
        row = worklist.rows(filters, actor, at=when, cursor="").rows[0]
        found = worklist.light_of(row, at=when)
        assert found is not None
        return found.name

    assert case.next_due_at is not None
    due = case.next_due_at
    span = due - at
    marks = [light(when) for when in (at, due - span / 4, due - timedelta(minutes=90), due)]

    assert marks == ["GREEN", "YELLOW", "ORANGE", "RED"]


def test_a_pause_a_silence_and_a_date_that_may_move_are_told_in_words(city: City, now: datetime) -> None:
    paused, silent, moving = (report(city, at=now, description=text) for text in ("停", "默", "动"))
    deadline = Deadline.objects.get(case=paused)
    Deadline.objects.filter(pk=deadline.pk).update(may_pause=True)
    deadline.refresh_from_db()
    until = now + timedelta(days=3)
    deadlines.pause(deadline, until=until, reason="鉴定", at=now)
    Case.objects.filter(pk=paused.pk).update(next_due_at=None)
    Case.objects.filter(pk=silent.pk).update(heard_at=now - timedelta(days=9), silent_at=now)
    Deadline.objects.filter(case=moving).update(provisional=True)

    client = Client()
    client.force_login(city.clerk)
    client.cookies["django_language"] = "en"
    html = client.get(reverse("desk:worklist")).content.decode()
    rows = {c.number: html.split(c.number)[1].split("</tr>")[0] for c in (paused, silent, moving)}
    rows = {n: html[: html.index(f"cases/{n}/")].rsplit("<tr>", 1)[1] + row for n, row in rows.items()}

    assert "light-paused" in rows[paused.number]
    assert f"until {timezone.localtime(until):%Y-%m-%d}" in rows[paused.number]
    assert f"Silent since {timezone.localtime(now - timedelta(days=9)):%Y-%m-%d}" in rows[silent.number]
    assert "Provisional" in rows[moving.number]
    assert "Provisional" not in rows[silent.number]
    assert "Silent since" not in rows[moving.number]


def test_the_page_speaks_english_too(city: City, now: datetime) -> None:
    report(city, at=now)
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.force_login(city.clerk, backend="django.contrib.auth.backends.ModelBackend")
    with translation.override("en"):
        body = client.get(reverse(LIST)).content.decode()

    assert "What is due first stands first." in body
    assert "工作台" not in body


def test_a_part_asked_for_after_the_session_has_ended_leads_the_whole_page_to_the_sign_in(db: None) -> None:
    answer = Client().get(reverse(LIST), headers={"HX-Request": "true", "HX-Target": "worklist"})

    assert answer["HX-Redirect"] == reverse("accounts:sign_in")
    assert Client().head(reverse(LIST)).status_code == 302
