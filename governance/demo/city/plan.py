"""What a city is made of: how many incidents of which sort, in which batch, under which keys."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from django.db.models import Model

from governance.demo.city.moulds import Mould

BATCH = 1000
HOUR = timedelta(hours=1)
# How many years back the reports reach, and how many more come towards the end.
YEARS, GROWTH = 3, 1.4
# Of a thousand incidents so many run, rest (nothing is due any more, or all rungs were climbed), fall due.
RUNNING, RESTING, DUE = 40, 25, 1
# Of a hundred that fall due within the hour so many turn yellow, orange and red.
LEVELS = {1: 50, 2: 25, 3: 25}


@dataclass(frozen=True)
class Wanted:
    """
    How large the city is to be.

    `due` have a rung that falls due within the hour after `as_of`, and no other has one until that hour is
    over; `running` have a limit whose next rung falls due later.
    """

    cases: int
    seed: int
    as_of: datetime
    due: int
    running: int

    @property
    def resting(self) -> int:
        """Return how many are open without a rung ahead, or with silence as the only one."""
        return min(self.cases * RESTING // 1000, self.cases - self.due - self.running)


@dataclass
class Batch:
    """So many incidents: of which sorts, and the first key in each table."""

    number: int
    sorts: Counter[str]
    slice: tuple[float, float]
    first: dict[type[Model], int] = field(default_factory=dict)
    first_place: int = 0

    @property
    def size(self) -> int:
        """Return how many incidents it has."""
        return self.sorts.total()


class Choice:
    """Moulds of one sort, to be drawn by weight."""

    def __init__(self, moulds: Sequence[Mould], weights: Sequence[float]) -> None:
        """Take moulds and how often each comes."""
        self.moulds = moulds
        self.cumulated = list(accumulate(weights))

    def draw(self, rng: Random) -> Mould:
        """Return one of them."""
        return self.moulds[bisect_left(self.cumulated, rng.random() * self.cumulated[-1])]


def choices_of(moulds: Sequence[Mould]) -> dict[str, Choice]:
    """
    Sort the moulds into those for closed, resting, running and due incidents.

    :raises ValueError: when there is none for one of the sorts.
    """
    sorts: dict[str, dict[int, float]] = {"closed": {}, "resting": {}, "running": {}, "due": {}}
    levels = Counter(m.play.level for m in moulds if _can_be_due(m))
    for place, mould in enumerate(moulds):
        weight = mould.play.weight
        if mould.play.case["closed_at"] is not None:
            sorts["closed"][place] = weight
        elif not mould.play.level:
            sorts["resting"][place] = weight
        elif _can_be_due(mould):
            # A window of ten hours is met ten times as often as one of an hour.
            sorts["running"][place] = weight * (_window(mould) - HOUR).total_seconds()
            sorts["due"][place] = weight * LEVELS[mould.play.level] / levels[mould.play.level]
    empty = [name for name, found in sorts.items() if not found]
    if empty:
        raise ValueError(f"no play for: {', '.join(empty)}")
    return {
        name: Choice([moulds[place] for place in found], list(found.values()))
        for name, found in sorts.items()
    }


def _window(mould: Mould) -> timedelta:
    """Return how long a matter stands as in this mould, until its next rung."""
    play = mould.play
    return (play.rung_at or play.ended) - play.ended


def _can_be_due(mould: Mould) -> bool:
    """Tell whether there is an instant with the next rung still more than an hour away."""
    return mould.play.level > 0 and _window(mould) > HOUR


def batches_of(wanted: Wanted) -> list[Batch]:
    """Return the batches: what is closed in the order of time, then what is open, well mixed."""
    batches: list[Batch] = []
    still_open = {"resting": wanted.resting, "running": wanted.running, "due": wanted.due}
    closed = wanted.cases - sum(still_open.values())
    count = -(-closed // BATCH)
    for number in range(count):
        size = closed * (number + 1) // count - closed * number // count
        batches.append(Batch(number, Counter(closed=size), (number / count, (number + 1) / count)))
    opened = -(-sum(still_open.values()) // BATCH)
    for number in range(opened):
        sorts = {s: n * (number + 1) // opened - n * number // opened for s, n in still_open.items()}
        batches.append(Batch(count + number, Counter(sorts), (0.0, 1.0)))
    return batches


def draw(batch: Batch, choices: dict[str, Choice], seed: int) -> tuple[Random, list[tuple[str, Mould]]]:
    """Return the dice of a batch and what it is made of, the same whenever it is called."""
    rng = Random(f"{seed} batch {batch.number}")  # noqa: S311
    drawn = [(sort, choices[sort].draw(rng)) for sort, size in batch.sorts.items() for _ in range(size)]
    return rng, drawn


def count_rows(batches: Sequence[Batch], choices: dict[str, Choice], seed: int) -> Counter[type[Model]]:
    """Note in each batch how many rows stand before it in each table, and return how many there are."""
    totals: Counter[type[Model]] = Counter()
    place = 0
    for batch in batches:
        batch.first, batch.first_place = dict(totals), place
        for _sort, mould in draw(batch, choices, seed)[1]:
            totals.update(mould.counts)
        place += batch.size
    return totals
