"""One incident from a phone in the street to its end, in a real browser, by the people who do it."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from PIL import Image
from playwright.sync_api import Page, expect

from grid.casework.models import Case, Event, Rung
from grid.incidents.models import Incident
from grid.notices import reader
from grid.notices.models import Notice
from tests.factories.city import PASSWORD, City, build_city

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
TILE = "details.kind:has(input[value=F01])"
Open = Callable[..., Page]


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def sign_in(live_server, city: City, open_page: Open) -> Callable[[str], Page]:
    """Return a function that gives somebody a small phone of his own, signed in."""

    def enter(username: str) -> Page:
        page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
        page.goto(f"{live_server.url}/accounts/sign-in/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/desk/**")
        return page

    return enter


def photo() -> dict[str, object]:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "olive").save(out, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def take(page: Page, case: Case, step: str, **values: str) -> None:
    """Take a step as a person does: open its form, fill it in, send it."""
    base = page.url.split("/desk/")[0].split("/cases/")[0].split("/incidents/")[0]
    page.goto(f"{base}/cases/{case.number}/steps/{step}/")
    for name, value in values.items():
        field = page.locator(f".step-form [name={name}]")
        kind = field.first.evaluate("e => e.type")
        if kind == "radio":
            page.locator(f".step-form [name={name}][value={value}]").check(force=True)
        elif kind.startswith("select"):
            field.select_option(value)
        else:
            field.fill(value)
    page.click(".step-form button[type=submit]")
    page.wait_for_url(f"**/cases/{case.number}/**done={step}**")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_incident_goes_from_a_phone_to_its_end(city: City, sign_in: Callable[[str], Page]) -> None:
    worker = sign_in("worker")
    worker.goto(worker.url.split("/desk/")[0] + "/incidents/report/")
    worker.click(f"{TILE} > summary")
    worker.click(f"{TILE} label:has(input[value=F01])")
    worker.set_input_files("input[type=file]", photo())
    worker.click(".send-bar button")
    worker.wait_for_url("**/incidents/reported/**")
    case = Case.objects.get()
    assert case.attachments.count() == 1

    clerk = sign_in("clerk")
    expect(clerk.locator(".worklist")).to_contain_text(case.number)
    take(clerk, case, "accept")
    take(clerk, case, "escalate", reason="社区没有清运车辆")

    officer = sign_in("street_officer")
    expect(officer.locator(".worklist")).to_contain_text(case.number)
    take(officer, case, "accept")
    take(officer, case, "dispatch", lead=city.department.code, reason="属城管职责")

    handler = sign_in("handler")
    expect(handler.locator(".worklist")).to_contain_text(case.number)
    take(handler, case, "accept")
    take(handler, case, "handle", result="已清运并冲洗地面")

    take(clerk, case, "verify", finding="passed")
    take(officer, case, "close", outcome="solved")

    case.refresh_from_db()
    assert (case.status, case.outcome, case.phase) == ("closed", "solved", "closed")
    story = (
        Event.objects.filter(case=case)
        .order_by("seq")
        .values_list("verb", "user__name", "organisation__name")
    )
    assert list(story) == [
        ("report", "王小网", "草市口社区居委会"),
        ("accept", "李社区", "草市口社区居委会"),
        ("escalate", "李社区", "草市口社区居委会"),
        ("accept", "张街道", "长西街道办事处"),
        ("dispatch", "张街道", "长西街道办事处"),
        ("accept", "赵城管", "清江浦区城市管理局"),
        ("handle", "赵城管", "清江浦区城市管理局"),
        ("verify", "李社区", "草市口社区居委会"),
        ("close", "张街道", "长西街道办事处"),
    ]
    worker.goto(worker.url.split("/incidents/")[0] + f"/cases/{case.number}/")
    for name in ("王小网", "李社区", "张街道", "赵城管"):
        expect(worker.locator(".timeline")).to_contain_text(name)
    assert Incident.objects.get().handled_by == city.handler


def test_what_is_late_is_told_to_the_street_once_and_the_bell_shows_it(
    city: City, sign_in: Callable[[str], Page]
) -> None:
    worker = sign_in("worker")
    worker.goto(worker.url.split("/desk/")[0] + "/incidents/report/")
    worker.click(f"{TILE} > summary")
    worker.click(f"{TILE} label:has(input[value=F01])")
    worker.click(".send-bar button")
    worker.wait_for_url("**/incidents/reported/**")
    case = Case.objects.get()
    assert case.next_due_at is not None
    late = (case.next_due_at + timedelta(minutes=1)).isoformat()

    for _ in range(3):
        call_command("climb_ladder", at=late)
        reader.deliver()

    assert list(Rung.objects.order_by("level").values_list("level", "told")) == [
        (1, False),
        (2, False),
        (3, True),
    ]
    assert Notice.objects.filter(recipient=city.street_officer, case=case, level=3).count() == 1
    officer = sign_in("street_officer")
    officer.goto(officer.url.split("/desk/")[0] + "/notices/")
    expect(officer.locator("main")).to_contain_text(case.number)
