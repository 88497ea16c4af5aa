"""The report form and what comes of it, as a browser without JavaScript meets them."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from grid.areas.models import Tier
from grid.casework.models import Attachment, Case, Upload
from grid.incidents.models import Incident
from tests.factories.incidents import listed, report

pytestmark = pytest.mark.django_db
URL = "/incidents/report/"


@pytest.fixture
def worker(client, city):
    client.force_login(city.worker)
    return client


def picture(name: str = "photo.jpg", colour: str = "red") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def key_of(response) -> str:
    return re.search(r'name="key" value="([0-9a-f-]{36})"', response.content.decode())[1]


def post(client, **data):
    return client.post(URL, {"key": key_of(client.get(URL)), "category": "F01"} | data)


def the_case() -> Case:
    return Case.objects.get()


def queries(captured: CaptureQueriesContext) -> list[str]:
    """Return the statements that ask something; savepoints and settings of a transaction are none."""
    silent = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO", "BEGIN", "COMMIT", "SET LOCAL")
    return [q["sql"] for q in captured if not q["sql"].startswith(silent)]


def test_a_category_is_all_that_must_be_said(worker, city):
    response = post(worker)

    case = the_case()
    assert response.url == reverse("incidents:reported", args=[case.number])
    assert (case.area, case.lead, case.reporter) == (city.grid, city.community_org, city.worker)
    assert case.urgency == "blue"


def test_the_form_offers_every_category_and_the_own_grid(worker, city):
    page = worker.get(URL).content.decode()

    assert page.count('type="radio" name="category"') == 85
    assert city.grid.code in page
    assert city.grid_2.code not in page


def test_a_position_puts_it_into_the_grid_under_it(worker, city):
    post(worker, longitude="119.035", latitude="33.605", accuracy_m="12")

    case = the_case()
    assert (case.area, case.accuracy_m) == (city.grid_2, 12)


def test_a_choice_goes_before_the_position_and_the_difference_is_said(worker, city):
    response = post(worker, longitude="119.035", latitude="33.605", area=city.grid.code)

    assert the_case().area == city.grid
    assert worker.get(response.url).content.decode().count("banner-warning") == 1


@pytest.mark.parametrize("seen", ["0001-01-01T00:00", "9999-12-31T23:59", "2026-02-30T00:00", "x"])
def test_a_time_that_is_none_comes_back_as_an_error(worker, city, seen):
    response = post(worker, observed_at=seen, title="灯不亮")

    assert response.status_code == 422
    assert "灯不亮" in response.content.decode()
    assert not Case.objects.exists()


def test_a_point_outside_the_city_is_kept_and_warned_of(worker, city):
    response = post(worker, longitude="116.4", latitude="39.9")

    case = the_case()
    assert (case.longitude, case.latitude, case.area) == (116.4, 39.9, city.grid)
    assert worker.get(response.url).content.decode().count("banner-warning") == 1


@pytest.mark.parametrize("bad", ["nan", "inf", "181", "x"])
def test_a_longitude_that_is_none_comes_back_with_everything_else(worker, bad):
    response = post(worker, longitude=bad, latitude="33.6", description="三袋垃圾")

    assert response.status_code == 422
    assert "三袋垃圾" in response.content.decode()
    assert not Case.objects.exists()


def test_half_a_position_is_refused(worker):
    assert post(worker, longitude="119.03").status_code == 422


def test_a_form_that_fails_comes_back_filled_with_its_photo_and_can_be_sent_again(worker, city):
    first = post(worker, category="", description="三袋垃圾", address="新民路3号", uploads=picture())

    page = first.content.decode()
    assert first.status_code == 422
    for kept in ("三袋垃圾", "新民路3号", str(Upload.objects.get().pk)):
        assert kept in page
    worker.post(
        URL,
        {
            "key": key_of(first),
            "category": "F01",
            "description": "三袋垃圾",
            "uploads": [str(Upload.objects.get().pk)],
        },
    )
    assert Attachment.objects.get().case == the_case()


def test_a_file_that_lies_about_its_type_is_named_and_nothing_else_is_lost(worker):
    liar = SimpleUploadedFile("photo.jpg", b"MZ" + b"\0" * 400, content_type="image/jpeg")
    response = post(worker, description="三袋垃圾", uploads=[picture("good.jpg"), liar])

    page = response.content.decode()
    assert response.status_code == 422
    assert "photo.jpg" in page
    assert "三袋垃圾" in page
    assert str(Upload.objects.get().pk) in page


def test_two_clicks_with_a_photo_make_one_case(worker):
    key = key_of(worker.get(URL))
    sent = [
        worker.post(URL, {"key": key, "category": "F01", "uploads": picture()}),
        worker.post(URL, {"key": key, "category": "F01", "uploads": picture()}),
    ]

    assert [r.status_code for r in sent] == [302, 302]
    assert sent[0].url == sent[1].url
    assert Case.objects.count() == Attachment.objects.count() == 1


def test_the_same_form_with_other_words_is_refused_with_the_words_kept(worker):
    key = key_of(worker.get(URL))
    worker.post(URL, {"key": key, "category": "F01", "description": "三袋垃圾"})
    response = worker.post(URL, {"key": key, "category": "F01", "description": "五袋垃圾"})

    page = response.content.decode()
    assert response.status_code == 409
    assert "五袋垃圾" in page
    assert the_case().number in page
    assert key_of(response) != key


def test_a_form_sent_both_ways_makes_one_case(worker):
    key = key_of(worker.get(URL))
    worker.post(URL, {"key": key, "category": "F01"})
    response = worker.post(URL, {"key": key, "category": "F01", "done": "true", "result": "已清理"})

    assert response.status_code == 409
    assert Case.objects.count() == 1


def test_dealt_with_on_the_spot_is_closed_at_once(worker, city):
    response = post(worker, done="true", result="当场清理")

    assert (the_case().status, Incident.objects.get().handled_at_once) == ("closed", True)
    assert worker.get(response.url).status_code == 200


def test_dealt_with_needs_to_say_how_and_keeps_the_tick(worker):
    response = post(worker, done="true")

    assert response.status_code == 422
    assert 'id="id_done" value="true" checked' in response.content.decode()
    assert "id_result_errors" in response.content.decode()


def test_a_result_that_was_typed_before_the_tick_was_taken_away_does_no_harm(worker):
    post(worker, result="当场清理")

    assert the_case().status == "reported"


def test_a_phone_far_ahead_is_told_and_one_a_little_ahead_is_clamped(worker):
    far = timezone.now() + timedelta(days=3)
    assert post(worker, observed_at=far.isoformat()).status_code == 422

    near = timezone.now() + timedelta(hours=3)
    assert post(worker, observed_at=near.isoformat()).status_code == 302
    assert Incident.objects.get().observed_at <= timezone.now()


def test_a_script_gets_the_number_when_it_has_arrived(worker):
    data = {"key": key_of(worker.get(URL)), "category": "F01"}
    response = worker.post(URL, data, headers={"accept": "application/json"})

    assert response.status_code == 201
    assert response.json() == {
        "location": f"/incidents/reported/{the_case().number}/",
        "number": the_case().number,
    }


def test_reporting_with_a_photo_and_a_position_costs_at_most_25_queries(worker, city):
    listed("F", Tier.COMMUNITY, assisting=(city.department,))
    sent = worker.post("/uploads/", {"file": picture()}).json()["id"]
    data = {"key": key_of(worker.get(URL)), "category": "F01", "uploads": [sent]}
    data |= {"longitude": "119.035", "latitude": "33.605"}

    with CaptureQueriesContext(
        connection,
    ) as captured:
        worker.post(URL, data)

    assert Attachment.objects.get().case == the_case()
    assert len(queries(captured)) <= 25, "\n".join(queries(captured))


@pytest.mark.parametrize("who", ["auditor", "admin", "nobody"])
def test_whoever_reports_nothing_is_told_who_does(client, city, who):
    client.force_login(getattr(city, who))

    assert client.get(URL).status_code == 403
    assert client.post(URL, {"category": "F01"}).status_code == 403
    assert not Case.objects.exists()


def test_strangers_are_led_to_the_sign_in(client, city):
    number = report(city).number
    for url in (URL, f"/incidents/reported/{number}/", "/incidents/responsibilities/"):
        assert client.get(url).status_code == 302


def test_somebody_elses_report_is_not_there(client, city):
    number = report(city).number
    client.force_login(city.neighbour_worker)

    assert client.get(f"/incidents/reported/{number}/").status_code == 404
    assert client.get("/incidents/reported/SJ2026-999999-X/").status_code == 404


def test_the_categories_used_last_come_first(worker, city):
    for code in ("F01", "C02", "F01"):
        report(city, category=code)
    page = worker.get(URL).content.decode()

    lately = page[page.index("lately-list") : page.index('class="kinds"')]
    assert re.findall(r'value="(\w+)"', lately) == ["F01", "C02"]


def test_the_form_costs_the_same_whatever_was_reported_before(worker, city):
    report(city)
    worker.get(URL)
    with CaptureQueriesContext(connection) as few:
        worker.get(URL)
    for code in ("C02", "G01", "I01", "F03", "A01"):
        report(city, category=code)
    with CaptureQueriesContext(connection) as many:
        worker.get(URL)

    assert len(many) == len(few)


def test_the_responsibility_list_is_read_by_everybody_who_signs_in(client, city):
    client.force_login(city.nobody)
    assert client.get("/incidents/responsibilities/").status_code == 200

    listed("F", Tier.STREET, city.department, assisting=(city.company,))
    listed("C01", Tier.COMMUNITY)
    page = client.get("/incidents/responsibilities/").content.decode()
    for shown in ("清江浦区城市管理局", "淮安自来水公司", "消防通道堵塞", "滨州市网格化服务管理条例"):
        assert shown in page
    only = client.get("/incidents/responsibilities/?category=C").content.decode()
    assert "消防通道堵塞" in only
    assert "清江浦区城市管理局" not in only


def test_the_responsibility_list_costs_the_same_for_one_line_and_for_twenty(client, city):
    client.force_login(city.clerk)
    listed("F", Tier.STREET, city.department, assisting=(city.company,))
    client.get("/incidents/responsibilities/")
    with CaptureQueriesContext(connection) as few:
        client.get("/incidents/responsibilities/")
    for number in range(1, 6):
        for letter in "FGAK":
            listed(f"{letter}0{number}", Tier.STREET, city.department, assisting=(city.company,))
    with CaptureQueriesContext(connection) as many:
        client.get("/incidents/responsibilities/")

    assert len(many) == len(few)
