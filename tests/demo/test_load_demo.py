"""The demo is loaded twice for all tests of this module, small, and taken back at their end."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import reverse
from shapely.geometry import shape
from shapely.ops import unary_union

from governance.demo import texts
from governance.demo.services import UNREAD_SINCE
from grid.areas.models import Area, Tier
from grid.casework import kinds
from grid.casework.actors import Actor
from grid.casework.models import Assignment, Case, Event, Link, Outcome, Rung
from grid.incidents.models import Category, Incident, Responsibility
from grid.incidents.statuses import Status
from grid.notices.models import Notice
from grid.organisations.models import Absence, Organisation, OrganisationType, Posting, Role
from grid.organisations.teams import teams_of
from grid.people.models import User
from grid.supervision.models import OrderStatus, SupervisionOrder, SupervisionRecord
from tests.factories.city import City, build_city

AS_OF = date(2026, 9, 17)
# 00:00 in Huai'an.
END = datetime(2026, 9, 16, 16, tzinfo=UTC)
SIGN_INS = ("worker", "community", "street", "district", "handler", "auditor", "admin")
FIGURES: list[dict[str, object]] = []


def figures() -> dict[str, object]:
    """Return what must be the same for the same day: everything but keys, numbers and salts."""
    return {
        "cases": Counter(
            Case.objects.values_list(
                "title", "description", "area__code", "status", "outcome", "urgency", "lead__code",
                "reporter__username", "assignee__username", "registered_at", "closed_at", "next_due_at",
                "next_rung_at", "round_number", "version", "event_count", "longitude", "latitude",
            )
        ),
        "events": Counter(Event.objects.values_list("verb", "at", "user__username", "organisation__code")),
        "rungs": Counter(Rung.objects.values_list("deadline__code", "level", "due_at", "climbed_at", "told")),
        "notices": Counter(
            Notice.objects.values_list("recipient__username", "template", "created_at", "read_at")
        ),
        "areas": set(
            Area.objects.values_list("code", "name", "name_en", "west", "south", "households", "population")
        ),
        "organisations": set(
            Organisation.objects.values_list("code", "name", "type", "parent__code", "phone")
        ),
        "people": set(User.objects.values_list("username", "name", "phone")),
        "postings": set(
            Posting.objects.values_list(
                "user__username", "organisation__code", "role", "area__code", "leads", "starts_on"
            )
        ),
        "orders": Counter(
            SupervisionOrder.objects.values_list(
                "case__title", "status", "number", "authority__code", "addressee__code", "decided_at",
                "ended_at",
            )
        ),
        "absences": Counter(Absence.objects.values_list("posting__user__username", "starts_on", "ends_on")),
    }  # fmt: skip


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Load the demo twice, note its figures each time, and keep the second one for the tests."""
    seal_dir = tmp_path_factory.mktemp("seals")
    with django_db_blocker.unblock(), override_settings(SEAL_DIR=seal_dir), transaction.atomic():
        if not Category.objects.exists():
            # A test that commits ran before and emptied the tables; give back what migrations shipped.
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)
        with transaction.atomic():
            load()
            FIGURES.append(figures())
            transaction.set_rollback(True)
        for seal in Path(seal_dir).iterdir():
            seal.unlink()
        load()
        FIGURES.append(figures())
        yield
        transaction.set_rollback(True)


def load() -> str:
    out = StringIO()
    call_command("load_demo", "--small", "--as-of", AS_OF.isoformat(), stdout=out)
    return out.getvalue()


def test_the_same_day_gives_the_same_demo(demo: None):
    first, second = FIGURES

    for name in first:
        assert first[name] == second[name], name
    assert len(first["cases"]) > 50


@pytest.mark.parametrize("command", ["check_tree", "check_organisations", "check_ledger", "verify_timeline"])
def test_every_check_passes(demo: None, command: str):
    call_command(command, stdout=StringIO(), stderr=StringIO())


def test_no_rung_is_outstanding(demo: None):
    assert Case.objects.filter(next_rung_at__isnull=False).exists()
    assert not Case.objects.filter(next_rung_at__lte=END).exists()


def test_rungs_were_climbed_when_they_fell_due(demo: None):
    delays = [
        r.climbed_at - r.deadline.starts_at for r in Rung.objects.filter(level=1).select_related("deadline")
    ]
    assert delays
    for rung in Rung.objects.filter(told=True, level=3):
        assert timedelta() <= rung.climbed_at - rung.due_at <= timedelta(minutes=1)


def test_every_status_outcome_and_urgency_is_there(demo: None):
    assert set(Case.objects.values_list("status", flat=True)) == set(Status.values)
    assert set(Case.objects.values_list("outcome", flat=True)) == {"", *Outcome.values}
    assert set(Case.objects.values_list("urgency", flat=True)) == {"red", "yellow", "blue"}
    assert Incident.objects.filter(handled_at_once=True).exists()
    assert Case.objects.filter(round_number=2, closed_at=None).exists()
    assert Case.objects.filter(round_number=2).exclude(closed_at=None).exists()
    assert Assignment.objects.filter(role="assisting").exists()
    assert set(Link.objects.values_list("type", flat=True)) == {"merged_into", "same_matter"}


def test_every_step_of_an_incident_was_taken(demo: None):
    taken = set(Event.objects.values_list("verb", flat=True))
    steps = {step.name for step in kinds.get("incident").steps if not step.hidden}

    # What nobody needed: files come with a step, areas were right, nothing was pulled apart.
    assert steps - taken <= {"attach", "move", "unmerge"}
    assert "climb" in taken


def test_orders_stand_in_every_status_and_one_climbed_every_rung(demo: None):
    assert set(SupervisionOrder.objects.values_list("status", flat=True)) == set(OrderStatus.values)
    assert set(SupervisionRecord.objects.values_list("type", flat=True)) == {"talk", "notice"}
    order = SupervisionOrder.objects.get(status="delisted")
    rungs = Rung.objects.filter(deadline=order.deadline).order_by("level")
    assert list(rungs.values_list("level", flat=True)) == [1, 2, 3, 4, 5]
    assert list(rungs.order_by("climbed_at")) == list(rungs)
    verbs = list(Event.objects.filter(case=order.case).order_by("seq").values_list("verb", flat=True))
    life = ["order_confirm", "order_answer", "order_list", "order_rectified", "order_delist"]
    assert [verb for verb in verbs if verb in life] == life
    assert not SupervisionOrder.objects.open().exclude(case__closed_at=None).exists()


def test_some_are_late_some_due_soon_and_nothing_lies_ahead(demo: None):
    assert Case.objects.overdue(at=END).count() >= 3
    assert Case.objects.due_before(END + timedelta(hours=24), at=END).count() >= 3
    assert not Event.objects.filter(at__gt=END).exists()
    assert Event.objects.filter(at__gte=END - timedelta(days=2)).exists()
    assert Event.objects.order_by("at").first().at < END - timedelta(days=120)


def test_entries_follow_each_other_in_time(demo: None):
    last: dict[int, datetime] = {}
    for case_id, at in Event.objects.order_by("case_id", "seq").values_list("case_id", "at"):
        assert last.get(case_id, at) <= at
        last[case_id] = at
    assert list(Event.objects.order_by("feed__position").values_list("at", flat=True)) == sorted(
        Event.objects.values_list("at", flat=True)
    )


def test_the_feed_is_numbered_and_old_notices_are_read(demo: None):
    assert not Event.objects.filter(feed__position=None).exists()
    unread = Notice.objects.filter(read_at=None)
    assert unread.exists()
    assert not unread.filter(created_at__lt=END - UNREAD_SINCE).exists()
    assert Notice.objects.exclude(read_at=None).exists()


@pytest.mark.parametrize("username", SIGN_INS)
def test_every_sign_in_works(demo: None, username: str):
    client = Client()

    client.post(reverse("accounts:sign_in"), {"username": username, "password": "sunshine-demo"})

    assert client.session["_auth_user_id"] == str(User.objects.get(username=username).pk)


def test_only_the_sign_ins_have_a_password(demo: None):
    people = User.objects.filter(is_demo=True)

    assert {u.username for u in people if u.has_usable_password()} == set(SIGN_INS)
    assert User.objects.filter(is_demo=False).exclude(username="machine").count() == 0
    assert not User.objects.filter(is_superuser=True).exists()


def test_the_sign_ins_form_one_line_from_the_grid_to_the_city(demo: None):
    posting = {name: Posting.objects.get(user__username=name) for name in SIGN_INS}
    worker, community, street = posting["worker"], posting["community"], posting["street"]

    assert worker.role == Role.GRID_WORKER
    assert worker.area.parent == community.area
    assert community.area.parent == street.area
    assert street.area.parent == posting["district"].area
    assert worker.organisation == community.organisation == community.area.governing_organisation
    assert community.organisation.parent == street.organisation
    assert posting["handler"].organisation.name == "清江浦区城市管理局"
    assert posting["handler"].organisation.parent == posting["district"].organisation
    assert posting["handler"].organisation.functional_superior.name == "淮安市城市管理局"


@pytest.mark.parametrize("username", SIGN_INS[:5])
def test_every_desk_has_something_to_do(demo: None, username: str):
    actor = Actor(User.objects.get(username=username), on=AS_OF)
    mine = Case.objects.visible_to(actor).open()

    assert mine.count() >= 3
    if username != "worker":
        led = mine.filter(lead=actor.organisation)
        assert led.count() >= 2


def test_administrator_and_auditor_see_no_case(demo: None):
    for username in ("auditor", "admin"):
        actor = Actor(User.objects.get(username=username), on=AS_OF)
        assert not Case.objects.visible_to(actor).exists()


def test_the_administrator_reaches_the_administration(demo: None):
    client = Client()
    client.force_login(User.objects.get(username="admin"))

    assert client.get(reverse("admin:people_user_changelist")).status_code == 200
    assert client.get(reverse("admin:organisations_posting_add")).status_code == 403


def test_grids_fill_their_community_and_are_found_by_a_point(demo: None):
    for community in Area.objects.tier(Tier.COMMUNITY):
        grids = list(Area.objects.filter(parent=community))
        whole = unary_union([shape(grid.outline) for grid in grids])
        assert whole.symmetric_difference(shape(community.outline)).area < 1e-9
        assert sum(shape(grid.outline).area for grid in grids) == pytest.approx(whole.area, abs=1e-9)
        assert community.households == sum(grid.households for grid in grids)
        for grid in grids:
            assert Area.objects.at_point(grid.centre_lon, grid.centre_lat) == grid
    assert not Area.objects.filter(outline__isnull=False, schematic=False).exists()


def test_grids_and_buildings_have_their_codes_and_sizes(demo: None):
    for grid in Area.objects.tier(Tier.GRID).select_related("parent"):
        assert grid.code[:12] == grid.parent.code
        assert 240 <= grid.households <= 500
        assert 1.9 < grid.population / grid.households < 3.5
    building = Area.objects.tier(Tier.BUILDING).first()
    assert len(building.code) == 20
    assert shape(building.parent.outline).contains(shape(building.outline))


def test_teams_are_two_and_two_and_a_few_fall_short(demo: None):
    teams = teams_of(list(Area.objects.tier(Tier.GRID)), on=AS_OF)

    short = [team for team in teams if team.understaffed]
    assert 2 <= len(short) <= len(teams) / 5
    assert all(len(t.full_time) == len(t.part_time) == 2 for t in teams if not t.understaffed)
    assert all(team.members for team in teams)


def test_organisations_of_all_five_types_and_absences_are_there(demo: None):
    assert set(Organisation.objects.values_list("type", flat=True)) == set(OrganisationType.values)
    away = Absence.objects.on(AS_OF)
    assert away.exclude(stand_in=None).exists()
    assert away.filter(stand_in=None).exists()
    assert Notice.objects.filter(template="vacant_post", recipient__username="admin").exists()


def test_nothing_invented_can_be_taken_for_real(demo: None):
    assert not User.objects.filter(is_demo=True).exclude(phone__startswith="0517-0000").exists()
    assert not Organisation.objects.exclude(phone__startswith="0517-0000").exists()
    companies = Organisation.objects.filter(type__in=[OrganisationType.MARKET, OrganisationType.SOCIAL])
    assert all("(演示)" in o.name and "(demo)" in o.name_en for o in companies)


def test_everything_has_an_english_name(demo: None):
    assert not Area.objects.filter(name_en="").exists()
    assert not Organisation.objects.filter(name_en="").exists()
    assert not Responsibility.objects.filter(basis_en="").exists()


def test_loading_again_does_nothing(demo: None):
    before = Case.objects.count()

    assert load() == "The demo is loaded already; nothing was done.\n"
    assert Case.objects.count() == before


def test_what_is_not_the_demo_is_left_alone(db: None):
    city: City = build_city()

    with pytest.raises(CommandError, match="left as it is"):
        load()

    assert User.objects.filter(is_demo=True).count() == 0
    assert Area.objects.count() == 9
    assert Organisation.objects.get(parent=None) == city.city_org


def test_production_settings_refuse_the_demo(db: None, settings):
    settings.DEMO_ACCOUNTS_ALLOWED = False

    with pytest.raises(CommandError, match="password is published"):
        load()

    assert not Area.objects.exists()


def test_every_story_has_a_category_and_stays_within_its_fields(db: None):
    leaves = {c.code: c for c in Category.objects.exclude(parent=None)}

    for code, rows in texts.outlines().items():
        assert code in leaves
        for row in rows:
            assert all(row[name].strip() for name in ("title", "description", "result"))
            assert row["title"].startswith("{where}")
            assert len(row["title"]) < 60
            assert row["place"] == "village" or f"at_{row['place']}" in texts.words()
    assert set(texts.AT_ONCE) <= set(texts.outlines())
    assert {code[0] for code in texts.outlines()} == set(texts.WEIGHTS)
