"""
The organisations of the demo: offices by law, companies and associations invented.

`lines_of_work.tsv` has the departments, each with its superior in the city; `companies.tsv` who else handles
matters; `duties.tsv` the responsibility list: an empty lead means who governs the area of that tier.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from governance.demo.territory import Territory
from grid.areas.models import Area
from grid.incidents.models import Category, Responsibility
from grid.organisations.models import Organisation, OrganisationType
from grid.organisations.services import city_organisation, govern_areas

SINCE = date(2020, 1, 1)
DATA = Path(__file__).parent / "data"
# A subdistrict of the towns has an enforcement team of its own where its place in the list is one of these.
STREET_TEAMS = (0, 2, 4, 6, 8, 10)


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the tables beside this module."""
    with (DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@dataclass
class Bodies:
    """The organisations of the demo."""

    city: Organisation
    governing: dict[int, Organisation]
    district: dict[str, Organisation]
    bureaus: dict[str, Organisation]
    teams: dict[int, Organisation]

    def governs(self, area: Area) -> Organisation:
        """Return the organisation that governs an area."""
        return self.governing[area.pk]


def found_bodies(territory: Territory) -> Bodies:
    """Make the governing organisations, then departments under two superiors, companies and associations."""
    govern_areas()
    city = city_organisation()
    governing = {o.governs_id: o for o in Organisation.objects.filter(governs__isnull=False) if o.governs_id}
    top = governing[territory.district.pk]
    _phones([city, *governing.values()])
    lines = table("lines_of_work")
    bureaus = {
        row["key"]: _body(f"{city.code}-{row['key']}", row["type"], row["city"], row["city_en"], parent=city)
        for row in lines
    }
    Organisation.objects.bulk_create(bureaus.values())
    district = {
        row["key"]: _body(
            f"{top.code}-{row['key']}",
            row["type"],
            row["district"],
            row["district_en"],
            parent=top,
            area=territory.district,
            above=bureaus[row["key"]],
        )
        for row in lines
    }
    for row in table("companies"):
        key, kind, name, name_en = row.values()
        district[key] = _body(f"{top.code}-{key}", kind, name, name_en, parent=top, area=territory.district)
    Organisation.objects.bulk_create(district.values())
    teams = {
        s.pk: _body(
            f"{s.code}-ZF",
            OrganisationType.GOVERNMENT,
            f"{s.name}综合行政执法大队",
            f"{s.name_en} Enforcement Team",
            parent=governing[s.pk],
            area=s,
            above=district["CG"],
        )
        for place, s in enumerate(territory.streets)
        if place in STREET_TEAMS
    }
    Organisation.objects.bulk_create(teams.values())
    _phones([*bureaus.values(), *district.values(), *teams.values()], first=500)
    return Bodies(city, governing, district, bureaus, teams)


def _body(
    code: str,
    kind: str,
    name: str,
    name_en: str,
    *,
    parent: Organisation,
    area: Area | None = None,
    above: Organisation | None = None,
) -> Organisation:
    return Organisation(
        code=code, type=kind, name=name, name_en=name_en, parent=parent, area=area, functional_superior=above
    )


def telephone(number: int) -> str:
    """Return an invented number: none in China begins with 0000 after the area code."""
    return f"0517-0000{number:04}"


def _phones(organisations: list[Organisation], *, first: int = 1) -> None:
    """Give every organisation its own invented telephone."""
    for number, organisation in enumerate(sorted(organisations, key=lambda o: o.code), start=first):
        organisation.phone = telephone(number)
    Organisation.objects.bulk_update(organisations, ["phone"])


def list_duties(bodies: Bodies) -> None:
    """Write the responsibility list: who leads what on which tier, and by which rule."""
    categories = {c.code: c for c in Category.objects.all()}
    for row in table("duties"):
        line = Responsibility.objects.create(
            category=categories[row["category"]],
            tier=row["tier"],
            lead_organisation=bodies.district[row["lead"]] if row["lead"] else None,
            basis=row["basis"],
            basis_en=row["basis_en"],
            valid_from=SINCE,
        )
        line.assisting.set(bodies.district[key] for key in row["assisting"].split())
