"""In which language the portal speaks, and how large."""

import pytest
from django.contrib.auth.hashers import make_password

from grid.people.models import User


@pytest.fixture
def person(db) -> User:
    return User.objects.create(username="wangfang", name="王芳", password=make_password("x"))


def language_of(page) -> str:
    return page.headers["Content-Language"]


def test_pages_speak_chinese_whatever_the_browser_asks_for(client, db):
    assert language_of(client.get("/", headers={"accept-language": "en"})) == "zh-hans"


def test_the_api_goes_by_accept_language(client, db):
    assert language_of(client.get("/api/nothing", headers={"accept-language": "en"})) == "en"
    assert language_of(client.get("/api/nothing", headers={"accept-language": "fr"})) == "zh-hans"


def test_switching_comes_back_to_the_same_page_and_lasts(client, db):
    answer = client.post("/language/", {"language": "en", "next": "/help/?a=1"})

    assert answer.url == "/help/?a=1"
    assert language_of(client.get("/")) == "en"


def test_switching_is_remembered_for_the_person(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/language/", {"language": "en"})

    person.refresh_from_db()
    assert person.language == "en"


def test_an_unknown_language_changes_nothing(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/language/", {"language": "xx"})

    person.refresh_from_db()
    assert person.language == ""
    assert language_of(client.get("/")) == "zh-hans"


@pytest.mark.parametrize("address", ["/language/", "/large-text/"])
@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "http://testserver//@evil.example"]
)
def test_a_switch_never_leads_to_another_site(client, db, address, elsewhere):
    url = client.post(address, {"language": "en", "next": elsewhere}).url

    assert url == "/" or url.startswith("http://testserver/")


@pytest.mark.parametrize("address", ["/language/", "/large-text/"])
def test_a_switch_takes_a_post(client, db, address):
    assert client.get(address).status_code == 405


def test_large_text_is_switched_on_and_off_and_remembered(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    client.post("/large-text/", {"large_text": "1"})
    person.refresh_from_db()
    assert person.large_text
    assert 'class="large-text"' in client.get("/").content.decode()

    client.post("/large-text/", {"large_text": "0"})
    person.refresh_from_db()
    assert not person.large_text
    assert 'class="large-text"' not in client.get("/").content.decode()
