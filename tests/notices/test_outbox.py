"""What goes out beside the portal: to whom, when, singly or gathered, within the ceiling, never twice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grid.casework.models import Access, Case, Event, FeedReader
from grid.casework.steps import take_step
from grid.notices import delivery, outbox, reader
from grid.notices.models import ChatRobot, Message, MessageItem, Notice
from grid.notices.outbox import Addressee, Telling
from grid.notices.services import choose_channels, write_text
from grid.notices.shipped import SHIPPED, Text
from grid.organisations.models import Organisation
from grid.supervision.services import climb
from grid.worktime.models import RungRule
from tests.factories.city import City, acting
from tests.factories.incidents import report
from tests.factories.messages import party, reachable, tell
from tests.notices.servers import HttpServer, SmtpServer

HERE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
# 10:00 on a working day.
NOW = datetime(2026, 9, 4, 10, 0, tzinfo=HERE)


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HERE)


def robot(organisation: Organisation, city: City, kind: str = "wecom") -> ChatRobot:
    return ChatRobot.objects.create(
        organisation=organisation, kind=kind, key="robot-key", changed_by=city.admin, changed_at=AT
    )


def rungs_by(*channels: str, office_hours: bool = True) -> None:
    RungRule.objects.all().update(channels=["portal", *channels], office_hours=office_hours)


def test_a_rung_goes_by_the_channels_that_its_rule_names_and_no_other(
    city: City, case: Case, smtp: SmtpServer, gateway: HttpServer
) -> None:
    rungs_by("sms", office_hours=False)
    reachable(city.clerk)
    climb(AT + timedelta(hours=72))
    reader.deliver(AT + timedelta(hours=72))

    assert Notice.objects.of(city.clerk).filter(template="rung_red").count() == 1
    red = Message.objects.filter(recipient=city.clerk, code="rung_red")
    assert [(m.channel, m.urgent) for m in red] == [("sms", True)]


def test_reading_the_feed_again_writes_no_message_twice(
    city: City, case: Case, smtp: SmtpServer, gateway: HttpServer
) -> None:
    rungs_by("sms", "email")
    for user in (city.clerk, city.street_officer):
        reachable(user)
    robot(city.community_org, city)
    person = party(case, phone="13912345678")
    for hours in (48, 70, 72):
        climb(AT + timedelta(hours=hours))
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=NOW)
    reader.deliver(NOW)
    before = list(MessageItem.objects.order_by("pk").values_list("pk", "message"))
    messages = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    assert [m.step for m in Message.objects.filter(party=person)] == ["accept"]

    FeedReader.objects.filter(name=reader.READER).update(position=0)
    reader.deliver(NOW + timedelta(hours=5))

    assert list(MessageItem.objects.order_by("pk").values_list("pk", "message")) == before
    assert list(Message.objects.order_by("pk").values_list("pk", flat=True)) == messages


def test_without_an_address_or_a_channel_there_is_no_message(
    city: City, case: Case, gateway: HttpServer
) -> None:
    assert tell(case, city.clerk, at=NOW, channels=("sms", "email")) == []
    reachable(city.clerk)

    assert [m.channel for m in tell(case, city.clerk, at=NOW, channels=("sms", "email"))] == ["sms"]


def test_a_red_one_goes_at_once_even_at_night_and_on_a_holiday(
    city: City, case: Case, gateway: HttpServer
) -> None:
    night = here("2026-10-03 03:00")
    (message,) = tell(case, reachable(city.clerk), at=night, channels=("sms",))

    assert message.send_after == night


def test_what_can_wait_waits_across_the_holiday(city: City, case: Case, gateway: HttpServer) -> None:
    (message,) = tell(
        case, reachable(city.clerk), at=here("2026-09-30 18:00"), code="asked", channels=("sms",)
    )

    assert message.send_after == here("2026-10-08 08:30")
    assert delivery.send_due(here("2026-10-05 10:00")).total == 0
    assert delivery.send_due(here("2026-10-08 08:30")).results == {"sent": 1}


def test_a_critical_matter_waits_for_nothing_and_is_never_gathered(city: City, gateway: HttpServer) -> None:
    night = here("2026-10-03 03:00")
    critical = report(city, at=AT, urgency="red")
    (message,) = tell(critical, reachable(city.clerk), at=night, code="rung_yellow", channels=("sms",))

    assert (message.code, message.urgent, message.send_after) == ("rung_yellow", True, night)


def test_yellow_and_orange_are_gathered_into_one_message_and_stay_single_in_the_portal(
    city: City, smtp: SmtpServer, gateway: HttpServer
) -> None:
    rungs_by("sms", "email")
    reachable(city.clerk)
    cases = [report(city, at=AT + timedelta(minutes=n)) for n in range(3)]
    for hours in (49, 71):
        climb(AT + timedelta(hours=hours))
        reader.deliver(AT + timedelta(hours=hours))

    assert Notice.objects.of(city.clerk).filter(template="rung_yellow").count() == 3
    gathered = Message.objects.filter(recipient=city.clerk, code="digest").order_by("channel", "pk")
    # Yellow on Thursday at 11:00, gathered for 14:00; orange on Friday at 09:00, gathered for the same.
    assert {(m.channel, m.items.count()) for m in gathered} == {("email", 6), ("sms", 6)}
    assert {m.send_after for m in gathered} == {here("2026-09-03 14:00")}

    delivery.send_due(here("2026-09-03 14:00"))
    (call,) = [c for c in gateway.calls if "需要关注" in c.body]
    assert "您有3件事项需要关注：" in call.json["text"]
    (taken,) = [m for m in smtp.box.taken if "需要关注" in str(m["subject"])]
    assert all(c.number in taken.get_content() for c in cases)


def test_what_was_done_before_the_gathered_message_goes_is_left_out(city: City, gateway: HttpServer) -> None:
    reachable(city.clerk)
    first, second = report(city, at=AT), report(city, at=AT)
    for case in (first, second):
        tell(case, city.clerk, at=NOW, code="rung_yellow", channels=("sms",))
    take_step(first.pk, "void", by=acting(city.clerk), data={"reason": "重复录入"}, at=NOW)

    delivery.send_due(here("2026-09-04 14:00"))

    (call,) = gateway.calls
    assert "1件事项" in call.body

    tell(report(city, at=AT), city.clerk, at=here("2026-09-04 15:00"), code="rung_yellow", channels=("sms",))
    Case.objects.filter(number=Message.objects.latest("pk").items.get().case.number).update(sealed=True)
    assert delivery.send_due(here("2026-09-07 08:30")).results == {"dropped": 1}


def test_a_gathered_message_that_was_taken_is_closed_and_the_next_thing_opens_another(
    city: City, gateway: HttpServer
) -> None:
    reachable(city.clerk)
    (first,) = tell(report(city, at=AT), city.clerk, at=NOW, code="rung_yellow", channels=("sms",))
    gateway.answer = (500, "broken")
    delivery.send_due(here("2026-09-04 14:00"))
    first.refresh_from_db()
    assert first.status == "pending"

    (second,) = tell(
        report(city, at=AT), city.clerk, at=here("2026-09-04 14:01"), code="rung_yellow", channels=("sms",)
    )

    assert second.pk != first.pk
    assert second.send_after == here("2026-09-07 08:30")


def test_beyond_the_days_ceiling_things_are_gathered_and_none_is_lost(
    city: City, gateway: HttpServer, settings: Any
) -> None:
    settings.NOTICES_DAILY_CEILING = 3
    reachable(city.clerk)
    for _number in range(5):
        tell(report(city, at=AT), city.clerk, at=NOW, channels=("sms",))

    singles = Message.objects.exclude(code="digest")
    (digest,) = Message.objects.filter(code="digest")
    assert (singles.count(), digest.items.count()) == (3, 2)
    assert digest.send_after == here("2026-09-04 14:00")

    tell(report(city, at=AT), city.clerk, at=NOW + timedelta(days=3), channels=("sms",))
    assert singles.count() == 4, "the next day begins anew"
    tell(report(city, at=AT), reachable(city.street_officer), at=NOW, channels=("sms",))
    assert singles.count() == 5, "everybody has a ceiling of his own"


def test_who_switched_a_channel_off_gets_only_what_is_late_or_critical(
    city: City, case: Case, smtp: SmtpServer, gateway: HttpServer
) -> None:
    reachable(city.clerk)
    choose_channels(city.clerk, wanted=["email"])

    assert tell(case, city.clerk, at=NOW, code="rung_orange", channels=("sms",)) == []
    assert len(tell(case, city.clerk, at=NOW, code="rung_orange", channels=("email",))) == 1
    assert len(tell(case, city.clerk, at=NOW, code="rung_red", channels=("sms",))) == 1


def test_a_sealed_matter_is_told_in_the_portal_alone(
    city: City, case: Case, smtp: SmtpServer, gateway: HttpServer
) -> None:
    rungs_by("sms", "email", "chat")
    reachable(city.clerk)
    robot(city.community_org, city)
    party(case, phone="13912345678")
    Case.objects.filter(pk=case.pk).update(sealed=True)
    Access.objects.create(
        case=case, user=city.clerk, granted_by=city.district_officer, reason="检举", starts_at=AT
    )
    climb(AT + timedelta(hours=72))
    reader.deliver(AT + timedelta(hours=72))

    assert Notice.objects.of(city.clerk).filter(template="rung_red").count() == 1
    assert not Message.objects.exists()


def test_the_work_chat_of_the_lead_is_told_once_and_without_number_or_title(
    city: City, case: Case, gateway: HttpServer
) -> None:
    rungs_by("chat", office_hours=False)
    robot(city.community_org, city)
    robot(city.street_org, city, "dingtalk")
    ChatRobot.objects.filter(kind="dingtalk").update(secret="")
    climb(AT + timedelta(hours=72))
    reader.deliver(AT + timedelta(hours=72))

    delivery.send_due(AT + timedelta(hours=72))

    assert sorted(c.path for c in gateway.calls) == [
        "/dingtalk?access_token=robot-key",
        "/wecom?key=robot-key",
    ]
    for call in gateway.calls:
        assert call.json["msgtype"] == "text"
        assert "一般事件处置时限" in call.json["text"]["content"]
        assert case.number not in call.body
        assert case.title not in call.body


def test_dingtalk_signs_with_its_secret(city: City, case: Case, gateway: HttpServer) -> None:
    made = robot(city.community_org, city, "dingtalk")
    made.secret = "SECabc"
    made.save()
    event = Event.objects.select_related("case").get(case=case)
    params = {"organisation": case.lead_id, "due_on": "2026-09-04"}
    outbox.write([Telling(event, Addressee(chat=case.lead_id), "rung_red", params)], at=AT)
    gateway.answer = (200, '{"errcode": 310000, "errmsg": "sign not match"}')

    assert delivery.send_due(AT).results == {"failed": 1}
    (call,) = gateway.calls
    assert f"&timestamp={int(AT.timestamp() * 1000)}&sign=" in call.path
    assert Message.objects.get().detail == "errcode 310000"


def test_parties_are_told_by_text_message_first_in_their_own_language(
    city: City, smtp: SmtpServer, gateway: HttpServer
) -> None:
    case = report(city, at=NOW - timedelta(hours=1))
    both = party(case, phone="13912345678", email="chen@example.org")
    english = party(case, name="Smith", email="smith@example.org", language="en")
    accused = party(case, phone="13900000000")
    type(accused).objects.filter(pk=accused.pk).update(capacity="accused")
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=NOW)
    take_step(case.pk, "comment", by=acting(city.clerk), data={"text": "已联系"}, at=NOW)
    reader.deliver(NOW)

    told = Message.objects.filter(audience="person", step="accept")
    assert {(m.party_id, m.channel, m.language) for m in told} == {
        (both.pk, "sms", "zh-hans"),
        (english.pk, "email", "en"),
    }
    delivery.send_due(NOW)
    assert any(case.number in c.body and "已受理" in c.body for c in gateway.calls)
    assert any("Your matter has been accepted." in m.get_content() for m in smtp.box.taken)
    assert not Message.objects.filter(party=accused).exists()


def test_a_text_that_is_out_of_use_sends_nothing_and_one_for_a_step_goes_before(
    city: City, gateway: HttpServer
) -> None:
    case = report(city, at=NOW - timedelta(hours=1))
    party(case, phone="13912345678")
    key = ("person", "step", "accept", "sms")
    shipped = SHIPPED["person", "step", "", "sms"]
    write_text(key, Text(shipped.text, shipped.text_en, active=False), version=0, by=city.admin, at=NOW)
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=NOW)
    reader.deliver(NOW)
    assert [m.step for m in Message.objects.all()] == ["report"]

    write_text(key, Text("已受理{number}", "Accepted {number}"), version=1, by=city.admin, at=NOW)
    FeedReader.objects.filter(name=reader.READER).update(position=0)
    reader.deliver(NOW)
    delivery.send_due(NOW)
    assert gateway.calls[-1].json["text"] == f"已受理{case.number}"


def test_what_is_older_than_three_days_is_told_in_the_portal_alone(
    city: City, case: Case, gateway: HttpServer
) -> None:
    reachable(city.clerk)
    party(case, phone="13912345678")

    reader.deliver(AT + timedelta(days=4))

    assert Notice.objects.of(city.clerk).exists()
    assert not Message.objects.exists()


def test_one_telling_that_cannot_be_written_holds_up_no_other(
    city: City, gateway: HttpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = outbox.write
    first = report(city, at=NOW)
    second = report(city, at=NOW)
    for case in (first, second):
        party(case, phone="13912345678")

    def broken(tellings: Any, *, at: datetime) -> int:
        if any(t.event.case_id == first.pk for t in tellings):
            raise KeyError("a key that is gone")
        return real(tellings, at=at)

    monkeypatch.setattr(outbox, "write", broken)
    reader.deliver(NOW)

    assert {i.case_id for i in MessageItem.objects.all()} == {second.pk}
    assert "No message could be made" in caplog.text


def test_rungs_cost_the_same_number_of_queries_however_many_they_are(
    city: City, smtp: SmtpServer, gateway: HttpServer, settings: Any
) -> None:
    settings.NOTICES_DAILY_CEILING = 1000
    rungs_by("sms", "email", "chat", office_hours=False)
    for user in (city.clerk, city.street_officer):
        reachable(user)
    robot(city.community_org, city)
    reader.deliver(AT)

    def queries(number: int, hours: int) -> int:
        for minute in range(number):
            report(city, at=AT + timedelta(hours=hours, minutes=minute % 50))
        reader.deliver(AT + timedelta(hours=hours))
        climb(AT + timedelta(hours=hours + 73))
        with CaptureQueriesContext(connection) as captured:
            reader.deliver(AT + timedelta(hours=hours + 73))
        return len(captured)

    few, many = queries(2, 0), queries(30, 100)
    assert many <= few
    assert few <= 40
