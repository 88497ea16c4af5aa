"""The pages of a case and of its steps: what they show, what they cost, and that nothing typed is lost."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from grid.casework import locks
from grid.casework.models import Case, Deadline, Event, EventText, Holding, Upload
from tests.factories.city import City, acting, build_city, centre_of
from tests.factories.incidents import handled, report, take
from tests.factories.long_case import long_case, photo, uploaded

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=timezone.now() - timedelta(hours=1), **centre_of(city.grid))


@pytest.fixture
def by_clerk(city: City, client: Client) -> Client:
    client.force_login(city.clerk)
    return client


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def page_of(case: Case) -> str:
    return reverse("casework:case", args=[case.number])


def form_of(case: Case, step: str) -> str:
    return reverse("casework:step", args=[case.number, step])


def hidden(html: str) -> dict[str, str]:
    """Return the hidden fields of the form of a step."""
    form = html[html.index('enctype="multipart/form-data"') :]
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', form))


def filled(client: Client, case: Case, step: str, **values: object) -> dict[str, object]:
    """Return what a browser sends when somebody fills in a fresh form."""
    return {**hidden(client.get(form_of(case, step)).content.decode()), **values}


def test_a_long_case_costs_at_most_16_queries(city: City, client: Client) -> None:
    long = long_case(city, at=timezone.now())
    for user in (city.handler, city.clerk, city.street_officer, city.district_officer, city.worker_2):
        client.force_login(user)
        client.get(page_of(long))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(page_of(long))
        assert response.status_code == 200
        assert len(queries) <= 16, "\n".join(q["sql"][:160] for q in queries)


def test_a_case_of_sixty_entries_costs_as_many_queries_as_one_of_a_few(
    city: City, by_clerk: Client, case: Case
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert by_clerk.get(page_of(case)).status_code == 200
        return len(queries)

    at = timezone.now()
    take(case, "comment", city.clerk, at=at, text="首条", uploads=[str(uploaded(city.clerk, at=at).pk)])
    cost()
    few = cost()
    for number in range(60):
        take(case, "comment", city.leader, at=at, text=f"第{number}条")
    assert cost() == few


def test_the_page_tells_everything_about_a_long_case(city: City, english: Client) -> None:
    long = long_case(city, at=timezone.now())
    english.force_login(city.handler)

    html = english.get(page_of(long)).content.decode()

    for words in (
        "3号楼单元门口垃圾堆积",
        "三袋生活垃圾和一张旧沙发",
        "草市口小区3号楼东单元",
        "Qingjiangpu District",
        "Changxi Subdistrict Office",
        "Huai&#x27;an Water Company",
        "Stated as happened on",
        "How this date was worked out",
        "Local choice of this city",
        "met late",
        "Round 2",
        "已二次清运并冲洗地面。",
        "Done late",
    ):
        assert words in html, words
    assert html.count("case-photos") == 1
    assert len(re.findall(r'class="photo" href="/attachments/\d+/"', html)) == 5


def test_who_held_it_stands_there_with_how_long(city: City, english: Client) -> None:
    long = long_case(city, at=timezone.now())
    english.force_login(city.handler)

    html = english.get(page_of(long)).content.decode()

    stays = html[html.index('<ol class="stays">') :].split("</ol>")[0]
    assert stays.count('<li class="stay') == Holding.objects.filter(case=long).count() == 4
    assert "2 days 17 hours" in stays
    assert stays.count("is-now") == 1


def test_a_linked_case_shows_only_to_those_who_may_see_it(city: City, english: Client) -> None:
    long = long_case(city, at=timezone.now())
    title = "3号楼旧沙发占道"

    english.force_login(city.clerk)
    assert title in english.get(page_of(long)).content.decode()
    english.force_login(city.handler)
    html = english.get(page_of(long)).content.decode()
    assert title not in html
    assert "a matter that is not yours to see" in html


def test_erased_text_leaves_a_stub(city: City, english: Client, case: Case) -> None:
    taken = take(case, "comment", city.clerk, at=timezone.now(), text="张三电话123")
    rows = EventText.objects.filter(event=taken.event)
    rows.update(text="", salt="", erased_at=timezone.now())
    english.force_login(city.clerk)

    html = english.get(page_of(case)).content.decode()

    assert "张三" not in html
    assert "This text was erased as the law requires; the entry stays." in html


def test_what_a_stranger_typed_runs_nowhere(city: City, by_clerk: Client, case: Case) -> None:
    take(case, "comment", city.clerk, at=timezone.now(), text="<script>alert(1)</script>")

    html = by_clerk.get(page_of(case)).content.decode()

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


@pytest.mark.parametrize(
    "name", ["neighbour_worker", "neighbour_clerk", "handler", "auditor", "admin", "nobody"]
)
def test_a_case_of_others_is_not_there(city: City, client: Client, case: Case, name: str) -> None:
    client.force_login(getattr(city, name))

    assert client.get(page_of(case)).status_code == 404
    assert client.get(form_of(case, "comment")).status_code == 404
    assert client.post(form_of(case, "comment"), {"text": "x", "key": str(uuid4())}).status_code == 404
    assert Event.objects.filter(case=case).count() == 1


@pytest.mark.parametrize("number", ["SJ2026-999999-0", "XX1", "sj", "SJ2026-000001-%00", "..%2f"])
def test_an_unknown_number_is_not_found(by_clerk: Client, number: str) -> None:
    assert by_clerk.get(f"/cases/{number}/").status_code == 404


def test_a_number_typed_in_small_letters_is_understood(by_clerk: Client, case: Case) -> None:
    assert by_clerk.get(f"/cases/{case.number.lower()}/").status_code == 200


def test_without_a_sign_in_the_page_leads_there_and_so_does_a_part_of_it(client: Client, case: Case) -> None:
    response = client.get(page_of(case))
    assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("accounts:sign_in"))

    part = client.get(form_of(case, "comment"), **HTMX)
    assert part["HX-Redirect"].startswith(reverse("accounts:sign_in"))


def test_the_buttons_are_the_possible_steps(city: City, by_clerk: Client, case: Case) -> None:
    html = by_clerk.get(page_of(case)).content.decode()
    offered = set(re.findall(rf'href="/cases/{case.number}/steps/(\w+)/"', html))
    assert {"accept", "dispatch", "escalate", "comment", "void"} <= offered
    assert not {"handle", "verify", "climb", "report", "erase"} & offered

    by_clerk.force_login(city.worker)
    html = by_clerk.get(page_of(case)).content.decode()
    offered = set(re.findall(rf'href="/cases/{case.number}/steps/(\w+)/"', html))
    assert offered == {"comment", "attach", "correct", "note_party"}


def test_taking_a_step_leads_back_to_the_case_and_says_so(city: City, by_clerk: Client, case: Case) -> None:
    response = by_clerk.post(form_of(case, "accept"), filled(by_clerk, case, "accept"))

    assert response.status_code == 302
    assert response["Location"] == page_of(case) + "?done=accept"
    case.refresh_from_db()
    assert case.status == "accepted"
    html = by_clerk.get(response["Location"]).content.decode()
    assert f'data-draft-done="{case.number}:accept"' in html
    assert [m.level_tag for m in get_messages(response.wsgi_request)] in (["success"], [])


def test_htmx_draws_the_form_alone_and_leads_back_by_its_own_header(by_clerk: Client, case: Case) -> None:
    part = by_clerk.get(form_of(case, "accept"), **HTMX)
    assert "<html" not in part.content.decode()
    assert "hx-post" in part.content.decode()
    assert "HX-Request" in part["Vary"]

    whole = by_clerk.get(form_of(case, "accept"))
    assert "<html" in whole.content.decode()
    assert "hx-post" not in whole.content.decode()

    done = by_clerk.post(form_of(case, "accept"), hidden(part.content.decode()), **HTMX)
    assert done["HX-Redirect"] == page_of(case) + "?done=accept"


def test_a_form_sent_twice_takes_one_step_and_gets_one_answer(
    city: City, by_clerk: Client, case: Case
) -> None:
    sent = filled(by_clerk, case, "comment", text="两次")
    first = by_clerk.post(form_of(case, "comment"), {**sent, "uploads": photo()})
    second = by_clerk.post(form_of(case, "comment"), {**sent, "uploads": photo()})

    assert first["Location"] == second["Location"]
    assert Event.objects.filter(case=case, verb="comment").count() == 1
    assert Upload.objects.count() == 1


def test_the_second_click_is_answered_even_when_the_first_took_the_case_out_of_sight(
    city: City, client: Client, case: Case
) -> None:
    take(case, "accept", city.clerk, at=timezone.now())
    take(case, "dispatch", city.clerk, at=timezone.now(), lead=city.department.code, reason="属城管")
    client.force_login(city.handler)
    sent = filled(client, case, "send_back", reason="不属于我单位")

    first = client.post(form_of(case, "send_back"), sent)
    assert not Case.objects.visible_to(acting(city.handler)).filter(pk=case.pk).exists()
    second = client.post(form_of(case, "send_back"), sent)

    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"] == reverse("desk:worklist")
    assert Event.objects.filter(case=case, verb="send_back").count() == 1
    stranger = client.post(form_of(case, "send_back"), {**sent, "key": str(uuid4())})
    assert stranger.status_code == 404


def test_a_wrong_field_is_named_and_nothing_is_lost(city: City, client: Client) -> None:
    case = handled(city, at=timezone.now() - timedelta(hours=1))
    client.cookies["django_language"] = "en"
    client.force_login(city.leader)
    sent = filled(client, case, "verify", finding="failed", text="")

    response = client.post(
        form_of(case, "verify"), {**sent, "uploads": [photo("a.jpg"), photo("b.jpg", colour="#123456")]}
    )

    html = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_text"' in html
    assert 'aria-invalid="true"' in html
    assert re.search(r'value="failed" checked', html)
    kept = re.findall(r'<input type="hidden" name="uploads" value="([\w-]+)"', html)
    assert len(kept) == 2
    assert all(client.get(reverse("casework:upload", args=[pk])).status_code == 200 for pk in kept)
    assert Event.objects.filter(case=case, verb="verify").count() == 0

    again = {
        **hidden(html),
        "uploads": kept,
        "remove-uploads": kept[:1],
        "finding": "failed",
        "text": "还有垃圾",
    }
    assert client.post(form_of(case, "verify"), again).status_code == 302
    assert [str(a.upload_id) for a in case.attachments.all()] == kept[1:]


def test_a_file_that_lies_is_named_and_the_others_are_kept(by_clerk: Client, case: Case) -> None:
    lying = photo("ok.jpg")
    bad = photo("bad.jpg")
    bad.file.seek(0)
    bad.file.truncate()
    bad.file.write(b"<script>alert(1)</script>")
    bad.size = 25
    sent = filled(by_clerk, case, "comment", text="写好的备注")

    response = by_clerk.post(form_of(case, "comment"), {**sent, "uploads": [lying, bad]})

    html = response.content.decode()
    assert response.status_code == 422
    assert "bad.jpg:" in html
    assert "写好的备注" in html
    assert len(re.findall(r'<input type="hidden" name="uploads"', html)) == 1
    assert Event.objects.filter(case=case, verb="comment").count() == 0


def test_somebody_elses_upload_is_no_file_of_mine(city: City, by_clerk: Client, case: Case) -> None:
    theirs = uploaded(city.handler, at=timezone.now())
    sent = filled(by_clerk, case, "comment", text="x", uploads=str(theirs.pk))

    by_clerk.post(form_of(case, "comment"), sent)

    assert not case.attachments.exists()


def test_a_stale_form_comes_back_filled_with_what_happened_since(
    city: City, english: Client, case: Case
) -> None:
    english.force_login(city.clerk)
    sent = filled(english, case, "escalate", reason="社区没有车辆")
    take(case, "comment", city.leader, at=timezone.now(), text="我看过了")
    take(case, "accept", city.clerk, at=timezone.now())

    response = english.post(form_of(case, "escalate"), sent)

    html = response.content.decode()
    assert response.status_code == 409
    assert "社区没有车辆" in html
    since = html[html.index('class="since"') : html.index("<form", html.index('class="since"'))]
    assert "我看过了" in since
    assert "Accept" in since
    assert "Report an incident" not in since
    fresh = hidden(html)
    assert int(fresh["version"]) == case.version > int(sent["version"])

    assert english.post(form_of(case, "escalate"), {**fresh, "reason": "社区没有车辆"}).status_code == 302


def test_a_step_that_is_no_longer_possible_says_why_and_gives_back_what_was_typed(
    city: City, english: Client, case: Case
) -> None:
    english.force_login(city.clerk)
    sent = filled(english, case, "escalate", reason="社区没有车辆")
    take(case, "void", city.clerk, at=timezone.now(), reason="误报")

    response = english.post(form_of(case, "escalate"), sent)

    html = response.content.decode()
    assert response.status_code == 409
    assert "“Pass up” is not possible while the matter is “Voided”." in html
    assert "社区没有车辆" in html
    assert form_of(case, "comment") in html
    assert english.get(form_of(case, "escalate")).status_code == 409
    assert "<html" not in english.get(form_of(case, "escalate"), **HTMX).content.decode()


def test_a_key_that_was_used_with_other_words_keeps_what_was_typed(
    city: City, english: Client, case: Case
) -> None:
    english.force_login(city.clerk)
    sent = filled(english, case, "comment", text="第一句")
    english.post(form_of(case, "comment"), sent)

    response = english.post(form_of(case, "comment"), {**sent, "text": "第二句"})

    html = response.content.decode()
    assert response.status_code == 409
    assert "第二句" in html
    assert hidden(html)["key"] != sent["key"]
    assert english.post(form_of(case, "comment"), {**hidden(html), "text": "第二句"}).status_code == 302


def test_a_case_that_somebody_holds_is_busy_and_the_form_is_kept(
    django_db_serialized_rollback: None,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    client: Client,
) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_MS", 100)
    city = build_city()
    case = report(city, at=timezone.now())
    client.force_login(city.clerk)
    sent = filled(client, case, "comment", text="写了很久的备注")
    holder = connection.copy()
    with holder.cursor() as cursor:
        holder.set_autocommit(False)
        cursor.execute("SELECT 1 FROM casework_case WHERE id = %s FOR UPDATE", [case.pk])
        response = client.post(form_of(case, "comment"), {**sent, "uploads": photo()})
        holder.rollback()
    holder.close()

    html = response.content.decode()
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert "写了很久的备注" in html
    assert hidden(html)["key"] == sent["key"]
    kept = re.findall(r'name="uploads" value="([\w-]+)"', html)
    assert len(kept) == 1
    assert client.post(form_of(case, "comment"), {**sent, "uploads": kept}).status_code == 302


def test_facts_that_are_sent_back_as_they_were_are_not_changed(
    city: City, by_clerk: Client, case: Case
) -> None:
    sent = filled(by_clerk, case, "correct", reason="地址写错")
    html = by_clerk.get(form_of(case, "correct")).content.decode()
    assert case.description in html

    sent |= {"title": case.title, "description": case.description, "address": "东门"}
    take(case, "correct", city.worker, at=timezone.now(), title="新的标题", reason="更准确")
    response = by_clerk.post(form_of(case, "correct"), {**sent, "version": case.version})

    assert response.status_code == 302
    case.refresh_from_db()
    assert (case.title, case.address) == ("新的标题", "东门")
    newest = Event.objects.filter(case=case).latest("seq")
    assert {t.field for t in newest.texts.all()} == {"address", "reason"}


def test_the_area_can_be_chosen_from_those_nearby(city: City, by_clerk: Client, case: Case) -> None:
    html = by_clerk.get(form_of(case, "move")).content.decode()

    offered = re.findall(r'<option value="(\d+)"', html)
    assert city.grid_2.code in offered
    assert city.community.code in offered
    assert city.grid.code not in offered
    wrong = filled(by_clerk, case, "move", area="999", reason="x")
    assert by_clerk.post(form_of(case, "move"), wrong).status_code == 422


def test_a_list_too_long_to_read_becomes_a_field_for_the_code(
    city: City, by_clerk: Client, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grid.casework.forms.MOST_OPTIONS", 3)

    html = by_clerk.get(form_of(case, "dispatch")).content.decode()

    assert "<select" not in html
    assert re.search(r'<input class="form-control"[^>]*name="lead"', html)
    sent = filled(by_clerk, case, "dispatch", lead=city.department.code, reason="属城管")
    assert by_clerk.post(form_of(case, "dispatch"), sent).status_code == 302


def test_choices_of_rows_carry_their_names_and_their_codes(city: City, by_clerk: Client, case: Case) -> None:
    html = by_clerk.get(form_of(case, "dispatch")).content.decode()

    assert f'<option value="{city.department.code}"' in html
    assert city.department.name in html
    sent = filled(
        by_clerk,
        case,
        "dispatch",
        lead=city.department.code,
        reason="属城管",
        assisting=[city.company.code, city.department_b.code],
    )
    assert by_clerk.post(form_of(case, "dispatch"), sent).status_code == 302
    assert set(case.assignments.values_list("organisation", flat=True)) == {
        city.company.pk,
        city.department_b.pk,
    }


@pytest.mark.parametrize("step", ["climb", "report", "erase", "nonsense"])
def test_a_step_that_is_not_for_people_has_no_form(by_clerk: Client, case: Case, step: str) -> None:
    assert by_clerk.get(form_of(case, step)).status_code == 404
    assert by_clerk.post(form_of(case, step), {}).status_code == 404


def test_a_broken_hidden_field_does_no_harm(by_clerk: Client, case: Case) -> None:
    sent = {"text": "x", "key": "no-uuid\x00", "version": "many", "seen": "\u0663", "uploads": "x"}

    response = by_clerk.post(form_of(case, "comment"), sent)

    assert response.status_code == 409
    assert Event.objects.filter(case=case).count() == 1


def test_the_form_of_every_possible_step_can_be_drawn(city: City, client: Client, case: Case) -> None:
    long = long_case(city, at=timezone.now())
    drawn = set()
    for user, one in ((city.worker, case), (city.clerk, case), (city.handler, long)):
        client.force_login(user)
        html = client.get(page_of(one)).content.decode()
        for url in set(re.findall(r'href="(/cases/[^"]+/steps/\w+/)"', html)):
            assert client.get(url, **HTMX).status_code == 200, url
            drawn.add(url.split("/")[-2])
    assert {"accept", "dispatch", "escalate", "handle", "assign", "link", "merge", "regrade"} <= drawn


def test_a_paused_deadline_shows_what_is_left_and_until_when(city: City, english: Client, case: Case) -> None:
    row = Deadline.objects.get(case=case)
    at = timezone.now()
    row.may_pause = True
    row.save(update_fields=["may_pause"])
    from grid.casework import deadlines

    deadlines.pause(row, until=at + timedelta(days=3), reason="等材料", at=at)
    english.force_login(city.clerk)

    html = english.get(page_of(case)).content.decode()

    assert "Paused" in html
    assert "there is no due date until then" in html


def test_whose_turn_it_is_stands_there_for_those_who_only_read(
    city: City, english: Client, case: Case
) -> None:
    english.force_login(city.leader)

    html = english.get(page_of(case)).content.decode()

    assert "The next step is with others:" in html
    assert "Community clerk" in html
