"""The page of orders and the sheet of one: who finds what there, in which order, at what cost."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext as _

from grid.casework.models import Access, Case
from grid.people.models import User
from grid.supervision.models import SupervisionOrder
from grid.supervision.orders import listing
from grid.supervision.services import climb
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import AT, report, take

LATE = AT + timedelta(hours=72)
NEXT = LATE + timedelta(hours=1)
ORDER: dict[str, Any] = {"suggestions": ["improve"], "demand": "三日内清运到位，书面说明原因。"}
LISTING: dict[str, Any] = {"listed_level": "street", "rectify_by": "2026-10-20", "reason": "多次超期"}


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def late(city: City) -> Case:
    """A matter for which the ladder proposed an order to the street."""
    case = report(city, title="单元门口垃圾积存")
    climb(LATE)
    case.refresh_from_db()
    return case


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(user: User, **query: str) -> str:
    return signed_in(user).get(reverse("supervision:orders"), query).content.decode()


def shown(user: User, **query: str) -> list[int]:
    """Return the orders that a page lists, in their order."""
    actor = acting(user)
    filters = listing.read_filters(query, actor)
    return [order.pk for order in listing.rows(filters, actor, cursor="").rows]


def order_of(case: Case) -> SupervisionOrder:
    return SupervisionOrder.objects.filter(case=case).latest("pk")


def sheet(user: User, order: SupervisionOrder) -> str:
    answer = signed_in(user).get(reverse("supervision:order", args=[order.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_proposal_waits_on_the_page_of_those_who_decide_and_of_those_above(city: City, late: Case) -> None:
    order = order_of(late)

    for user in (city.street_officer, city.district_officer, city.supervisor):
        assert shown(user) == [order.pk], user
        assert late.title in page(user)
    for user in (city.neighbour_officer, city.clerk, city.worker, city.auditor, city.admin, city.nobody):
        assert shown(user) == [], user
        assert late.title not in page(user)


def test_an_order_that_is_out_stands_on_the_page_of_whoever_it_addresses(city: City, late: Case) -> None:
    assert shown(city.clerk, desk="addressed") == []
    take(late, "order_confirm", city.street_officer, at=NEXT, **ORDER)

    assert shown(city.clerk, desk="addressed") == [order_of(late).pk]
    assert shown(city.street_officer, desk="addressed") == []
    assert shown(city.neighbour_clerk, desk="addressed") == []


def test_what_is_addressed_to_ones_own_body_is_not_among_what_one_supervises(city: City, late: Case) -> None:
    take(late, "order_confirm", city.street_officer, at=NEXT, **ORDER)
    SupervisionOrder.objects.update(authority=city.district_org, addressee=city.street_org)

    assert shown(city.street_officer) == []
    assert shown(city.street_officer, desk="addressed") == [order_of(late).pk]
    assert shown(city.district_officer) == [order_of(late).pk]


def test_a_sealed_matter_stands_on_no_page_outside_its_compartment(city: City, late: Case) -> None:
    Case.objects.filter(pk=late.pk).update(sealed=True)
    Access.objects.create(
        case=late, user=city.supervisor, granted_by=city.district_officer, reason="督办", starts_at=NEXT
    )
    order = order_of(late)

    for user in (city.street_officer, city.district_officer, city.clerk):
        assert shown(user) == []
        assert listing.waiting(acting(user)) == 0
        assert signed_in(user).get(reverse("supervision:order", args=[order.pk])).status_code == 404
    assert shown(city.supervisor) == [order.pk]


def test_what_waits_or_is_due_first_stands_first(city: City) -> None:
    cases = [report(city, at=AT + timedelta(minutes=n)) for n in range(4)]
    climb(LATE + timedelta(minutes=5))
    proposed, checked_soon, listed, answer_due = cases
    boss = city.street_officer
    for case in (checked_soon, listed, answer_due):
        take(case, "order_confirm", boss, at=NEXT, **ORDER)
    take(checked_soon, "order_check", boss, at=NEXT, note="再看", next_check_on="2026-09-21")
    take(listed, "order_list", boss, at=NEXT, **LISTING | {"rectify_by": "2026-09-30"})

    expected = [proposed, checked_soon, listed, answer_due]
    assert shown(boss) == [order_of(case).pk for case in expected]


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("open", {"proposed", "issued", "answered", "listed"}),
        ("proposed", {"proposed"}),
        ("issued", {"issued"}),
        ("assess", {"answered"}),
        ("listed", {"listed"}),
        ("ended", {"dismissed"}),
    ],
)
def test_states_divide_the_orders(city: City, state: str, found: set[str]) -> None:
    cases = [report(city, at=AT + timedelta(minutes=n)) for n in range(5)]
    climb(LATE + timedelta(minutes=5))
    boss = city.street_officer
    for case in cases[1:4]:
        take(case, "order_confirm", boss, at=NEXT, **ORDER)
    take(cases[2], "order_answer", city.clerk, at=NEXT, adoption="adopted", feedback="已改")
    take(cases[3], "order_list", boss, at=NEXT, **LISTING)
    take(cases[4], "order_dismiss", boss, at=NEXT, reason="暴雨")

    rows = SupervisionOrder.objects.filter(pk__in=shown(boss, state=state))
    assert {order.status for order in rows} == found
    actor = acting(boss)
    filters = listing.read_filters({"state": state}, actor)
    assert str(listing.counts(filters, actor)[state]) == str(len(found))


def test_filters_by_level_and_area(city: City, late: Case) -> None:
    take(late, "order_confirm", city.street_officer, at=NEXT, **ORDER)
    take(late, "order_list", city.street_officer, at=NEXT, **LISTING)
    order = order_of(late)

    assert shown(city.district_officer, level="street") == [order.pk]
    assert shown(city.district_officer, level="city") == []
    assert shown(city.district_officer, area=city.street.code) == [order.pk]
    assert shown(city.district_officer, area=city.street_b.code) == []


@pytest.mark.parametrize("query", [{"state": "x"}, {"level": "x"}, {"area": "9"}, {"desk": "x"}])
def test_what_is_not_understood_is_named_and_left_out(city: City, late: Case, query: dict[str, str]) -> None:
    body = page(city.street_officer, **query)

    assert next(iter(query)) in body
    assert late.title in body


def test_a_cursor_leads_to_the_rows_after(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SIZE", 3)
    for n in range(7):
        report(city, at=AT + timedelta(minutes=n))
    climb(LATE + timedelta(minutes=10))
    actor = acting(city.street_officer)
    filters = listing.read_filters({}, actor)
    seen, cursor = [], ""
    for _page in range(3):
        found = listing.rows(filters, actor, cursor=cursor)
        seen += [order.pk for order in found.rows]
        cursor = found.next

    assert cursor == ""
    assert len(seen) == len(set(seen)) == 7


def cost_of(user: User, address: str) -> int:
    client = signed_in(user)
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_one_order_costs_the_same_queries_as_a_hundred(city: City) -> None:
    address = reverse("supervision:orders")
    report(city)
    climb(LATE)
    one = cost_of(city.street_officer, address)
    for n in range(99):
        report(city, at=AT + timedelta(minutes=1 + n))
    climb(LATE + timedelta(hours=4))
    assert SupervisionOrder.objects.count() == 100

    assert cost_of(city.street_officer, address) == one
    assert one <= 10


def test_the_sheet_says_who_what_why_and_by_when(city: City, late: Case) -> None:
    take(late, "order_confirm", city.street_officer, at=NEXT, **ORDER)
    body = sheet(city.clerk, order_of(late))

    for words in (
        "督办〔2026〕1号",
        late.number,
        late.title,
        city.street_org.name,
        city.community_org.name,
        ORDER["demand"],
        "2026-10-19",
    ):
        assert words in body, words


def test_the_sheet_of_each_status_can_be_read(city: City, late: Case) -> None:
    boss, order = city.street_officer, order_of(late)
    assert late.title in sheet(boss, order)
    steps: list[tuple[str, User, dict[str, Any]]] = [
        ("order_confirm", boss, ORDER),
        ("record_talk", boss, {"record": "约谈主要负责人"}),
        ("order_answer", city.clerk, {"adoption": "partly", "feedback": "已书面说明"}),
        ("order_list", boss, LISTING),
        ("record_notice", boss, {"record": "通报批评"}),
        ("order_rectified", city.clerk, {"rectification": "已全部清运"}),
        ("order_delist", boss, {"effect": "largely", "evaluation": "基本到位"}),
    ]
    for place, (name, by, data) in enumerate(steps):
        take(late, name, by, at=NEXT + timedelta(hours=place), **data)
        assert late.title in sheet(boss, order)
    body = sheet(boss, order)
    for words in ("约谈主要负责人", "已书面说明", "通报〔2026〕1号", "已全部清运", "基本到位", "2026-10-20"):
        assert words in body, words


def test_the_sheet_of_a_dismissed_and_of_a_lapsed_proposal(city: City, late: Case) -> None:
    take(late, "order_dismiss", city.street_officer, at=NEXT, reason="暴雨停工")
    assert "暴雨停工" in sheet(city.street_officer, order_of(late))

    other = report(city, at=AT + timedelta(hours=1))
    climb(NEXT + timedelta(hours=1))
    take(other, "void", city.district_officer, at=NEXT + timedelta(hours=2), reason="误报")
    assert order_of(other).lapsed
    assert other.title in sheet(city.street_officer, order_of(other))


def test_the_page_of_the_case_shows_its_order_and_the_ladder(city: City, late: Case) -> None:
    take(late, "order_confirm", city.street_officer, at=NEXT, **ORDER)

    body = signed_in(city.clerk).get(reverse("casework:case", args=[late.number])).content.decode()

    assert "督办〔2026〕1号" in body
    assert body.count("is-climbed") == 4
    assert reverse("casework:step", args=[late.number, "order_answer"]) in body


def test_an_order_is_confirmed_in_the_form_of_its_step(city: City, late: Case) -> None:
    client = signed_in(city.street_officer)
    address = reverse("casework:step", args=[late.number, "order_confirm"])
    form = client.get(address).content.decode()
    assert 'value="improve"' in form

    answer = client.post(
        address,
        {"suggestions": ["improve", "policy"], "demand": "限期整改", "trigger": "", "version": late.version},
    )

    assert answer.status_code == 302
    order = order_of(late)
    assert (order.status, order.suggestions, order.trigger) == ("issued", ["improve", "policy"], "late")


def test_the_form_of_listing_offers_the_level_of_the_body_alone(city: City, late: Case) -> None:
    take(late, "order_confirm", city.street_officer, at=NEXT, **ORDER)
    address = reverse("casework:step", args=[late.number, "order_list"])

    form = signed_in(city.street_officer).get(address).content.decode()

    assert 'value="street"' in form
    assert 'value="district"' not in form
    assert 'value="city"' not in form


def test_what_waits_is_counted_for_whoever_has_to_act(city: City, late: Case) -> None:
    def counted() -> list[int]:
        users = (city.street_officer, city.supervisor, city.clerk, city.neighbour_officer, city.worker)
        return [listing.waiting(acting(user)) for user in users]

    assert counted() == [1, 1, 0, 0, 0]
    take(late, "order_confirm", city.street_officer, at=NEXT, **ORDER)
    assert counted() == [0, 0, 1, 0, 0]
    take(late, "order_answer", city.clerk, at=NEXT, adoption="adopted", feedback="已改")
    assert counted() == [1, 1, 0, 0, 0]


def test_the_way_to_the_page_is_shown_to_those_who_have_a_part_in_it(city: City) -> None:
    way = f'href="{reverse("supervision:orders")}"'

    for user in (city.street_officer, city.supervisor, city.clerk):
        assert way in signed_in(user).get(reverse("desk:worklist")).content.decode()
    for user in (city.worker, city.handler, city.auditor):
        assert way not in signed_in(user).get(reverse("desk:worklist")).content.decode()


def test_talks_and_notices_stand_in_a_list_for_both_sides(city: City, late: Case) -> None:
    take(late, "record_talk", city.street_officer, at=NEXT, record="约谈社区书记", held_on="2026-09-18")

    for user in (city.street_officer, city.supervisor, city.clerk):
        assert "约谈社区书记" in page(user, desk="records"), user
    for user in (city.neighbour_officer, city.handler):
        assert "约谈社区书记" not in page(user, desk="records"), user


def test_the_next_check_is_a_day_to_come(city: City, late: Case) -> None:
    take(late, "order_confirm", city.street_officer, at=NEXT, next_check_on="2026-09-25", **ORDER)

    assert order_of(late).next_check_on == date(2026, 9, 25)
    assert "2026-09-25" in page(city.street_officer)


def test_the_timeline_words_what_the_ladder_proposed(city: City, late: Case) -> None:
    body = signed_in(city.clerk).get(reverse("casework:case", args=[late.number])).content.decode()

    assert str(_("A supervision order is proposed; the superior confirms, changes or dismisses it.")) in body
    for raw in ("office_hours", "channels", "proposal"):
        assert f">{raw}<" not in body, raw
