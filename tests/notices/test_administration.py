"""Pages of system administrators: channels, log, what was not sent, texts; nothing of any case."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from grid.casework.models import Case
from grid.notices import delivery
from grid.notices.administration import PAGE_SIZE
from grid.notices.choices import MESSAGE_CODES, OUTSIDE
from grid.notices.models import ChatRobot, Message, MessageTemplate
from grid.notices.preview import previews, sample
from grid.notices.shipped import SHIPPED
from grid.notices.texts import check, placeholders
from tests.factories.city import City
from tests.factories.incidents import report
from tests.factories.messages import reachable, tell
from tests.notices.servers import HttpServer, SmtpServer

AT = datetime(2026, 9, 4, 2, 0, tzinfo=UTC)
LOG, TROUBLE, CHANNELS, TEXTS = (
    "/notices/messages/",
    "/notices/messages/trouble/",
    "/notices/channels/",
    "/notices/texts/",
)
RED = "/notices/texts/staff/rung_red/sms/"


@pytest.fixture
def admin(client: Client, city: City) -> Client:
    client.force_login(city.admin, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def uncertain(city: City, case: Case, gateway: HttpServer) -> Message:
    """A text message that a gateway took without saying so."""
    (message,) = tell(case, reachable(city.clerk), at=AT, channels=("sms",))
    gateway.answer = "hang"
    delivery.send_due(AT)
    gateway.answer = (200, '{"code": 0}')
    message.refresh_from_db()
    return message


def test_the_pages_are_for_system_administrators_alone(
    client: Client, city: City, uncertain: Message
) -> None:
    client.force_login(city.district_officer, backend="django.contrib.auth.backends.ModelBackend")

    for url in (LOG, TROUBLE, CHANNELS, TEXTS, RED, f"{LOG}{uncertain.pk}/"):
        assert client.get(url).status_code == 403
    assert client.post(f"{LOG}{uncertain.pk}/again/", {"reason": "重发"}).status_code == 403
    assert "/notices/channels/" not in client.get("/notices/").text


def test_an_administrator_finds_them_from_his_notices(admin: Client) -> None:
    assert "/notices/channels/" in admin.get("/notices/").text


def test_what_is_uncertain_is_listed_and_sent_again_with_a_reason(
    admin: Client, city: City, uncertain: Message, gateway: HttpServer
) -> None:
    assert f"{LOG}{uncertain.pk}/" in admin.get(TROUBLE).text
    page = admin.get(f"{LOG}{uncertain.pk}/").text
    assert "可能已经送达" in page or "It may have arrived already" in page

    assert admin.post(f"{LOG}{uncertain.pk}/again/", {"reason": " "}).status_code == 422
    assert admin.post(f"{LOG}{uncertain.pk}/again/", {"reason": "运营商确认未发出"}).status_code == 302
    assert admin.post(f"{LOG}{uncertain.pk}/again/", {"reason": "再发"}).status_code == 409

    delivery.send_due(datetime.now(UTC))
    page = admin.get(f"{LOG}{uncertain.pk}/").text
    assert "运营商确认未发出" in page
    assert city.admin.name in page
    assert len(gateway.calls) == 2


def test_no_page_shows_which_matter_a_message_is_about(admin: Client, case: Case, uncertain: Message) -> None:
    for url in (LOG, TROUBLE, f"{LOG}{uncertain.pk}/"):
        page = admin.get(url).text
        assert case.number not in page
        assert case.title not in page


def test_a_sealed_matter_leaves_no_trace_on_any_page(admin: Client, case: Case, uncertain: Message) -> None:
    before = {url: admin.get(url).text for url in (LOG, TROUBLE, CHANNELS)}
    Case.objects.filter(pk=case.pk).update(sealed=True)

    assert admin.get(f"{LOG}{uncertain.pk}/").status_code == 404
    assert admin.post(f"{LOG}{uncertain.pk}/again/", {"reason": "重发"}).status_code == 404
    for url in (LOG, TROUBLE):
        assert f"{LOG}{uncertain.pk}/" in before[url]
        assert f"{LOG}{uncertain.pk}/" not in admin.get(url).text


def test_the_log_is_filtered_by_channel_state_and_day(
    admin: Client, city: City, uncertain: Message, smtp: SmtpServer
) -> None:
    (other,) = tell(report(city, at=AT), city.clerk, at=AT + timedelta(days=1), channels=("email",))

    def shown(**query: str) -> set[int]:
        return {row["message"].pk for row in admin.get(LOG, query).context["rows"]}

    assert shown() == {uncertain.pk, other.pk}
    assert shown(channel="sms") == {uncertain.pk}
    assert shown(status="pending") == {other.pk}
    assert shown(day="2026-09-04") == {uncertain.pk}
    assert shown(channel="sms", day="2026-09-05") == set()
    assert admin.get(LOG, {"channel": "pigeon", "day": "x"}).status_code == 200


def test_the_log_costs_the_same_for_one_and_for_many_and_is_paged(
    admin: Client,
    city: City,
    gateway: HttpServer,
    settings: Any,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    settings.NOTICES_DAILY_CEILING = 1000
    reachable(city.clerk)
    tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))
    with django_assert_max_num_queries(40) as one:
        admin.get(LOG)
    for _number in range(PAGE_SIZE + 3):
        tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))

    with django_assert_max_num_queries(len(one)):
        page = admin.get(LOG)
    second = admin.get(LOG + page.context["next_url"])
    seen = [row["message"].pk for row in [*page.context["rows"], *second.context["rows"]]]
    assert seen == sorted(Message.objects.values_list("pk", flat=True), reverse=True)
    assert len(one) <= 12


def test_a_failing_channel_stands_on_every_page_until_it_works_again(
    admin: Client, city: City, gateway: HttpServer
) -> None:
    reachable(city.clerk)
    gateway.answer = (500, "broken")
    for _number in range(3):
        tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))
    delivery.send_due(AT)

    for url in (CHANNELS, LOG, TROUBLE, TEXTS):
        assert 'role="alert"' in admin.get(url).text, url
    assert "HTTP 500" in admin.get(CHANNELS).text

    gateway.answer = (200, '{"code": 0}')
    delivery.send_due(AT + timedelta(hours=1))
    assert 'role="alert"' not in admin.get(CHANNELS).text


def test_a_robot_is_entered_changed_and_its_key_never_shown(admin: Client, city: City) -> None:
    new = f"{CHANNELS}robots/new/"
    data = {"organisation": "CSK", "kind": "wecom", "key": "very-secret-key", "is_active": "true"}
    whole = {**data, "key": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"}
    for wrong in ({**data, "organisation": "NO"}, {**data, "key": ""}, whole):
        assert admin.post(new, wrong).status_code == 422
    assert admin.post(new, data).status_code == 302

    robot = ChatRobot.objects.get()
    assert robot.key == "very-secret-key"
    url = f"{CHANNELS}robots/{robot.pk}/"
    assert "very-secret-key" not in admin.get(url).text + admin.get(CHANNELS).text
    admin.post(url, {"organisation": "CSK", "kind": "dingtalk", "key": ""})
    robot.refresh_from_db()
    assert (robot.kind, robot.key, robot.is_active) == ("dingtalk", "very-secret-key", False)


TEXT = {"text": "事项{number}已超期", "text_en": "{number} is late", "active": "true", "version": "0"}


def test_a_text_is_changed_holds_at_once_and_goes_back_to_the_shipped_one(
    admin: Client, city: City, gateway: HttpServer
) -> None:
    reachable(city.clerk)
    assert admin.post(RED, TEXT).status_code == 302
    tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))
    delivery.send_due(AT)
    assert gateway.calls[0].json["text"].endswith("已超期")
    assert city.admin.name in admin.get(TEXTS).text

    assert admin.post(f"{RED}reset/", {"version": "1"}).status_code == 302
    tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))
    delivery.send_due(AT)
    assert "仍由草市口社区居委会负责" in gateway.calls[1].body
    assert MessageTemplate.objects.count() == 2, "what was written stays in the list of versions"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("事项{numbr}", "{numbr}"),
        ("事项{number", "{number}"),
        ("事项{number.__class__}", "{number.__class__}"),
        ("事项{number!r}", "{number}"),
        ("事项{0}", "{0}"),
        ("", "both languages"),
        ("长" * 301, "300"),
    ],
)
def test_a_wrong_text_comes_back_filled_with_what_is_wrong_and_changes_nothing(
    admin: Client, wrong: str, said: str
) -> None:
    admin.cookies["django_language"] = "en"
    answer = admin.post(RED, {**TEXT, "text": wrong})

    assert answer.status_code == 422
    assert said in answer.text
    assert wrong in answer.text
    assert not MessageTemplate.objects.exists()


def test_of_two_who_change_a_text_at_once_the_second_is_told(admin: Client) -> None:
    admin.post(RED, TEXT)
    answer = admin.post(RED, {**TEXT, "text": "另一个{number}"})

    assert answer.status_code == 422
    assert "另一个{number}" in answer.text
    assert MessageTemplate.objects.count() == 1
    assert admin.post(RED, {**TEXT, "text": "另一个{number}", "version": "1"}).status_code == 302


def test_the_preview_shows_both_languages_and_what_is_wrong(admin: Client) -> None:
    shown = admin.post(f"{RED}preview/", {**TEXT, "text_en": "{nobody}"}).text

    assert "SJ0000-000000-0已超期" in shown
    assert "{nobody}" in shown
    assert not MessageTemplate.objects.exists()
    assert "SJ0000-000000-0已超期" in admin.post(RED, {**TEXT, "show": "1"}).text
    assert not MessageTemplate.objects.exists()


def test_a_work_chat_never_takes_the_number_of_a_matter(admin: Client) -> None:
    assert admin.post("/notices/texts/staff/rung_red/chat/", TEXT).status_code == 422


def test_a_step_can_have_a_text_of_its_own(admin: Client) -> None:
    url = "/notices/texts/person/step/sms/"
    answer = admin.post(f"{url}step/", {"step": "accept"})
    assert answer.headers["location"] == f"{url}?step=accept"

    assert admin.post(f"{url}?step=accept", {**TEXT, "text": "已受理{number}"}).status_code == 302
    assert f"{url}?step=accept" in admin.get(TEXTS).text
    assert admin.get(f"{url}?step=nothing").status_code == 404


@pytest.mark.parametrize(
    "path", ["staff/rung_red/portal/", "staff/nothing/sms/", "nobody/rung_red/sms/", "person/rung_red/sms/"]
)
def test_what_can_have_no_text_is_not_found(admin: Client, path: str) -> None:
    assert admin.get(f"{TEXTS}{path}").status_code == 404


def test_every_shipped_text_reads_well_in_both_languages(city: City) -> None:
    for key, text in SHIPPED.items():
        assert key[1] in MESSAGE_CODES
        assert key[3] in OUTSIDE
        for written in (text.text, text.text_en, text.subject, text.subject_en):
            check(written, allowed=placeholders(key))
        assert set(placeholders(key)) <= set(sample(key, "en"))
        for preview in previews(key, text):
            assert preview.text, key
            assert preview.problem == ""
            assert "{" not in preview.text + preview.subject
