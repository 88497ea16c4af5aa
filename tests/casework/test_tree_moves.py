"""The tree moves while cases are written and listed: nobody ever lists a foreign case."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from grid.areas.models import Area, Tier
from grid.areas.services import insert_areas
from grid.areas.tree import find_faults
from grid.casework.actors import Actor
from grid.casework.models import Case
from tests.factories.city import City, build_city
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
MOVED = 500


class Again(threading.Thread):
    """Do something over and over on a connection of its own, until told that it is over."""

    def __init__(self, what: Callable[[], None]) -> None:
        super().__init__()
        self.what = what
        self.times = 0
        self.over = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.what()
                self.times += 1
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()


@pytest.fixture
def city(transactional_db: None) -> City:
    return build_city()


@pytest.fixture
def official_list(city: City, tmp_path: Path) -> Path:
    """Plant 500 communities under the other street; return a list that puts them under the district."""
    communities = [
        Area(
            code=f"320812002{n:03}",
            tier=Tier.COMMUNITY,
            name=f"第{n}社区",
            name_en=f"Community {n}",
            parent=city.street_b,
        )
        for n in range(100, 100 + MOVED)
    ]
    insert_areas(communities, by=None, at=AT)
    kept = [(city.street, "street"), (city.street_b, "street")]
    below = [(city.community, city.street), (city.community_b, city.street_b)]
    rows = [
        f"{city.district.code},{city.district.name},county,",
        *(f"{area.code},{area.name},{level},{city.district.code}" for area, level in kept),
        *(f"{area.code},{area.name},community,{parent.code}" for area, parent in below),
        *(f"{area.code},{area.name},community,{city.district.code}" for area in communities),
    ]
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["code,name,level,parent_code", *rows, ""]), encoding="utf-8")
    return path


def test_an_import_moves_500_areas_while_cases_are_written_and_a_street_lists_only_its_own(
    city: City, official_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report(city, at=AT)
    foreign = report(city, at=AT, by=city.neighbour_worker, area=city.grid_b.code)
    seen: set[int | None] = set()
    counts: list[int] = []

    def write() -> None:
        report(city, at=AT)
        report(city, at=AT, by=city.neighbour_worker, area=city.grid_b.code)

    def look() -> None:
        areas = list(Case.objects.visible_to(Actor(city.street_officer)).values_list("area_id", flat=True))
        seen.update(areas)
        counts.append(len(areas))

    workers = [Again(write), Again(look)]
    for worker in workers:
        worker.start()

    call_command("import_areas", str(official_list))

    during = [worker.times for worker in workers]
    for worker in workers:
        worker.over.set()
        worker.join()
    assert [worker.error for worker in workers] == [None, None]
    assert f"{MOVED} moved" in capsys.readouterr().out
    assert min(during) > 0
    assert seen == {city.grid.pk}
    assert counts == sorted(counts), "a case of one's own never went out of sight"
    assert Case.objects.filter(area=foreign.area_id).count() > 1
    assert find_faults() == []
