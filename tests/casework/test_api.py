"""The REST API of cases: who gets what, once, and every error as a problem that helps."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grid.casework.models import Case, Event
from tests.factories.city import City, build_city, centre_of
from tests.factories.incidents import report, take
from tests.factories.long_case import long_case, photo, uploaded

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=timezone.now() - timedelta(hours=1), **centre_of(city.grid))


@pytest.fixture
def clerk(city: City, client: Client) -> Client:
    client.force_login(city.clerk)
    return client


def url(case: Case, *more: str) -> str:
    return "/".join(["/api/v1/cases", case.number, *more, ""])


def post(client: Client, path: str, data: object, *, key: str | None = None, **headers: str):
    """Post JSON with a key; a key of "" sends none."""
    if key != "":
        headers["Idempotency-Key"] = key or str(uuid4())
    return client.post(path, json.dumps(data), content_type="application/json", headers=headers)


def test_the_facts_of_a_case_with_its_version_as_etag(city: City, clerk: Client, case: Case) -> None:
    response = clerk.get(url(case), headers={"Accept-Language": "en"})

    body = response.json()
    assert response.status_code == 200
    assert response["ETag"] == f'"{case.version}"'
    assert body["number"] == case.number
    assert body["status"] == {"code": "reported", "label": "Reported"}
    assert [a["code"] for a in body["area"]] == [
        city.district.code,
        city.street.code,
        city.community.code,
        city.grid.code,
    ]
    assert body["lead"]["code"] == city.community_org.code
    assert body["position"]["longitude"] == pytest.approx(case.longitude)
    assert body["deadlines"][0]["light"] == "green"
    assert any("Civil Code, article 201" in line for line in body["deadlines"][0]["worked_out"])
    assert {"label": "Category", "value": "City appearance / Rubbish"}.keys() <= body["facts"][0].keys()


def test_the_language_is_the_callers(clerk: Client, case: Case) -> None:
    chinese = clerk.get(url(case), headers={"Accept-Language": "zh-CN"}).json()
    english = clerk.get(url(case), headers={"Accept-Language": "en"}).json()

    assert chinese["status"]["code"] == english["status"]["code"]
    assert chinese["status"]["label"] == "已上报"
    assert english["status"]["label"] == "Reported"


def test_a_long_case_costs_no_more_than_its_page(city: City, client: Client) -> None:
    long = long_case(city, at=timezone.now())
    client.force_login(city.handler)
    client.get(url(long))

    with CaptureQueriesContext(connection) as queries:
        assert client.get(url(long)).status_code == 200

    assert len(queries) <= 10


def test_the_possible_steps_say_what_they_ask_for(city: City, clerk: Client, case: Case) -> None:
    body = clerk.get(url(case, "steps"), headers={"Accept-Language": "en"}).json()

    steps = {s["name"]: s for s in body["steps"]}
    assert {"accept", "dispatch", "comment"} <= set(steps)
    assert not {"verify", "climb"} & set(steps)
    assert steps["accept"]["href"] == url(case, "steps", "accept")
    assert steps["accept"]["data"] == {"type": "object", "properties": {}, "required": []}
    regrade = steps["regrade"]["data"]
    assert regrade["required"] == ["reason"]
    assert {"const": "red", "title": "Critical"} in regrade["properties"]["urgency"]["oneOf"]
    assert regrade["properties"]["reason"] == {"title": "Reason", "type": "string", "maxLength": 2000}
    assert steps["comment"]["data"]["properties"]["uploads"]["items"] == {"type": "string", "format": "uuid"}
    assert steps["dispatch"]["data"]["properties"]["assisting"]["type"] == "array"


def test_a_step_is_taken_and_the_case_comes_back(clerk: Client, case: Case) -> None:
    response = post(clerk, url(case, "steps", "accept"), {}, **{"If-Match": f'"{case.version}"'})

    assert response.status_code == 200
    assert response.json()["status"]["code"] == "accepted"
    assert response["ETag"] == f'"{case.version + 1}"'


def test_without_a_key_nothing_is_taken(clerk: Client, case: Case) -> None:
    response = post(clerk, url(case, "steps", "accept"), {}, key="")

    assert (response.status_code, response["Content-Type"]) == (400, PROBLEM)
    assert response.json()["type"].endswith(":key-missing")
    assert Event.objects.filter(case=case).count() == 1


def test_a_repeat_gets_the_first_answer_and_other_data_under_its_key_none(clerk: Client, case: Case) -> None:
    path, key = url(case, "steps", "comment"), str(uuid4())

    assert post(clerk, path, {"text": "一"}, key=key).status_code == 200
    assert post(clerk, path, {"text": "一"}, key=key).status_code == 200
    other = post(clerk, path, {"text": "二"}, key=key)

    assert (other.status_code, other.json()["type"]) == (409, "urn:sunshine-grid:problem:key-reused")
    assert Event.objects.filter(case=case, verb="comment").count() == 1


def test_a_repeat_is_answered_when_the_step_took_the_case_out_of_sight(
    city: City, client: Client, case: Case
) -> None:
    at = timezone.now()
    take(case, "accept", city.clerk, at=at)
    take(case, "dispatch", city.clerk, at=at, lead=city.department.code, reason="属城管")
    client.force_login(city.handler)
    path, key = url(case, "steps", "send_back"), str(uuid4())

    first = post(client, path, {"reason": "不属于我单位"}, key=key)
    second = post(client, path, {"reason": "不属于我单位"}, key=key)

    assert first.json() == second.json() == {"number": case.number, "visible": False}
    assert client.get(url(case)).status_code == 404


def test_a_stale_version_is_412_and_says_the_new_one(city: City, clerk: Client, case: Case) -> None:
    old = case.version
    take(case, "accept", city.clerk, at=timezone.now())

    response = post(clerk, url(case, "steps", "escalate"), {"reason": "x"}, **{"If-Match": f'W/"{old}"'})

    body = response.json()
    assert (response.status_code, response["Content-Type"]) == (412, PROBLEM)
    assert (body["type"], body["version"]) == ("urn:sunshine-grid:problem:stale", case.version)
    assert (
        post(clerk, url(case, "steps", "escalate"), {"reason": "x"}, **{"If-Match": "*"}).status_code == 200
    )


@pytest.mark.parametrize("sent", ["abc", '"0', "-1", "99999999999999"])
def test_a_version_that_is_none_is_named(clerk: Client, case: Case, sent: str) -> None:
    response = post(clerk, url(case, "steps", "accept"), {}, **{"If-Match": sent})

    assert response.status_code in (422, 412)
    case.refresh_from_db()
    assert case.status == "reported"


def test_a_step_not_possible_now_is_409_with_those_that_are(city: City, clerk: Client, case: Case) -> None:
    response = post(clerk, url(case, "steps", "verify"), {"finding": "passed"}, **{"Accept-Language": "en"})

    body = response.json()
    assert (response.status_code, response["Content-Type"]) == (409, PROBLEM)
    assert "Verify" in body["detail"]
    assert {"name": "accept", "label": "Accept"} in body["possible_steps"]


def test_wrong_fields_are_named(clerk: Client, case: Case) -> None:
    response = post(clerk, url(case, "steps", "dispatch"), {"lead": "NO-SUCH", "assisting": "x"})

    body = response.json()
    assert (response.status_code, response["Content-Type"]) == (422, PROBLEM)
    assert body["status"] == 422
    assert {"lead", "assisting"} <= set(body["errors"])


@pytest.mark.parametrize("body", ["[1]", '"text"', "null", "{", "\x00", "[" * 100_000 + "]" * 100_000])
def test_a_body_that_is_no_object_is_refused_politely(clerk: Client, case: Case, body: str) -> None:
    response = clerk.post(
        url(case, "steps", "comment"), body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )

    assert response.status_code in (400, 422)
    assert response["Content-Type"] == PROBLEM


@pytest.mark.parametrize("wrong", ["\x00", "\ud800"])
def test_what_is_no_text_is_refused_by_its_field(clerk: Client, case: Case, wrong: str) -> None:
    for step, field, more in (
        ("comment", "text", {}),
        ("link", "other", {"type": "follows"}),
        ("move", "area", {"reason": "x"}),
    ):
        response = post(clerk, url(case, "steps", step), {field: wrong, **more})
        assert response.status_code == 422, step
        assert set(response.json()["errors"]) == {field}


@pytest.mark.parametrize("name", ["neighbour_clerk", "handler", "auditor", "admin", "nobody"])
def test_a_case_of_others_is_not_there(city: City, client: Client, case: Case, name: str) -> None:
    client.force_login(getattr(city, name))

    answers = [
        client.get(url(case)),
        client.get(url(case, "steps")),
        post(client, url(case, "steps", "comment"), {"text": "x"}),
        client.get("/api/v1/cases/SJ2026-999999-9/"),
    ]

    assert [a.status_code for a in answers] == [404] * 4
    assert answers[0].json() == answers[3].json()
    assert Event.objects.filter(case=case).count() == 1


def test_without_a_sign_in_it_is_401_and_with_a_forged_form_403(city: City, case: Case) -> None:
    stranger = Client()
    response = stranger.get(url(case))
    assert (response.status_code, response["Content-Type"]) == (401, PROBLEM)
    assert "Session" in response["WWW-Authenticate"]

    forged = Client(enforce_csrf_checks=True)
    forged.force_login(city.clerk)
    response = post(forged, url(case, "steps", "comment"), {"text": "x"})
    assert (response.status_code, response["Content-Type"]) == (403, PROBLEM)
    assert Event.objects.filter(case=case).count() == 1


def test_what_is_not_there_and_what_is_not_allowed_are_problems_too(clerk: Client, case: Case) -> None:
    nothing = clerk.get("/api/v1/no/such/thing/")
    assert (nothing.status_code, nothing["Content-Type"]) == (404, PROBLEM)

    wrong = clerk.delete(url(case))
    assert (wrong.status_code, wrong["Content-Type"]) == (405, PROBLEM)


def test_a_file_is_sent_first_and_named_in_a_step(city: City, clerk: Client, case: Case) -> None:
    sent = clerk.post("/api/v1/uploads/", {"file": photo()})
    assert sent.status_code == 201
    assert sent.json()["media_type"] == "image/jpeg"

    done = post(clerk, url(case, "steps", "comment"), {"text": "见图", "uploads": [sent.json()["id"]]})
    assert done.status_code == 200
    assert str(case.attachments.get().upload_id) == sent.json()["id"]

    again = post(clerk, url(case, "steps", "comment"), {"text": "见图", "uploads": [sent.json()["id"]]})
    assert (again.status_code, set(again.json()["errors"])) == (422, {"uploads"})


def test_a_wrong_file_is_a_problem_that_names_it(clerk: Client) -> None:
    lying = photo("x.jpg")
    lying.file.seek(0)
    lying.file.truncate()
    lying.file.write(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    lying.size = 41

    response = clerk.post("/api/v1/uploads/", {"file": lying})

    assert (response.status_code, set(response.json()["errors"])) == (422, {"file"})
    assert clerk.post("/api/v1/uploads/", {}).status_code == 422


def test_somebody_elses_upload_cannot_be_named(city: City, clerk: Client, case: Case) -> None:
    theirs = uploaded(city.handler, at=timezone.now())

    response = post(clerk, url(case, "steps", "comment"), {"text": "x", "uploads": [str(theirs.pk)]})

    assert (response.status_code, set(response.json()["errors"])) == (422, {"uploads"})
