import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from grid.areas.admin import AreaForm
from grid.areas.models import Area, AreaChange, ChangeVerb, Tier
from grid.areas.tree import find_faults


@pytest.fixture
def administrator(db):
    return get_user_model().objects.create_superuser(username="root", password="x", name="管理员")


@pytest.fixture
def admin(client, administrator):
    client.force_login(administrator)
    return client


def form_of(area: Area, **changes) -> dict[str, str]:
    """Return the form of an area as a browser would send it back."""
    form = AreaForm(instance=area)
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: "" if value is None else value for name, value in data.items()}
    data["external_codes"] = "{}"
    return {name: str(value) for name, value in {**data, **changes}.items() if value is not False}


def test_an_area_is_added_through_the_service(admin, administrator, community):
    empty = {"code_system": "stats", "external_codes": "{}"}
    data = {
        "tier": "grid",
        "code": f"{community.code}001",
        "name": "第一网格",
        "parent": community.pk,
        **empty,
    }

    response = admin.post(reverse("admin:areas_area_add"), data)

    assert response.status_code == 302
    assert Area.objects.get(tier=Tier.GRID).parent == community
    assert AreaChange.objects.get(verb=ChangeVerb.INSERTED, by=administrator).area.name == "第一网格"
    assert find_faults() == []


def test_a_wrong_code_comes_back_with_the_form(admin, community):
    data = {"tier": "grid", "code": "999901001001001", "name": "第一网格", "parent": community.pk}

    response = admin.post(
        reverse("admin:areas_area_add"), {**data, "code_system": "stats", "external_codes": "{}"}
    )

    assert response.status_code == 200
    assert response.context["adminform"].form.errors["code"]
    assert "第一网格" in response.content.decode()
    assert not Area.objects.tier(Tier.GRID).exists()


def test_a_renaming_is_written_once_and_with_who_did_it(admin, administrator, street):
    response = admin.post(
        reverse("admin:areas_area_change", args=[street.pk]),
        form_of(street, name="长西街道", households="700"),
    )

    assert response.status_code == 302
    change = AreaChange.objects.get(verb=ChangeVerb.RENAMED)
    assert (change.by, change.after["name"]) == (administrator, "长西街道")


def test_a_move_in_the_admin_keeps_the_bounds(admin, plant, street, community):
    grid = plant(Tier.GRID, community)
    there = plant(Tier.COMMUNITY, street)

    response = admin.post(
        reverse("admin:areas_area_change", args=[grid.pk]),
        form_of(grid, parent=there.pk, code=f"{there.code}001"),
    )

    assert response.status_code == 302
    assert list(Area.objects.within([there.pk])) == [there, grid]
    assert find_faults() == []


def test_an_end_needs_a_successor_or_a_reason(admin, community):
    url = reverse("admin:areas_area_change", args=[community.pk])

    refused = admin.post(url, form_of(community, valid_until="2026-03-02"))
    accepted = admin.post(url, form_of(community, valid_until="2026-03-02", end_reason="并入"))

    assert refused.status_code == 200
    assert refused.context["adminform"].form.errors
    assert accepted.status_code == 302
    assert AreaChange.objects.filter(verb=ChangeVerb.ENDED).count() == 1


def test_a_bad_outline_comes_back_with_the_form(admin, community):
    data = form_of(community, outline='{"type": "Point", "coordinates": [119, 33]}')

    response = admin.post(reverse("admin:areas_area_change", args=[community.pk]), data)

    assert response.context["adminform"].form.errors["outline"]


def test_nothing_is_deleted_and_no_bound_is_shown(admin, community):
    assert (
        admin.post(reverse("admin:areas_area_delete", args=[community.pk]), {"post": "yes"}).status_code
        == 403
    )
    page = admin.get(reverse("admin:areas_area_change", args=[community.pk])).content.decode()
    for bound in ("lft", "rght", "tree_id", "west"):
        assert f'name="{bound}"' not in page


def test_the_list_of_areas_and_changes_opens(admin, community):
    assert admin.get(reverse("admin:areas_area_changelist")).status_code == 200
    assert admin.get(reverse("admin:areas_areachange_changelist")).status_code == 200
