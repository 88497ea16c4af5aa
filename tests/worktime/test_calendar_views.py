"""Pages of the calendar: the year, one day, the import, the confirmation, the alert."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from governance.desk import alerts
from grid.worktime.models import CalendarChange, CalendarDay, CalendarYear
from grid.worktime.services import confirm_year, override_day
from grid.worktime.views import frame
from grid.worktime.year_page import year_of
from tests.factories.city import build_city

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LIST = (
    "date,kind,name,name_en,source\n"
    "2027-01-01,holiday,元旦,New Year's Day,放假通知\n"
    "2027-01-03,makeup,元旦调休上班,Make-up working day,放假通知\n"
)


@pytest.fixture
def city():
    return build_city()


@pytest.fixture
def keeper(city):
    return signed_in(city.admin)


@pytest.fixture
def reader(city):
    return signed_in(city.worker)


def signed_in(user, language="zh-hans"):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = language
    return client


def cells(year):
    shown = year_of(year, today=date(2026, 11, 22))
    return {c.on: c for month in shown.months for week in month.weeks for c in week if c}


def test_a_shipped_year_stands_there_day_by_day():
    days = cells(2026)

    assert len(days) == 365
    assert (days[date(2026, 10, 1)].origin, days[date(2026, 10, 1)].kind) == ("notice", "holiday")
    assert (days[date(2026, 10, 10)].kind, days[date(2026, 10, 10)].origin) == ("makeup", "notice")
    assert not days[date(2026, 10, 12)].mark
    assert days[date(2026, 10, 10)].mark != days[date(2026, 10, 1)].mark
    assert [on for on, cell in days.items() if cell.is_today] == [date(2026, 11, 22)]
    shown = year_of(2026, today=date(2026, 11, 22))
    assert (shown.worked, shown.makeup, shown.known, shown.shipped) == (248, 6, True, True)


def test_a_year_without_a_notice_says_what_is_law_and_what_is_open():
    days = cells(2027)

    assert (days[date(2027, 10, 1)].origin, days[date(2027, 10, 1)].provisional) == ("law", False)
    assert (days[date(2027, 10, 4)].origin, days[date(2027, 10, 4)].provisional) == ("week", True)
    assert days[date(2027, 7, 14)].is_plain
    assert year_of(2027, today=date(2026, 11, 22)).open_days > 20


def test_what_the_city_states_is_marked_as_its_own_and_a_confirmed_year_is_open_only_at_its_end(at):
    override_day(on=date(2027, 10, 4), kind="holiday", source="放假通知", name="国庆节", by=None, at=at)
    confirm_year(year=2027, source="放假通知", by=None, at=at)

    cell = cells(2027)[date(2027, 10, 4)]
    assert (cell.origin, cell.source, cell.provisional) == ("city", "放假通知", False)
    shown = year_of(2027, today=date(2026, 11, 22))
    assert (shown.known, shown.stated) == (True, 1)
    # What is open belongs to the notice for the year after.
    assert {on.month for on, cell in cells(2027).items() if cell.provisional} == {12}
    october = shown.months[9]
    assert [(run.days, run.said_by) for run in october.runs][1] == ("4", "放假通知")


def test_every_week_of_a_month_has_seven_places_and_begins_on_monday():
    for month in year_of(2027, today=date(2026, 11, 22)).months:
        assert {len(week) for week in month.weeks} == {7}
        assert all(
            c is None or c.on.weekday() == place for week in month.weeks for place, c in enumerate(week)
        )


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("year", [2004, 2026, 2027, 2060])
def test_every_year_opens_for_everybody(city, language, year):
    answer = signed_in(city.worker, language).get(reverse("worktime:calendar", args=[year]))

    assert answer.status_code == 200
    assert answer.content.decode().count('class="month"') == 12
    assert "/calendar/days/" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/calendar/2003/", "/calendar/2061/", "/calendar/99999999999/"])
def test_years_beyond_the_calendar_are_not_found(reader, path):
    assert reader.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/calendar/days/2027-02-30/", "/calendar/days/0000-01-01/"])
def test_days_that_are_none_are_not_found(keeper, path):
    assert keeper.get(path).status_code == 404


def test_a_year_costs_the_same_however_much_is_stated(keeper, django_assert_max_num_queries):
    def cost():
        with django_assert_max_num_queries(20) as counted:
            keeper.get(reverse("worktime:calendar", args=[2027]))
        return len(counted)

    cost()
    before = cost()
    for day in range(4, 9):
        override_day(on=date(2027, 10, day), kind="holiday", source="通知", by=None, at=AT)
    assert cost() == before


def test_an_administrator_states_a_day_and_takes_it_back(keeper, city):
    url = reverse("worktime:day", args=[date(2027, 10, 9)])
    assert "2027" in keeper.get(url).content.decode()

    said = {"kind": "makeup", "name": "国庆节调休上班", "name_en": "", "source": "放假通知"}
    answer = keeper.post(url, said)

    assert answer.headers["Location"] == reverse("worktime:calendar", args=[2027]) + "#m10"
    assert CalendarDay.objects.get().kind == "makeup"
    assert CalendarChange.objects.get().by == city.admin

    keeper.post(url, {"withdraw": "1"})
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "workday"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"source": ""}, "source"),
        ({"name": "长" * 61}, "name"),
    ],
)
def test_what_is_wrong_with_a_day_stands_at_its_field(keeper, changes, field):
    said = {"kind": "makeup", "name": "国庆节", "name_en": "National Day", "source": "通知"} | changes

    answer = keeper.post(reverse("worktime:day", args=[date(2027, 10, 9)]), said)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert 'value="National Day"' in answer.content.decode()
    assert not CalendarDay.objects.exists()


def test_a_list_is_shown_before_it_is_taken_over(keeper, city):
    url = reverse("worktime:import_notice")
    file = SimpleUploadedFile("2027.csv", LIST.encode("gb18030"), "text/csv")

    preview = keeper.post(url, {"file": file})

    assert preview.status_code == 200
    assert [d.state for d in preview.context["differences"]] == ["new", "new"]
    assert not CalendarDay.objects.exists()

    taken = keeper.post(url, {"text": preview.context["text"], "take_over": "1"})
    assert taken.headers["Location"] == reverse("worktime:calendar", args=[2027])
    assert CalendarDay.objects.count() == 2
    assert CalendarChange.objects.get().by == city.admin

    again = keeper.post(url, {"text": LIST})
    assert [d.state for d in again.context["differences"]] == ["same", "same"]
    assert 'name="take_over"' not in again.content.decode()
    assert keeper.post(url, {"text": LIST, "take_over": "1"}).status_code == 302
    assert CalendarChange.objects.count() == 1


@pytest.mark.parametrize("take_over", [{}, {"take_over": "1"}])
def test_bad_lines_are_named_and_the_list_stays_to_be_mended(keeper, take_over):
    bad = LIST + "2027-02-30,holiday,,,通知\n"

    answer = keeper.post(reverse("worktime:import_notice"), {"text": bad} | take_over)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert [fault.line for fault in answer.context["faults"]] == [4]
    assert "2027-02-30,holiday" in page
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "  "},
        {"file": SimpleUploadedFile("a.csv", b"\xff\xff\xff")},
        {"file": SimpleUploadedFile("a.csv", b"")},
    ],
)
def test_no_list_or_no_text_is_refused_at_the_file(keeper, data):
    answer = keeper.post(reverse("worktime:import_notice"), data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["file"]


def test_a_year_is_confirmed_with_its_notice_and_only_when_something_is_entered(keeper, city):
    url = reverse("worktime:confirm_year", args=[2027])
    refused = keeper.post(url, {"source": "放假通知"})
    assert refused.status_code == 422
    assert "2027" in refused.content.decode()
    assert not CalendarYear.objects.exists()

    override_day(on=date(2027, 1, 3), kind="makeup", source="放假通知", by=None, at=AT)
    assert list(keeper.post(url, {"source": ""}).context["form"].errors) == ["source"]
    assert keeper.post(url, {"source": "放假通知"}).status_code == 302

    year = CalendarYear.objects.get()
    assert (year.year, year.source, year.confirmed_by) == (2027, "放假通知", city.admin)
    assert keeper.get(url).status_code == 302


def test_the_changes_stand_below_with_how_many_matters_moved(reader, city):
    override_day(on=date(2027, 10, 4), kind="holiday", source="放假通知", by=city.admin, at=AT)
    before = reader.get(reverse("worktime:calendar", args=[2027])).content.decode()
    CalendarChange.objects.update(done_at=AT, moved=17)
    after = reader.get(reverse("worktime:calendar", args=[2027])).content.decode()

    assert city.admin.name in before
    assert "17" in after
    assert before != after
    assert list(reader.get(reverse("worktime:calendar", args=[2026])).context["changes"]) == []


def test_who_does_not_keep_the_calendar_cannot_write_it(reader):
    posts = [
        (reverse("worktime:day", args=[date(2027, 10, 9)]), {"kind": "makeup", "source": "通知"}),
        (reverse("worktime:import_notice"), {"text": LIST, "take_over": "1"}),
        (reverse("worktime:confirm_year", args=[2027]), {"source": "通知"}),
    ]

    assert [reader.post(url, data).status_code for url, data in posts] == [403, 403, 403]
    assert not CalendarDay.objects.exists()
    assert not CalendarChange.objects.exists()


@pytest.mark.parametrize("page", ["/rules/", "/rules/rungs/", "/calendar/2026/", "/desk/"])
def test_the_alert_of_a_missing_year_stands_before_administrators_alone(keeper, reader, page, monkeypatch):
    alert = reverse("worktime:calendar", args=[2031])
    for place in (frame, alerts):
        monkeypatch.setattr(place, "missing_calendar", lambda on: 2031)

    assert f'href="{alert}"' in keeper.get(page).content.decode()
    assert f'href="{alert}"' not in reader.get(page).content.decode()


def test_the_tables_are_not_in_the_admin_where_changes_would_leave_no_trace(keeper):
    for model in ("calendarday", "calendaryear", "deadlinerule", "rungrule"):
        assert keeper.get(f"/admin/worktime/{model}/").status_code == 404
