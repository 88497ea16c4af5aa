"""A person with an account."""

import pytest
from django.contrib.auth.hashers import make_password

from grid.people.models import User
from tests.factories.city import City, build_city

PASSWORD = "sunshine-demo"


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create(username="wangfang", name="王芳", password=make_password(PASSWORD))


@pytest.fixture
def city(db: None) -> City:
    return build_city()
