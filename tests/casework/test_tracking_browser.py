"""The public door and the small calendar in a real browser: accessible, and within the edges of a phone."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from grid.casework import deadlines, tracking
from grid.casework.models import Case, Deadline, Party, Round, Token
from grid.casework.steps import take_step
from grid.worktime.calendar import WorkCalendar
from grid.worktime.models import DeadlineRule
from tests.factories.city import PASSWORD, City, acting, build_city
from tests.factories.incidents import report, take

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
SIZES = [{"width": 360, "height": 740}, {"width": 1440, "height": 900}]


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    """Return a case with a limit in hours and one in days, paused for a while and made longer."""
    now = timezone.now()
    made = report(city, at=now - timedelta(hours=30))
    take(made, "accept", city.clerk, at=now - timedelta(hours=29))
    rule = DeadlineRule.objects.get(code="XF-HANDLE", organisation=None, statutory=True)
    row = Deadline(
        case=made,
        round=Round.objects.get(case=made),
        rule=rule,
        starts_at=now - timedelta(days=20),
        **{
            name: getattr(rule, name)
            for name in ("code", "label", "label_en", "basis", "basis_en", "length", "unit", "binds", "rolls")
        },
        may_pause=True,
    )
    deadlines.compute(row, WorkCalendar.load())
    row.save(force_insert=True)
    deadlines.pause(row, until=now - timedelta(days=5), reason="听证", at=now - timedelta(days=8))
    deadlines.resume(row, at=now - timedelta(days=5))
    deadlines.extend(Deadline.objects.get(pk=row.pk), length=10, reason="案情复杂", at=now)
    return made


def faults(page: Page) -> list[str]:
    """Return what axe finds, and whether anything runs over the edge."""
    found = [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in Axe().run(page).response["violations"]
        for node in one["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("runs over the edge")
    return found


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details.disclosure').forEach((d) => { d.open = true })")


@pytest.mark.parametrize("viewport", SIZES)
def test_a_person_is_noted_gets_a_slip_and_follows_the_matter(
    open_page, live_server, city: City, case: Case, viewport: dict[str, int]
) -> None:
    found = []
    for turn, language in enumerate(("zh-hans", "en")):
        page = open_page(viewport=viewport)
        page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        form = f"/cases/{case.number}/steps/note_party/"
        page.goto(f"{live_server.url}/accounts/sign-in/?next={form}")
        page.fill("input[name=username]", "clerk")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(live_server.url + form)
        page.fill("#id_name", "张三丰")
        page.fill("#id_phone", f"1381234220{turn}")
        page.click(f"label:has(input[name=language][value={language}])")
        page.click(".step-form button[type=submit]")
        page.wait_for_url("**/code/")
        code = page.locator(".slip-big").nth(1).inner_text()
        found += [(language, "slip", fault) for fault in faults(page)]
        page.click(".slip-done button[type=submit]")
        page.wait_for_url(f"**/cases/{case.number}/")
        unfold(page)
        found += [(language, "case", fault) for fault in faults(page)]

        phone = open_page(viewport=viewport)
        phone.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        phone.goto(live_server.url + "/track/")
        found += [(language, "door", fault) for fault in faults(phone)]
        phone.fill("#id_number", case.number.lower())
        phone.fill("#id_code", "AAAA AAAA")
        phone.press("#id_code", "Enter")
        expect(phone.locator(".error-summary")).to_be_focused()
        found += [(language, "wrong", fault) for fault in faults(phone)]
        phone.fill("#id_code", code.lower().replace("-", " "))
        phone.press("#id_code", "Enter")
        phone.wait_for_url(f"**/track/{case.number}/")
        unfold(phone)
        expect(phone.locator("table.month").first).to_be_visible()
        expect(phone.locator(".time-bar-picture")).to_have_count(1)
        found += [(language, "tracked", fault) for fault in faults(phone)]
        assert code not in phone.url
        phone.click(".tracked-head button[type=submit]")
        phone.wait_for_url("**/track/")
        phone.goto(f"{live_server.url}/track/{case.number}/")
        assert phone.url == f"{live_server.url}/track/"
    assert found == []


def test_the_door_opens_without_javascript(open_page, live_server, city: City, case: Case) -> None:
    person = {"name": "张三丰", "phone": "13812342200", "language": "zh-hans"}
    take_step(case.pk, "note_party", by=acting(city.clerk), data=person, at=timezone.now())
    code = tracking.code_of(Token.objects.get(party=Party.objects.get(case=case)))
    page = open_page(java_script_enabled=False, viewport=SIZES[0])

    page.goto(f"{live_server.url}/track/?number={case.number}")
    page.fill("#id_code", code)
    page.click(".track-door button[type=submit]")
    page.wait_for_url(f"**/track/{case.number}/")
    expect(page.locator(".time-bar-picture")).to_be_visible()
    page.locator("details.disclosure:not([open]) summary").first.click()
    expect(page.locator("table.month").first).to_be_visible()
