"""How incidents go: the ways they take, how long each step lasts, and what goes wrong now and then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random

from django.utils import timezone

from governance.demo.plot import Acts, Plot
from governance.demo.texts import AT_ONCE
from grid.areas.models import Tier
from grid.casework.models import Phase, Urgency
from grid.incidents.statuses import Status

HOURS = {Urgency.RED: 2.0, Urgency.YELLOW: 24.0, Urgency.BLUE: 72.0}
# Most need less than this share of the limit, and nobody has to be reminded.
QUICK = 0.55
# By whom a report is led, the ways it may take from there, each with its weight.
WAYS: dict[str, list[tuple[str, int]]] = {
    Tier.COMMUNITY: [
        ("accept handle", 46),
        ("accept dispatch handle", 9),
        ("accept dispatch accept handle", 13),
        ("accept dispatch:property accept handle", 3),
        ("accept dispatch send_back handle", 2),
        ("accept escalate accept handle", 7),
        ("accept escalate dispatch:team accept handle", 4),
        ("accept escalate escalate dispatch accept handle", 3),
        ("accept close:explained", 3),
        ("accept close:not_ours", 2),
        ("accept close:waits", 3),
        ("void", 3),
        ("close:explained", 2),
    ],
    Tier.STREET: [
        ("accept handle", 42),
        ("accept dispatch accept handle", 26),
        ("accept dispatch:team accept handle", 16),
        ("accept escalate dispatch accept handle", 8),
        ("accept close:explained", 4),
        ("void", 2),
    ],
    Tier.DISTRICT: [("accept dispatch accept handle", 1)],
    "": [("accept handle", 1)],
}
FIRM_LETTERS = "CGJ"
# What happens beside the way: after which step, what, how often.
ASIDES = (
    ("accept", "ask answer", 0.06),
    ("accept", "comment", 0.12),
    ("accept", "regrade", 0.02),
    ("accept", "assign", 0.14),
    ("report", "correct", 0.02),
    ("dispatch", "comment", 0.05),
)


def life(plot: Plot) -> Acts:
    """Lead an incident from the report to its end, however far the time reaches."""
    if plot.story.category in AT_ONCE and plot.rng.random() < 0.7:
        yield from _steps(plot, ["report_done"])
        return
    yield from _steps(plot, ["report"])
    if plot.twin is not None:
        yield from twin_life(plot)
        return
    yield from _go(plot, _way(plot))
    yield from _end(plot)
    if plot.known.phase == Phase.CLOSED and plot.rng.random() < 0.05 and "handle" in plot.done:
        _wait(plot, plot.rng.uniform(40, 200))
        yield from _steps(plot, ["reopen"])
        yield from _go(plot, ["accept", "handle"])
        yield from _end(plot)


def twin_life(plot: Plot) -> Acts:
    """Let a report of the same matter go into the first one, or be closed where that is over."""
    _wait(plot, plot.rng.uniform(0.4, 1.5))
    merged = yield plot.cue("merge")
    if not merged:
        yield from _go(plot, ["accept", "close:explained"])


def _way(plot: Plot) -> list[str]:
    """Choose a way that fits who leads and what it is about."""
    firm = plot.story.category[0] in FIRM_LETTERS
    ways = [w for w in WAYS[plot.lead_tier] if firm or "property" not in w[0]]
    chosen = plot.rng.choices([way for way, _w in ways], [weight for _way, weight in ways])[0].split()
    found: list[str] = []
    for after, aside, chance in ASIDES:
        if after == "report" and plot.rng.random() < chance:
            found += aside.split()
    for move in chosen:
        found.append(move)
        for after, aside, chance in ASIDES:
            if move.partition(":")[0] == after and after != "report" and plot.rng.random() < chance:
                found += aside.split()
    return found


def _go(plot: Plot, moves: Sequence[str]) -> Acts:
    """Take the steps of a way in the time that this office needs: mostly well within the limit."""
    limit = HOURS[Urgency(plot.known.urgency)]
    pace = plot.rng.random()
    if pace < 0.80:
        share = plot.rng.uniform(0.06, QUICK)
    elif pace < 0.93:
        share = plot.rng.uniform(0.6, 0.95)
    else:
        share = plot.rng.uniform(1.1, 2.4)
    pieces = [plot.rng.uniform(0.5, 1.5) for _ in moves]
    for move, piece in zip(moves, pieces, strict=True):
        _wait(plot, limit * share * piece / sum(pieces), before=_mark(plot, share))
        if move == "accept" and plot.known.status == Status.ACCEPTED:
            # Nobody was found to send it to, so it is here still.
            continue
        taken = yield plot.cue(move)
        if not taken and move in ("accept", "handle"):
            # Nobody is there to do it: it stays where it is, and the ladder tells the next one up.
            return


def _mark(plot: Plot, share: float) -> datetime | None:
    """Return before when the quick and the punctual finish: the first reminder, or the limit."""
    if share > 1:
        return None
    return plot.known.next_rung_at if share <= QUICK else plot.known.next_due_at


def _end(plot: Plot) -> Acts:
    """Verify what was handled, once more where it was not in order, and close it."""
    if "handle" not in plot.done or plot.known.phase == Phase.CLOSED or plot.known.status != Status.HANDLED:
        return
    if plot.rng.random() < 0.05:
        _wait(plot, plot.rng.uniform(2, 20))
        yield from _steps(plot, ["verify:failed"])
        _wait(plot, plot.rng.uniform(2, 12), before=plot.known.next_rung_at)
        yield from _steps(plot, ["handle"])
    _wait(plot, plot.rng.uniform(1, 26))
    yield from _steps(plot, ["verify"])
    _wait(plot, plot.rng.uniform(0.5, 22))
    yield from _steps(plot, ["close:partly" if plot.rng.random() < 0.09 else "close"])


def _steps(plot: Plot, moves: Sequence[str]) -> Acts:
    """Take steps at once, one after the other, as far as somebody is there for them."""
    for move in moves:
        taken = yield plot.cue(move)
        if not taken:
            return


def _wait(plot: Plot, hours: float, *, before: datetime | None = None) -> None:
    """
    Let time pass, up to office hours unless it is critical.

    :param before: hurry where this instant would pass.
    """
    now = plot.at
    plot.at += timedelta(hours=hours, seconds=plot.rng.randint(1, 59))
    critical = plot.case is not None and plot.case.urgency == Urgency.RED
    if not critical:
        plot.at = office_hours(plot.at, plot.rng)
    if before is not None and now < before <= plot.at:
        plot.at = now + (before - now) * plot.rng.uniform(0.4, 0.7)


def office_hours(at: datetime, rng: Random) -> datetime:
    """Return an instant, moved to the next morning where the office is closed."""
    local = timezone.localtime(at)
    opening = local.replace(hour=8, minute=30, second=0, microsecond=0) + timedelta(
        minutes=rng.randint(0, 80)
    )
    if local.time() < time(8, 30):
        return opening
    return opening + timedelta(days=1) if local.time() > time(18, 15) else at
