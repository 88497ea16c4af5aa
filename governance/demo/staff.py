"""The people of the demo: who serves where, who is away, which posts are vacant. All invented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from governance.demo.bodies import Bodies, telephone
from governance.demo.names import names
from governance.demo.territory import Territory
from grid.areas.models import Area
from grid.organisations.models import Absence, Organisation, Posting, Role
from grid.people.models import User

# Sign-in: name, and the group of its duty in the administration.
SIGN_INS = {
    "worker": ("周晓燕", ""),
    "community": ("李文娟", ""),
    "street": ("张建国", ""),
    "district": ("陈立新", ""),
    "handler": ("赵志刚", ""),
    "auditor": ("林静", "auditors"),
    "admin": ("黄磊", "system administrators"),
}
# The sign-ins serve in 花街 of 闸口街道; the small demo has only the first subdistrict.
HOME_STREET = "320812004000"
# Every so many-th grid lacks somebody.
LACKS_PART_TIME, LACKS_FULL_TIME = 19, 31
# So does this one of the community of the sign-ins.
LACKS_AT_HOME = 2
# Companies and teams where nobody is entered, so that the vacancy is told; a community without a head.
VACANT = ("320812000000-W3", "320812003000-ZF")
HEADLESS = 7
FIRST_EXTENSION = 1000


@dataclass
class Staff:
    """Who serves where: the team of each grid, the office of each organisation, and who is away when."""

    home: Area
    home_grid: Area
    teams: dict[int, list[User]] = field(default_factory=dict)
    offices: dict[int, list[User]] = field(default_factory=dict)
    away: list[Absence] = field(default_factory=list)

    def present(self, people: list[User], on: date) -> list[User]:
        """Return those of some people who are there on a day."""
        gone = {a.posting.user_id for a in self.away if a.starts_on <= on <= a.ends_on}
        return [user for user in people if user.pk not in gone]


class _Book:
    """Collects people and postings, to be written at once."""

    def __init__(self, *, as_of: date, rng: Random) -> None:
        """Take the day and the dice."""
        self.as_of, self.rng = as_of, rng
        self.names: Iterator[str] = names(rng)
        self.users: list[User] = []
        self.postings: list[Posting] = []
        self.hash = make_password(settings.DEMO_PASSWORD)

    def person(self, username: str = "") -> User:
        """Return a new person; only the sign-ins can sign in."""
        number = len(self.users)
        name, group = SIGN_INS.get(username, ("", ""))
        user = User(
            username=username or f"demo{number:04}",
            name=name or next(self.names),
            password=self.hash if username else make_password(None),
            phone=telephone(FIRST_EXTENSION + number),
            is_demo=True,
            is_staff=bool(group),
        )
        self.users.append(user)
        return user

    def post(
        self, user: User, organisation: Organisation, role: Role, area: Area | None = None, **more: bool
    ) -> User:
        """Let somebody serve, since one to five years ago."""
        since = self.as_of - timedelta(days=self.rng.randint(400, 1800))
        self.postings.append(
            Posting(user=user, organisation=organisation, role=role, area=area, starts_on=since, **more)
        )
        return user


def hire(territory: Territory, bodies: Bodies, *, as_of: date, rng: Random) -> Staff:
    """Fill the posts; the sign-ins form one line from a grid up to the city."""
    street = next((s for s in territory.streets if s.code == HOME_STREET), territory.streets[0])
    home = territory.below(street)[0]
    staff = Staff(home, territory.below(home)[0])
    book = _Book(as_of=as_of, rng=rng)
    _hire_grids(book, staff, territory, bodies)
    _hire_communities(book, staff, territory, bodies)
    _hire_streets(book, staff, territory, bodies, home=street)
    _hire_district(book, staff, territory, bodies)
    _hire_departments(book, staff, bodies)
    _hire_city(book, bodies)
    User.objects.bulk_create(book.users, batch_size=1000)
    Posting.objects.bulk_create(book.postings, batch_size=1000)
    for username, (_name, group) in SIGN_INS.items():
        if group:
            User.objects.get(username=username).groups.add(Group.objects.get(name=group))
    _send_away(book, staff, territory, bodies)
    return staff


def _hire_grids(book: _Book, staff: Staff, territory: Territory, bodies: Bodies) -> None:
    """Give every grid a leader, a worker and two part-time workers; a few lack somebody."""
    communities = {c.pk: c for c in territory.communities}
    short = territory.below(staff.home)[LACKS_AT_HOME]
    for place, grid in enumerate(territory.grids, start=1):
        body = bodies.governs(communities[grid.parent_id])
        at_home = grid == staff.home_grid
        full = 1 if place % LACKS_FULL_TIME == 0 and not at_home else 2
        part = 1 if (place % LACKS_PART_TIME == 0 and not at_home) or grid == short else 2
        team = [book.person("worker" if at_home and not n else "") for n in range(full + part)]
        for number, user in enumerate(team):
            # The sign-in is a worker, so that somebody else leads its grid.
            role = Role.GRID_LEADER if number == full - 1 else Role.GRID_WORKER
            book.post(user, body, role, grid, full_time=number < full)
        staff.teams[grid.pk] = team


def _hire_communities(book: _Book, staff: Staff, territory: Territory, bodies: Bodies) -> None:
    for place, community in enumerate(territory.communities):
        body = bodies.governs(community)
        head = book.person("community" if community == staff.home else "")
        clerks = [head, book.person()] + ([book.person()] if place % 3 == 0 else [])
        for user in clerks:
            leads = user is head and place != HEADLESS
            book.post(user, body, Role.COMMUNITY_CLERK, community, leads=leads)
        staff.offices[body.pk] = clerks


def _hire_streets(book: _Book, staff: Staff, territory: Territory, bodies: Bodies, *, home: Area) -> None:
    for street in territory.streets:
        body = bodies.governs(street)
        head = book.person("street" if street == home else "")
        officers = [head, book.person(), book.person()]
        for user in officers:
            book.post(user, body, Role.STREET_OFFICER, street, leads=user is head)
        book.post(book.person(), body, Role.SUPERVISOR, street)
        staff.offices[body.pk] = officers


def _hire_district(book: _Book, staff: Staff, territory: Territory, bodies: Bodies) -> None:
    body, area = bodies.governs(territory.district), territory.district
    head = book.person("district")
    officers = [head, *(book.person() for _ in range(3))]
    for user in officers:
        book.post(user, body, Role.DISTRICT_OFFICER, area, leads=user is head)
    for _ in range(2):
        book.post(book.person(), body, Role.SUPERVISOR, area)
    staff.offices[body.pk] = officers


def _hire_departments(book: _Book, staff: Staff, bodies: Bodies) -> None:
    """Give every department, company and association a head and two people; a few stand empty."""
    for key, body in bodies.district.items():
        own = "handler" if key == "CG" else ""
        staff.offices[body.pk] = _hire_office(book, body, own)
    for body in bodies.teams.values():
        staff.offices[body.pk] = _hire_office(book, body)
    for body in bodies.bureaus.values():
        book.post(book.person(), body, Role.SUPERVISOR, leads=True)


def _hire_office(book: _Book, body: Organisation, own: str = "") -> list[User]:
    if body.code in VACANT:
        return []
    people = [book.person(), book.person(own), book.person()]
    for number, user in enumerate(people):
        book.post(user, body, Role.HANDLER, leads=number == 0)
    return people


def _hire_city(book: _Book, bodies: Bodies) -> None:
    book.post(book.person(), bodies.city, Role.SUPERVISOR, leads=True, whole_city=True)
    book.post(book.person("auditor"), bodies.city, Role.AUDITOR)
    book.post(book.person("admin"), bodies.city, Role.SYSTEM_ADMINISTRATOR)
    security = book.post(book.person(), bodies.city, Role.SECURITY_ADMINISTRATOR)
    security.is_staff = True


def _send_away(book: _Book, staff: Staff, territory: Territory, bodies: Bodies) -> None:
    """Let a few be away today, most with a stand-in, and some have been away before."""
    posted = {p.user_id: p for p in book.postings}
    teams = list(staff.teams.values())
    clerks = [staff.offices[bodies.governs(c).pk] for c in territory.communities if c != staff.home]
    enforcement = staff.offices[bodies.district["CG"].pk]
    officers = staff.offices[bodies.governs(territory.streets[-1]).pk]
    # Who is away, who stands in, from and until so many days after today.
    away = [
        (enforcement[2], enforcement[1], -3, 4),
        (teams[1][0], teams[1][1], -2, 5),
        (teams[9][1], teams[9][0], 0, 2),
        (clerks[3][0], clerks[3][1], -6, 1),
        (clerks[5][1], clerks[5][0], -1, 3),
        (officers[-1], officers[-2], -4, 9),
        (teams[4][2], None, -10, 20),
    ]
    away += [
        (people[0], people[1], -day, 6 - day) for day, people in zip(range(40, 300, 26), clerks, strict=False)
    ]
    today = book.as_of
    staff.away = Absence.objects.bulk_create(
        Absence(
            posting=posted[user.pk],
            stand_in=stand_in,
            starts_on=today + timedelta(days=first),
            ends_on=today + timedelta(days=last),
        )
        for user, stand_in, first, last in away
    )
