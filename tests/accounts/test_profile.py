"""A person's own account."""

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client

from governance.accounts.forms import ProfileForm
from grid.notices.services import channels_of
from grid.people.models import User

PROFILE = "/accounts/profile/"
PASSWORD = "sunshine-demo"


@pytest.fixture
def signed_in(client: Client, person: User) -> Client:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_account_shows_name_and_postings(client, city):
    client.force_login(city.clerk, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(PROFILE).content.decode()

    assert city.clerk.name in page
    assert city.community_org.name in page


def test_somebody_without_a_posting_is_told_whom_to_ask(signed_in):
    assert "您目前没有岗位" in signed_in.get(PROFILE).content.decode()


def test_telephone_language_and_large_text_are_changed_and_hold_at_once(signed_in, person):
    answer = signed_in.post(PROFILE, {"phone": "0517-1", "language": "en", "large_text": "true"}, follow=True)

    person.refresh_from_db()
    assert (person.phone, person.language, person.large_text) == ("0517-1", "en", True)
    assert '<html lang="en" class="large-text">' in answer.content.decode()
    assert "Your account was changed." in answer.content.decode()


def test_channels_beside_the_portal_are_chosen_and_the_portal_never_switched_off(signed_in, person):
    assert channels_of(person) == ["email", "sms"]
    assert "portal" not in dict(ProfileForm().fields["channels"].choices)

    signed_in.post(PROFILE, {"phone": "", "language": "en", "channels": ["email"]})
    assert channels_of(person) == ["email"]
    assert signed_in.post(PROFILE, {"phone": "", "language": "en", "channels": ["portal"]}).status_code == 422
    signed_in.post(PROFILE, {"phone": "", "language": "en", "channels": ["email", "sms"]})
    assert channels_of(person) == ["email", "sms"]


def test_nobody_changes_his_own_name_which_stands_in_timelines(signed_in, person):
    signed_in.post(PROFILE, {"name": "他人", "phone": "", "language": "zh-hans"})

    person.refresh_from_db()
    assert person.name == "王芳"


def test_a_form_with_a_mistake_comes_back_filled_and_changes_nothing(signed_in, person):
    answer = signed_in.post(PROFILE, {"phone": "0517-2", "language": "xx"})

    person.refresh_from_db()
    assert answer.status_code == 422
    assert person.phone == ""
    assert 'value="0517-2"' in answer.content.decode()
    assert "您填写的内容没有丢失" in answer.content.decode()


def test_the_account_is_closed_to_strangers(client, db):
    assert client.get(PROFILE).url == f"/accounts/sign-in/?next={PROFILE}"


def change_password(client: Client, old: str, new: str, again: str):
    data = {"old_password": old, "new_password1": new, "new_password2": again}
    return client.post("/accounts/password/", data)


def test_the_password_is_changed_by_who_knows_the_old_one(signed_in, person):
    answer = change_password(signed_in, PASSWORD, "deep-teal-7-bridges", "deep-teal-7-bridges")

    person.refresh_from_db()
    assert answer.url == PROFILE
    assert check_password("deep-teal-7-bridges", person.password)


def test_a_wrong_old_password_changes_nothing(signed_in, person):
    before = person.password

    assert (
        change_password(signed_in, "wrong", "deep-teal-7-bridges", "deep-teal-7-bridges").status_code == 200
    )
    person.refresh_from_db()
    assert person.password == before
