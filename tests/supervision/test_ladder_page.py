"""The page of the ladder: whether it runs, what it has set aside, and who may take it up again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grid.casework.models import Case, Deadline
from grid.supervision.models import LadderRun, SetAside
from grid.supervision.services import climb
from tests.factories.city import City
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
LATE = AT + timedelta(hours=72)


def page(client: Client) -> str:
    client.cookies["django_language"] = "en"
    return client.get(reverse("ladder:runs")).content.decode()


def test_it_says_that_the_ladder_stands_still_and_that_it_runs(client: Client, city: City) -> None:
    client.force_login(city.admin, backend="django.contrib.auth.backends.ModelBackend")
    assert "stands still" in page(client)

    long_ago = timezone.now() - timedelta(minutes=6)
    LadderRun.objects.create(at=long_ago, started_at=long_ago, finished_at=long_ago)
    assert "stands still" in page(client)

    climb(timezone.now())
    assert "stands still" not in page(client)


def test_what_is_set_aside_is_taken_again_by_an_administrator_alone(
    client: Client, city: City, case: Case
) -> None:
    sealed = report(city, at=AT)
    Deadline.objects.filter(case__in=[case, sealed]).update(code="GONE")
    climb(LATE)
    Case.objects.filter(pk=sealed.pk).update(sealed=True)
    row = SetAside.objects.get(case=case)
    again = reverse("ladder:take_again", args=[row.pk])

    client.force_login(city.district_officer, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("ladder:runs")).status_code == 403
    assert client.post(again).status_code == 403

    client.force_login(city.admin, backend="django.contrib.auth.backends.ModelBackend")
    assert case.number in page(client)
    assert sealed.number not in page(client)
    for _twice in range(2):
        assert client.post(again).status_code == 302
    assert case.number not in page(client)
    row.refresh_from_db()
    assert row.cleared_at is not None


@pytest.mark.parametrize("method", ["get", "put"])
def test_only_a_post_takes_a_case_again(client: Client, city: City, method: str) -> None:
    client.force_login(city.admin, backend="django.contrib.auth.backends.ModelBackend")
    assert getattr(client, method)(reverse("ladder:take_again", args=[1])).status_code == 405
