"""The pages of a case and of its steps."""

import pytest
from django.urls import reverse

from tests.factories.city import build_city, centre_of
from tests.factories.incidents import report

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return build_city()


def test_smoke(city, client):
    case = report(city, **centre_of(city.grid))
    client.force_login(city.clerk)
    r = client.get(reverse("casework:case", args=[case.number]))
    assert r.status_code == 200
    open("/tmp/team/casepage.html", "w").write(r.content.decode())
    r = client.get(reverse("casework:step", args=[case.number, "accept"]))
    assert r.status_code == 200
    open("/tmp/team/casepage_step.html", "w").write(r.content.decode())
