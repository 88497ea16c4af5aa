"""The organisations and people of the city, and who of them a matter in some grid can meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Model

from governance.demo.bodies import SINCE, table, telephone
from governance.demo.city.copying import copy_rows, reserve
from governance.demo.city.ground import Grid, Ground
from governance.demo.names import names
from grid.areas.models import Area, Tier
from grid.incidents.models import Category, Responsibility
from grid.organisations.models import Organisation, OrganisationType, Posting, Role
from grid.organisations.services import city_organisation, govern_areas
from grid.people.models import User

# Whose name in the tables of the demo gives way to that of each district.
MODEL, MODEL_EN = "清江浦", "Qingjiangpu"
# Two full-time and two part-time workers; every so many-th grid lacks one of the part-time ones.
TEAM, LACKS_ONE = 4, 19
# The people of each post, in the order of the cast; the first one heads the organisation.
COMMUNITY = (Role.COMMUNITY_CLERK, Role.COMMUNITY_CLERK)
STREET = (Role.STREET_OFFICER, Role.STREET_OFFICER, Role.STREET_OFFICER, Role.SUPERVISOR)
DISTRICT = (*(Role.DISTRICT_OFFICER,) * 4, Role.SUPERVISOR, Role.SUPERVISOR)
OFFICE = (Role.HANDLER,) * 3
# They can sign in: in the first grid of the first community, in what stands above it, and in the city.
SIGN_INS = ("worker", "community", "street", "district", "handler")
OF_GRID = (("user", "worker"), ("user", "colleague"), ("area", "grid"), ("area", "building"))


@dataclass
class Cast:
    """The people (users), organisations and areas of one place, by what they are there."""

    users: dict[str, int] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    areas: dict[str, int] = field(default_factory=dict)

    def named(self) -> dict[tuple[str, str], int]:
        """Return every key by what it is a key of and what that is here."""
        return {
            **{("user", name): key for name, key in self.users.items()},
            **{("organisation", name): key for name, key in self.organisations.items()},
            **{("area", name): key for name, key in self.areas.items()},
        }

    def under(self, above: Cast) -> Cast:
        """Return this place together with what lies above it."""
        return Cast(
            above.users | self.users, above.organisations | self.organisations, above.areas | self.areas
        )


class Crowd:
    """Who and what is where, each place in the same order, as text that goes into lines of COPY."""

    def __init__(
        self,
        communities: dict[int, Cast],
        teams: dict[int, tuple[int, int]],
        everybody: dict[type[Model], frozenset[int]],
    ) -> None:
        """Take the cast of each community with all above it, two people of each grid, and who serves all."""
        self.communities, self.teams, self.everybody = communities, teams, everybody
        names = list(OF_GRID)
        for one in communities.values():
            names += one.named()
            break
        self.order = {name: place for place, name in enumerate(names)}
        self._lines = {pk: [str(key) for key in one.named().values()] for pk, one in communities.items()}

    def cast(self, grid: Grid, building: int) -> Cast:
        """Return whom and what a matter in a building of a grid can meet."""
        first, second = self.teams[grid.pk]
        here = Cast({"worker": first, "colleague": second}, {}, {"grid": grid.pk, "building": building})
        return here.under(self.communities[grid.community])

    def line(self, grid: Grid, building: int) -> list[str]:
        """Return the keys of the same, in the one order."""
        first, second = self.teams[grid.pk]
        return [str(first), str(second), str(grid.pk), str(building), *self._lines[grid.community]]


class _Book:
    """Collects people and postings, to be written at once."""

    def __init__(self, *, as_of: date, rng: Random, keys: range) -> None:
        """Take the day, the dice and the keys of the people."""
        self.as_of, self.rng = as_of, rng
        self.names: Iterator[str] = names(rng)
        self.keys = iter(keys)
        self.users: list[dict[str, Any]] = []
        self.postings: list[dict[str, Any]] = []
        self.hash, self.no_hash = make_password(settings.DEMO_PASSWORD), make_password(None)
        self.free = dict.fromkeys(SIGN_INS)

    def person(self, username: str = "") -> int:
        """Return the key of a new person; who bears the name of a sign-in first can sign in by it."""
        key, number = next(self.keys), len(self.users)
        signs_in = username in self.free
        self.free.pop(username, None)
        self.users.append(
            {
                "id": key,
                "username": username if signs_in else f"city{number:06}",
                "name": next(self.names),
                "password": self.hash if signs_in else self.no_hash,
                "phone": telephone(number % 10_000),
                "is_demo": True,
            }
        )
        return key

    def post(self, organisation: int, role: Role, area: int | None, username: str = "", **more: bool) -> int:
        """Let a new person serve, since two to six years ago, and return his key."""
        user = self.person(username)
        since = self.as_of - timedelta(days=self.rng.randint(1200, 2200))
        self.postings.append(
            {
                "user_id": user,
                "organisation_id": organisation,
                "role": role.value,
                "area_id": area,
                "starts_on": since,
                **more,
            }
        )
        return user

    def office(
        self, name: str, organisation: int, roles: tuple[Role, ...], area: int | None, username: str = ""
    ) -> dict[str, int]:
        """Fill the posts of an organisation; the first one heads it."""
        return {
            f"{name}{number}": self.post(
                organisation, role, area, username if number == 0 else "", leads=number == 0
            )
            for number, role in enumerate(roles)
        }

    def write(self) -> None:
        """Write everybody."""
        copy_rows(User, self.users)
        keys = reserve(Posting, len(self.postings))
        copy_rows(Posting, (row | {"id": key} for key, row in zip(keys, self.postings, strict=True)))


def gather(ground: Ground, rng: Random, *, as_of: date) -> Crowd:
    """Found the organisations, list their duties and fill their posts; the caller opens the transaction."""
    govern_areas()
    city = city_organisation()
    governing = dict(Organisation.objects.filter(governs__isnull=False).values_list("governs", "pk"))
    offices = _found_offices(ground, governing, city)
    _list_duties(ground, offices)
    bureaus = Organisation.objects.filter(parent=city, governs=None).order_by("code")
    places = (COMMUNITY, ground.communities), (STREET, ground.streets), (DISTRICT, ground.districts)
    count = sum(len(roles) * len(areas) for roles, areas in places) + 1 + bureaus.count()
    count += sum(len(found) for found in offices.values()) * len(OFFICE) + len(ground.grids) * TEAM
    book = _Book(as_of=as_of, rng=rng, keys=reserve(User, count))
    above = [book.post(city.pk, Role.SUPERVISOR, None, leads=True, whole_city=True)]
    above += [book.post(bureau.pk, Role.SUPERVISOR, None, leads=True) for bureau in bureaus]
    everybody: dict[type[Model], frozenset[int]] = {
        User: frozenset([User.objects.machine().pk, *above]),
        Organisation: frozenset([city.pk, *(bureau.pk for bureau in bureaus)]),
    }
    casts: dict[int, Cast] = {}
    for district in ground.districts:
        casts[district.pk] = _district_cast(book, district, governing, offices[district.pk])
    for street in ground.streets:
        here = Cast(
            book.office("street", governing[street.pk], STREET, street.pk, "street"),
            {"street": governing[street.pk]},
            {"street": street.pk},
        )
        casts[street.pk] = here.under(casts[street.parent_id])
    for community in ground.communities:
        here = Cast(
            book.office("clerk", governing[community.pk], COMMUNITY, community.pk, "community"),
            {"community": governing[community.pk]},
            {"community": community.pk},
        )
        casts[community.pk] = here.under(casts[community.parent_id])
    teams = {grid.pk: _team(book, number, grid, governing) for number, grid in enumerate(ground.grids, 1)}
    book.write()
    communities = {c.pk: casts[c.pk] for c in ground.communities}
    return Crowd(communities, teams, everybody)


def _district_cast(book: _Book, district: Area, governing: dict[int, int], offices: dict[str, int]) -> Cast:
    cast = Cast(
        book.office("district", governing[district.pk], DISTRICT, district.pk, "district"),
        {"district": governing[district.pk]} | offices,
        {"district": district.pk},
    )
    for key, office in offices.items():
        cast.users |= book.office(f"{key}-", office, OFFICE, None, "handler" if key == "CG" else "")
    return cast


def _team(book: _Book, number: int, grid: Grid, governing: dict[int, int]) -> tuple[int, int]:
    """Give a grid its leader and three workers, and return the two full-time ones."""
    body = governing[grid.community]
    size = TEAM - 1 if number % LACKS_ONE == 0 else TEAM
    team = [
        book.post(
            body,
            Role.GRID_LEADER if place == 1 else Role.GRID_WORKER,
            grid.pk,
            "worker" if place == 0 else "",
            full_time=place < 2,
        )
        for place in range(size)
    ]
    return team[0], team[1]


def _found_offices(
    ground: Ground, governing: dict[int, int], city: Organisation
) -> dict[int, dict[str, int]]:
    """Found the departments of the city and those of every district, companies and associations included."""
    lines, companies = table("lines_of_work"), table("companies")
    bureaus = Organisation.objects.bulk_create(
        Organisation(
            code=f"{city.code}-{row['key']}",
            type=row["type"],
            name=row["city"],
            name_en=row["city_en"],
            parent=city,
        )
        for row in lines
    )
    above = {row["key"]: bureau for row, bureau in zip(lines, bureaus, strict=True)}
    found: dict[int, dict[str, int]] = {}
    for district in ground.districts:
        own = [(row["key"], row["type"], row["district"], row["district_en"]) for row in lines]
        own += [(r["key"], r["type"], r["name"], r["name_en"]) for r in companies]
        made = Organisation.objects.bulk_create(
            Organisation(
                code=f"{district.code}-{key}",
                type=OrganisationType(kind),
                name=_renamed(name, district),
                name_en=name_en.replace(MODEL_EN, district.name_en),
                parent_id=governing[district.pk],
                area=district,
                functional_superior=above.get(key),
            )
            for key, kind, name, name_en in own
        )
        found[district.pk] = {key: one.pk for (key, *_rest), one in zip(own, made, strict=True)}
    return found


def _renamed(name: str, district: Area) -> str:
    """Put the name of a district where the table has that of its model."""
    return name.replace(f"{MODEL}区", district.name).replace(MODEL, district.name)


def _list_duties(ground: Ground, offices: dict[int, dict[str, int]]) -> None:
    """Write the responsibility list, the lines that name an office once for each district."""
    categories = dict(Category.objects.values_list("code", "pk"))
    through = Responsibility.assisting.through
    assisting = []
    for row in table("duties"):
        everywhere = not row["lead"] and not row["assisting"]
        for district in ground.districts[:1] if everywhere else ground.districts:
            line = Responsibility.objects.create(
                category_id=categories[row["category"]],
                tier=Tier(row["tier"]),
                area=None if everywhere else district,
                lead_organisation_id=offices[district.pk][row["lead"]] if row["lead"] else None,
                basis=row["basis"],
                basis_en=row["basis_en"],
                valid_from=SINCE,
            )
            assisting += [
                through(responsibility=line, organisation_id=offices[district.pk][key])
                for key in row["assisting"].split()
            ]
    through.objects.bulk_create(assisting)
