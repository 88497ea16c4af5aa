"""Signing in and out, as a browser without JavaScript does it."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from grid.people.models import User

PASSWORD = "sunshine-demo"
SIGN_IN = "/accounts/sign-in/"


def sign_in(client: Client, password: str = PASSWORD, username: str = "wangfang", **data):
    return client.post(SIGN_IN, {"username": username, "password": password, **data})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_signs_in_and_leads_to_the_desk(client, person):
    answer = sign_in(client)

    assert answer.status_code == 302
    assert answer.url == reverse("desk:worklist")
    assert is_signed_in(client)


def test_a_wrong_password_says_so_without_telling_which_part_was_wrong(client, person):
    wrong_password = sign_in(client, "wrong")
    unknown_name = sign_in(client, "wrong", username="nobody")

    assert not is_signed_in(client)
    for answer in (wrong_password, unknown_name):
        assert "用户名或密码不正确" in answer.content.decode()


def test_the_password_typed_is_never_sent_back(client, person):
    assert "a-secret-typed-wrongly" not in sign_in(client, "a-secret-typed-wrongly").content.decode()


def test_sign_in_leads_back_to_the_page_that_was_asked_for(client, person):
    assert sign_in(client, next="/accounts/profile/").url == "/accounts/profile/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "javascript:alert(1)",
        "\\\\evil.example",
    ],
)
def test_sign_in_never_leads_to_another_site(client, person, elsewhere):
    assert sign_in(client, next=elsewhere).url == reverse("desk:worklist")


def test_who_is_signed_in_already_is_led_on(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(SIGN_IN).url == reverse("desk:worklist")


def test_five_wrong_passwords_close_the_door_and_the_page_says_until_when(client, person):
    answers = [sign_in(client, "wrong") for _ in range(5)]
    until = AccessAttempt.objects.get().attempt_time + timedelta(minutes=15)

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert timezone.localtime(until).strftime("%H:%M") in answers[-1].content.decode()
    assert 880 < int(answers[-1].headers["Retry-After"]) <= 900
    assert sign_in(client).status_code == 429
    assert not is_signed_in(client)


def test_trying_while_the_door_is_closed_does_not_close_it_for_longer(client, person):
    for _ in range(5):
        sign_in(client, "wrong")
    closed_at = AccessAttempt.objects.get().attempt_time
    for _ in range(3):
        sign_in(client, "wrong")

    assert AccessAttempt.objects.get().attempt_time == closed_at


def test_the_door_opens_again_after_a_quarter_of_an_hour(client, person):
    for _ in range(5):
        sign_in(client, "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))

    assert sign_in(client).status_code == 302


def test_a_locked_name_locks_nobody_else_in_the_same_office(client, person):
    User.objects.create(username="limin", name="李敏", password=make_password(PASSWORD))
    for _ in range(5):
        sign_in(client, "wrong")

    assert sign_in(client, username="limin").status_code == 302


def test_signing_out_takes_a_post_and_leads_to_the_front_page(client, person):
    sign_in(client)

    assert client.get("/accounts/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/accounts/sign-out/").url == reverse("portal:home")
    assert not is_signed_in(client)


def test_a_persons_own_choices_hold_on_a_device_he_never_used(client, person):
    person.language, person.large_text = "en", True
    person.save(update_fields=["language", "large_text"])

    sign_in(client)
    page = client.get("/accounts/profile/").content.decode()

    assert '<html lang="en" class="large-text">' in page


def test_demo_sign_ins_are_offered_in_a_demo(client, person, settings):
    settings.DEMO = True
    User.objects.filter(pk=person.pk).update(is_demo=True)

    page = client.get(SIGN_IN).content.decode()

    assert 'data-fill-username="wangfang"' in page
    assert settings.DEMO_PASSWORD in page


def test_only_demo_people_who_have_a_password_are_offered(client, person, settings):
    settings.DEMO = True
    User.objects.create(username="demo0001", name="路人", is_demo=True, password=make_password(None))

    assert "demo0001" not in client.get(SIGN_IN).content.decode()


def test_demo_sign_ins_and_their_password_are_shown_nowhere_else(client, person, settings):
    settings.DEMO = False
    User.objects.filter(pk=person.pk).update(is_demo=True)

    page = client.get(SIGN_IN).content.decode()

    assert "wangfang" not in page
    assert settings.DEMO_PASSWORD not in page


@pytest.mark.browser
def test_sign_in_works_without_javascript(open_page, live_server, person):
    page = open_page(java_script_enabled=False)
    page.goto(live_server.url + "/accounts/profile/")

    page.get_by_label("用户名").fill("wangfang")
    page.get_by_label("密码").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="登录").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("王芳")


@pytest.mark.browser
def test_one_tap_fills_the_form_with_a_demo_account(page, live_server, person, settings):
    settings.DEMO = True
    User.objects.filter(pk=person.pk).update(is_demo=True)
    page.goto(live_server.url + SIGN_IN)

    page.get_by_role("button", name="wangfang").click()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: SIGN_IN not in url)

    page.goto(live_server.url + "/accounts/profile/")
    expect(page.get_by_role("heading", level=1)).to_have_text("王芳")
