"""The front door, help, errors: in both languages, for everybody."""

import json
import re

import pytest
from django.conf import settings
from django.db import connection
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.views.generic import TemplateView

from governance.portal.templatetags.components import ICONS, icon_paths
from governance.urls import urlpatterns as real_urls

ROOT = settings.BASE_DIR / "templates"
OURS = ["portal", "accounts", "components", "."]
LANGUAGES = ["zh-hans", "en"]


def broken(request):
    raise RuntimeError("on purpose")


urlpatterns = [
    *real_urls,
    path("broken/", broken),
    path("busy/", TemplateView.as_view(template_name="503.html")),
    path("faster/", TemplateView.as_view(template_name="409.html")),
]


def templates() -> list[str]:
    files = [file for folder in OURS for file in (ROOT / folder).glob("*.html")]
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


@pytest.fixture
def staff(client: Client, city) -> Client:
    client.force_login(city.clerk, backend="django.contrib.auth.backends.ModelBackend")
    return client


def speak(client: Client, language: str) -> Client:
    client.cookies["django_language"] = language
    return client


@pytest.mark.parametrize("name", templates())
def test_every_template_compiles(name):
    get_template(name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("address", ["/", "/help/", "/accounts/sign-in/"])
def test_pages_for_everybody_open_in_both_languages(client, db, language, address):
    page = speak(client, language).get(address)

    assert page.status_code == 200
    assert page.headers["Content-Language"] == language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "address", ["/", "/help/", "/help/components/", "/accounts/profile/", "/accounts/password/"]
)
def test_pages_for_staff_open_in_both_languages(staff, language, address):
    page = speak(staff, language).get(address)

    assert page.status_code == 200
    assert page.headers["Content-Language"] == language


@pytest.mark.parametrize("address", ["/", "/help/", "/accounts/sign-in/"])
def test_english_pages_hold_no_chinese_but_the_switch_back(client, db, address):
    page = speak(client, "en").get(address).content.decode()
    text = re.sub(r"<[^>]+>", " ", page)

    assert set(re.findall(r"[\u4e00-\u9fff]+", text)) == {"中文"}


def test_the_components_page_is_for_staff(client, db):
    assert client.get("/help/components/").status_code == 302


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("address", "status"), [("/nothing/here/", 404), ("/broken/", 500), ("/busy/", 200), ("/faster/", 200)]
)
def test_error_pages_say_what_to_do_in_both_languages(db, language, address, status):
    client = speak(Client(raise_request_exception=False), language)

    page = client.get(address)

    assert page.status_code == status
    assert "<h1>" in page.content.decode()
    assert 'href="/"' in page.content.decode()


def test_a_form_open_for_too_long_is_answered_with_what_to_do(person_client):
    answer = person_client.post("/language/", {"language": "en"})

    assert answer.status_code == 403
    assert "页面停留时间过长" in answer.content.decode()


@pytest.fixture
def person_client(db):
    return Client(enforce_csrf_checks=True)


def test_the_500_page_needs_no_context_and_no_database():
    page = get_template("500.html").render()

    assert "出了点问题" in page
    assert "Something went wrong" in page


def test_pages_carry_nothing_inline_and_nothing_from_elsewhere(staff):
    page = staff.get("/help/components/")
    html = page.content.decode()

    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html)
    assert set(re.findall(r'(?:src|href|action)="(https?:)?//', html)) == set()
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy


def test_htmx_keeps_no_pages_evaluates_nothing_and_injects_no_style(client, db):
    html = client.get("/").content.decode()
    content = re.search(r"name=\"htmx-config\"\s+content='([^']+)'", html)[1]
    config = json.loads(content)

    assert config["allowEval"] is False
    assert config["includeIndicatorStyles"] is False
    assert config["historyCacheSize"] == 0
    assert config["selfRequestsOnly"] is True


@pytest.mark.parametrize(
    ("who", "shown"), [("worker", True), ("clerk", True), ("auditor", False), ("nobody", False)]
)
def test_the_report_form_is_offered_only_to_those_who_may_report(client, city, who, shown):
    client.force_login(getattr(city, who), backend="django.contrib.auth.backends.ModelBackend")

    offered = 'href="/incidents/report/"' in client.get("/help/").content.decode()
    opened = client.get("/incidents/report/").status_code

    assert offered is shown
    assert opened == (200 if shown else 403)


def test_the_frame_reads_session_user_postings_notices_and_waiting_orders_once_each(staff):
    with CaptureQueriesContext(connection) as queries:
        staff.get("/help/")

    reads = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert len(reads) == 5, reads


def test_every_link_on_the_front_page_leads_somewhere(client, db):
    html = client.get("/").content.decode()
    links = {link for link in re.findall(r'href="(/[^"#]*)', html) if not link.startswith("/static/")}

    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_every_icon_that_a_template_draws_is_vendored():
    names = {
        name for file in ROOT.rglob("*.html") for name in re.findall(r'{% icon "([^"]+)"', file.read_text())
    }

    assert names
    assert {name for name in names if not (ICONS / f"{name}.svg").exists()} == set()
    assert all(icon_paths(name) for name in names)


@pytest.mark.parametrize("page", [None, RequestFactory().get("/")])
def test_the_frame_holds_even_where_nobody_can_be_signed_in(page):
    assert "<h1>" in get_template("404.html").render({}, page)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/desk/?q=%00", 400),
        ("/areas/?open=%00", 400),
        ("/help/?x=1&y=a%00b", 400),
        ("/incidents/reported/%00/", 404),
    ],
)
def test_an_address_with_a_null_character_is_refused_in_the_readers_language(staff, address, status):
    answer = staff.get(address)

    assert answer.status_code == status
    assert answer["Content-Language"] == "zh-hans"
