"""One incident of the demo as it goes on: who takes the next step, when, and what he writes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from governance.demo import superiors
from governance.demo.bodies import Bodies, table, telephone
from governance.demo.names import names
from governance.demo.staff import Staff
from governance.demo.territory import Territory
from governance.demo.texts import Story, say
from governance.demo.tiling import corners, point_in
from grid.areas.models import Area, Tier
from grid.casework.models import Case, Channel, Outcome, Party
from grid.incidents.data import FAILED, PASSED
from grid.organisations.models import Organisation
from grid.people.models import User

Data = dict[str, Any]
# Whom the responsibility list names in the district, by category, and who assists.
LISTED = {
    row["category"]: (row["lead"], row["assisting"].split())
    for row in table("duties")
    if row["tier"] == Tier.DISTRICT
}
PROPERTY_FIRMS = ("W1", "W2")
# The first of the invented numbers from which people call.
CALLERS_FROM = 8000
# Clerks also enter what reaches them by other ways.
CHANNELS = {Channel.RESIDENT: 5, Channel.HOTLINE: 3, Channel.PATROL: 2}


@dataclass(frozen=True)
class Cue:
    """When something is to happen; who does it and what he writes shows only then."""

    at: datetime
    move: str


@dataclass(frozen=True)
class Act:
    """One step that somebody takes."""

    at: datetime
    step: str
    by: User
    data: Data


# Yields what is to happen next, and is told whether it did.
Acts = Generator[Cue, bool, None]


@dataclass
class World:
    """Everybody and everything that a plot can draw on."""

    territory: Territory
    bodies: Bodies
    staff: Staff

    def __post_init__(self) -> None:
        """Find parents by key, so that no plot asks the database."""
        self.areas = {
            a.pk: a for a in (self.territory.district, *self.territory.streets, *self.territory.communities)
        }

    def office(self, organisation: Organisation | int, at: datetime) -> list[User]:
        """Return who is there in an organisation's office, the head first."""
        key = organisation if isinstance(organisation, int) else organisation.pk
        return self.staff.present(self.staff.offices.get(key, []), timezone.localdate(at))


@dataclass
class Plot:
    """An incident in the making; `case` is set once it was reported."""

    world: World
    rng: Random
    grid: Area
    story: Story
    at: datetime
    case: Case | None = None
    done: list[str] = field(default_factory=list)
    handled_by: int | None = None
    twin: Plot | None = None

    @property
    def community(self) -> Area:
        """Return the community of the grid."""
        return self.world.areas[self.grid.parent_id]

    @property
    def street(self) -> Area:
        """Return the subdistrict of the grid."""
        return self.world.areas[self.community.parent_id]

    @property
    def known(self) -> Case:
        """
        Return the case.

        :raises ValueError: before it was reported.
        """
        if self.case is None:
            raise ValueError("nothing was reported yet")
        return self.case

    @property
    def lead_tier(self) -> str:
        """Return the tier that the leading organisation governs; empty for a department."""
        governs = self.known.lead.governs_id
        return "" if governs is None else self.world.areas[governs].tier

    def cue(self, move: str) -> Cue:
        """Return the next move for the present instant."""
        return Cue(self.at, move)

    def act(self, move: str) -> Act | None:
        """
        Return the next step, or nothing when nobody can take it.

        :param move: name of a step, with a variant after a colon (`dispatch:team`).
        """
        step, _, variant = move.partition(":")
        made = MOVES[step](self, variant)
        if made is None or made[0] is None:
            return None
        self.done.append(move)
        return Act(self.at, step, made[0], made[1])

    def somebody(self, people: list[User]) -> User | None:
        """Return one of some people, the first of them most often."""
        if not people:
            return None
        return people[0] if self.rng.random() < 0.65 else self.rng.choice(people)

    def holder(self) -> User | None:
        """Return somebody of the organisation that leads."""
        return self.somebody(self.world.office(self.known.lead_id, self.at))

    def clerk(self) -> User | None:
        """Return a clerk of the community."""
        return self.somebody(self.world.office(self.world.bodies.governs(self.community), self.at))

    def team(self) -> list[User]:
        """Return who is there in the team of the grid."""
        return self.world.staff.present(self.world.staff.teams[self.grid.pk], timezone.localdate(self.at))

    def listed(self) -> tuple[Organisation, list[str]] | None:
        """Return whom the responsibility list names in the district, and who assists."""
        code = self.story.category
        found = LISTED.get(code) or LISTED.get(code[0])
        if found is None:
            return None
        bodies = self.world.bodies.district
        return bodies[found[0]], [bodies[key].code for key in found[1]]


Move = tuple[User | None, Data] | None


def _seen(plot: Plot) -> Data:
    """Return what the report says."""
    rng, story = plot.rng, plot.story
    seen: Data = {
        "category": story.category,
        "title": story.title,
        "description": story.description,
        "area": plot.grid.code,
        "address": story.where,
        "observed_at": plot.at - timedelta(minutes=rng.randint(2, 25)),
    }
    if rng.random() < 0.9:
        lon, lat = point_in(corners(plot.grid.outline or {}), rng)
        seen |= {"longitude": lon, "latitude": lat, "accuracy_m": rng.randint(4, 35)}
    if rng.random() < 0.2:
        seen["people_affected"] = rng.choice((2, 3, 4, 6, 8, 12, 20, 30, 60))
    return seen


def report(plot: Plot, variant: str) -> Move:
    """Let a grid worker report, or a clerk what came by telephone or over the counter."""
    seen = _seen(plot)
    if plot.rng.random() < 0.16 and not variant:
        channel = plot.rng.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        return plot.clerk(), seen | {"channel": channel}
    return plot.somebody(plot.team()), seen


def report_done(plot: Plot, variant: str) -> Move:
    """Let a grid worker settle it on the spot."""
    return plot.somebody(plot.team()), _seen(plot) | {"result": plot.story.result}


def by_holder(topic: str = "", name: str = "") -> Callable[[Plot, str], Move]:
    """Return a step of the leading organisation, with a sentence."""

    def move(plot: Plot, variant: str) -> Move:
        return plot.holder(), {name: say(topic, plot.rng)} if name else {}

    return move


def dispatch(plot: Plot, variant: str) -> Move:
    """Send it to the department on the list, to a property firm, or to the subdistrict's own team."""
    bodies, rng = plot.world.bodies, plot.rng
    if variant == "property":
        return plot.holder(), {
            "lead": bodies.district[rng.choice(PROPERTY_FIRMS)].code,
            "reason": say("property", rng),
        }
    if variant == "vacant":
        return plot.holder(), {"lead": bodies.district["W3"].code, "reason": say("property", rng)}
    team = bodies.teams.get(plot.street.pk)
    if variant == "team" and team is not None:
        return plot.holder(), {"lead": team.code, "reason": say("team", rng)}
    listed = plot.listed()
    if listed is None or listed[0].pk == plot.known.lead_id:
        return None
    return plot.holder(), {"lead": listed[0].code, "assisting": listed[1], "reason": say("dispatch", rng)}


def answer(plot: Plot, variant: str) -> Move:
    """Let the reporter answer."""
    text = say("answer", plot.rng, where=plot.story.where, m=plot.rng.randint(2, 9))
    return plot.known.reporter, {"answer": text}


def handle(plot: Plot, variant: str) -> Move:
    """Let somebody of the leading organisation state what was done."""
    user = plot.holder()
    plot.handled_by = user.pk if user else None
    return user, {"result": plot.story.result}


def verify(plot: Plot, variant: str) -> Move:
    """Let somebody of the grid look who did not handle it."""
    people = [user for user in plot.team() if user.pk != plot.handled_by]
    if variant == "failed":
        return plot.somebody(people), {"finding": FAILED, "text": say("verify_failed", plot.rng)}
    return plot.somebody(people), {"finding": PASSED, "text": say("verify", plot.rng)}


def close(plot: Plot, variant: str) -> Move:
    """Let the office of the community close it, or the officer who holds it."""
    by = plot.holder() if plot.lead_tier in (Tier.STREET, Tier.DISTRICT) else plot.clerk()
    outcome = variant or Outcome.SOLVED
    if outcome == Outcome.SOLVED:
        return by, {"outcome": outcome}
    if outcome == Outcome.WAITS:
        waits_for, explanation = say("waits", plot.rng)
        until = timezone.localdate(plot.at) + timedelta(days=plot.rng.randint(60, 300))
        return by, {
            "outcome": outcome,
            "explanation": explanation,
            "waits_for": waits_for,
            "waits_until": until,
        }
    return by, {"outcome": outcome, "explanation": say(str(outcome), plot.rng)}


def reopen(plot: Plot, variant: str) -> Move:
    """Let the reporter open it again."""
    plot.handled_by = None
    return plot.known.reporter, {"reason": say("reopen", plot.rng)}


def assign(plot: Plot, variant: str) -> Move:
    """Let the head give it to somebody of his office."""
    people = plot.world.office(plot.known.lead_id, plot.at)
    if len(people) < 2:
        return None
    return people[0], {"assignee": people[1].pk}


def regrade(plot: Plot, variant: str) -> Move:
    """Let the office make it more urgent."""
    if plot.known.urgency != "blue" or not plot.lead_tier:
        return None
    return plot.holder(), {"urgency": "yellow", "reason": say("regrade", plot.rng)}


def correct(plot: Plot, variant: str) -> Move:
    """Let the reporter correct the address."""
    return plot.known.reporter, {"address": f"{plot.story.where}附近", "reason": say("correct", plot.rng)}


def note_party(plot: Plot, variant: str) -> Move:
    """Let the clerk note who brought it."""
    number = telephone(CALLERS_FROM + plot.rng.randint(0, 999))
    return plot.clerk(), {"name": next(names(plot.rng)), "phone": number, "language": "zh-hans"}


def reissue_code(plot: Plot, variant: str) -> Move:
    """Let the clerk give a new code for one that was lost."""
    party = Party.objects.filter(case=plot.known).first()
    return (plot.clerk(), {"party": party.pk, "known_by": "phone"}) if party else None


def merge(plot: Plot, variant: str) -> Move:
    """Let the office put it to the twin that was reported before, while that one is open."""
    twin = plot.twin.case if plot.twin else None
    if twin is None or twin.closed_at is not None or twin.lead_id != plot.known.lead_id:
        return None
    return plot.holder(), {"other": twin.number, "reason": say("merge", plot.rng)}


def link(plot: Plot, variant: str) -> Move:
    """Let the office note that its twin is the same matter."""
    twin = plot.twin.case if plot.twin else None
    if twin is None or twin.lead_id != plot.known.lead_id:
        return None
    return plot.holder(), {"other": twin.number, "type": "same_matter"}


MOVES: dict[str, Callable[[Plot, str], Move]] = {
    "report": report,
    "report_done": report_done,
    "accept": by_holder(),
    "dispatch": dispatch,
    "send_back": by_holder("send_back", "reason"),
    "escalate": by_holder("escalate", "reason"),
    "ask": by_holder("ask", "question"),
    "answer": answer,
    "handle": handle,
    "verify": verify,
    "close": close,
    "reopen": reopen,
    "void": by_holder("void", "reason"),
    "merge": merge,
    "link": link,
    "comment": by_holder("comment", "text"),
    "assign": assign,
    "regrade": regrade,
    "correct": correct,
    "note_party": note_party,
    "reissue_code": reissue_code,
    **superiors.MOVES,
}
