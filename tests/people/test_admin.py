from datetime import date

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from grid.organisations.models import Absence, Organisation, Posting, Role
from grid.people.models import User
from tests.factories.city import PASSWORD, City, add_user, build_city

NEW_PERSON = {
    "username": "wang.wei",
    "name": "王伟",
    "phone": "0517-00000001",
    "usable_password": "true",
    "password1": "Garten-Zaun-71",
    "password2": "Garten-Zaun-71",
}


@pytest.fixture
def city(db: None) -> City:
    return build_city()


def signed_in_as(duty: str) -> Client:
    """Return a client of somebody in one of the groups of administrators, who is no superuser."""
    user = add_user(duty.replace(" ", "."), duty, is_staff=True)
    user.groups.add(Group.objects.get(name=duty))
    client = Client()
    client.force_login(user)
    return client


def edit(client: Client, user: User, **changes: object):
    """Send the form of a person as it came, with changes."""
    address = reverse("admin:people_user_change", args=[user.pk])
    form = client.get(address).context["adminform"].form
    data = {name: form.initial.get(name) for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False, "")} | changes
    return client.post(address, data)


def test_cases_are_never_in_the_administration():
    kernel = {"casework", "incidents", "notices", "supervision"}
    registered = {model._meta.label for model in admin.site._registry}

    about_cases = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in kernel
        and any(
            f.related_model and f.related_model._meta.label == "casework.Case"
            for f in model._meta.get_fields()
        )
    }
    assert "casework.Event" in about_cases
    assert registered.isdisjoint(about_cases | {"casework.Case", "casework.EventText", "casework.Upload"})
    assert not any(label.startswith("casework.") for label in registered)


def test_a_system_administrator_makes_an_account_that_can_sign_in(city: City):
    client = signed_in_as("system administrators")

    answer = client.post(reverse("admin:people_user_add"), NEW_PERSON)

    made = User.objects.get(username="wang.wei")
    assert answer.status_code == 302
    assert made.check_password("Garten-Zaun-71")
    assert (made.name, made.is_staff, made.is_superuser) == ("王伟", False, False)


def test_an_account_can_be_made_without_a_password(city: City):
    client = signed_in_as("system administrators")

    client.post(
        reverse("admin:people_user_add"),
        {**NEW_PERSON, "usable_password": "false", "password1": "", "password2": ""},
    )

    assert not User.objects.get(username="wang.wei").has_usable_password()


def test_a_system_administrator_cannot_grant_rights(city: City):
    client = signed_in_as("system administrators")
    group = Group.objects.get(name="security administrators")

    answer = edit(client, city.nobody, name="许有职", is_staff="on", is_superuser="on", groups=[group.pk])

    city.nobody.refresh_from_db()
    assert answer.status_code == 302
    assert city.nobody.name == "许有职"
    assert (city.nobody.is_staff, city.nobody.is_superuser) == (False, False)
    assert not city.nobody.groups.exists()
    assert client.get(reverse("admin:organisations_posting_add")).status_code == 403


def test_a_security_administrator_grants_rights_and_postings_but_makes_no_accounts(city: City):
    client = signed_in_as("security administrators")
    group = Group.objects.get(name="auditors")

    edit(client, city.nobody, name="改名", is_staff="on", is_superuser="on", groups=[group.pk])
    posting = {
        "user": city.nobody.pk, "organisation": city.street_org.pk, "role": Role.STREET_OFFICER,
        "area": city.street.pk, "full_time": "on", "starts_on": "2026-03-01",
        "absences-TOTAL_FORMS": "0", "absences-INITIAL_FORMS": "0",
    }  # fmt: skip
    answer = client.post(reverse("admin:organisations_posting_add"), posting)

    city.nobody.refresh_from_db()
    assert (city.nobody.name, city.nobody.is_staff, city.nobody.is_superuser) == ("许无职", True, False)
    assert list(city.nobody.groups.all()) == [group]
    assert answer.status_code == 302
    assert Posting.objects.get(user=city.nobody).organisation == city.street_org
    assert client.get(reverse("admin:people_user_add")).status_code == 403


def test_nobody_grants_anything_to_himself(city: City):
    client = signed_in_as("security administrators")
    me = User.objects.get(username="security.administrators")
    posting = {
        "user": me.pk, "organisation": city.city_org.pk, "role": Role.SUPERVISOR, "whole_city": "on",
        "starts_on": "2026-03-01", "absences-TOTAL_FORMS": "0", "absences-INITIAL_FORMS": "0",
    }  # fmt: skip

    answer = client.post(reverse("admin:organisations_posting_add"), posting)
    edit(client, me, groups=[g.pk for g in Group.objects.all()])

    assert "user" in answer.context["adminform"].form.errors
    assert [g.name for g in me.groups.all()] == ["security administrators"]
    own = Posting.objects.create(
        user=me, organisation=city.city_org, role=Role.AUDITOR, starts_on=date(2026, 1, 1)
    )
    client.post(reverse("admin:organisations_posting_change", args=[own.pk]), posting)
    own.refresh_from_db()
    assert own.role == Role.AUDITOR


def test_nobody_makes_himself_the_stand_in_of_somebody_with_more_rights(city: City):
    client = signed_in_as("security administrators")
    me = User.objects.get(username="security.administrators")
    posting = Posting.objects.get(user=city.district_officer)
    away = {"posting": posting.pk, "stand_in": me.pk, "starts_on": "2026-03-01", "ends_on": "2036-03-01"}
    with_posting = {
        "user": posting.user_id, "organisation": posting.organisation_id, "role": posting.role,
        "area": posting.area_id, "full_time": "on", "starts_on": "2020-01-01",
        "absences-TOTAL_FORMS": "1", "absences-INITIAL_FORMS": "0",
        **{f"absences-0-{name}": value for name, value in away.items()},
    }  # fmt: skip

    client.post(reverse("admin:organisations_absence_add"), away)
    client.post(reverse("admin:organisations_posting_change", args=[posting.pk]), with_posting)
    assert not Absence.objects.exists()

    with_posting["absences-0-stand_in"] = city.supervisor.pk
    client.post(reverse("admin:organisations_posting_change", args=[posting.pk]), with_posting)
    assert Absence.objects.get().stand_in == city.supervisor


def test_the_password_of_another_administrator_cannot_be_set(city: City):
    client = signed_in_as("system administrators")
    other = add_user("sec", "安全员", is_staff=True)
    other.groups.add(Group.objects.get(name="security administrators"))
    data = {"usable_password": "true", "password1": "Garten-Zaun-71", "password2": "Garten-Zaun-71"}

    assert client.post(reverse("admin:auth_user_password_change", args=[other.pk]), data).status_code == 403
    assert (
        client.post(reverse("admin:auth_user_password_change", args=[city.nobody.pk]), data).status_code
        == 302
    )

    other.refresh_from_db()
    city.nobody.refresh_from_db()
    assert other.check_password(PASSWORD)
    assert city.nobody.check_password("Garten-Zaun-71")


def test_an_auditor_reads_the_log_and_nothing_else(city: City):
    LogEntry.objects.log_actions(city.admin.pk, [city.nobody], 2, "changed", single_object=True)
    client = signed_in_as("auditors")

    assert "许无职" in client.get(reverse("admin:admin_logentry_changelist")).content.decode()
    entry = LogEntry.objects.get()
    assert client.post(reverse("admin:admin_logentry_delete", args=[entry.pk])).status_code == 403
    for route in ("people_user", "organisations_organisation", "organisations_posting"):
        assert client.get(reverse(f"admin:{route}_changelist")).status_code == 403


@pytest.mark.parametrize("duty", ["system administrators", "security administrators"])
def test_nothing_can_be_deleted(city: City, duty: str):
    client = signed_in_as(duty)
    for route, thing in (
        ("people_user", city.nobody),
        ("organisations_organisation", city.company),
        ("organisations_posting", Posting.objects.get(user=city.clerk)),
    ):
        assert (
            client.post(reverse(f"admin:{route}_delete", args=[thing.pk]), {"post": "yes"}).status_code == 403
        )


def test_the_portal_itself_is_nobodys_to_change(city: City):
    client = signed_in_as("system administrators")

    machine = User.objects.machine()
    assert client.get(reverse("admin:people_user_change", args=[machine.pk])).status_code == 302
    listed = client.get(reverse("admin:people_user_changelist")).context["cl"].queryset
    assert machine not in listed
    assert city.nobody in listed


def test_people_and_organisations_are_found_by_name(city: City):
    client = signed_in_as("system administrators")

    people = client.get(reverse("admin:people_user_changelist"), {"q": "赵城管"}).content.decode()
    assert "赵城管" in people
    assert "钱消防" not in people
    found = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "organisations", "model_name": "organisation", "field_name": "parent", "term": "长西"},
    ).json()["results"]
    assert [row["id"] for row in found] == [str(city.street_org.pk)]


def test_a_superior_below_the_organisation_is_refused(city: City):
    client = signed_in_as("system administrators")
    data = {
        "code": "QJP", "name": "清江浦区", "type": "government", "parent": city.community_org.pk,
        "governs": city.district.pk, "area": city.district.pk,
    }  # fmt: skip

    answer = client.post(
        reverse("admin:organisations_organisation_change", args=[city.district_org.pk]), data
    )

    assert "parent" in answer.context["adminform"].form.errors
    assert Organisation.objects.get(pk=city.district_org.pk).parent == city.city_org


@pytest.mark.parametrize(
    ("duty", "route"),
    [
        ("system administrators", "people_user"),
        ("system administrators", "organisations_organisation"),
        ("security administrators", "people_user"),
        ("security administrators", "organisations_posting"),
        ("security administrators", "organisations_absence"),
    ],
)
def test_every_list_opens(city: City, duty: str, route: str):
    client = signed_in_as(duty)

    for query in ({}, {"q": "长西"}, {"now": "yes"} if route.endswith(("posting", "absence")) else {}):
        assert client.get(reverse(f"admin:{route}_changelist"), query).status_code == 200
