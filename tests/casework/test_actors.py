from datetime import date, timedelta

import pytest

from grid.casework.actors import Actor
from grid.organisations.models import Absence, Posting, Role
from grid.people.models import User
from tests.factories.city import City, build_city, post

TODAY = date(2026, 7, 1)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


def test_actors_read_together_are_what_each_is_alone(city: City, django_assert_num_queries):
    post(city.clerk, city.street_org, Role.STREET_OFFICER, city.street, leads=True)
    Absence.objects.create(
        posting=Posting.objects.get(user=city.street_officer),
        stand_in=city.clerk,
        starts_on=TODAY,
        ends_on=TODAY,
    )
    Absence.objects.create(
        posting=Posting.objects.get(user=city.neighbour_officer),
        stand_in=city.handler,
        starts_on=TODAY - timedelta(days=9),
        ends_on=TODAY - timedelta(days=1),
    )
    city.handler_b.is_active = False
    city.handler_b.save()
    people = list(User.objects.order_by("pk"))

    with django_assert_num_queries(2):
        together = [actor.postings for actor in Actor.several(people, on=TODAY)]

    assert together == [Actor(user, on=TODAY).postings for user in people]
    of_clerk = together[people.index(city.clerk)]
    assert [p.user for p in of_clerk] == [city.clerk, city.clerk, city.street_officer]
    assert together[people.index(city.handler_b)] == []
