import json

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grid.areas import nodes, services
from grid.areas.models import Tier


@pytest.fixture
def reader(client, db):
    client.force_login(get_user_model().objects.create(username="reader", name="李"))
    return client


@pytest.fixture
def grid(plant, community, square):
    return plant(Tier.GRID, community, name="第一网格", outline=square(119.0, 33.6), schematic=True)


@pytest.mark.parametrize(
    ("route", "named"), [("tree", False), ("node", True), ("detail", True), ("outlines", False)]
)
def test_nobody_reads_the_tree_without_signing_in(client, district, route, named):
    url = reverse(f"areas:{route}", args=[district.pk] if named else [])

    response = client.get(url)

    assert response.status_code == 302
    assert response["Location"].endswith(f"?next={url}")


def test_the_tree_begins_with_the_districts(reader, plant, district, street):
    plant(Tier.DISTRICT, name="淮阴区")

    page = reader.get(reverse("areas:tree")).content.decode()

    assert "清江浦区" in page
    assert "淮阴区" in page
    assert "长东街道" not in page


def test_the_only_district_is_open_until_it_is_closed(reader, district, street):
    assert "长东街道" in reader.get(reverse("areas:tree")).content.decode()
    assert "长东街道" not in reader.get(reverse("areas:tree"), {"open": ""}).content.decode()


def test_the_tree_opens_where_the_reader_serves(
    reader, plant, district, street, community, grid, monkeypatch
):
    plant(Tier.DISTRICT, name="淮阴区")
    monkeypatch.setattr(nodes, "_home_finders", {})
    nodes.find_home_with("test", lambda user: community.pk)

    response = reader.get(reverse("areas:tree"))

    assert response.context["here"] == community
    assert grid.name in response.content.decode()
    assert response.content.decode().count("tier-home") == 1
    assert reader.get(reverse("areas:tree"), {"open": street.code}).context["here"] == street


def test_the_map_shows_what_is_below_or_an_area_among_its_neighbours(reader, community, grid):
    below = reader.get(reverse("areas:detail", args=[community.pk]))
    beside = reader.get(reverse("areas:detail", args=[grid.pk]))

    for response in (below, beside):
        assert f"?parent={community.pk}" in response.content.decode()
        assert "map-sign" in response.content.decode()
    assert f'data-here="{grid.pk}"' in beside.content.decode()


def test_surveyed_outlines_carry_no_sign_and_nothing_drawn_needs_no_map(
    reader, plant, street, community, square
):
    plant(Tier.GRID, community, outline=square(119.0, 33.6))

    assert "map-sign" not in reader.get(reverse("areas:detail", args=[community.pk])).content.decode()
    assert "data-map" not in reader.get(reverse("areas:detail", args=[street.pk])).content.decode()


def test_an_opened_node_brings_its_map_and_a_closed_one_does_not(reader, community, grid):
    url = reverse("areas:node", args=[community.pk])

    opened, closed = (reader.get(url, query).content.decode() for query in ({"open": 1}, {}))

    assert 'hx-swap-oob="true"' in opened
    assert f"?parent={community.pk}" in opened
    assert "tree-side" not in closed


def test_a_row_counts_what_is_directly_below(reader, plant, district, street, community):
    plant(Tier.COMMUNITY, street)
    plant(Tier.COMMUNITY, district)

    rows = {row.code: row.counts for row in reader.get(reverse("areas:tree")).context["nodes"]}

    assert [[int(words.split()[0]) for words in counts] for counts in rows.values()] == [[1, 1]]


def test_the_tree_opens_without_javascript(reader, plant, district, street, community, grid):
    neighbour = plant(Tier.STREET, district, name="长西街道")
    hidden = plant(Tier.COMMUNITY, neighbour, name="别处社区")

    page = reader.get(reverse("areas:tree"), {"open": community.code}).content.decode()

    for area in (district, street, neighbour, community, grid):
        assert area.name in page
    assert hidden.name not in page
    # Each node links to itself: an open one to its parent (which closes it), a closed one to itself.
    assert f'href="/areas/?open={street.code}#area-{community.pk}"' in page
    assert f'href="/areas/?open={neighbour.code}#area-{neighbour.pk}"' in page


def test_htmx_gets_one_node_open_or_closed(reader, district, street, community):
    url = reverse("areas:node", args=[street.pk])

    opened = reader.get(url, {"open": 1}).content.decode()
    closed = reader.get(url).content.decode()

    assert community.name in opened
    assert 'aria-expanded="true"' in opened
    assert "<html" not in opened
    assert community.name not in closed
    assert f'hx-get="{url}?open=1"' in closed


def test_an_unknown_code_is_said_and_the_tree_is_still_there(reader, district):
    response = reader.get(reverse("areas:tree"), {"open": "320899000000"})

    assert response.status_code == 200
    assert "320899000000" in response.content.decode()
    assert district.name in response.content.decode()


@pytest.mark.parametrize("words", ["长东", "qingjiangpu", "320801"])
def test_an_area_is_found_by_name_and_by_code(reader, district, street, words):
    page = reader.get(reverse("areas:tree"), {"q": words}).content.decode()

    assert district.code[:6] in page
    assert "?open=" in page


def test_a_search_that_finds_nothing_says_what_to_do(reader, district):
    page = reader.get(reverse("areas:tree"), {"q": "不存在"})

    assert page.status_code == 200
    assert district.name not in page.content.decode()


def test_an_empty_tree_says_what_to_do(reader):
    assert "import_areas" in reader.get(reverse("areas:tree")).content.decode()


def test_names_are_english_for_an_english_reader(reader, district, settings):
    reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = reader.get(reverse("areas:tree")).content.decode()

    assert "Qingjiangpu District" in page


def queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("route", ["tree", "detail", "node"])
def test_a_level_costs_the_same_queries_for_1_and_for_20_areas(reader, plant, community, route):
    url = {
        "tree": f"{reverse('areas:tree')}?open={community.code}",
        "detail": reverse("areas:detail", args=[community.pk]),
        "node": f"{reverse('areas:node', args=[community.pk])}?open=1",
    }[route]
    plant(Tier.GRID, community)
    queries(reader, url)  # the first request of a session costs more
    few = queries(reader, url)
    for _ in range(19):
        plant(Tier.GRID, community)

    assert queries(reader, url) == few


def test_the_page_of_an_area_shows_its_place_facts_and_changes(reader, district, street, community, grid, at):
    services.correct_area(community, name="花街新社区", households=812, by=None, at=at)

    page = reader.get(reverse("areas:detail", args=[community.pk])).content.decode()

    for text in (district.name, street.name, "花街新社区", community.code, "812", grid.name):
        assert text in page


def test_an_area_that_ended_names_its_successor(reader, plant, community, grid, at):
    heir = plant(Tier.GRID, community, name="第九网格")
    services.end_area(grid, on=at.date(), successor=heir, by=None, at=at)

    page = reader.get(reverse("areas:detail", args=[grid.pk])).content.decode()

    assert "第九网格" in page
    assert grid.name not in reader.get(reverse("areas:detail", args=[community.pk])).content.decode()


def test_a_page_that_does_not_exist_is_not_found(reader):
    assert reader.get(reverse("areas:detail", args=[999_999])).status_code == 404
    assert reader.get(reverse("areas:node", args=[999_999])).status_code == 404


def features(client, **query) -> list[dict]:
    response = client.get(reverse("areas:outlines"), query)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/geo+json"
    found = json.loads(response.content)
    assert found["type"] == "FeatureCollection"
    return found["features"]


def test_outlines_come_as_geojson_in_one_query(reader, community, grid, plant):
    plant(Tier.GRID, community)

    [feature] = features(reader, parent=community.pk)

    assert feature == {
        "type": "Feature",
        "id": grid.pk,
        "geometry": grid.outline,
        "properties": {
            "code": grid.code,
            "name": "第一网格",
            "name_en": "",
            "tier": "grid",
            "schematic": True,
        },
    }


def test_outlines_of_a_tier_come_from_anywhere_below(reader, district, street, grid):
    assert [f["id"] for f in features(reader, parent=district.pk, tier="grid")] == [grid.pk]
    assert features(reader, parent=district.pk) == []
    assert features(reader) == []


@pytest.mark.parametrize("query", [{"parent": "x"}, {"parent": "999999"}, {"tier": "village"}])
def test_outlines_of_nothing_are_not_found(reader, query):
    assert reader.get(reverse("areas:outlines"), query).status_code == 404


def test_other_apps_show_something_beside_a_node(reader, community, grid, monkeypatch):
    calls = []

    def describe(areas):
        calls.append(len(areas))
        return {area.pk: {"title": "两专两兼"} for area in areas if area.tier == Tier.GRID}

    monkeypatch.setattr(nodes, "_describers", {})
    nodes.show_beside_nodes("components/empty.html", describe)

    page = reader.get(reverse("areas:tree"), {"open": community.code})

    assert page.status_code == 200
    assert calls == [4]


def test_other_apps_add_links_to_a_row_and_parts_to_the_page_of_an_area(reader, community, grid, monkeypatch):
    monkeypatch.setattr(nodes, "_describers", {})
    monkeypatch.setattr(nodes, "_page_describers", {})
    nodes.show_beside_nodes(
        "components/stat.html", lambda areas: {grid.pk: 1}, actions="components/pagination.html"
    )
    nodes.show_on_page("components/empty.html", lambda area: {"title": 1} if area == grid else None)

    nodes.describe_nodes([community, grid])

    assert (community.notes, [note.actions for note in grid.notes]) == ([], ["components/pagination.html"])
    assert nodes.describe_page(community) == []
    assert 'class="empty"' in reader.get(reverse("areas:detail", args=[grid.pk])).content.decode()


def test_a_part_asked_for_after_the_session_ended_leads_the_whole_page_to_the_sign_in(client, district):
    answer = client.get(f"/areas/nodes/{district.pk}/", headers={"hx-request": "true"})

    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == "/accounts/sign-in/"
    assert answer.content == b""
