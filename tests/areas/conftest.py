"""A small territory to try things on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from grid.areas import services
from grid.areas.models import Area, Tier

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def plant(db: None, numbers: Iterator[int]) -> Callable[..., Area]:
    """Insert an area with a code that fits, through the service."""

    def _plant(tier: Tier, parent: Area | None = None, **fields) -> Area:
        n = next(numbers)
        code = {
            Tier.DISTRICT: lambda: f"3208{n:02}000000",
            Tier.STREET: lambda: f"{parent.code[:6] if parent else '320800'}{n:03}000",
            Tier.COMMUNITY: lambda: f"{parent.code[:9]}{n:03}",
            Tier.GRID: lambda: f"{parent.code[:12]}{n:03}",
            Tier.BUILDING: lambda: f"{parent.code[:15]}{n:05}",
        }[tier]
        fields = {"code": code() if "code" not in fields else fields["code"], "name": f"{tier}{n}", **fields}
        return services.insert_area(tier=tier, parent=parent, by=None, at=AT, **fields)

    return _plant


@pytest.fixture
def district(plant: Callable[..., Area]) -> Area:
    return plant(Tier.DISTRICT, name="清江浦区", name_en="Qingjiangpu District")


@pytest.fixture
def street(plant: Callable[..., Area], district: Area) -> Area:
    return plant(Tier.STREET, district, name="长东街道")


@pytest.fixture
def community(plant: Callable[..., Area], street: Area) -> Area:
    return plant(Tier.COMMUNITY, street, name="花街社区")


@pytest.fixture
def square() -> Callable[..., dict]:
    """Return a square outline by its south-west corner and its side, degrees."""

    def _square(west: float, south: float, side: float = 0.01, hole: list | None = None) -> dict:
        ring = [
            [west, south],
            [west + side, south],
            [west + side, south + side],
            [west, south + side],
            [west, south],
        ]
        return {"type": "Polygon", "coordinates": [ring, *([hole] if hole else [])]}

    return _square
