"""Personal values are encrypted, found by blind index, erasable, and never saved back masked."""

import os

import pytest
from cryptography.exceptions import InvalidTag
from django.db import IntegrityError, connection, transaction

from grid.casework.models import AccessLog, Case, Party
from grid.casework.personal import blind_index, decrypt, encrypt, masked
from tests.factories.city import City, build_city
from tests.factories.incidents import AT, report


@pytest.fixture
def city(db: None) -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city)


def stored(party: Party) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM casework_party WHERE id = %s", [party.pk])
        return str(cursor.fetchone()[0])


def test_a_name_is_plain_in_memory_and_hidden_in_the_database(case: Case) -> None:
    party = Party.objects.create(case=case, capacity="applicant", name="张三")

    assert Party.objects.get(pk=party.pk).name == "张三"
    assert "张三" not in stored(party)
    assert stored(party).startswith("dev:")


def test_equal_values_are_hidden_differently_and_found_by_their_index() -> None:
    assert encrypt("13800000000") != encrypt("13800000000")
    assert blind_index("138 0000-0000") == blind_index("13800000000")
    assert blind_index("13800000000") != blind_index("13800000001")
    assert blind_index("") == ""


def test_a_value_hidden_under_an_older_key_is_still_read(settings: object) -> None:
    old = encrypt("张三")
    settings.PERSONAL_KEYS = {"new": os.urandom(32).hex(), **settings.PERSONAL_KEYS}  # type: ignore[attr-defined]

    assert decrypt(old) == "张三"
    assert encrypt("张三").startswith("new:")


def test_an_altered_value_is_refused() -> None:
    hidden = encrypt("张三")
    flipped = hidden[:-1] + ("0" if hidden[-1] != "0" else "1")

    with pytest.raises(InvalidTag):
        decrypt(flipped)


def test_a_masked_value_can_never_be_saved_back(case: Case) -> None:
    party = Party.objects.create(case=case, capacity="applicant", name="张三丰")
    party.name = masked(party.name)
    assert party.name == "张**"

    with pytest.raises(ValueError, match="never be saved back"), transaction.atomic():
        party.save()
    assert Party.objects.get(pk=party.pk).name == "张三丰"


def test_an_erased_party_keeps_nothing(case: Case) -> None:
    party = Party.objects.create(case=case, capacity="applicant", name="张三")
    with pytest.raises(IntegrityError), transaction.atomic():
        Party.objects.filter(pk=party.pk).update(erased_at=AT)

    Party.objects.filter(pk=party.pk).update(erased_at=AT, name="")

    assert stored(party) == ""


def test_the_log_of_who_read_what_cannot_be_altered(city: City, case: Case) -> None:
    AccessLog.objects.create(user=city.clerk, case=case, fields=["phone"], purpose="回访", at=AT)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AccessLog.objects.update(purpose="x")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AccessLog.objects.all().delete()
