"""Load a whole city for measuring, in bulk and yet consistent: the same for the same seed."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from django.db import connection, connections, transaction
from django.db.models import AutoField, Model
from django.utils import timezone, translation

from governance.demo.city import scenarios
from governance.demo.city.casting import Foundry, numbered
from governance.demo.city.copying import copy_text, is_superuser, reserve, trusted, without_indexes
from governance.demo.city.crowd import Crowd, gather
from governance.demo.city.ground import Ground, lay_ground
from governance.demo.city.moulds import Mould, mould_of
from governance.demo.city.plan import Batch, Wanted, batches_of, choices_of, count_rows
from governance.demo.city.plays import Play, Player, stage
from governance.demo.city.silence import Silence
from governance.demo.city.stories import Stories
from governance.process import die_with_parent
from grid.areas.models import Area
from grid.casework.models import Case, Feed, FeedReader
from grid.casework.timeline import number_is_sound
from grid.notices import reader
from grid.organisations.models import Organisation
from grid.people.models import User

# The plays are given in a week without holidays, on a working morning.
PLAYED = timedelta(days=400)
# From so many cases on each life is played in so many versions.
VERSIONS = {0: 1, 5_000: 2, 20_000: 3, 200_000: 5}
NUMBERS = "casework_number"
READERS = (reader.READER,)


class NotEmpty(Exception):
    """The database holds areas, organisations or cases already."""


@dataclass(frozen=True)
class Loaded:
    """What was made."""

    areas: int
    people: int
    cases: int
    rows: int


Progress = Callable[[int], object]


def load(
    wanted: Wanted,
    *,
    jobs: int = 1,
    districts: int = 0,
    checked: bool = False,
    progress: Progress | None = None,
) -> Loaded:
    """
    Fill an empty database with a city.

    Ground and people come in one transaction, incidents in batches of their own: what a killed load leaves
    behind has to be dropped.

    :param jobs: processes that write incidents; more than one need what was written to be committed.
    :param districts: only the smallest so many districts, for tests; 0 means all.
    :param checked: let triggers and foreign keys judge every row, which takes longer; a role that is no
        superuser has no choice.
    :raises NotEmpty: when there are areas, organisations or cases.
    """
    if any(model._base_manager.exists() for model in (Area, Organisation, Case)):
        raise NotEmpty
    rng = Random(f"{wanted.seed} city")  # noqa: S311
    trust = is_superuser() and not checked
    with translation.override("zh-hans"):
        with transaction.atomic():
            ground = lay_ground(
                rng,
                at=wanted.as_of,
                districts=districts,
                bulk=partial(_bulk, [Area]) if trust else nullcontext,
            )
            crowd = gather(ground, rng, as_of=timezone.localdate(wanted.as_of))
        _learn_sizes()
        moulds = _moulds(wanted, ground, crowd, rng)
    choices = choices_of(moulds)
    batches = batches_of(wanted)
    totals = count_rows(batches, choices, wanted.seed)
    foundry = Foundry(
        wanted, ground, crowd, choices, Stories(ground, rng), Silence(), *_take_keys(totals, wanted)
    )
    with without_indexes(totals) if trust else nullcontext():
        _write(foundry, batches, jobs=jobs, trust=trust, progress=progress)
    _skip_feed(totals)
    _tidy_up(totals)
    return Loaded(Area.objects.count(), User.objects.count(), Case.objects.count(), sum(totals.values()))


@contextmanager
def _bulk(models: Iterable[type[Model]]) -> Iterator[None]:
    """Write very many rows in a transaction that has written some of these tables before."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with trusted(), without_indexes(models):
        yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _moulds(wanted: Wanted, ground: Ground, crowd: Crowd, rng: Random) -> list[Mould]:
    """Play every life a few times in the middle of the city, and make moulds of the plays."""
    grid = ground.grids[len(ground.grids) // 2]
    player = Player(crowd.cast(grid, grid.first_building), rng)
    versions = max(n for size, n in VERSIONS.items() if wanted.cases >= size)
    lives = (*scenarios.ENDED, *scenarios.RUNNING, *scenarios.RESTING)
    began = timezone.localtime(wanted.as_of - PLAYED).replace(hour=9, minute=10, second=0, microsecond=0)
    moulds = []
    with stage():
        for scenario in lives:
            for version in range(versions):
                at = began + timedelta(minutes=37 * version)
                moulds += [mould_of(p, crowd.everybody, crowd.order) for p in player.play(scenario, at=at)]
    _compare_number(moulds[0].play)
    return moulds


def _compare_number(play: Play) -> None:
    """
    Hold the way in which copies are numbered against a number that the kernel wrote.

    :raises RuntimeError: when the kernel writes numbers in another way.
    """
    number = play.case["number"]
    prefix, (year, sequence, _check) = number[:2], number[2:].split("-")
    if numbered(prefix, int(year), int(sequence)) != number or not number_is_sound(number):
        raise RuntimeError(f"the kernel writes case numbers in another way: {number}")


def _take_keys(totals: Counter[type[Model]], wanted: Wanted) -> tuple[dict[type[Model], int], int]:
    """Take the keys of all rows from their sequences, and the case numbers from theirs."""
    keyed = [model for model in totals if isinstance(model._meta.pk, AutoField)]
    first = {model: reserve(model, totals[model]).start for model in keyed}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval('{NUMBERS}', nextval('{NUMBERS}') + %s)", [wanted.cases - 1])
        last = cursor.fetchone()[0]
    return first, last - wanted.cases + 1


# What a process that writes batches works with; inherited by fork, so that nothing large is sent about.
_foundry: Foundry | None = None
# What holds for as long as such a process lives.
_session = ExitStack()


def _write(
    foundry: Foundry, batches: Sequence[Batch], *, jobs: int, trust: bool, progress: Progress | None
) -> None:
    """Write all batches, here or in processes of their own."""
    global _foundry
    _foundry = foundry
    with ExitStack() as stack:
        if jobs == 1:
            if trust:
                stack.enter_context(trusted())
            done: Iterable[int] = map(_write_batch, batches)
        else:
            connections.close_all()
            pool = multiprocessing.get_context("fork").Pool(jobs, _begin_work, (trust,))
            done = stack.enter_context(pool).imap_unordered(_write_batch, batches)
        for count in done:
            if progress:
                progress(count)


def _begin_work(trust: bool) -> None:
    """Set up a process that writes batches; it ends with the one that started it, however that ends."""
    die_with_parent(signal.SIGKILL)
    if trust:
        _session.enter_context(trusted())


def _write_batch(batch: Batch) -> int:
    """Write one batch, whole or not at all, and return its size."""
    if _foundry is None:
        raise RuntimeError("there is nothing to cast from")
    with transaction.atomic():
        for model, lines in _foundry.cast(batch).items():
            copy_text(model, lines)
    return batch.size


def _skip_feed(totals: Counter[type[Model]]) -> None:
    """Let the readers of the feed begin after what was loaded: nobody wants a million old messages."""
    FeedReader.objects.bulk_create(FeedReader(name=name, position=totals[Feed]) for name in READERS)


def _tidy_up(totals: Iterable[type[Model]]) -> None:
    """Let PostgreSQL count what was written and see which pages everybody may read."""
    verb = "ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE"
    with connection.cursor() as cursor:
        for model in totals:
            cursor.execute(f"{verb} {connection.ops.quote_name(model._meta.db_table)}")


def _learn_sizes() -> None:
    """Let PostgreSQL count ground and people, or every step of a play is searched row by row."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
