"""Fill a city with data: the demo, the same for a given day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone, translation

from governance.demo.bodies import found_bodies, list_duties
from governance.demo.lives import life
from governance.demo.play import Stage, learn_sizes
from governance.demo.plot import Acts, Plot, World
from governance.demo.scenes import SAME, SCENES, scene
from governance.demo.staff import Staff, hire
from governance.demo.territory import Territory, lay_out
from governance.demo.texts import invent
from grid.areas.models import Area
from grid.casework import feed, seals
from grid.casework.models import Case, Feed, FeedReader
from grid.notices import reader
from grid.notices.models import Notice
from grid.organisations.models import Organisation
from grid.people.models import User
from grid.supervision.services import climb

SEED = 320812
# How many incidents besides the scenes, in the year before the end.
LIVES, LIVES_SMALL = 105, 12
YEAR = 365
# More and more is reported, as the portal is taken up.
GROWTH = 1.35
# Every so many-th incident is reported a second time.
TWINS = 41
NOTICES_SINCE = timedelta(days=14)
READ_AFTER = timedelta(hours=5)
UNREAD_SINCE = timedelta(hours=12)


class AlreadyFilled(Exception):
    """The database holds the demo already, or what is not the demo."""


@dataclass(frozen=True)
class Loaded:
    """What was made."""

    areas: int
    people: int
    cases: int
    steps: int


def is_loaded() -> bool:
    """Tell whether the demo is in the database."""
    return User.objects.filter(is_demo=True).exists()


def load(*, as_of: date, small: bool = False, progress: Callable[[int], object] | None = None) -> Loaded:
    """
    Make the demo as it stands when a day begins, whole or not at all.

    Whatever happens to a case happens by its steps, in the order of time; the ladder climbs between.

    :param as_of: the story ends at the first instant of this day; the same day gives the same demo.
    :param small: one subdistrict and few incidents, for tests.
    :raises AlreadyFilled: when there are areas, organisations or cases, of the demo or not.
    """
    end = timezone.make_aware(datetime.combine(as_of, time.min))
    # What is written into the record is in the language of the office.
    with translation.override("zh-hans"), transaction.atomic():
        if any(model.objects.exists() for model in (Area, Organisation, Case)):
            raise AlreadyFilled
        rng = Random(SEED)  # noqa: S311
        territory = lay_out(small=small, rng=rng, at=end - timedelta(days=2 * YEAR))
        bodies = found_bodies(territory)
        list_duties(bodies)
        staff = hire(territory, bodies, as_of=as_of, rng=rng)
        learn_sizes()
        stage = Stage(end=end, progress=progress)
        stage.play(_plots(World(territory, bodies, staff), end=end, count=LIVES_SMALL if small else LIVES))
        _deliver(end)
        made = Loaded(Area.objects.count(), User.objects.count(), Case.objects.count(), stage.steps)
    seals.seal(at=timezone.now())
    return made


def catch_up(*, at: datetime) -> None:
    """Climb what fell due between the end of the story and now, as beat would have."""
    climb(at)
    reader.deliver()


def _deliver(end: datetime) -> None:
    """
    Let everybody have his notices of the last weeks; those of the last day and night are still unread.

    Older ones nobody would look for, and each of them costs the first start some of its minute.
    """
    feed.number()
    before = Feed.objects.filter(event__at__lt=end - NOTICES_SINCE).aggregate(last=Max("position"))["last"]
    FeedReader.objects.create(name=reader.READER, position=before or 0)
    reader.deliver()
    read = Notice.objects.filter(created_at__lt=end - UNREAD_SINCE)
    read.update(read_at=F("created_at") + READ_AFTER)


def _plots(world: World, *, end: datetime, count: int) -> Iterator[tuple[Plot, Acts]]:
    """Yield the scenes of the sign-ins, then the incidents of the year, some of them reported twice."""
    yield from _scenes(world, end)
    for number in range(count):
        rng = Random(f"{SEED} life {number}")  # noqa: S311
        plot = _plot(world, _grid(world.territory, world.staff, rng), rng, at=_moment(rng, end))
        yield plot, life(plot)
        if number % TWINS == TWINS - 1:
            at = plot.at + timedelta(minutes=rng.randint(12, 50))
            again = Plot(world, rng, plot.grid, plot.story, at, twin=plot)
            yield again, life(again)


def _scenes(world: World, end: datetime) -> Iterator[tuple[Plot, Acts]]:
    """Yield the scenes, two of three in the grid of the sign-in, the others around it."""
    grids = world.territory.below(world.staff.home)
    plot: Plot | None = None
    for number, (category, moves) in enumerate(SCENES):
        rng = Random(f"{SEED} scene {number}")  # noqa: S311
        if category == SAME and plot is not None:
            plot = Plot(world, rng, plot.grid, plot.story, end, twin=plot)
        else:
            grid = grids[0] if number % 3 else rng.choice(grids)
            plot = _plot(world, grid, rng, at=end, category=category)
        yield plot, scene(plot, moves, end=end)


def _plot(world: World, grid: Area, rng: Random, *, at: datetime, category: str = "") -> Plot:
    month = timezone.localtime(at).month
    community = world.areas[grid.parent_id]
    return Plot(world, rng, grid, invent(grid, community, month=month, category=category, rng=rng), at)


def _grid(territory: Territory, staff: Staff, rng: Random) -> Area:
    """Return a grid anywhere, rather often at the home of the sign-ins or around it."""
    place = rng.random()
    if place < 0.08:
        return rng.choice(territory.below(staff.home))
    if place < 0.2:
        around = [c for c in territory.communities if c.parent_id == staff.home.parent_id]
        return rng.choice(territory.below(rng.choice(around)))
    return rng.choice(territory.grids)


def _moment(rng: Random, end: datetime) -> datetime:
    """Return when something is reported: by day, more often of late."""
    day = timezone.localdate(end) - timedelta(days=1 + int(YEAR * rng.random() ** GROWTH))
    hour = min(max(rng.gauss(13.2, 3.4), 6.2), 22.4)
    minutes = timedelta(minutes=round(hour * 60), seconds=rng.randint(0, 59))
    return timezone.make_aware(datetime.combine(day, time.min)) + minutes
