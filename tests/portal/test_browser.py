"""The frame in a real browser: accessible, operable without a mouse, quiet under the policy."""

from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from grid.people.models import User

pytestmark = pytest.mark.browser

PASSWORD = "sunshine-demo"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


@pytest.fixture
def person(transactional_db) -> User:
    user = User(username="wangfang", name="王芳")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(page: Page, server) -> None:
    page.goto(server.url + "/accounts/sign-in/?next=/help/")
    page.get_by_label("用户名").fill("wangfang")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(server.url + "/help/")


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]
    ]


@pytest.mark.parametrize("viewport", [PHONE, DESK])
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(open_page, live_server, person, viewport):
    page = open_page(viewport=viewport)

    def look(*addresses: str) -> None:
        for large, address in product("01", addresses):
            page.context.add_cookies([{"name": "large_text", "value": large, "url": live_server.url}])
            page.goto(live_server.url + address)
            seen.append((address, large))
            found.extend((address, large, violation) for violation in violations(page))
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append((address, large, "runs over the edge"))

    seen, found = [], []
    look("/", "/accounts/sign-in/", "/help/")
    sign_in(page, live_server)
    look("/", "/help/components/", "/accounts/profile/", "/accounts/password/", "/nothing/here/")

    assert len(seen) == 16
    assert found == []


@pytest.mark.parametrize(("large", "least"), [("0", 44), ("1", 60)])
def test_everything_to_press_is_large_enough_for_a_thumb(open_page, live_server, person, large, least):
    page = open_page(viewport=PHONE, has_touch=True)
    sign_in(page, live_server)
    page.context.add_cookies([{"name": "large_text", "value": large, "url": live_server.url}])
    page.goto(live_server.url + "/help/components/")

    sizes = page.eval_on_selector_all(
        ".btn, .form-control, .form-select, .choice, .tab-bar a, .tabs a, .chip, summary, .tool",
        """all => all.filter(e => e.checkVisibility() && !e.closest('.file-field'))
                   .map(e => [e.className, Math.round(e.getBoundingClientRect().height)])""",
    )
    assert len(sizes) > 40
    assert [size for size in sizes if size[1] < least] == []


def test_large_text_is_at_least_18_px_everywhere(open_page, live_server, person):
    page = open_page(viewport=DESK)
    sign_in(page, live_server)
    page.context.add_cookies([{"name": "large_text", "value": "1", "url": live_server.url}])
    page.goto(live_server.url + "/help/components/")

    small = page.evaluate(
        """() => {
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const found = [];
            while (walker.nextNode()) {
                const element = walker.currentNode.parentElement;
                if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
                const size = parseFloat(getComputedStyle(element).fontSize);
                if (size < 18) found.push(element.className + ' ' + size);
            }
            return found;
        }"""
    )
    assert small == []


def test_the_first_tab_leads_past_the_head_to_the_content(page, live_server, db):
    page.goto(live_server.url + "/")

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_menu_opens_by_keyboard_and_closes_by_escape(page, live_server, person):
    sign_in(page, live_server)
    menu = page.locator("details[data-menu]")

    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="退出登录")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_menu_and_switches_work_without_javascript(open_page, live_server, person):
    page = open_page(java_script_enabled=False)
    sign_in(page, live_server)

    page.locator("details[data-menu] summary").click()
    page.get_by_role("button", name="English").click()

    assert page.url == live_server.url + "/help/"
    expect(page.locator("h1")).to_have_text("Help")


def test_on_a_phone_the_places_stand_at_the_foot(open_page, live_server, person):
    page = open_page(viewport=PHONE)
    sign_in(page, live_server)

    expect(page.locator(".tab-bar")).to_be_visible()
    expect(page.locator(".main-nav")).to_be_hidden()
    box = page.locator(".tab-bar").bounding_box()
    assert box["y"] + box["height"] == PHONE["height"]


def test_chosen_photos_are_shown_and_can_be_taken_out_again(page, live_server, person):
    sign_in(page, live_server)
    page.goto(live_server.url + "/help/components/")
    field = page.locator("[data-files]").first
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
    )

    field.locator("input").set_input_files({"name": "井盖.png", "mimeType": "image/png", "buffer": png})
    expect(field.locator("li img")).to_have_attribute("alt", "井盖.png")
    field.get_by_role("button", name="移除 井盖.png").click()
    expect(field.locator("li")).to_have_count(0)
    assert field.locator("input").evaluate("input => input.files.length") == 0


def test_what_was_typed_survives_a_reload_and_is_forgotten_at_sign_out(page, live_server, person):
    sign_in(page, live_server)
    page.goto(live_server.url + "/help/components/")
    title = page.locator("form[data-keep] [name=title]")

    title.fill("井盖塌陷")
    page.reload()
    expect(title).to_have_value("井盖塌陷")

    page.locator("details[data-menu] summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(live_server.url + "/")
    assert page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft:'))") == []


def test_a_second_press_sends_nothing(page, live_server, person):
    sign_in(page, live_server)
    page.goto(live_server.url + "/accounts/profile/")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    with page.expect_navigation():
        page.evaluate(
            """() => {
                const button = document.querySelector('main form button');
                button.click();
                button.click();
            }"""
        )
    assert sent == [live_server.url + "/accounts/profile/"]


def test_pages_hold_in_forced_colours_and_without_motion(open_page, live_server, person):
    page = open_page(forced_colors="active", reduced_motion="reduce")
    sign_in(page, live_server)
    page.goto(live_server.url + "/help/components/")

    light = page.locator(".light-red").first
    assert light.evaluate("e => getComputedStyle(e).borderStyle") == "solid"
    busy = page.locator("[aria-busy]").first
    assert busy.evaluate("e => parseFloat(getComputedStyle(e, '::before').animationDuration)") < 0.001
