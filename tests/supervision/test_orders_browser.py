"""A late matter from the proposal to the answer in a browser; accessible, within the edges of a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from grid.casework.models import Case
from grid.supervision.models import SupervisionOrder
from grid.supervision.services import climb
from tests.factories.city import PASSWORD, City, build_city
from tests.factories.incidents import report, take

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
SIZES = [{"width": 360, "height": 740}, {"width": 1440, "height": 900}]


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def late(city: City) -> Case:
    """A matter that became late an hour ago; the ladder proposed an order to the street."""
    now = timezone.now()
    case = report(city, at=now - timedelta(hours=73), title="单元门口垃圾积存")
    climb(now)
    return case


def enter(page: Page, live_server: LiveServer, username: str) -> None:
    page.goto(live_server.url + reverse("accounts:sign_in"))
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/**")


def faults(page: Page) -> list[str]:
    """Return what axe finds, and whether anything runs over the edge."""
    found = [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in Axe().run(page).response["violations"]
        for node in one["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("something runs over the edge")
    return found


def test_an_order_goes_from_the_proposal_to_the_answer(
    open_page: Callable[..., Page], live_server: LiveServer, city: City, late: Case
) -> None:
    boss = open_page(viewport=SIZES[1])
    enter(boss, live_server, "street_officer")
    boss.click("nav.main-nav a[href='/supervision/']")
    boss.locator(".cell-order a").click()
    boss.click(".sheet-tools a[href$='/steps/order_confirm/']")
    boss.click("label:has(input[name=suggestions][value=improve])")
    boss.fill("textarea[name=demand]", "三日内清运到位，书面说明原因。")
    boss.locator(".step-form button[type=submit]").first.click()
    expect(boss.locator(".order-panel")).to_contain_text("督办〔")

    clerk = open_page(viewport=SIZES[0], has_touch=True, is_mobile=True)
    enter(clerk, live_server, "clerk")
    clerk.goto(live_server.url + reverse("supervision:orders"))
    clerk.locator("a", has_text="单元门口垃圾积存").first.click()
    clerk.locator("a[href$='/steps/order_answer/']").first.click()
    clerk.click("label:has(input[name=adoption][value=partly])")
    clerk.fill("textarea[name=feedback]", "已增派车辆，今后每日巡查。")
    clerk.locator(".step-form button[type=submit]").first.click()
    expect(clerk.locator(".timeline, .day").first).to_contain_text("今后每日巡查")

    order = SupervisionOrder.objects.get()
    assert (order.status, order.adoption, order.answered_by) == ("answered", "partly", city.clerk)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
def test_list_sheet_and_panel_are_accessible_and_fit(
    open_page: Callable[..., Page],
    live_server: LiveServer,
    city: City,
    late: Case,
    language: str,
    size: dict[str, int],
) -> None:
    now = timezone.now()
    order = {"suggestions": ["improve"], "demand": "三日内清运到位，书面说明原因。"}
    take(late, "order_confirm", city.street_officer, at=now, **order)
    report(city, at=now - timedelta(hours=73), title="路灯不亮")
    climb(now)
    page = open_page(viewport=size)
    page.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}]
    )
    enter(page, live_server, "street_officer")

    order_id = SupervisionOrder.objects.get(case=late).pk
    for path in (
        reverse("supervision:orders"),
        reverse("supervision:orders") + "?desk=records",
        reverse("supervision:order", args=[order_id]),
        reverse("casework:case", args=[late.number]),
    ):
        page.goto(live_server.url + path)
        assert faults(page) == [], path
