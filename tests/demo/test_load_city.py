"""A small city is loaded twice for all tests of this module, and taken back at their end."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Q
from django.test import override_settings
from django.utils import timezone

from governance.demo.city.crowd import Cast
from governance.demo.city.moulds import Moulder, NotMouldable, mould_of
from governance.demo.city.plan import BATCH, Wanted, batches_of
from governance.demo.city.plays import Play, rows_of
from governance.demo.city.services import Loaded, load
from grid.areas import geometry
from grid.areas.models import Area, Tier
from grid.casework import feed, seals
from grid.casework.actors import Actor
from grid.casework.models import Case, Deadline, DeadlineStatus, Event, Feed, FeedReader, Holding, Phase, Rung
from grid.casework.steps import take_step
from grid.casework.timeline import number_is_sound
from grid.incidents.models import Category, Incident
from grid.incidents.statuses import Status
from grid.organisations.models import Organisation, Posting, Role
from grid.people.models import User
from grid.supervision.services import climb

AS_OF = datetime(2026, 10, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WANTED = Wanted(cases=1500, seed=7, as_of=AS_OF, due=40, running=120)
FIGURES: list[dict[str, object]] = []
MADE: list[Loaded] = []


def figures() -> dict[str, object]:
    """Return what must be the same for the same seed: everything but keys, numbers and hashes."""
    return {
        "cases": Counter(
            Case.objects.values_list(
                "title", "description", "area__code", "status", "outcome", "urgency", "lead__code",
                "reporter__username", "registered_at", "closed_at", "next_due_at", "next_rung_at",
                "silent_at", "version", "event_count", "longitude", "latitude",
            )
        ),
        "events": Counter(
            Event.objects.values_list("verb", "at", "user__username", "organisation__code", "texts__salt")
        ),
        "rungs": Counter(Rung.objects.values_list("deadline__code", "level", "due_at", "climbed_at", "told")),
        "areas": set(Area.objects.values_list("code", "name", "name_en", "west", "south", "households")),
        "people": set(User.objects.values_list("username", "name", "phone")),
        "postings": set(
            Posting.objects.values_list("user__username", "organisation__code", "role", "area__code", "leads")
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker) -> Iterator[None]:
    """
    Load the city past triggers and foreign keys, then again with all of them watching, and keep that one.

    Constraints that wait for the commit are asked at once.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        if not Category.objects.exists():
            # A test that commits ran before and emptied the tables; give back what migrations shipped.
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)
        for checked in (False, True):
            with transaction.atomic():
                MADE.append(load(WANTED, districts=1, checked=checked))
                FIGURES.append(figures())
                transaction.set_rollback(not checked)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def db_city(city: None, django_db_blocker, tmp_path: Path) -> Iterator[None]:
    """Give one test the city, and take back what it did to it."""
    with django_db_blocker.unblock(), override_settings(SEAL_DIR=tmp_path), transaction.atomic():
        yield
        transaction.set_rollback(True)


def output_of(command: str) -> str:
    out = StringIO()
    call_command(command, stdout=out, stderr=out)
    return out.getvalue()


def test_every_check_command_is_content(db_city: None) -> None:
    assert "1500 cases checked" in output_of("check_ledger")
    assert "every bound matches its parent" in output_of("check_tree")
    assert "governed once" in output_of("check_organisations")
    assert seals.seal(at=AS_OF).heads == WANTED.cases
    assert "1 seals verified, nothing was altered" in output_of("verify_timeline")


def test_checks_would_notice(db_city: None) -> None:
    case = Case.objects.filter(phase=Phase.HANDLING, next_rung_at__isnull=False).first()
    assert case is not None
    Case.objects.filter(pk=case.pk).update(next_rung_at=F("next_rung_at") + timedelta(seconds=1))

    with pytest.raises(CommandError):
        output_of("check_ledger")


def test_the_same_seed_gives_the_same_city_however_it_is_written(db_city: None) -> None:
    trusted, checked = FIGURES
    for name, found in trusted.items():
        assert found == checked[name], name
    assert MADE[0] == MADE[1]


def test_so_many_rungs_as_wanted_fall_due_within_the_hour_and_none_before(db_city: None) -> None:
    assert not Case.objects.filter(next_rung_at__lte=AS_OF).exists()
    due = Case.objects.filter(next_rung_at__lte=AS_OF + HOUR)
    assert due.count() == WANTED.due

    levels = Counter(
        3 if d.next_rung_at == d.due_at else 2 if d.next_rung_at == d.orange_at else 1
        for d in Deadline.objects.filter(case__in=due, ended_at=None)
    )
    assert set(levels) == {1, 2, 3}
    later = Deadline.objects.filter(ended_at=None, next_rung_at__gt=AS_OF + HOUR)
    assert later.count() == WANTED.running


def test_the_ladder_climbs_over_it_once(db_city: None) -> None:
    at = AS_OF + HOUR
    report = climb(at)

    assert (report.cases, report.set_aside) == (WANTED.due, [])
    assert report.told >= WANTED.due
    assert climb(at).cases == 0
    assert "every stored answer fits" in output_of("check_ledger")
    assert "nothing was altered" in output_of("verify_timeline")


def test_silence_is_climbed_too(db_city: None) -> None:
    at = AS_OF + timedelta(days=30)
    report = climb(at)

    assert report.silences > 0
    assert report.set_aside == []
    assert not Case.objects.filter(next_rung_at__lte=at).exists()


def test_a_step_goes_on_where_the_copy_ends(db_city: None) -> None:
    found = Case.objects.filter(
        status=Status.ACCEPTED, next_due_at__gt=AS_OF, lead__governs__tier="community"
    )
    case = found.order_by("pk").first()
    assert case is not None
    clerk = User.objects.filter(
        postings__organisation=case.lead, postings__role=Role.COMMUNITY_CLERK, postings__leads=True
    ).get()

    taken = take_step(case.pk, "handle", by=Actor.of(clerk), data={"result": "已清理。"}, at=AS_OF)

    assert taken.event.seq == case.event_count + 1
    assert taken.case.status == Status.HANDLED
    assert Deadline.objects.get(case=case).status == DeadlineStatus.MET
    assert "every stored answer fits" in output_of("check_ledger")
    assert "nothing was altered" in output_of("verify_timeline")


def test_nothing_happened_after_the_moment_at_which_it_is_looked_at(db_city: None) -> None:
    assert not Event.objects.filter(at__gt=AS_OF).exists()
    assert not Rung.objects.filter(climbed_at__gt=AS_OF).exists()
    assert not Case.objects.filter(Q(registered_at__gt=AS_OF) | Q(closed_at__gt=AS_OF)).exists()


def test_cases_stand_as_in_a_city_at_work(db_city: None) -> None:
    phases = Counter(Case.objects.values_list("phase", flat=True))
    assert phases[Phase.CLOSED] > 0.8 * WANTED.cases
    assert set(Case.objects.values_list("status", flat=True)) >= set(Status.values) - {"merged"}
    late = Case.objects.filter(next_due_at__lt=AS_OF)
    assert 0 < late.count() < 0.1 * WANTED.cases
    assert Deadline.objects.filter(status=DeadlineStatus.CANCELLED).exists()
    assert Rung.objects.filter(level=3, told=True).exists()
    assert Case.objects.filter(round_number=2).exists()
    assert Incident.objects.values("category").distinct().count() > 5
    assert Holding.objects.filter(organisation__governs=None).exists()


def test_numbers_carry_their_check_character_and_the_sequence_goes_on(db_city: None) -> None:
    numbers = list(Case.objects.values_list("number", flat=True))
    assert all(number_is_sound(number) for number in numbers)
    assert len(set(numbers)) == WANTED.cases
    last = max(int(number.split("-")[1]) for number in numbers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('casework_number')")
        assert cursor.fetchone()[0] == last + 1


def test_places_lie_in_their_grid(db_city: None) -> None:
    for case in Case.objects.select_related("area__parent").order_by("?")[:30]:
        grid = Area.objects.at_point(case.longitude, case.latitude)
        assert case.area.parent == grid
    for area in Area.objects.tier(Tier.GRID, Tier.BUILDING).order_by("?")[:30]:
        assert geometry.read_outline(area.outline) == area.outline
        assert (area.west, area.south, area.east, area.north) == geometry.box(area.outline)
        assert geometry.covers(area.outline, area.centre_lon, area.centre_lat) is not None


def test_a_clerk_sees_the_matters_of_her_own_community_alone(db_city: None) -> None:
    posting = Posting.objects.filter(role=Role.COMMUNITY_CLERK, leads=True).order_by("pk").first()
    assert posting is not None
    seen = Case.objects.visible_to(Actor.of(posting.user))

    inside = Area.objects.within([posting.area_id]).values("pk")
    assert seen.count() == Case.objects.filter(Q(area__in=inside) | Q(lead=posting.organisation)).count() > 0
    assert seen.count() < WANTED.cases / 10


def test_readers_of_the_feed_begin_after_it(db_city: None) -> None:
    assert set(Feed.objects.values_list("position", flat=True)) == set(range(1, Feed.objects.count() + 1))
    seen: list[Event] = []
    assert feed.read("notices", seen.extend) == 0
    assert FeedReader.objects.get(name="notices").position == Feed.objects.count()


def test_the_sign_ins_stand_in_one_line(db_city: None) -> None:
    worker, clerk = User.objects.get(username="worker"), User.objects.get(username="community")
    assert worker.check_password("sunshine-demo")
    assert worker.postings.get().organisation == clerk.postings.get().organisation
    assert not User.objects.filter(
        is_demo=True, username__startswith="city", password__startswith="md5"
    ).exists()


def test_a_database_that_is_not_empty_is_left_as_it_is(db_city: None) -> None:
    before = Organisation.objects.count(), Case.objects.count()
    with pytest.raises(CommandError, match="left as it is"):
        call_command("load_city", cases=10)
    assert (Organisation.objects.count(), Case.objects.count()) == before


@pytest.mark.parametrize(
    "options",
    [
        {"cases": 0},
        {"cases": 10, "due": 11},
        {"cases": 10, "due": 6, "running": 5},
        {"cases": 10, "due": -1},
        {"cases": 10, "as_of": "yesterday"},
        {"cases": 10, "jobs": 0},
    ],
)
def test_sizes_that_do_not_fit_are_refused(db, options: dict[str, object]) -> None:
    with pytest.raises(CommandError, match="--"):
        call_command("load_city", **options)


@override_settings(DEMO_ACCOUNTS_ALLOWED=False)
def test_production_refuses_it(db) -> None:
    with pytest.raises(CommandError, match="forbid"):
        call_command("load_city", cases=10)


def test_batches_add_up_to_what_is_wanted() -> None:
    wanted = Wanted(cases=12_345, seed=1, as_of=AS_OF, due=1_001, running=777)
    batches = batches_of(wanted)
    total: Counter[str] = sum((b.sorts for b in batches), Counter())

    assert total == Counter(
        due=1_001, running=777, resting=wanted.resting, closed=12_345 - 1_778 - wanted.resting
    )
    assert all(0 < b.size <= BATCH + 3 for b in batches)


def test_somebody_from_elsewhere_fits_no_mould(db_city: None) -> None:
    moulder = Moulder(a_play(), {User: frozenset([5])})

    assert moulder.key(User, 5) == 5
    with pytest.raises(NotMouldable, match="not of its place"):
        moulder.key(User, 6)


def test_a_play_with_a_deadline_in_days_makes_no_mould(db_city: None) -> None:
    play = a_play()
    play.rows[Deadline][0]["unit"] = "day"

    with pytest.raises(NotMouldable, match="in days"):
        mould_of(play, {}, {})


def a_play() -> Play:
    """Return a play whose rows are those of a case of the city, and whose place has nobody."""
    case = Case.objects.filter(phase=Phase.HANDLING, deadlines__ended_at=None).order_by("pk").first()
    assert case is not None
    at = timezone.now()
    return Play("somebody", 1, Cast(), rows_of(case), case.registered_at, at, None, 0)
