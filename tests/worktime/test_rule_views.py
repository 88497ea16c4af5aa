"""Pages of limits and rungs: everybody reads, administrators write, nothing typed is lost."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grid.organisations.models import Role
from grid.worktime.models import DeadlineRule, RungRule
from grid.worktime.services import Reach, Terms, add_local
from tests.factories.city import build_city

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return build_city()


@pytest.fixture
def keeper(city):
    return signed_in(city.admin)


@pytest.fixture
def reader(city):
    return signed_in(city.worker)


@pytest.fixture
def tomorrow():
    return timezone.localdate() + timedelta(days=1)


def signed_in(user, language="zh-hans"):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = language
    return client


def body(client, name, *args, **query):
    answer = client.get(reverse(f"worktime:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def terms_of(tomorrow, **changes):
    values = {
        "length": "45",
        "extend_max": "15",
        "basis": "市政府令第1号",
        "basis_en": "City order 1",
        "valid_from": tomorrow.isoformat(),
        "valid_until": "",
    }
    return values | changes


def test_the_table_shows_each_limit_with_its_law_and_groups_by_kind(reader):
    page = body(reader, "rules")

    for word in ("XF-HANDLE", "《信访工作条例》第三十四条", "INC-RED", "MEDI-PM", "SPK-REPLY"):
        assert word in page
    codes = {limit.rule.code for group in reader.get("/rules/").context["groups"] for limit in group.limits}
    assert codes == set(DeadlineRule.objects.values_list("code", flat=True))
    kinds = [group.code for group in reader.get("/rules/").context["groups"]]
    assert kinds[:4] == ["incident", "petition", "mediation", "spokesperson"]


def test_the_english_table_is_english(city):
    page = body(signed_in(city.worker, "en"), "rules")

    assert "Petition Regulations (2022), article 34" in page
    assert "《信访工作条例》" not in page


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"q": "xf-handle"}, {"XF-HANDLE"}),
        ({"q": "网上发言人"}, {"SPK-ACCEPT", "SPK-REPLY"}),
        ({"kind": "spokesperson"}, {"SPK-ACCEPT", "SPK-REPLY"}),
        ({"binds": "watch"}, {"SILENCE"}),
        ({"unit": "hour", "source": "law"}, {"XF-URGENT"}),
        ({"kind": "incident", "source": "law"}, set()),
        ({"kind": "", "binds": "watch"}, {"SILENCE"}),
        ({"q": "XF-", "on": "2022-04-30"}, {"XF-HANDLE"}),
        ({"unit": "week", "on": "gestern", "q": "xf-handle"}, {"XF-HANDLE"}),
    ],
)
def test_the_table_is_searched_and_filtered_and_nonsense_is_left_out(reader, query, codes):
    groups = reader.get(reverse("worktime:rules"), query).context["groups"]
    found = {limit.rule.code for group in groups for limit in group.limits}

    assert found == codes if "on" not in query or query["on"] == "gestern" else codes <= found


def test_a_limit_before_its_law_is_shown_as_one_to_come(reader):
    groups = reader.get(reverse("worktime:rules"), {"q": "XF-HANDLE", "on": "2022-04-30"}).context["groups"]

    assert groups[0].limits[0].row.is_to_come


def test_the_table_costs_the_same_for_few_and_for_many_local_rules(
    city, reader, tomorrow, django_assert_max_num_queries
):
    def cost():
        with django_assert_max_num_queries(20) as counted:
            reader.get(reverse("worktime:rules"))
        return len(counted)

    cost()  # the first request of a session renews it
    before = cost()
    statute = DeadlineRule.objects.get(code="XF-HANDLE")
    for number, organisation in enumerate(
        (city.department, city.department_b, city.company, city.street_org)
    ):
        terms = Terms(length=40 + number, basis="甲", basis_en="A", valid_from=timezone.localdate())
        add_local(statute, terms, reach=Reach(organisation=organisation), by=None, at=timezone.now())
    for area in (city.street, city.grid, city.community):
        terms = Terms(length=30, basis="甲", basis_en="A", valid_from=timezone.localdate())
        add_local(statute, terms, reach=Reach(area=area), by=None, at=timezone.now())

    assert cost() == before
    page = reader.get(reverse("worktime:rules"), {"q": "XF-HANDLE"})
    assert len(page.context["groups"][0].limits[0].local) == 7
    assert city.department.name in page.content.decode()


def test_a_limit_tells_what_holds_what_held_and_who_is_told(keeper, city, tomorrow):
    keeper.post(reverse("worktime:shorten", args=["XF-HANDLE"]), terms_of(tomorrow))
    keeper.post(reverse("worktime:shorten", args=["XF-HANDLE"]), terms_of(tomorrow, length="40"))

    page = body(keeper, "limit", "XF-HANDLE")

    assert "60" in page
    assert "40" in page
    assert "市政府令第1号" in page
    assert city.admin.name in page
    context = keeper.get(reverse("worktime:limit", args=["XF-HANDLE"])).context
    assert [row.rule.length for row in context["local"]] == [40]
    assert [row.rule.length for row in context["history"]] == [45]
    assert [line.rung.level for group in context["rungs"] for line in group.lines] == [1, 2, 3]


def test_an_unknown_code_is_not_found(reader):
    assert reader.get(reverse("worktime:limit", args=["NO-SUCH"])).status_code == 404


def test_an_administrator_shortens_a_statute(keeper, city, tomorrow):
    answer = keeper.post(reverse("worktime:shorten", args=["XF-HANDLE"]), terms_of(tomorrow))

    assert answer.status_code == 302
    rule = DeadlineRule.objects.in_force("XF-HANDLE", on=tomorrow)
    assert (rule.length, rule.extend_max, rule.made_by) == (45, 15, city.admin)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"length": "61"}, "length"),
        ({"length": ""}, "length"),
        ({"length": "many"}, "length"),
        ({"extend_max": "31"}, "extend_max"),
        ({"basis": ""}, "basis"),
        ({"valid_from": "2020-01-01"}, "valid_from"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(keeper, tomorrow, changes, field):
    before = DeadlineRule.objects.count()

    answer = keeper.post(reverse("worktime:shorten", args=["XF-HANDLE"]), terms_of(tomorrow, **changes))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert 'value="City order 1"' in answer.content.decode()
    assert DeadlineRule.objects.count() == before


def test_an_administrator_adds_a_rule_for_an_office_an_area_and_a_category(keeper, city, tomorrow):
    reaches = [
        {"organisation": city.department.name},
        {"area": city.street.code},
        {"category": "F03"},
        {"organisation": city.department.code, "category": "F03"},
    ]
    for reach in reaches:
        answer = keeper.post(
            reverse("worktime:add_local", args=["XF-HANDLE"]), terms_of(tomorrow, length="50", **reach)
        )
        assert answer.status_code == 302, answer.context["form"].errors

    rows = DeadlineRule.objects.filter(code="XF-HANDLE", statutory=False)
    assert set(rows.values_list("organisation", "area", "category")) == {
        (city.department.pk, None, ""),
        (None, city.street.pk, ""),
        (None, None, "F03"),
        (city.department.pk, None, "F03"),
    }


@pytest.mark.parametrize(
    ("reach", "field"),
    [
        ({}, "organisation"),
        ({"organisation": "没有这个单位"}, "organisation"),
        ({"area": "网格"}, "area"),
        ({"category": "F 03"}, "category"),
    ],
)
def test_a_reach_that_is_none_or_not_one_is_refused_at_its_field(keeper, tomorrow, reach, field):
    answer = keeper.post(reverse("worktime:add_local", args=["XF-HANDLE"]), terms_of(tomorrow, **reach))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_several_that_fit_are_offered_by_their_codes(keeper, city, tomorrow):
    answer = keeper.post(
        reverse("worktime:add_local", args=["XF-HANDLE"]), terms_of(tomorrow, area="第一网格")
    )

    assert city.grid.code in answer.content.decode()
    assert city.grid_b.code in answer.content.decode()


def test_a_rule_of_the_city_is_changed_by_its_successor_and_ended(keeper, city, tomorrow):
    blue = DeadlineRule.objects.get(code="INC-BLUE")
    changed = keeper.post(
        reverse("worktime:change_rule", args=[blue.pk]), terms_of(tomorrow, length="96", basis="新")
    )
    assert changed.status_code == 302
    assert DeadlineRule.objects.in_force("INC-BLUE", on=tomorrow).length == 96

    refused = keeper.post(
        reverse("worktime:end_rule", args=[DeadlineRule.objects.in_force("INC-BLUE", on=tomorrow).pk]),
        {"on": tomorrow.isoformat()},
    )
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["on"]

    keeper.post(reverse("worktime:shorten", args=["XF-HANDLE"]), terms_of(tomorrow))
    local = DeadlineRule.objects.get(code="XF-HANDLE", statutory=False)
    ended = keeper.post(reverse("worktime:end_rule", args=[local.pk]), {"on": tomorrow.isoformat()})
    assert ended.status_code == 302
    local.refresh_from_db()
    assert local.is_withdrawn


def test_a_statute_has_neither_change_nor_end(keeper):
    statute = DeadlineRule.objects.get(code="XF-HANDLE")

    assert keeper.get(reverse("worktime:change_rule", args=[statute.pk])).status_code == 404
    assert keeper.get(reverse("worktime:end_rule", args=[statute.pk])).status_code == 404
    assert keeper.get(reverse("worktime:shorten", args=["INC-BLUE"])).status_code == 404


def rung_of(**changes):
    values = {
        "share": "0.500000",
        "left_days": "5",
        "told": "unit_head",
        "channels": ["email"],
        "office_hours": "true",
    }
    return values | changes


def test_an_administrator_changes_a_rung_and_gives_a_limit_its_own(keeper, city, tomorrow):
    yellow = RungRule.objects.get(code="", unit="day", level=1)
    keeper.post(reverse("worktime:change_rung", args=[yellow.pk]), rung_of(valid_from=tomorrow.isoformat()))
    new = RungRule.objects.valid(tomorrow).get(code="", unit="day", level=1)
    assert (new.channels, new.left_days, new.told, new.made_by) == (
        ["portal", "email"],
        5,
        "unit_head",
        city.admin,
    )

    own = reverse("worktime:own_rung", args=["XF-HANDLE", new.pk])
    keeper.post(own, rung_of(valid_from=tomorrow.isoformat(), left_days="9"))
    row = RungRule.objects.get(code="XF-HANDLE")
    assert (row.level, row.left_days) == (1, 9)
    assert "XF-HANDLE" in body(keeper, "rungs")

    keeper.post(reverse("worktime:end_rung", args=[row.pk]), {"on": tomorrow.isoformat()})
    row.refresh_from_db()
    assert row.is_withdrawn


def test_a_rung_of_nothing_is_refused_at_its_field(keeper, tomorrow):
    yellow = RungRule.objects.get(code="", unit="day", level=1)
    url = reverse("worktime:change_rung", args=[yellow.pk])

    answer = keeper.post(url, rung_of(share="", left_days="", valid_from=tomorrow.isoformat()))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["share"]


def test_a_limit_in_other_units_gets_no_rung_of_days(keeper):
    yellow = RungRule.objects.get(code="", unit="day", level=1)

    assert keeper.get(reverse("worktime:own_rung", args=["XF-OBJECTION", yellow.pk])).status_code == 404


def test_who_does_not_keep_the_rules_cannot_write_and_is_not_offered_to(reader, tomorrow):
    before = list(DeadlineRule.objects.values()), list(RungRule.objects.values())
    yellow = RungRule.objects.get(code="", unit="day", level=1)
    blue = DeadlineRule.objects.get(code="INC-BLUE")
    posts = [
        (reverse("worktime:shorten", args=["XF-HANDLE"]), terms_of(tomorrow)),
        (reverse("worktime:add_local", args=["XF-HANDLE"]), terms_of(tomorrow, category="F03")),
        (reverse("worktime:change_rule", args=[blue.pk]), terms_of(tomorrow)),
        (reverse("worktime:end_rule", args=[blue.pk]), {"on": tomorrow.isoformat()}),
        (reverse("worktime:change_rung", args=[yellow.pk]), rung_of(valid_from=tomorrow.isoformat())),
    ]

    assert [reader.post(url, data).status_code for url, data in posts] == [403] * len(posts)
    assert (list(DeadlineRule.objects.values()), list(RungRule.objects.values())) == before
    assert "/shorten/" not in body(reader, "limit", "XF-HANDLE")
    assert f"/rules/rungs/{yellow.pk}/" not in body(reader, "rungs")


def test_a_posting_that_has_ended_no_longer_writes_and_a_stand_in_does(city, tomorrow):
    city.admin.is_superuser = False
    city.admin.save()
    posting = city.admin.postings.get(role=Role.SYSTEM_ADMINISTRATOR)
    url = reverse("worktime:add_local", args=["XF-HANDLE"])
    assert signed_in(city.clerk).get(url).status_code == 403
    posting.absences.create(stand_in=city.clerk, starts_on=date(2020, 1, 1), ends_on=tomorrow)
    assert signed_in(city.clerk).get(url).status_code == 200

    posting.ends_on = timezone.localdate() - timedelta(days=1)
    posting.save()

    assert signed_in(city.admin).get(url).status_code == 403
    assert signed_in(city.clerk).get(url).status_code == 403


def test_a_place_in_the_navigation_is_for_those_who_write_and_the_account_menu_for_all(keeper, reader):
    link = f'href="{reverse("worktime:rules")}"'
    pages = [client.get(reverse("areas:tree")).content.decode() for client in (keeper, reader)]

    assert [page.count(link) for page in pages] == [3, 1]  # header, tab bar, menu; menu alone
