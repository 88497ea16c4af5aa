"""Messages go out once: sent, failed or uncertain, whatever real servers do in between."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections

from grid.casework.models import Case, Recusal
from grid.casework.steps import take_step
from grid.notices import backends, delivery
from grid.notices.models import Attempt, Message, Notice
from grid.notices.services import send_again
from grid.notices.texts import Texts
from tests.factories.city import City, acting
from tests.factories.incidents import report
from tests.factories.messages import party, reachable, tell
from tests.notices.servers import HttpServer, SmtpServer, free_port

AT = datetime(2026, 9, 4, 2, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def mail(city: City, case: Case) -> Message:
    """Write an e-mail to the clerk that goes out at once."""
    (message,) = tell(case, reachable(city.clerk), at=AT)
    return message


def sms(city: City, case: Case) -> Message:
    """Write a text message to the clerk that goes out at once."""
    (message,) = tell(case, reachable(city.clerk), at=AT, channels=("sms",))
    return message


def send(at: datetime = AT) -> dict[str, int]:
    return dict(delivery.send_due(at).results)


def attempts(message: Message) -> list[tuple[str, str]]:
    return list(Attempt.objects.filter(message=message).order_by("number").values_list("result", "detail"))


def test_an_email_is_sent_once_and_says_so(city: City, case: Case, smtp: SmtpServer) -> None:
    message = mail(city, case)

    assert send() == {"sent": 1}
    assert send(AT + timedelta(days=1)) == {}

    message.refresh_from_db()
    assert (message.status, message.sent_at is not None, message.attempts) == ("sent", True, 1)
    assert attempts(message) == [("sent", "")]
    (taken,) = smtp.box.taken
    assert taken["to"] == "clerk@example.org"
    assert case.number in str(taken["subject"])
    assert f"/cases/{case.number}" in taken.get_content() or case.number in taken.get_content()


def test_what_goes_out_carries_no_names_of_people_and_nothing_typed(
    city: City, case: Case, smtp: SmtpServer, gateway: HttpServer
) -> None:
    take_step(case.pk, "accept", by=acting(city.clerk), data={}, at=AT)
    take_step(case.pk, "ask", by=acting(city.clerk), data={"question": "陈某住几号楼"}, at=AT)
    tell(case, reachable(city.clerk), at=AT, channels=("email", "sms"))
    send()

    words = smtp.box.taken[0].get_content() + str(smtp.box.taken[0]["subject"]) + gateway.calls[0].body
    for forbidden in (case.title, "陈某", city.clerk.name, city.worker.name):
        assert forbidden not in words
    assert "草市口社区居委会" in words


def test_a_message_is_worded_in_the_language_of_its_reader(city: City, case: Case, smtp: SmtpServer) -> None:
    tell(case, reachable(city.clerk, language="en"), at=AT)
    send()

    text = smtp.box.taken[0].get_content()
    assert "Handling of a normal incident" in text
    assert "Caoshikou Committee" in text


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [("rcpt 450 busy", "SMTP 450"), ("data 451 later", "SMTP 451"), ("greet 421 closed", "SMTPConnectError")],
)
def test_what_a_mail_server_refuses_for_now_is_tried_again_and_then_sent(
    city: City, case: Case, smtp: SmtpServer, behaviour: str, detail: str
) -> None:
    message = mail(city, case)
    smtp.box.behaviour = behaviour
    assert send() == {"pending": 1}
    message.refresh_from_db()
    assert message.send_after > AT
    assert attempts(message) == [("refused", detail)]

    assert send(AT + timedelta(seconds=30)) == {}, "not before its time"
    smtp.box.behaviour = "accept"
    assert send(AT + timedelta(minutes=2)) == {"sent": 1}
    assert [result for result, _detail in attempts(message)] == ["refused", "sent"]


def test_an_address_that_does_not_exist_fails_at_once(city: City, case: Case, smtp: SmtpServer) -> None:
    message = mail(city, case)
    smtp.box.behaviour = "rcpt 550 no such person"

    assert send() == {"failed": 1}
    assert send(AT + timedelta(days=2)) == {}
    assert attempts(message) == [("refused", "SMTP 550")]


def test_a_server_that_is_down_is_tried_so_often_and_then_the_message_fails(
    city: City, case: Case, smtp: SmtpServer, settings: Any
) -> None:
    settings.EMAIL_PORT = free_port()
    settings.NOTICES_TRIES = 3
    message = mail(city, case)

    results = [send(AT + timedelta(hours=hours)) for hours in range(5)]

    assert results == [{"pending": 1}, {"pending": 1}, {"failed": 1}, {}, {}]
    assert attempts(message) == [("refused", "connection refused")] * 3


@pytest.mark.parametrize("behaviour", ["hang", "break"])
def test_a_mail_server_that_takes_it_and_says_nothing_leaves_it_uncertain_for_good(
    city: City, case: Case, smtp: SmtpServer, behaviour: str
) -> None:
    message = mail(city, case)
    smtp.box.behaviour = behaviour

    assert send() == {"uncertain": 1}
    smtp.box.behaviour = "accept"
    for hours in range(1, 50):
        assert send(AT + timedelta(hours=hours)) == {}
        delivery.sweep(AT + timedelta(hours=hours))

    message.refresh_from_db()
    assert message.status == "uncertain"
    assert len(smtp.box.taken) == 1


@pytest.mark.parametrize(
    ("answer", "status", "detail"),
    [
        ((200, '{"code": 0}'), "sent", ""),
        ((200, '{"code": 7}'), "pending", "code=7"),
        ((500, "broken"), "pending", "HTTP 500"),
        ((429, "slowly"), "pending", "HTTP 429"),
        ((400, "no such number"), "failed", "HTTP 400"),
        ((302, "elsewhere"), "pending", "HTTP 302"),
        ((504, "nobody knows"), "uncertain", "HTTP 504"),
        ((200, "hello"), "uncertain", "the gateway's answer was not understood"),
        ("hang", "uncertain", "no answer in time"),
        ("break", "uncertain", "connection broken"),
    ],
)
def test_what_a_gateway_answers_decides_what_becomes_of_a_text_message(
    city: City, case: Case, gateway: HttpServer, answer: Any, status: str, detail: str
) -> None:
    message = sms(city, case)
    gateway.answer = answer

    send()

    message.refresh_from_db()
    assert (message.status, message.detail) == (status, detail)
    assert len(gateway.calls) == 1


def test_a_gateway_that_nobody_serves_is_tried_again(
    city: City, case: Case, gateway: HttpServer, settings: Any
) -> None:
    settings.NOTICES_SMS_URL = f"http://127.0.0.1:{free_port()}/sms"
    message = sms(city, case)

    assert send() == {"pending": 1}
    message.refresh_from_db()
    assert message.detail == "connection refused"


def test_the_gateway_gets_what_the_settings_describe(
    city: City, case: Case, gateway: HttpServer, settings: Any
) -> None:
    settings.NOTICES_SMS_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "X-Key": "k"}
    settings.NOTICES_SMS_BODY = "to={phone}&msg={text}"
    sms(city, case)
    send()

    (call,) = gateway.calls
    assert (call.method, call.path, call.headers["X-Key"]) == ("POST", "/sms", "k")
    assert call.body.startswith(f"to=13800000001&msg={quote('【阳光网格】')}")

    settings.NOTICES_SMS_HEADERS = {"Content-Type": "application/json"}
    settings.NOTICES_SMS_BODY = '{"mobiles": ["{phone}"], "content": "{text}"}'
    tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))
    send()
    assert gateway.calls[1].json["mobiles"] == ["13800000001"]
    assert "“一般事件处置时限”" in gateway.calls[1].json["content"]


def test_two_workers_at_once_send_nothing_twice(
    transactional_db: None, gateway: HttpServer, settings: Any
) -> None:
    from tests.factories.city import build_city

    city = build_city()
    reachable(city.clerk)
    settings.NOTICES_DAILY_CEILING = 1000
    for _number in range(12):
        tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))
    settings.NOTICES_TIMEOUT = 5
    gateway.answers = lambda call: time.sleep(0.02) or (200, '{"code": 0}')
    reports: list[delivery.Report] = []

    def work() -> None:
        reports.append(delivery.send_due(AT))
        connections.close_all()

    workers = [threading.Thread(target=work) for _number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert sum(r.results["sent"] for r in reports) == 12
    assert len(gateway.calls) == len({c.body for c in gateway.calls}) == 12
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


KILLED = """
    import django
    django.setup()
    from datetime import datetime
    from django.conf import settings
    from grid.notices import delivery
    settings.NOTICES_SMS, settings.NOTICES_TIMEOUT = "http", 30
    settings.NOTICES_SMS_URL = "{url}/sms"
    delivery.send_due(datetime.fromisoformat("{at}"))
"""


def test_a_worker_killed_in_the_middle_leaves_it_uncertain_and_nobody_sends_it_again(
    transactional_db: None, gateway: HttpServer
) -> None:
    from tests.factories.city import build_city

    city = build_city()
    message = sms(city, report(city, at=AT))
    gateway.answer = "hang"
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED.format(url=gateway.url, at=AT.isoformat()))],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": _database_url(),
            "DJANGO_SETTINGS_MODULE": "governance.settings.test",
        },
    )
    until = time.monotonic() + 40
    while not gateway.calls and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(10)

    message.refresh_from_db()
    assert (message.status, len(gateway.calls)) == ("sending", 1)
    gateway.answer = (200, '{"code": 0}')
    assert send(AT + timedelta(minutes=1)) == {}
    assert delivery.sweep(AT + timedelta(minutes=1)) == 0, "another worker may still be at it"
    assert delivery.sweep(AT + timedelta(minutes=10)) == 1
    assert delivery.sweep(AT + timedelta(minutes=10)) == 0
    assert send(AT + timedelta(days=3)) == {}
    message.refresh_from_db()
    assert (message.status, message.detail) == ("uncertain", "the worker did not come back")
    assert attempts(message) == [("uncertain", "the worker did not come back")]
    assert len(gateway.calls) == 1


def _database_url() -> str:
    database = connection.settings_dict
    address = f"{quote(database['HOST'], safe='')}:{database['PORT']}".rstrip(":")
    return f"postgresql://{database['USER']}:{database['PASSWORD']}@{address}/{database['NAME']}"


def test_killed_between_the_commit_and_the_call_it_was_not_sent_but_counts_as_uncertain(
    city: City, case: Case, gateway: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sms(city, case)

    def killed(phone: str, *, text: str) -> backends.Outcome:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(backends, "send_sms", killed)
        with pytest.raises(KeyboardInterrupt):
            send()

    message.refresh_from_db()
    assert message.status == "sending"
    delivery.sweep(AT + timedelta(hours=1))
    assert send(AT + timedelta(hours=2)) == {}
    assert gateway.calls == []


def test_an_answer_that_comes_after_the_sweep_is_still_believed(
    city: City, case: Case, gateway: HttpServer
) -> None:
    message = sms(city, case)

    status, taken = delivery._take_next(AT, Texts())
    assert taken is not None
    assert status == "sending"
    delivery.sweep(AT + timedelta(hours=1))
    delivery._finish(taken, delivery._call(taken, AT), at=AT + timedelta(hours=1))

    message.refresh_from_db()
    assert message.status == "sent"
    assert attempts(message) == [("sent", "")]


def test_a_clock_that_jumps_back_sends_nothing_twice(city: City, case: Case, gateway: HttpServer) -> None:
    message = sms(city, case)
    send()
    for days in (-400, -1, 0):
        assert send(AT + timedelta(days=days)) == {}
        assert delivery.sweep(AT + timedelta(days=days)) == 0

    message.refresh_from_db()
    assert message.status == "sent"
    assert len(gateway.calls) == 1


def test_only_a_person_sends_again_what_is_uncertain_and_it_is_recorded(
    city: City, case: Case, gateway: HttpServer
) -> None:
    message = sms(city, case)
    gateway.answer = "hang"
    send()
    gateway.answer = (200, '{"code": 0}')

    with pytest.raises(ValidationError):
        send_again(message.pk, by=city.admin, reason="  ", at=AT)
    send_again(message.pk, by=city.admin, reason="运营商确认未发出", at=AT + timedelta(hours=1))
    with pytest.raises(ValidationError):
        send_again(message.pk, by=city.admin, reason="再发一次", at=AT + timedelta(hours=1))

    assert send(AT + timedelta(hours=1)) == {"sent": 1}
    first, second = Attempt.objects.filter(message=message).order_by("number")
    assert (first.by, first.result) == (None, "uncertain")
    assert (second.by, second.reason, second.result) == (city.admin, "运营商确认未发出", "sent")
    assert len(gateway.calls) == 2


def test_a_late_answer_to_the_first_attempt_does_not_undo_a_persons_order(
    city: City, case: Case, gateway: HttpServer
) -> None:
    message = sms(city, case)
    _status, taken = delivery._take_next(AT, Texts())
    assert taken is not None
    delivery.sweep(AT + timedelta(hours=1))
    send_again(message.pk, by=city.admin, reason="核实后重发", at=AT + timedelta(hours=1))

    delivery._finish(taken, backends.Outcome.refused("HTTP 400"), at=AT + timedelta(hours=1))

    message.refresh_from_db()
    assert (message.status, message.attempts) == ("pending", 2)


def test_a_matter_that_was_sealed_meanwhile_is_told_to_nobody_outside(
    city: City, case: Case, gateway: HttpServer
) -> None:
    message = sms(city, case)
    Case.objects.filter(pk=case.pk).update(sealed=True)

    assert send() == {"dropped": 1}
    message.refresh_from_db()
    assert message.detail == "nothing left to tell"
    assert message not in Message.objects.outside_compartments()
    assert gateway.calls == []


def test_who_no_longer_sees_the_matter_gets_no_message(city: City, case: Case, gateway: HttpServer) -> None:
    sms(city, case)
    Recusal.objects.create(case=case, user=city.clerk, reason="亲属", at=AT)

    assert send() == {"dropped": 1}
    assert gateway.calls == []


def test_an_address_that_was_erased_is_gone_here_too(city: City, case: Case, gateway: HttpServer) -> None:
    from grid.casework.models import Event
    from grid.notices import outbox
    from grid.notices.outbox import Addressee, Telling

    person = party(case, phone="13912345678")
    event = Event.objects.select_related("case").get(case=case)
    params = {"kind": case.kind, "verb": "report"}
    outbox.write([Telling(event, Addressee(party=person.pk), "step", params)], at=AT)
    person.name = person.phone = ""
    person.erased_at = AT
    person.save()

    assert send(AT) == {"dropped": 1}
    assert gateway.calls == []


def test_a_message_that_cannot_be_worded_fails_and_holds_up_no_other(
    city: City, case: Case, gateway: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    broken = sms(city, case)
    Message.objects.filter(pk=broken.pk).update(params={"kind": "gone", "verb": "x"})
    other = tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))[0]

    assert send() == {"failed": 1, "sent": 1}
    other.refresh_from_db()
    assert other.status == "sent"
    assert f"Message {broken.pk}" in caplog.text


def test_urgent_messages_go_before_those_that_waited_longer(
    city: City, case: Case, gateway: HttpServer
) -> None:
    reachable(city.clerk)
    tell(case, city.clerk, at=AT - timedelta(hours=1), code="asked", channels=("sms",))
    tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))

    delivery.send_due(AT, limit=1)

    assert "已超期" in gateway.calls[0].body


def test_a_channel_that_fails_rests_is_told_to_administrators_and_clears_itself(
    city: City, gateway: HttpServer, smtp: SmtpServer, settings: Any
) -> None:
    reachable(city.clerk)
    settings.NOTICES_TRIES = 50
    for _number in range(6):
        tell(report(city, at=AT), city.clerk, at=AT, channels=("sms", "email"))
    gateway.answer = (500, "broken")

    first = send()
    assert first == {"pending": 3, "sent": 6}, "after three faults the rest waits, and e-mail goes on"
    assert len(gateway.calls) == 3
    (alert,) = Notice.objects.of(city.admin)
    assert (alert.template, alert.case, alert.params) == ("channel_failing", None, {"channel": "sms"})

    send(AT + timedelta(seconds=40))
    assert len(gateway.calls) == 4, "one message tries whether it works again"
    send(AT + timedelta(minutes=5))
    assert Notice.objects.of(city.admin).count() == 1, "and nobody is told again"

    gateway.answer = (200, '{"code": 0}')
    send(AT + timedelta(hours=1))
    send(AT + timedelta(hours=8))
    alert.refresh_from_db()
    assert alert.read_at is not None
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


def test_a_wrong_number_is_no_fault_of_the_channel(city: City, gateway: HttpServer) -> None:
    reachable(city.clerk)
    for _number in range(5):
        tell(report(city, at=AT), city.clerk, at=AT, channels=("sms",))
    gateway.answer = (400, "no such number")

    assert send() == {"failed": 5}
    assert not Notice.objects.exists()


def test_a_message_that_waits_too_long_is_an_alert_too(city: City, case: Case, gateway: HttpServer) -> None:
    sms(city, case)

    delivery.sweep(AT + timedelta(minutes=10))
    assert not Notice.objects.exists()
    delivery.sweep(AT + timedelta(minutes=40))
    delivery.sweep(AT + timedelta(minutes=50))
    (alert,) = Notice.objects.of(city.admin)
    assert alert.template == "channel_failing"

    send(AT + timedelta(hours=1))
    alert.refresh_from_db()
    assert alert.read_at is not None
