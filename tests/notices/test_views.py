"""The page of notices: one's own, newest first, read or not, at a constant price."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from grid.casework.models import Case, Recusal
from grid.notices.models import Notice
from grid.notices.views import PAGE_SIZE
from grid.people.models import User
from tests.factories.city import City
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
LIST = "/notices/"


def tell(user: User, case: Case, number: int = 1) -> list[Notice]:
    """Write up to two notices about a case, of two templates: one entry tells nobody the same thing twice."""
    assert number <= 2
    return Notice.objects.bulk_create(
        Notice(
            recipient=user,
            case=case,
            organisation=case.lead,
            template="arrived" if n % 2 else "opened",
            created_at=AT + timedelta(minutes=n),
        )
        for n in range(number)
    )


@pytest.fixture
def officer(client: Client, city: City) -> Client:
    client.force_login(city.street_officer)
    client.cookies["django_language"] = "en"
    return client


def test_the_page_needs_somebody_signed_in(client: Client, db: None) -> None:
    assert client.get(LIST).status_code == 302


def test_an_empty_page_says_what_will_stand_here(officer: Client) -> None:
    page = officer.get(LIST, headers={"accept-language": "en"})

    assert page.status_code == 200
    assert "notice-list" not in page.text


def test_a_notice_leads_to_its_case_and_says_that_it_is_unread(
    officer: Client, city: City, case: Case
) -> None:
    tell(city.street_officer, case)

    page = officer.get(LIST).text

    assert reverse("casework:case", args=[case.number]) in page
    assert case.title in page
    assert "is-unread" in page


def test_a_case_that_is_no_longer_visible_is_named_by_its_number_alone(
    officer: Client, city: City, case: Case
) -> None:
    tell(city.street_officer, case)
    Recusal.objects.create(case=case, user=city.street_officer, reason="亲属", at=AT)

    page = officer.get(LIST).text

    assert case.number in page
    assert case.title not in page
    assert reverse("casework:case", args=[case.number]) not in page


def test_nobody_sees_or_marks_the_notice_of_another(officer: Client, city: City, case: Case) -> None:
    (foreign,) = tell(city.clerk, case)

    assert case.number not in officer.get(LIST).text
    assert officer.post(f"/notices/{foreign.pk}/read/").status_code == 404
    officer.post("/notices/read/", {"up_to": foreign.pk})
    foreign.refresh_from_db()
    assert foreign.read_at is None


def test_one_notice_is_marked_as_read_once(officer: Client, city: City, case: Case) -> None:
    (notice,) = tell(city.street_officer, case)

    answer = officer.post(f"/notices/{notice.pk}/read/")
    assert answer.headers["location"] == LIST
    notice.refresh_from_db()
    first = notice.read_at
    assert first is not None

    officer.post(f"/notices/{notice.pk}/read/")
    notice.refresh_from_db()
    assert notice.read_at == first
    assert "is-unread" not in officer.get(LIST).text


def test_marking_all_as_read_leaves_what_came_in_since(officer: Client, city: City, case: Case) -> None:
    shown, since = tell(city.street_officer, case, 2)

    officer.post("/notices/read/", {"up_to": shown.pk})

    assert list(Notice.objects.unread(city.street_officer)) == [since]


@pytest.mark.parametrize("up_to", ["", "abc", "-1", "１", "9" * 40])
def test_marking_all_with_nonsense_marks_nothing(officer: Client, city: City, case: Case, up_to: str) -> None:
    tell(city.street_officer, case)

    assert officer.post("/notices/read/", {"up_to": up_to}).status_code == 302
    assert Notice.objects.unread_count(city.street_officer) == 1


def test_marking_goes_back_to_the_list_and_never_elsewhere(officer: Client, city: City, case: Case) -> None:
    (notice,) = tell(city.street_officer, case)
    mark = f"/notices/{notice.pk}/read/"

    assert officer.post(mark, {"next": f"{LIST}?show=unread"}).headers["location"] == f"{LIST}?show=unread"
    for elsewhere in ("https://evil.example/notices/", "//evil.example/notices/", "/admin/", "javascript:x"):
        assert officer.post(mark, {"next": elsewhere}).headers["location"] == LIST


def test_reading_by_a_link_marks_nothing(officer: Client, city: City, case: Case) -> None:
    (notice,) = tell(city.street_officer, case)

    assert officer.get(f"/notices/{notice.pk}/read/").status_code == 405
    assert officer.get("/notices/read/").status_code == 405


def test_the_unread_can_be_shown_alone(officer: Client, city: City, case: Case) -> None:
    first, second = tell(city.street_officer, case, 2)
    Notice.objects.filter(pk=first.pk).update(read_at=AT)

    page = officer.get(LIST, {"show": "unread"}).text

    assert f"notice-{second.pk}" in page
    assert f"notice-{first.pk}" not in page


def test_every_notice_stands_on_exactly_one_page(officer: Client, city: City, case: Case) -> None:
    many = [report(city, at=AT) for _n in range(PAGE_SIZE + 5)]
    for one in many:
        tell(city.street_officer, one)

    seen: list[int] = []
    url = LIST
    while url:
        context = officer.get(url).context
        seen += [row["notice"].pk for row in context["rows"]]
        url = context["next_url"]

    assert seen == sorted(Notice.objects.values_list("pk", flat=True), reverse=True)


def test_the_page_costs_the_same_for_one_and_for_many(
    officer: Client, city: City, django_assert_max_num_queries: Callable[..., object]
) -> None:
    tell(city.street_officer, report(city, at=AT))
    with django_assert_max_num_queries(50) as one:
        officer.get(LIST)
    for _n in range(PAGE_SIZE + 5):
        tell(city.street_officer, report(city, at=AT))

    with django_assert_max_num_queries(len(one)):
        officer.get(LIST)
    assert len(one) <= 11
