import pytest

from grid.areas.models import Area, Tier
from grid.areas.services import insert_areas
from grid.organisations.models import Organisation, OrganisationType
from grid.organisations.services import govern_areas, governing_name, superiors_of
from tests.factories.city import BUILT_AT, City


@pytest.fixture
def bare_areas(db: None) -> list[Area]:
    """A district, a street in it, and a community in each: nobody governs them yet."""
    district = Area(code="320812000000", tier=Tier.DISTRICT, name="清江浦区", name_en="Qingjiangpu District")
    street = Area(
        code="320812004000", tier=Tier.STREET, name="闸口街道", name_en="Zhakou Subdistrict", parent=district
    )
    community = Area(
        code="320812004001", tier=Tier.COMMUNITY, name="花街居委会", name_en="Huajie Community", parent=street
    )
    direct = Area(
        code="320812900001",
        tier=Tier.COMMUNITY,
        name="王庄村委会",
        name_en="Wangzhuang Village",
        parent=district,
    )
    grid = Area(code="320812004001001", tier=Tier.GRID, name="第一网格", parent=community)
    return insert_areas([district, street, community, direct, grid], by=None, at=BUILT_AT)


def test_every_governed_area_gets_an_organisation_under_the_one_above(bare_areas: list[Area]):
    district, street, community, direct, grid = bare_areas

    added = govern_areas()

    assert [o.governs for o in added] == [district, street, community, direct]
    assert street.governing_organisation.parent == district.governing_organisation
    assert community.governing_organisation.parent == street.governing_organisation
    assert direct.governing_organisation.parent == district.governing_organisation
    assert not Organisation.objects.filter(governs=grid).exists()
    root = district.governing_organisation.parent
    assert (root.parent, root.code, root.name) == (None, "320800000000", "淮安市网格化服务管理中心")


def test_governing_again_adds_nothing_and_leaves_what_is_there(bare_areas: list[Area]):
    govern_areas()
    Organisation.objects.filter(governs=bare_areas[1]).update(name="闸口街道党群服务中心")

    assert govern_areas() == []
    assert Organisation.objects.get(governs=bare_areas[1]).name == "闸口街道党群服务中心"


def test_a_code_that_is_taken_does_not_stop_the_rest(bare_areas: list[Area]):
    root = Organisation.objects.create(code="320812004000", name="市", type=OrganisationType.GOVERNMENT)

    govern_areas()

    street = bare_areas[1].governing_organisation
    assert street.code == f"320812004000-{bare_areas[1].pk}"
    assert street.parent.parent == root


@pytest.mark.parametrize(
    ("tier", "name", "name_en", "expected", "expected_en"),
    [
        (Tier.DISTRICT, "清江浦区", "Qingjiangpu District", "清江浦区网格化服务管理中心",
         "Qingjiangpu District Grid Service Management Centre"),
        (Tier.STREET, "闸口街道", "Zhakou Subdistrict", "闸口街道办事处", "Zhakou Subdistrict Office"),
        (Tier.STREET, "和平镇", "Heping Town", "和平镇人民政府", "Heping Town Government"),
        (Tier.STREET, "宁连路办", "Ninglian Road Office", "宁连路办事处", "Ninglian Road Office"),
        (Tier.STREET, "淮安新材料产业园", "", "淮安新材料产业园管理委员会", ""),
        (Tier.COMMUNITY, "花街居委会", "Huajie Community", "花街社区居民委员会",
         "Huajie Community Residents' Committee"),
        (Tier.COMMUNITY, "大桥社区居委会", "Daqiao Community", "大桥社区居民委员会",
         "Daqiao Community Residents' Committee"),
        (Tier.COMMUNITY, "御西社区居民委员会", "", "御西社区居民委员会", ""),
        (
            Tier.COMMUNITY,
            "王庄村委会",
            "Wangzhuang Village",
            "王庄村村民委员会",
            "Wangzhuang Villagers' Committee",
        ),
        (Tier.COMMUNITY, "鹤友村村民委员会", "", "鹤友村村民委员会", ""),
        (Tier.COMMUNITY, "和平良种场生活区", "", "和平良种场生活区管理委员会", ""),
    ],
)  # fmt: skip
def test_names_are_written_out_as_the_law_has_them(tier, name, name_en, expected, expected_en):
    found = governing_name(Area(tier=tier, name=name, name_en=name_en))

    assert found[:2] == (expected, expected_en)
    assert found[2] == (
        OrganisationType.SELF_GOVERNMENT if tier == Tier.COMMUNITY else OrganisationType.GOVERNMENT
    )


def test_superiors_come_nearest_first_in_both_lines(city: City):
    bureau = Organisation.objects.create(
        code="CG", name="淮安市城市管理局", type=OrganisationType.GOVERNMENT, parent=city.city_org
    )
    city.department.functional_superior = bureau
    city.department.save()

    assert superiors_of(city.department.pk)[:2] == sorted([city.district_org.pk, bureau.pk])
    assert superiors_of(city.department.pk)[2:] == [city.city_org.pk]
    assert superiors_of(city.city_org.pk) == []


def test_a_circle_does_not_hang(city: City):
    Organisation.objects.filter(pk=city.city_org.pk).update(functional_superior=city.community_org)

    assert set(superiors_of(city.street_org.pk)) == {
        city.district_org.pk, city.city_org.pk, city.community_org.pk, city.street_org.pk,
    }  # fmt: skip
