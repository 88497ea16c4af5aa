"""
Strangers are turned away: every route × every role × own, neighbour's, sealed and nobody's object.

A route that is not in `ROUTES` fails: whoever adds one says here what it shows to whom.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image

from grid.areas.models import Area, Tier
from grid.areas.services import insert_areas
from grid.casework import files
from grid.casework.models import Attachment, Case
from grid.casework.steps import take_step
from grid.notices.models import Notice
from grid.organisations.models import Organisation, OrganisationType, Role
from grid.people.models import User
from grid.supervision.models import SupervisionOrder
from grid.worktime.models import DeadlineRule, RungRule
from tests.factories.city import City, acting, add_user, build_city, post
from tests.factories.incidents import report

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
OBJECTS = ("own", "neighbour", "sealed", "nobody")
ANONYMOUS = "anonymous"
NO_POSTING = "no posting"
ROLES = (*Role.values, NO_POSTING)
# The roles that see an incident of their own area or organisation. Said here again on purpose.
READERS = {
    Role.GRID_WORKER,
    Role.GRID_LEADER,
    Role.COMMUNITY_CLERK,
    Role.STREET_OFFICER,
    Role.DISTRICT_OFFICER,
    Role.HANDLER,
    Role.SUPERVISOR,
}
REPORTERS = {
    Role.GRID_WORKER,
    Role.GRID_LEADER,
    Role.COMMUNITY_CLERK,
    Role.STREET_OFFICER,
    Role.DISTRICT_OFFICER,
    Role.HANDLER,
}
ADMINISTRATORS = {Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR}


@dataclass
class World:
    """The city, one user per role, and one object of each sort."""

    city: City
    users: dict[str, User]
    cases: dict[str, Case]
    attachments: dict[str, int]
    uploads: dict[str, str]
    notices: dict[str, int]
    orders: dict[str, int]


Arguments = Callable[[World, str], dict[str, Any]]


@dataclass(frozen=True)
class Route:
    """Who gets which answer from a route: per sort of object, the roles that get `ok`; others `turned`."""

    sees: Callable[[str, str], bool]
    arguments: Arguments | None = None
    method: str = "get"
    ok: int = 200
    turned: int = 404
    anonymous: int = 302
    data: dict[str, str] | None = None
    headers: dict[str, str] | None = None


def everybody(role: str, thing: str) -> bool:
    return True


def reader_of_own(role: str, thing: str) -> bool:
    return thing == "own" and role in READERS


def reporters(role: str, thing: str) -> bool:
    return role in REPORTERS


def keepers(role: str, thing: str) -> bool:
    return role == Role.SYSTEM_ADMINISTRATOR


def nothing_set_aside(world: World, thing: str) -> dict[str, Any]:
    return {"pk": 999_999}


def administrators(role: str, thing: str) -> bool:
    return role in ADMINISTRATORS


def system_administrator(role: str, thing: str) -> bool:
    return role == Role.SYSTEM_ADMINISTRATOR


def text_key(world: World, thing: str) -> dict[str, Any]:
    return {"audience": "person", "code": "step", "channel": "sms"}


def no_message(world: World, thing: str) -> dict[str, Any]:
    return {"pk": 999_999}


def number(world: World, thing: str) -> dict[str, Any]:
    return {"number": world.cases[thing].number if thing in world.cases else "SJ2026-999999-X"}


def comment(world: World, thing: str) -> dict[str, Any]:
    return number(world, thing) | {"name": "comment"}


def attachment(world: World, thing: str) -> dict[str, Any]:
    return {"pk": world.attachments.get(thing, 999_999)}


def upload(world: World, thing: str) -> dict[str, Any]:
    return {"pk": world.uploads.get(thing, "00000000-0000-0000-0000-000000000000")}


def notice(world: World, thing: str) -> dict[str, Any]:
    return {"pk": world.notices.get(thing, 999_999)}


def order(world: World, thing: str) -> dict[str, Any]:
    return {"pk": world.orders.get(thing, 999_999)}


def area_pk(world: World, thing: str) -> dict[str, Any]:
    return {"pk": world.city.community.pk}


def area_code(world: World, thing: str) -> dict[str, Any]:
    return {"code": world.city.community.code}


def public(**changes: Any) -> Route:
    return Route(everybody, anonymous=changes.pop("anonymous", 200), **changes)


def limit(world: World, thing: str) -> dict[str, Any]:
    return {"code": "XF-HANDLE"}


def own_rule(world: World, thing: str) -> dict[str, Any]:
    return {"pk": DeadlineRule.objects.get(code="INC-BLUE").pk}


def rung(world: World, thing: str) -> dict[str, Any]:
    return {"pk": RungRule.objects.get(code="", unit="day", level=1).pk}


def own_rung(world: World, thing: str) -> dict[str, Any]:
    return limit(world, thing) | rung(world, thing)


def year(world: World, thing: str) -> dict[str, Any]:
    return {"year": 2027}


def day(world: World, thing: str) -> dict[str, Any]:
    return {"on": date(2027, 1, 4)}


SIGNED_IN = Route(everybody)
OWN_CASE = Route(reader_of_own, number)
ROUTES: dict[str, Route] = {
    "healthz": public(),
    "ladder:runs": Route(keepers, turned=403),
    "ladder:take_again": Route(keepers, nothing_set_aside, method="post", ok=302, turned=403),
    "readyz": public(),
    "portal:home": public(),
    "portal:help": public(),
    "portal:components": SIGNED_IN,
    "portal:set_language": public(ok=405, anonymous=405),
    "portal:large_text": public(ok=405, anonymous=405),
    "accounts:sign_in": public(ok=302),
    "accounts:sign_out": public(ok=405, anonymous=405),
    "accounts:profile": SIGNED_IN,
    "accounts:password": SIGNED_IN,
    "areas:tree": SIGNED_IN,
    "areas:node": Route(everybody, area_pk),
    "areas:detail": Route(everybody, area_pk),
    "areas:outlines": SIGNED_IN,
    "organisations:team": Route(everybody, area_code),
    "desk:worklist": SIGNED_IN,
    "worktime:rules": SIGNED_IN,
    "worktime:rungs": SIGNED_IN,
    "worktime:limit": Route(everybody, limit),
    "worktime:shorten": Route(system_administrator, limit, turned=403),
    "worktime:add_local": Route(system_administrator, limit, turned=403),
    "worktime:change_rule": Route(system_administrator, own_rule, turned=403),
    "worktime:end_rule": Route(system_administrator, own_rule, turned=403),
    "worktime:change_rung": Route(system_administrator, rung, turned=403),
    "worktime:own_rung": Route(system_administrator, own_rung, turned=403),
    "worktime:end_rung": Route(system_administrator, rung, ok=404, turned=403),
    "worktime:calendar_now": Route(everybody, ok=302),
    "worktime:calendar": Route(everybody, year),
    "worktime:import_notice": Route(system_administrator, turned=403),
    "worktime:day": Route(system_administrator, day, turned=403),
    "worktime:confirm_year": Route(system_administrator, year, turned=403),
    "supervision:orders": SIGNED_IN,
    "supervision:order": Route(reader_of_own, order),
    "incidents:report": Route(reporters, turned=403),
    "incidents:responsibilities": SIGNED_IN,
    "incidents:reported": OWN_CASE,
    "casework:case": OWN_CASE,
    "casework:step": Route(reader_of_own, comment),
    "casework:code": Route(reader_of_own, number, ok=302),
    "casework:track": public(),
    "casework:tracked": public(arguments=number, ok=302, anonymous=302),
    "casework:leave": public(method="post", ok=302, anonymous=302),
    "casework:uploads": Route(everybody, ok=405),
    "casework:upload": Route(lambda role, thing: thing == "own" and role == Role.GRID_WORKER, upload),
    "casework:attachment": Route(reader_of_own, attachment),
    "casework:thumbnail": Route(reader_of_own, attachment),
    "notices:list": SIGNED_IN,
    "notices:mark_read": Route(
        lambda role, thing: thing == "own" and role == Role.GRID_WORKER, notice, method="post", ok=302
    ),
    "notices:mark_all_read": Route(everybody, method="post", ok=302),
    "notices:channels": Route(system_administrator, turned=403),
    "notices:robot_new": Route(system_administrator, turned=403),
    "notices:robot": Route(system_administrator, no_message, ok=404, turned=403),
    "notices:log": Route(system_administrator, turned=403),
    "notices:trouble": Route(system_administrator, turned=403),
    "notices:message": Route(system_administrator, no_message, ok=404, turned=403),
    "notices:send_again": Route(
        system_administrator, no_message, method="post", ok=404, turned=403, data={"reason": "重发"}
    ),
    "notices:texts": Route(system_administrator, turned=403),
    "notices:text": Route(system_administrator, text_key, turned=403),
    "notices:preview": Route(system_administrator, text_key, method="post", turned=403),
    "notices:reset": Route(system_administrator, text_key, method="post", ok=302, turned=403),
    "notices:for_step": Route(system_administrator, text_key, method="post", ok=302, turned=403),
    "api:case": Route(reader_of_own, number, anonymous=401),
    "api:holdings": Route(reader_of_own, number, anonymous=401),
    "api:steps": Route(reader_of_own, number, anonymous=401),
    "api:step": Route(
        reader_of_own,
        comment,
        method="post",
        anonymous=401,
        data={"text": "看到了"},
        headers={"Idempotency-Key": "matrix"},
    ),
    "api:uploads": Route(everybody, ok=405, anonymous=401),
    "api:nothing": Route(everybody, ok=404, anonymous=404),
}


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Any) -> World:
    settings.MEDIA_ROOT = tmp_path
    city = build_city()
    users = {role: one_of_each(city, role) for role in ROLES}
    outsider = another_district(city)
    cases = {
        "own": report(city, at=AT, by=users[Role.GRID_WORKER]),
        "neighbour": report(city, at=AT, by=outsider, area="320813001001001"),
        "sealed": report(city, at=AT, by=users[Role.GRID_WORKER]),
    }
    attachments = {
        name: attach(case, outsider if name == "neighbour" else users[Role.GRID_WORKER])
        for name, case in cases.items()
    }
    Case.objects.filter(pk=cases["sealed"].pk).update(sealed=True)
    owners = {"own": users[Role.GRID_WORKER], "neighbour": outsider, "sealed": outsider}
    uploads = {name: str(files.receive(picture(), user=owner, at=AT).pk) for name, owner in owners.items()}
    notices = {
        name: Notice.objects.create(recipient=owner, case=cases[name], template="closed", created_at=AT).pk
        for name, owner in owners.items()
    }
    orders = {name: supervise(city, case) for name, case in cases.items()}
    return World(city, users, cases, attachments, uploads, notices, orders)


def supervise(city: City, case: Case) -> int:
    """Issue an order about a case, from the city to whoever leads it."""
    order_ = SupervisionOrder.objects.create(
        case=case,
        trigger="other",
        status="issued",
        number="督办〔2026〕1号",
        authority=city.city_org,
        addressee=case.lead,
        decided_by=city.supervisor,
        decided_at=AT,
        suggestions=["improve"],
        demand="书面说明",
    )
    return order_.pk


def one_of_each(city: City, role: str) -> User:
    """Make somebody with the widest posting that the role has; the matrix must hold even then."""
    user = add_user(f"matrix-{role}", role, is_staff=role in ADMINISTRATORS)
    places = {
        Role.GRID_WORKER: (city.community_org, city.grid),
        Role.GRID_LEADER: (city.community_org, city.grid),
        Role.COMMUNITY_CLERK: (city.community_org, city.community),
        Role.STREET_OFFICER: (city.street_org, city.street),
        Role.HANDLER: (city.community_org, None),
    }
    if role != NO_POSTING:
        organisation, area = places.get(Role(role), (city.district_org, city.district))
        post(user, organisation, Role(role), area)
    return user


def another_district(city: City) -> User:
    """Add a district that nobody of the first one serves, with its own worker."""
    district = Area(code="320813000000", tier=Tier.DISTRICT, name="洪泽区", name_en="Hongze District")
    street = Area(
        code="320813001000", tier=Tier.STREET, name="高良涧街道", name_en="Gaoliangjian", parent=district
    )
    community = Area(
        code="320813001001", tier=Tier.COMMUNITY, name="东园社区", name_en="Dongyuan", parent=street
    )
    grid = Area(code="320813001001001", tier=Tier.GRID, name="第一网格", name_en="Grid 1", parent=community)
    insert_areas([district, street, community, grid], by=None, at=AT)
    parent = city.city_org
    for area in (district, street, community):
        parent = Organisation.objects.create(
            code=f"HZ-{area.tier}",
            name=f"{area.name}办",
            type=OrganisationType.GOVERNMENT,
            parent=parent,
            governs=area,
        )
    user = add_user("outsider", "外区网格员")
    post(user, parent, Role.GRID_WORKER, grid)
    return user


def picture() -> ContentFile:
    raw = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(raw, "PNG")
    return ContentFile(raw.getvalue(), name="photo.png")


def attach(case: Case, user: User) -> int:
    sent = files.receive(picture(), user=user, at=AT)
    taken = take_step(case.pk, "attach", by=acting(user), data={"uploads": [str(sent.pk)]}, at=AT)
    return Attachment.objects.get(event=taken.event).pk


def named_routes() -> dict[str, str]:
    def walk(resolver: URLResolver, namespace: str, path: str) -> Iterator[tuple[str, str]]:
        for pattern in resolver.url_patterns:
            full = path + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield f"{namespace}{pattern.name}", full
            else:
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern, inner, full)

    return dict(walk(get_resolver(), "", ""))


def in_admin(name: str) -> bool:
    return name.startswith("admin:")


def signed_in(user: User | None) -> Client:
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_every_route_has_an_expectation() -> None:
    names = {name for name in named_routes() if not in_admin(name)}
    assert sorted(names - set(ROUTES)) == [], "say in ROUTES who may see these"
    assert sorted(set(ROUTES) - names) == [], "these routes are gone"


def test_strangers_are_turned_away(world: World) -> None:
    """One world for all routes: building it anew for each would cost more than asking it."""
    wrong = []
    for role in (ANONYMOUS, *ROLES):
        client = signed_in(world.users.get(role))
        for name, route in sorted(ROUTES.items()):
            for thing in OBJECTS if route.arguments else OBJECTS[:1]:
                address = reverse(name, kwargs=route.arguments(world, thing) if route.arguments else None)
                answer = getattr(client, route.method)(address, route.data or {}, headers=route.headers)
                if role == ANONYMOUS:
                    expected = route.anonymous
                else:
                    expected = route.ok if route.sees(role, thing) else route.turned
                if answer.status_code != expected:
                    wrong.append(f"{name} × {role} × {thing}: {answer.status_code}, expected {expected}")
    assert wrong == []


def test_the_admin_is_for_administrators(world: World) -> None:
    wrong = []
    clients = {role: signed_in(world.users.get(role)) for role in (ANONYMOUS, *ROLES)}
    for name, path in named_routes().items():
        if not in_admin(name) or name in {"admin:login", "admin:jsi18n", "admin:logout"}:
            continue
        address = "/" + re.sub(r"\(\?P<url>.*", "nothing", re.sub(r"<[^>]+>", "1", path)).replace("^", "")
        for role in (ANONYMOUS, *ROLES):
            if role in ADMINISTRATORS:
                continue
            answer = clients[role].get(address)
            if answer.status_code not in (302, 403, 404) or "/admin/login" not in answer.headers.get(
                "Location", "/admin/login"
            ):
                wrong.append(f"{role}: {address} {answer.status_code}")
    assert wrong == []


def test_no_case_stands_in_the_admin() -> None:
    cases = ("casework", "incidents_incident", "notices")
    assert [n for n in named_routes() if in_admin(n) and any(word in n for word in cases)] == []


def test_a_sealed_case_answers_byte_for_byte_as_one_that_does_not_exist(world: World) -> None:
    for role in (Role.GRID_WORKER, Role.COMMUNITY_CLERK, Role.DISTRICT_OFFICER, Role.SYSTEM_ADMINISTRATOR):
        client = signed_in(world.users[role])
        for name in ("casework:case", "casework:step"):
            arguments = comment if name == "casework:step" else number
            bodies = []
            for thing in ("sealed", "nobody"):
                values = arguments(world, thing)
                answer = client.get(reverse(name, kwargs=values))
                body = answer.content.decode().replace(values["number"], "NUMBER")
                bodies.append(
                    (answer.status_code, re.sub(r'(csrf\w*["\']?[^"\']*["\'])[\w]{64}', r"\1", body))
                )
            assert re.sub(r"\w{64}", "", bodies[0][1]) == re.sub(r"\w{64}", "", bodies[1][1])
            assert bodies[0][0] == bodies[1][0] == 404


def test_a_sealed_case_counts_nowhere(world: World) -> None:
    for role in sorted(READERS):
        body = signed_in(world.users[role]).get(reverse("desk:worklist"), {"desk": "all"}).content.decode()

        assert world.cases["sealed"].number not in body, role
        assert world.cases["own"].number in body, role
