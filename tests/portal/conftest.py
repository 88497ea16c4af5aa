"""A city with its staff."""

import pytest

from tests.factories.city import City, build_city


@pytest.fixture
def city(db: None) -> City:
    return build_city()
