"""Document numbers (文号) have no gaps, whoever takes them and whatever is rolled back."""

import threading

import pytest
from django.db import connections, transaction

from grid.casework.documents import take_number
from grid.organisations.models import Organisation
from tests.factories.city import City, build_city


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


def take(organisation: Organisation) -> str:
    with transaction.atomic():
        return take_number(organisation, word="清信复", year=2026)


def test_numbers_follow_each_other_per_organisation_and_year(city: City) -> None:
    assert [take(city.street_org), take(city.street_org)] == ["清信复〔2026〕1号", "清信复〔2026〕2号"]
    assert take(city.street_b_org) == "清信复〔2026〕1号"


def test_a_document_that_is_rolled_back_leaves_no_gap(city: City) -> None:
    take(city.street_org)
    with transaction.atomic():
        take_number(city.street_org, word="清信复", year=2026)
        transaction.set_rollback(True)

    assert take(city.street_org) == "清信复〔2026〕2号"


def test_eight_who_take_a_number_at_once_take_eight_in_a_row(city: City) -> None:
    taken: list[str] = []
    gate = threading.Barrier(8)

    def one() -> None:
        gate.wait(timeout=20)
        taken.append(take(city.street_org))
        connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [f"清信复〔2026〕{n}号" for n in range(1, 9)]
