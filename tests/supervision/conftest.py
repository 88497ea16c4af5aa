"""What the tests of the ladder share: a city, and a late case that somebody leads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from grid.casework import deadlines
from grid.casework.models import Case, Deadline
from grid.organisations.models import Posting
from tests.factories.city import City, build_city
from tests.factories.incidents import report

# A normal incident has 72 hours: yellow with 24 left, orange with 2, red when they have passed.
AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
RED = timedelta(hours=72)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    """A normal incident in the grid of `worker`, led by the community."""
    return report(city, at=AT)


@pytest.fixture
def deadline(case: Case) -> Deadline:
    return Deadline.objects.get(case=case)


@pytest.fixture
def heads(city: City) -> None:
    """Every office has a head, so that no post is vacant."""
    for username in ("clerk", "street_officer", "district_officer", "handler"):
        Posting.objects.filter(user__username=username).update(leads=True)


@pytest.fixture
def move() -> Callable[[Deadline], None]:
    """Write down a deadline that was changed by hand, and the clocks of its case, as a step would."""

    def write(deadline: Deadline) -> None:
        deadlines.recompute(deadline)
        deadlines.set_clocks(deadline.case, [deadline])
        deadline.case.save(update_fields=["next_due_at", "next_rung_at"])

    return write
