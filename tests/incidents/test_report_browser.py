"""Reporting from a phone with a real browser: three taps, photos ahead, and honest about what is not sent."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from grid.casework.models import Attachment, Case
from grid.incidents.models import Incident
from tests.factories.city import PASSWORD, City, build_city

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
FORM = "/incidents/report/"
TILE = "details.kind:has(input[value=F01])"


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def sign_in(live_server, city: City) -> Callable[[Page, str], None]:
    def sign(page: Page, username: str) -> None:
        page.goto(f"{live_server.url}/accounts/sign-in/?next={FORM}")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{live_server.url}{FORM}")

    return sign


def photo() -> dict[str, object]:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "olive").save(out, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def choose(page: Page) -> None:
    page.click(f"{TILE} > summary")
    page.click(f"{TILE} label:has(input[value=F01])")


def test_three_taps_send_a_report(phone, sign_in, city):
    sign_in(phone, "worker")
    choose(phone)
    phone.click(".send-bar button")
    phone.wait_for_url("**/incidents/reported/**")

    case = Case.objects.get()
    expect(phone.locator(".arrived-number")).to_have_text(case.number)
    assert case.area == city.grid
    assert Incident.objects.get().observed_at is not None
    assert phone.evaluate("localStorage.length") == 0


def test_nothing_on_the_form_is_wider_than_a_small_phone(phone, sign_in):
    sign_in(phone, "worker")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    choose(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_photo_goes_ahead_and_the_position_is_taken_by_one_tap(open_page, sign_in, city):
    page = open_page(
        viewport={"width": 360, "height": 740},
        geolocation={"longitude": 119.035, "latitude": 33.605, "accuracy": 8},
        permissions=["geolocation"],
    )
    sign_in(page, "worker")
    expect(page.locator(".locate-state")).to_contain_text("8")
    page.set_input_files("input[type=file]", photo())
    page.wait_for_selector("#report_photos [data-upload]")
    choose(page)
    page.click(".send-bar button")
    page.wait_for_url("**/incidents/reported/**")

    assert Attachment.objects.get().case == Case.objects.get()
    assert Case.objects.get().area == city.grid_2


def test_without_a_connection_it_says_so_and_loses_nothing(phone, sign_in, live_server):
    sign_in(phone, "worker")
    choose(phone)
    phone.fill("#id_description", "三袋垃圾")
    phone.context.set_offline(True)
    phone.click(".send-bar button")
    expect(phone.locator("#report_state .banner-warning")).to_be_visible()
    assert not Case.objects.exists()

    phone.context.set_offline(False)
    phone.goto(f"{live_server.url}{FORM}")
    expect(phone.locator("#id_description")).to_have_value("三袋垃圾")
    expect(phone.locator("#report_state .banner")).to_be_visible()
    phone.click(".send-bar button")
    phone.wait_for_url("**/incidents/reported/**")
    assert Case.objects.get().description == "三袋垃圾"


def test_an_answer_that_got_lost_does_not_make_a_second_case(phone, sign_in, live_server):
    sign_in(phone, "worker")
    choose(phone)

    def lose(route) -> None:
        route.fetch()
        route.abort()

    phone.route(f"**{FORM}", lambda r: lose(r) if r.request.method == "POST" else r.continue_())
    phone.click(".send-bar button")
    expect(phone.locator("#report_state .banner-warning")).to_be_visible()
    assert Case.objects.count() == 1

    phone.unroute_all()
    phone.click(".send-bar button")
    phone.wait_for_url("**/incidents/reported/**")
    assert Case.objects.count() == 1


def test_a_form_without_a_category_comes_back_with_the_reason_and_the_photo(phone, sign_in):
    sign_in(phone, "worker")
    phone.set_input_files("input[type=file]", photo())
    phone.wait_for_selector("#report_photos [data-upload]")
    phone.click(".send-bar button")
    expect(phone.locator(".error-summary")).to_be_focused()
    choose(phone)
    phone.click(".send-bar button")
    phone.wait_for_url("**/incidents/reported/**")

    assert Attachment.objects.count() == 1


def test_the_whole_form_works_without_javascript(open_page, sign_in):
    page = open_page(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    sign_in(page, "worker")
    choose(page)
    page.set_input_files("input[type=file]", photo())
    page.locator("#id_done").check(force=True)
    page.fill("#id_result", "当场清理")
    page.click(".send-bar button")
    page.wait_for_url("**/incidents/reported/**")

    assert Case.objects.get().status == "closed"
    assert Attachment.objects.count() == 1
