"""A small city: a district, two streets with a community each, the offices that govern them, their staff."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from django.contrib.auth.hashers import make_password

from grid.areas.models import Area, Tier
from grid.areas.services import insert_areas
from grid.casework.actors import Actor
from grid.organisations.models import Organisation, OrganisationType, Posting, Role
from grid.people.models import User

PASSWORD = "sunshine-demo"
BUILT_AT = datetime(2020, 1, 1, tzinfo=UTC)
SINCE = date(2020, 1, 1)
# A square of about 900 m a side; the grids stand side by side from west to east.
SIDE = 0.01
WEST, SOUTH = 119.02, 33.60


@dataclass
class City:
    """What `build_city` made. Users are named after what they are; `_b` is the neighbouring street."""

    district: Area
    street: Area
    community: Area
    grid: Area
    grid_2: Area
    building: Area
    street_b: Area
    community_b: Area
    grid_b: Area

    city_org: Organisation
    district_org: Organisation
    street_org: Organisation
    community_org: Organisation
    street_b_org: Organisation
    community_b_org: Organisation
    department: Organisation
    department_b: Organisation
    company: Organisation

    worker: User
    worker_2: User
    leader: User
    clerk: User
    street_officer: User
    district_officer: User
    supervisor: User
    handler: User
    handler_b: User
    company_handler: User
    neighbour_worker: User
    neighbour_clerk: User
    neighbour_officer: User
    auditor: User
    admin: User
    nobody: User


def build_city() -> City:
    """Make the city with its offices and staff; everybody signs in with `PASSWORD`."""
    areas = _areas()
    organisations = _organisations(areas)
    return City(**areas, **organisations, **_staff(areas, organisations))


def acting(user: User) -> Actor:
    """Return an actor that reads the user's postings afresh."""
    return Actor(user)


def centre_of(area: Area) -> dict[str, float]:
    """Return the point in the middle of an area, as the data of a step name it."""
    return {"longitude": area.centre_lon, "latitude": area.centre_lat}


def add_user(username: str, name: str, **fields: object) -> User:
    """Make somebody who can sign in with `PASSWORD`."""
    return User.objects.create(username=username, name=name, password=_hashed(), **fields)


def post(
    user: User, organisation: Organisation, role: Role, area: Area | None = None, **fields: object
) -> Posting:
    """Let somebody serve in an organisation since 2020."""
    fields.setdefault("starts_on", SINCE)
    return Posting.objects.create(user=user, organisation=organisation, role=role, area=area, **fields)


def square(column: int) -> dict[str, object]:
    """Return the outline of the grid in that column, as GeoJSON."""
    west, east, north = WEST + column * SIDE, WEST + (column + 1) * SIDE, SOUTH + SIDE
    ring = [[west, SOUTH], [east, SOUTH], [east, north], [west, north], [west, SOUTH]]
    return {"type": "Polygon", "coordinates": [ring]}


@cache
def _hashed() -> str:
    return make_password(PASSWORD)


# key: code, tier, name, English name, parent, column of its outline
AREAS = {
    "district": ("320812000000", Tier.DISTRICT, "清江浦区", "Qingjiangpu District", None, None),
    "street": ("320812001000", Tier.STREET, "长西街道", "Changxi Subdistrict", "district", None),
    "street_b": ("320812002000", Tier.STREET, "长东街道", "Changdong Subdistrict", "district", None),
    "community": ("320812001001", Tier.COMMUNITY, "草市口社区", "Caoshikou Community", "street", None),
    "community_b": ("320812002001", Tier.COMMUNITY, "桂塘社区", "Guitang Community", "street_b", None),
    "grid": ("320812001001001", Tier.GRID, "第一网格", "Grid 1", "community", 0),
    "grid_2": ("320812001001002", Tier.GRID, "第二网格", "Grid 2", "community", 1),
    "grid_b": ("320812002001001", Tier.GRID, "第一网格", "Grid 1", "community_b", 2),
    "building": ("32081200100100100001", Tier.BUILDING, "1号楼", "Building 1", "grid", None),
}

# key: code, name, English name, superior, area it governs
ORGANISATIONS = {
    "city_org": ("CITY", "淮安市社会治理中心", "Huai'an Social Governance Centre", None, None),
    "district_org": ("QJP", "清江浦区社会治理中心", "Qingjiangpu Governance Centre", "city_org", "district"),
    "street_org": ("CX", "长西街道办事处", "Changxi Subdistrict Office", "district_org", "street"),
    "street_b_org": ("CD", "长东街道办事处", "Changdong Subdistrict Office", "district_org", "street_b"),
    "community_org": ("CSK", "草市口社区居委会", "Caoshikou Committee", "street_org", "community"),
    "community_b_org": ("GT", "桂塘社区居委会", "Guitang Committee", "street_b_org", "community_b"),
    "department": ("QJP-CG", "清江浦区城市管理局", "Urban Management Bureau", "district_org", None),
    "department_b": ("QJP-XF", "清江浦区消防救援大队", "Fire and Rescue Brigade", "district_org", None),
    "company": ("WATER", "淮安自来水公司", "Huai'an Water Company", "city_org", None),
}
TYPES = {
    "company": OrganisationType.MARKET,
    "community_org": OrganisationType.SELF_GOVERNMENT,
    "community_b_org": OrganisationType.SELF_GOVERNMENT,
}

# username: name, role, organisation, area
STAFF = {
    "worker": ("王小网", Role.GRID_WORKER, "community_org", "grid"),
    "worker_2": ("孙二格", Role.GRID_WORKER, "community_org", "grid_2"),
    "leader": ("郑格长", Role.GRID_LEADER, "community_org", "grid"),
    "clerk": ("李社区", Role.COMMUNITY_CLERK, "community_org", "community"),
    "street_officer": ("张街道", Role.STREET_OFFICER, "street_org", "street"),
    "district_officer": ("陈区长", Role.DISTRICT_OFFICER, "district_org", "district"),
    "supervisor": ("周督办", Role.SUPERVISOR, "district_org", "district"),
    "handler": ("赵城管", Role.HANDLER, "department", None),
    "handler_b": ("钱消防", Role.HANDLER, "department_b", None),
    "company_handler": ("冯水务", Role.HANDLER, "company", None),
    "neighbour_worker": ("吴邻格", Role.GRID_WORKER, "community_b_org", "grid_b"),
    "neighbour_clerk": ("何邻社", Role.COMMUNITY_CLERK, "community_b_org", "community_b"),
    "neighbour_officer": ("高邻街", Role.STREET_OFFICER, "street_b_org", "street_b"),
    "auditor": ("林审计", Role.AUDITOR, "city_org", None),
    "admin": ("黄管理", Role.SYSTEM_ADMINISTRATOR, "city_org", None),
}


def _areas() -> dict[str, Area]:
    made: dict[str, Area] = {}
    for key, (code, tier, name, name_en, parent, column) in AREAS.items():
        outline = None if column is None else square(column)
        made[key] = Area(
            code=code,
            tier=tier,
            name=name,
            name_en=name_en,
            parent=made[parent] if parent else None,
            outline=outline,
            schematic=outline is not None,
        )
    insert_areas(list(made.values()), by=None, at=BUILT_AT)
    return made


def _organisations(areas: dict[str, Area]) -> dict[str, Organisation]:
    made: dict[str, Organisation] = {}
    for key, (code, name, name_en, superior, governed) in ORGANISATIONS.items():
        made[key] = Organisation.objects.create(
            code=code,
            name=name,
            name_en=name_en,
            type=TYPES.get(key, OrganisationType.GOVERNMENT),
            parent=made[superior] if superior else None,
            governs=areas[governed] if governed else None,
            area=areas[governed] if governed else None,
        )
    return made


def _staff(areas: dict[str, Area], organisations: dict[str, Organisation]) -> dict[str, User]:
    people = {"nobody": add_user("nobody", "许无职")}
    for username, (name, role, organisation, area) in STAFF.items():
        boss = role == Role.SYSTEM_ADMINISTRATOR
        people[username] = add_user(username, name, is_staff=boss, is_superuser=boss)
        post(people[username], organisations[organisation], role, areas[area] if area else None)
    return people
