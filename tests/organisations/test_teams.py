from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from grid.areas.models import Area, Tier
from grid.areas.services import insert_areas
from grid.organisations.models import Absence, Posting, Role
from grid.organisations.teams import governor_of, home_area, staffing_of, teams_of
from tests.factories.city import BUILT_AT, SINCE, City, add_user, post

TODAY = date(2026, 7, 1)


def staff(city: City, grid: Area, *, full: int, part: int) -> list[Posting]:
    """Fill a grid up to so many full-time and part-time workers."""
    made = []
    for place in range(full + part):
        user = add_user(f"{grid.code}-{place}", f"员{place}", phone=f"0517-0000{place:04}")
        made.append(
            post(user, city.community_org, Role.GRID_WORKER, grid, full_time=place < full, starts_on=SINCE)
        )
    return made


def page_of(client: Client, city: City, area: Area):
    client.force_login(city.clerk)
    return client.get(reverse("organisations:team", args=[area.code]))


@pytest.mark.parametrize(
    ("full", "part", "understaffed"),
    [(2, 2, False), (1, 2, True), (2, 1, True), (3, 2, False), (2, 5, False), (4, 0, True), (0, 0, True)],
)
def test_a_grid_with_fewer_than_two_and_two_is_understaffed(city: City, full, part, understaffed):
    Posting.objects.filter(area=city.grid).delete()
    staff(city, city.grid, full=full, part=part)

    (team,) = teams_of([city.grid], on=TODAY)

    assert (len(team.full_time), len(team.part_time)) == (full, part)
    assert team.understaffed is understaffed


def test_a_posting_that_ended_or_whose_holder_is_blocked_does_not_count(city: City):
    Posting.objects.filter(area=city.grid).delete()
    ended, blocked, *_rest = staff(city, city.grid, full=3, part=2)
    Posting.objects.filter(pk=ended.pk).update(ends_on=TODAY - timedelta(days=1))
    blocked.user.is_active = False
    blocked.user.save()

    (team,) = teams_of([city.grid], on=TODAY)
    assert len(team.full_time) == 1
    (team,) = teams_of([city.grid], on=TODAY - timedelta(days=1))
    assert len(team.full_time) == 2


def test_a_team_says_how_many_are_missing(city: City):
    Posting.objects.filter(area=city.grid).delete()
    staff(city, city.grid, full=3, part=1)

    (team,) = teams_of([city.grid], on=TODAY)

    assert team.missing == (0, 1)


def test_the_home_of_somebody_is_where_he_serves_or_what_his_organisation_governs(city: City):
    assert home_area(city.worker) == city.grid.pk
    assert home_area(city.clerk) == city.community.pk
    assert home_area(city.nobody) is None
    assert home_area(city.handler) is None
    post(city.handler, city.street_org, Role.HANDLER)
    assert home_area(city.handler) == city.street.pk
    post(city.handler, city.district_org, Role.HANDLER, leads=True)
    assert home_area(city.handler) == city.district.pk


def test_the_tree_opens_where_somebody_serves(client: Client, city: City):
    client.force_login(city.worker)

    page = client.get(reverse("areas:tree"))

    assert page.context["here"] == city.grid
    assert city.building.name in page.content.decode()


def test_a_grid_is_governed_with_its_community(city: City):
    assert governor_of(city.grid) == governor_of(city.community) == city.community_org
    assert governor_of(city.district) == city.district_org
    assert governor_of(city.building) is None


def test_the_page_of_an_area_names_who_governs_it_and_the_telephone(client: Client, city: City):
    type(city.street_org).objects.filter(pk=city.street_org.pk).update(phone="0517-83660001")
    client.force_login(city.clerk)

    text = client.get(reverse("areas:detail", args=[city.street.pk])).content.decode()

    assert "长西街道办事处" in text
    assert 'href="tel:0517-83660001"' in text


def test_staffing_counts_the_grids_of_every_tier(city: City):
    staff(city, city.grid_2, full=2, part=2)

    rows = staffing_of([city.district, city.street, city.street_b, city.community], on=TODAY)

    assert [(r.area, r.grids, r.understaffed) for r in rows] == [
        (city.district, 3, 2),
        (city.street, 2, 1),
        (city.street_b, 1, 1),
        (city.community, 2, 1),
    ]


def test_the_page_of_a_community_marks_understaffed_grids_in_words(client: Client, city: City):
    staff(city, city.grid_2, full=1, part=2)

    text = page_of(client, city, city.community).content.decode()

    assert "李社区" in text
    assert 'href="tel:0517-00000000"' in text
    with override("zh-hans"):
        assert text.count(f"</svg>{gettext('Understaffed')}") == 1
    page = page_of(client, city, city.community)
    short = {team.area.code: team.understaffed for team in page.context["teams"]}
    assert short == {city.grid.code: True, city.grid_2.code: False}
    assert page.context["short"] == 1


def test_somebody_away_is_shown_with_the_stand_in(client: Client, city: City):
    today = timezone.localdate()
    posting = Posting.objects.get(user=city.clerk)
    Absence.objects.create(posting=posting, stand_in=city.leader, starts_on=today, ends_on=today)

    text = page_of(client, city, city.community).content.decode()

    assert today.isoformat() in text
    assert "郑格长" in text


def test_the_page_of_a_district_counts_by_street(client: Client, city: City):
    rows = page_of(client, city, city.district).context["staffing"]

    assert {row.area: (row.grids, row.understaffed) for row in rows} == {
        city.street: (2, 2),
        city.street_b: (1, 1),
    }


def test_one_grid_and_a_hundred_cost_the_same_queries(client: Client, city: City):
    page_of(client, city, city.community)
    with CaptureQueriesContext(connection) as few:
        page_of(client, city, city.community)
    grids = [
        Area(code=f"320812001001{n:03}", tier=Tier.GRID, name=f"第{n}网格", parent=city.community)
        for n in range(100, 200)
    ]
    for grid in insert_areas(grids, by=None, at=BUILT_AT):
        post(city.worker, city.community_org, Role.GRID_WORKER, grid)

    with CaptureQueriesContext(connection) as many:
        page = page_of(client, city, city.community)

    assert len(page.context["teams"]) == 102
    assert len(many) == len(few)


def test_the_tree_shows_the_team_beside_the_grid(client: Client, city: City):
    client.force_login(city.clerk)

    text = client.get(reverse("areas:tree"), {"open": city.grid.code}).content.decode()

    assert reverse("organisations:team", args=[city.grid.code]) in text
    assert reverse("organisations:team", args=[city.street.code]) in text


def test_strangers_see_no_team_and_unknown_codes_are_not_found(client: Client, city: City):
    address = reverse("organisations:team", args=[city.community.code])
    assert client.get(address).status_code == 302

    client.force_login(city.clerk)
    assert client.get(address).status_code == 200
    assert client.get(reverse("organisations:team", args=["999999999999"])).status_code == 404
    assert client.get(reverse("organisations:team", args=[city.building.code])).status_code == 404
