"""
Insert grids from a process of its own: `insert_grids.py DATABASE COMMUNITY FIRST COUNT`.

Says "ready" and starts on the first line of its input, so that two of them start together.
"""

import sys
from datetime import UTC, datetime

import django
from django.conf import settings

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def main(database: str, community: str, first: int, number: int) -> None:
    settings.DATABASES["default"]["NAME"] = database
    django.setup()

    from grid.areas import services
    from grid.areas.models import Area, Tier

    # Read once and held: by the second insert its bounds are stale, as in any worker.
    parent = Area.objects.get(code=community)
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(first, first + number):
        code = f"{community}{n:03}"
        services.insert_area(code=code, tier=Tier.GRID, name=f"第{n}网格", parent=parent, by=None, at=AT)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
