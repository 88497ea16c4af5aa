"""Incidents for tests: opened and moved by the steps that everybody takes."""

from datetime import UTC, date, datetime
from typing import Any

from grid.areas.models import Area, Tier
from grid.casework import steps
from grid.casework.models import Case
from grid.casework.steps import Taken
from grid.incidents.models import Category, Responsibility
from grid.organisations.models import Organisation
from grid.people.models import User
from tests.factories.city import City, acting

# A Tuesday, 09:00 in Huai'an.
AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


def report(city: City, *, by: User | None = None, at: datetime = AT, key: str = "", **overrides: Any) -> Case:
    """Report rubbish in the worker's grid, or whatever the overrides say, and return the case."""
    data = {"category": "F01", "description": "三袋垃圾堆在单元门口", "area": city.grid.code} | overrides
    actor = acting(by or city.worker)
    return steps.open_case("incident", "report", by=actor, data=data, at=at, key=key).case


def take(
    case: Case, name: str, by: User, *, at: datetime = AT, version: int | None = None, **data: Any
) -> Taken:
    """Take a step and bring the case in hand up to date."""
    taken = steps.take_step(case.pk, name, by=acting(by), data=data, at=at, version=version)
    case.refresh_from_db()
    return taken


def handled(city: City, *, by: User | None = None, at: datetime = AT, **overrides: Any) -> Case:
    """Return a case that the community (or somebody else who may) accepted and handled."""
    case = report(city, at=at, **overrides)
    take(case, "accept", by or city.clerk, at=at)
    take(case, "handle", by or city.clerk, at=at, result="已清运")
    return case


def closed(city: City, *, at: datetime = AT, **overrides: Any) -> Case:
    """Return a case that went all the way."""
    case = handled(city, at=at, **overrides)
    take(case, "verify", city.leader, at=at, finding="passed")
    take(case, "close", city.clerk, at=at, outcome="solved")
    return case


def listed(
    category: str,
    tier: Tier,
    lead: Organisation | None = None,
    *,
    assisting: tuple[Organisation, ...] = (),
    area: Area | None = None,
) -> Responsibility:
    """Put a line on the responsibility list."""
    line = Responsibility.objects.create(
        category=Category.objects.get(code=category),
        tier=tier,
        area=area,
        lead_organisation=lead,
        basis="《滨州市网格化服务管理条例》第十条",
        valid_from=date(2020, 1, 1),
    )
    line.assisting.set(assisting)
    return line
