from datetime import date

import pytest
from django.core.management import CommandError, call_command

from grid.organisations.checks import find_faults
from grid.organisations.models import Organisation
from tests.factories.city import City

TODAY = date(2026, 7, 1)


def messages() -> list[tuple[str, str]]:
    return [(fault.code, fault.message) for fault in find_faults(on=TODAY)]


def test_a_sound_city_has_no_faults(city: City, capsys: pytest.CaptureFixture):
    assert messages() == []

    call_command("check_organisations")
    assert "9 organisations, every area is governed once" in capsys.readouterr().out


def test_an_area_that_nobody_governs_is_named(city: City):
    Organisation.objects.filter(pk=city.community_org.pk).update(governs=None)

    assert messages() == [("320812001001", "no organisation governs it")]
    with pytest.raises(CommandError, match="1 faults"):
        call_command("check_organisations")


def test_a_circle_across_both_lines_is_named_once(city: City):
    Organisation.objects.filter(pk=city.district_org.pk).update(functional_superior=city.department)

    assert messages() == [("QJP", "is above itself: QJP > QJP-XF > QJP")] or messages() == [
        ("QJP", "is above itself: QJP > QJP-CG > QJP")
    ]


def test_a_tree_without_a_root_is_a_fault(city: City):
    Organisation.objects.filter(pk=city.city_org.pk).update(parent=city.company)

    assert ("-", "no organisation stands at the top") in messages()
    assert any("is above itself: " in message for _code, message in messages())


def test_a_superior_that_does_not_govern_the_area_above_is_a_fault(city: City):
    Organisation.objects.filter(pk=city.community_org.pk).update(parent=city.street_b_org)

    assert messages() == [("CSK", "stands under CD, but CX governs the area above")]


def test_an_ended_organisation_no_longer_governs(city: City):
    Organisation.objects.filter(pk=city.street_org.pk).update(valid_until=date(2026, 6, 30))

    assert messages() == [("320812001000", "CX, which governs it, has ended")]


def test_a_grid_is_not_governed(city: City):
    Organisation.objects.filter(pk=city.company.pk).update(governs=city.grid)

    assert messages() == [("WATER", "governs a grid, which nobody governs")]
