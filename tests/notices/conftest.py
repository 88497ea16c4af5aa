"""What the tests of notices share."""

from datetime import UTC, datetime

import pytest

from grid.casework.models import Case
from grid.organisations.models import Posting
from tests.factories.city import City, build_city
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(db: None) -> City:
    made = build_city()
    for username in ("clerk", "street_officer", "district_officer", "handler"):
        Posting.objects.filter(user__username=username).update(leads=True)
    return made


@pytest.fixture
def case(city: City) -> Case:
    """A normal incident, reported by `worker`, led by the community."""
    return report(city, at=AT)
