"""Play all incidents in the order of time, with the ladder climbing between the steps as it would have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from heapq import heappop, heappush

from django.db import connection
from django.utils import timezone

from governance.demo.plot import Act, Acts, Cue, Plot
from grid.casework.actors import Actor
from grid.casework.models import Case
from grid.casework.steps import open_case, take_step
from grid.supervision.services import climb

KIND = "incident"
OPENING = ("report", "report_done")
MINUTE = timedelta(minutes=1)
# After so many steps the tables of cases have grown beyond what was last known of them.
LEARN_AFTER = (60, 500)


def learn_sizes() -> None:
    """
    Let PostgreSQL count what this transaction wrote.

    Autovacuum does not see it before the commit, and plans made for empty tables take seconds on full ones.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


class Stage:
    """Where the plots are played: nothing happens after the end, and nothing out of order."""

    def __init__(self, *, end: datetime, progress: Callable[[int], object] | None = None) -> None:
        """Take the end of the story."""
        self.end = end
        self.progress = progress
        self.steps = 0
        # Every posting of the demo began before its year, so that one day stands for all.
        self._actors: dict[int, Actor] = {}
        self._postings_on = timezone.localdate(end) - timedelta(days=366)
        self._rungs: dict[int, datetime] = {}
        self._queue: list[tuple[datetime, int, Cue, Plot, Acts]] = []

    def play(self, plots: Iterable[tuple[Plot, Acts]]) -> None:
        """Play the plots together; what would happen after the end stays open."""
        for number, (plot, acts) in enumerate(plots):
            self._line_up(number, next(acts, None), plot, acts)
        while self._queue:
            at, number, cue, plot, acts = heappop(self._queue)
            self.climb_to(at)
            act = plot.act(cue.move)
            if act is not None:
                plot.case = self._take(plot, act)
                self._note_rung(plot.case)
                self.steps += 1
                if self.steps in LEARN_AFTER:
                    learn_sizes()
                if self.progress:
                    self.progress(1)
            self._line_up(number, _go_on(acts, act is not None), plot, acts)
        self.climb_to(self.end)

    def climb_to(self, until: datetime) -> None:
        """Climb every rung that fell due, each at the minute in which beat would have climbed it."""
        while self._rungs and (due := min(self._rungs.values())) <= until:
            minute = due.replace(second=0, microsecond=0)
            climb(min(minute if minute == due else minute + MINUTE, until))
            waiting = Case.objects.values_list("pk", "next_rung_at")
            self._rungs = {pk: due for pk, due in waiting if due is not None}

    def _line_up(self, number: int, cue: Cue | None, plot: Plot, acts: Acts) -> None:
        if cue is not None and cue.at < self.end:
            heappush(self._queue, (cue.at, number, cue, plot, acts))

    def _take(self, plot: Plot, act: Act) -> Case:
        by = self._actors.setdefault(act.by.pk, Actor(act.by, on=self._postings_on))
        if act.step in OPENING:
            return open_case(KIND, act.step, by=by, data=act.data, at=act.at).case
        return take_step(plot.known.pk, act.step, by=by, data=act.data, at=act.at).case

    def _note_rung(self, case: Case) -> None:
        """Remember when the next rung of a case is due, so that not every step has to ask."""
        self._rungs.pop(case.pk, None)
        if case.next_rung_at is not None:
            self._rungs[case.pk] = case.next_rung_at


def _go_on(acts: Acts, happened: bool) -> Cue | None:
    """Tell a plot whether its last move happened, and return the next one."""
    try:
        return acts.send(happened)
    except StopIteration:
        return None
