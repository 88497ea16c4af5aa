"""Rules and calendar on a small phone."""

import pytest
from django.urls import reverse

from tests.factories.city import PASSWORD, build_city

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_page_of_rules_and_calendar_is_wider_than_a_phone_and_a_day_can_be_touched(phone, live_server):
    build_city()
    phone.goto(live_server.url + reverse("accounts:sign_in"))
    phone.fill("input[name=username]", "admin")
    phone.fill("input[name=password]", PASSWORD)
    phone.press("input[name=password]", "Enter")
    phone.wait_for_url("**/desk/**")
    pages = ["worktime:rules", "worktime:rungs", "worktime:import_notice"]
    paths = [reverse(name) for name in pages]
    paths += [reverse("worktime:limit", args=["XF-HANDLE"]), reverse("worktime:calendar", args=[2027])]
    for path in paths:
        phone.goto(live_server.url + path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path

    day = phone.locator("#m10 a.day").nth(8)
    box = day.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 36
    day.click()
    phone.wait_for_url("**/calendar/days/2027-10-09/")
    phone.locator("label.choice", has_text="调休上班").click()
    phone.fill("input[name=source]", "放假通知")
    phone.locator("main form button[type=submit]").first.click()
    phone.wait_for_url("**/calendar/2027/#m10")
    assert "班" in phone.locator("#m10 a.day").nth(8).inner_text()
