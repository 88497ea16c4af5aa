"""The page of a case in a real browser: on a small phone, with and without JavaScript."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from grid.casework.models import Case
from tests.factories.city import PASSWORD, City, build_city, centre_of
from tests.factories.incidents import report, take
from tests.factories.long_case import photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    made = report(city, at=timezone.now() - timedelta(minutes=5), **centre_of(city.grid))
    take(made, "accept", city.clerk, at=timezone.now())
    return made


@pytest.fixture
def visit(live_server, case: Case) -> Callable[[Page], str]:
    """Return a function that signs the clerk in on the page of the case, and returns its address."""

    def go(page: Page) -> str:
        path = f"/cases/{case.number}/"
        page.goto(f"{live_server.url}/accounts/sign-in/?next={path}")
        page.fill("input[name=username]", "clerk")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{live_server.url}{path}")
        return live_server.url + path

    return go


def files() -> list[dict[str, object]]:
    good = photo()
    return [
        {"name": good.name, "mimeType": "image/jpeg", "buffer": good.read()},
        {"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": b"<svg/>"},
    ]


def test_a_step_is_taken_in_place_and_a_refused_file_costs_nothing_else(
    phone: Page, visit: Callable[[Page], str], case: Case
) -> None:
    address = visit(phone)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(phone.locator(".clock time").first).to_be_in_viewport()
    expect(phone.locator(".map .map-pin")).to_have_count(1)

    phone.click(".case-bar .btn-primary")
    expect(phone.locator("#step_title")).to_be_focused()
    expect(phone.locator(".case-bar")).to_be_hidden()
    phone.fill("#id_result", "已清运")
    phone.set_input_files("#id_uploads", files())
    phone.click(".step-form button[type=submit]")

    expect(phone.locator(".error-summary")).to_be_focused()
    expect(phone.locator("#id_result")).to_have_value("已清运")
    expect(phone.locator(".kept-file")).to_have_count(1)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

    phone.click(".step-form button[type=submit]")
    phone.wait_for_url(address + "?done=handle")
    case.refresh_from_db()
    assert case.status == "handled"
    assert case.attachments.count() == 1
    expect(phone.locator(".timeline .photo img").first).to_be_attached()


def test_back_and_cancel_close_the_form(phone: Page, visit: Callable[[Page], str]) -> None:
    address = visit(phone)
    phone.click(".case-bar .btn-primary")
    expect(phone.locator(".step-form")).to_be_visible()
    phone.click("[data-close-step]")
    expect(phone.locator(".step-form")).to_have_count(0)
    assert phone.url == address

    phone.click(".case-bar .btn-primary")
    expect(phone.locator(".step-form")).to_be_visible()
    phone.go_back()
    expect(phone.locator(".step-form")).to_have_count(0)
    assert phone.url == address


def test_everything_works_without_javascript(
    open_page: Callable[..., Page], visit: Callable[[Page], str], case: Case
) -> None:
    page = open_page(java_script_enabled=False, viewport={"width": 360, "height": 740})
    address = visit(page)
    page.click(".clock summary")
    expect(page.locator(".worked-out li").first).to_be_visible()

    page.click("#actions .btn-primary")
    page.wait_for_url("**/steps/handle/")
    page.set_input_files("#id_uploads", files())
    page.click(".step-form button[type=submit]")
    expect(page.locator(".kept-file")).to_have_count(1)
    page.fill("#id_result", "已清运")
    page.check("input[name=remove-uploads]")
    page.click(".step-form button[type=submit]")

    page.wait_for_url(address + "?done=handle")
    assert case.attachments.count() == 0
