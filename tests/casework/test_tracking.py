"""Following a matter without an account: the code, the door, what stands behind it and what never does."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grid.casework import tracking
from grid.casework.models import Case, CodeAttempt, Event, EventText, Party, Token
from grid.casework.steps import open_case, take_step
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import report, take

pytestmark = pytest.mark.django_db
DOOR = "/track/"
PERSON = {"name": "张三丰", "phone": "138 1234 2231", "email": "zsf@example.org", "language": "zh-hans"}


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def case(city: City, at: datetime) -> Case:
    return report(city, at=at - timedelta(hours=1))


def noted(case: Case, city: City, at: datetime) -> Token:
    """Note a person on a matter and return the token."""
    take_step(case.pk, "note_party", by=acting(city.clerk), data=PERSON, at=at)
    case.refresh_from_db()
    return Token.objects.get(party__case=case, expires_at=None)


def knock(client: Client, number: str, code: str, **extra: str):
    return client.post(DOOR, {"number": number, "code": code}, **extra)


def test_a_code_opens_the_door_however_it_is_typed(city: City, case: Case, at: datetime) -> None:
    code = tracking.code_of(noted(case, city, at))

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        response = knock(Client(), case.number.lower(), typed)
        assert response.status_code == 302, typed
        assert response["Location"] == f"/track/{case.number}/"
    assert tracking.tidied("o0iL-1l") == "00111" + "1"


def test_neither_the_code_nor_the_person_stands_in_the_database(city: City, case: Case, at: datetime) -> None:
    token = noted(case, city, at)
    code = tracking.code_of(token)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(t)::text FROM casework_token t UNION ALL "
            "SELECT row_to_json(p)::text FROM casework_party p UNION ALL "
            "SELECT row_to_json(e)::text FROM casework_event e UNION ALL "
            "SELECT row_to_json(x)::text FROM casework_eventtext x"
        )
        stored = "\n".join(row[0] for row in cursor.fetchall())
    for secret in (code, code.replace("-", ""), "张三丰", "138 1234 2231", "13812342231", "zsf@example.org"):
        assert secret not in stored
    event = Event.objects.get(case=case, verb="note_party")
    assert event.data == {"language": "zh-hans"}
    assert not EventText.objects.filter(event=event).exists()
    party = Party.objects.get(case=case)
    assert (party.name, party.phone, party.email) == ("张三丰", "138 1234 2231", "zsf@example.org")


def test_the_code_hangs_on_the_key_of_the_server(city: City, case: Case, at: datetime, settings) -> None:
    token = noted(case, city, at)
    code = tracking.code_of(token)
    settings.BLIND_INDEX_KEY = "44" * 32

    assert tracking.code_of(token) != code
    assert tracking.verify(case.number, code, address="10.0.0.1", at=at) is None


def test_unknown_number_wrong_code_and_sealed_matter_get_the_same_answer(
    city: City, case: Case, at: datetime
) -> None:
    code = tracking.code_of(noted(case, city, at))
    sealed = report(city, at=at)
    sealed_code = tracking.code_of(noted(sealed, city, at))
    Case.objects.filter(pk=sealed.pk).update(sealed=True)
    tries = [("SJ2026-999999-0", code), (case.number, "AAAA-AAAA"), (sealed.number, sealed_code), ("", "")]

    answers = []
    for number, typed in tries:
        response = knock(Client(), number, typed)
        body = response.content.decode().replace(number, "N") if number else response.content.decode()
        body = re.sub(r'value="N?" maxlength', 'value="N" maxlength', body)
        answers.append((response.status_code, re.sub(r"\w{64}", "", body)))
    assert answers[0][0] == 422
    assert len(set(answers)) == 1


def test_the_sixth_try_waits_a_quarter_of_an_hour(city: City, case: Case, at: datetime) -> None:
    code = tracking.code_of(noted(case, city, at))
    for second in range(5):
        soon = at + timedelta(seconds=second)
        assert tracking.verify(case.number, "AAAA", address="10.0.0.1", at=soon) is None

    with pytest.raises(tracking.TooManyTriesError) as refused:
        tracking.verify(case.number, code, address="10.0.0.1", at=at + timedelta(seconds=6))
    assert at < refused.value.until <= at + timedelta(minutes=15, seconds=6)
    assert tracking.verify(case.number, code, address="10.0.0.2", at=at + timedelta(seconds=7)) is not None
    assert tracking.verify(case.number, code, address="10.0.0.1", at=at + timedelta(minutes=16)) is not None


def test_from_one_address_not_every_number_can_be_tried(case: Case, at: datetime) -> None:
    for n in range(40):
        tracking.verify(f"SJ2026-{n:06d}-0", "AAAA", address="2001:db8::1", at=at)

    with pytest.raises(tracking.TooManyTriesError):
        tracking.verify("SJ2026-000099-0", "AAAA", address="2001:db8::ffff", at=at)
    assert tracking.verify("SJ2026-000099-0", "AAAA", address="2001:db8:0:1::1", at=at) is None


def test_a_try_that_is_too_old_to_count_is_forgotten(case: Case, at: datetime) -> None:
    tracking.verify(case.number, "AAAA", address="10.0.0.1", at=at)
    tracking.verify("X", "AAAA", address="10.0.0.9", at=at + timedelta(minutes=16))

    assert list(CodeAttempt.objects.values_list("address", flat=True)) == ["10.0.0.9"]


def test_too_many_tries_are_told_with_the_time_from_which_to_try_again(case: Case) -> None:
    client = Client()
    for _n in range(5):
        assert knock(client, case.number, "AAAA-AAAA").status_code == 422
    response = knock(client, case.number, "AAAA-AAAA")

    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 900


def test_a_lost_code_is_replaced_and_the_old_one_is_void(city: City, case: Case, at: datetime) -> None:
    old = tracking.code_of(noted(case, city, at))
    client = Client()
    knock(client, case.number, old)
    assert client.get(f"/track/{case.number}/").status_code == 200

    party = Party.objects.get(case=case)
    take(case, "reissue_code", city.clerk, at=timezone.now(), party=party.pk, known_by="identity")

    new = tracking.code_of(Token.objects.get(party=party, expires_at=None))
    assert new != old
    assert knock(Client(), case.number, old).status_code == 422
    assert knock(Client(), case.number, new).status_code == 302
    assert client.get(f"/track/{case.number}/")["Location"] == DOOR


def test_a_person_is_noted_once_and_a_foreign_one_gets_no_code_here(
    city: City, case: Case, at: datetime
) -> None:
    noted(case, city, at)
    other = report(city, at=at)
    foreign = noted(other, city, at).party
    client = Client()
    client.force_login(city.clerk)
    sent = {"key": str(uuid4()), "version": case.version, **PERSON, "phone": "13812342231"}

    assert client.post(f"/cases/{case.number}/steps/note_party/", sent).status_code == 422
    reissue = {"key": str(uuid4()), "version": case.version, "party": foreign.pk, "known_by": "identity"}
    assert client.post(f"/cases/{case.number}/steps/reissue_code/", reissue).status_code == 422
    assert Token.objects.filter(party=foreign).count() == 1
    html = client.get(f"/cases/{case.number}/steps/reissue_code/").content.decode()
    assert "张三丰" not in html
    assert "张** 138****2231" in html


def test_the_slip_shows_the_code_to_whoever_took_the_step_and_to_nobody_else(city: City, case: Case) -> None:
    client, colleague = Client(), Client()
    client.force_login(city.clerk)
    colleague.force_login(city.clerk)
    sent = {"key": str(uuid4()), "version": case.version, **PERSON}
    first = client.post(f"/cases/{case.number}/steps/note_party/", sent)
    slip = f"/cases/{case.number}/code/"
    code = tracking.code_of(Token.objects.get(party__case=case))

    assert first["Location"] == slip
    assert code not in first["Location"]
    shown = client.get(slip)
    assert code in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert 'class="qr"' in shown.content.decode()
    assert colleague.get(slip)["Location"] == f"/cases/{case.number}/"
    assert client.post(f"/cases/{case.number}/steps/note_party/", sent)["Location"] == slip
    assert Token.objects.count() == 1

    client.post(slip)
    assert client.get(slip)["Location"] == f"/cases/{case.number}/"
    assert code not in client.get(f"/cases/{case.number}/").content.decode()


def test_after_some_minutes_the_slip_is_gone(city: City, case: Case, at: datetime) -> None:
    token = noted(case, city, at)
    session = Client().session

    assert tracking.give_to(session, case_id=case.pk, issued_at=at, at=at + timedelta(minutes=9))
    assert tracking.to_show(session, case_id=case.pk, at=at + timedelta(minutes=9)) == token
    assert tracking.to_show(session, case_id=case.pk + 1, at=at + timedelta(minutes=9)) is None
    assert tracking.to_show(session, case_id=case.pk, at=at + timedelta(minutes=10)) is None
    assert not tracking.give_to(session, case_id=case.pk, issued_at=at, at=at + timedelta(minutes=11))


def entered(case: Case, city: City, at: datetime) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    knock(client, case.number, tracking.code_of(noted(case, city, at)))
    return client


def test_the_page_tells_what_is_meant_for_the_person_and_nothing_of_the_staff(
    city: City, case: Case, at: datetime
) -> None:
    client = entered(case, city, at)
    take(case, "accept", city.clerk, at=at)
    take(case, "comment", city.clerk, at=at, text="此人又来闹")
    take(case, "correct", city.clerk, at=at, title="老上门的那位", reason="内部说明")
    city.community_org.phone = "0517-8000 0001"
    city.community_org.save()

    html = client.get(f"/track/{case.number}/").content.decode()

    assert "Your matter has been accepted." in html
    assert "Your matter has been registered." in html
    assert "Caoshikou Committee" in html
    assert "0517-8000 0001" in html
    assert "How this date was worked out" in html
    for hidden in ("此人又来闹", "老上门", "内部说明", city.clerk.name, "Comment", "张三丰", "13812342231"):
        assert hidden not in html, hidden


def test_the_page_costs_at_most_twelve_queries(city: City, case: Case, at: datetime) -> None:
    client = entered(case, city, at)
    client.get(f"/track/{case.number}/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/track/{case.number}/").status_code == 200
    assert len(queries) <= 12, "\n".join(q["sql"][:120] for q in queries)


def test_nothing_of_it_is_kept_by_caches_engines_or_other_sites(city: City, case: Case, at: datetime) -> None:
    client = entered(case, city, at)

    for address in (DOOR, f"/track/{case.number}/"):
        response = client.get(address)
        assert "no-store" in response["Cache-Control"], address
        assert "noindex" in response["X-Robots-Tag"]
        assert response["Referrer-Policy"] == "same-origin"


def test_the_session_ends_by_the_button_and_by_time(city: City, case: Case, at: datetime) -> None:
    client = entered(case, city, at)
    key = client.session.session_key
    assert client.post("/track/leave/")["Location"] == DOOR
    assert client.get(f"/track/{case.number}/")["Location"] == DOOR
    assert not client.session.exists(key)

    client = entered(report(city, at=at), city, at)
    number = client.session[tracking.FOLLOWED]["number"]
    assert tracking.followed(client.session, number, at=timezone.now() + timedelta(minutes=29)) is not None
    assert tracking.followed(client.session, number, at=timezone.now() + timedelta(minutes=61)) is None


def test_a_clerk_who_looks_through_the_door_stays_signed_in(city: City, case: Case, at: datetime) -> None:
    code = tracking.code_of(noted(case, city, at))
    client = Client()
    client.force_login(city.clerk)
    knock(client, case.number, code)
    client.post("/track/leave/")

    assert client.get(f"/track/{case.number}/").status_code == 302
    assert client.get("/desk/").status_code == 200


def test_without_the_code_a_number_leads_to_the_door_and_so_does_a_foreign_one(
    city: City, case: Case, at: datetime
) -> None:
    other = report(city, at=at)
    inside = entered(case, city, at)

    for client, number in ((Client(), case.number), (Client(), "SJ2026-1-0"), (inside, other.number)):
        assert client.get(f"/track/{number}/")["Location"] == DOOR


def test_a_matter_that_is_sealed_later_closes_its_door(city: City, case: Case, at: datetime) -> None:
    client = entered(case, city, at)
    Case.objects.filter(pk=case.pk).update(sealed=True)

    assert client.get(f"/track/{case.number}/")["Location"] == DOOR


def test_a_merged_matter_says_where_it_went(city: City, case: Case, at: datetime) -> None:
    client = entered(case, city, at)
    other = report(city, at=at)
    take(case, "merge", city.clerk, at=at, other=other.number, reason="同一件事")

    html = client.get(f"/track/{case.number}/").content.decode()

    assert "Your matter is dealt with together with another one." in html
    assert other.number not in html
    assert "同一件事" not in html


def test_a_closed_matter_takes_no_new_person(city: City, at: datetime) -> None:
    data = {"category": "F01", "description": "已清运", "area": city.grid.code, "result": "清走了"}
    done = open_case("incident", "report_done", by=acting(city.worker), data=data, at=at).case
    client = Client()
    client.force_login(city.clerk)

    assert done.closed_at is not None
    assert client.get(f"/cases/{done.number}/steps/note_party/").status_code == 409
