"""The parts of a case's page: deadlines, holders, rounds, other cases, days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import BigAutoField, CharField, F, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from grid.casework.models import Assignment, Case, Holding, LinkType, Outcome, Request, RequestType, Round
from grid.casework.request_data import wish_text
from grid.casework.wording import Entry
from grid.organisations.models import Organisation

if TYPE_CHECKING:
    from grid.casework.actors import Actor


@dataclass(frozen=True)
class Part:
    """
    A stay with an organisation, a round, or an organisation drawn in: each from when to when.

    `kind` is held, round or drawn in; `number` that of a round; `code` the outcome of a round or the part in
    which an organisation is drawn in.
    """

    kind: str
    number: int
    organisation: Organisation
    since: datetime
    until: datetime | None
    code: str

    def as_holding(self) -> Holding:
        """Return the stay as the row that it was read from."""
        return Holding(
            pk=self.number, organisation=self.organisation, starts_at=self.since, ended_at=self.until
        )

    @property
    def outcome(self) -> str:
        """Return what came of a round, in words."""
        return str(Outcome(self.code).label) if self.code else ""


# Of a request about a deadline: the steps by which somebody decides on it, and takes it back.
DECIDING = {
    RequestType.EXTENSION: ("grant_extension", "refuse_extension"),
    RequestType.PAUSE: ("grant_pause", "refuse_pause"),
}
TAKING_BACK = "withdraw_request"


@dataclass(frozen=True)
class Asked:
    """What somebody asked to be decided, in words, and the steps that the reader may take on it."""

    request: Request
    wish: str
    deadline: str
    steps: list[str]

    @classmethod
    def of(cls, request: Request, possible: list[str], reader: Actor) -> Asked:
        """Word a request for a reader who may take some steps now."""
        about_time = request.type in DECIDING
        wish = wish_text(request) if about_time else ""
        steps: list[str] = []
        if not request.decision and about_time:
            own = reader.user is not None and reader.user.pk == request.asked_by_id
            wanted = (TAKING_BACK,) if own else DECIDING[RequestType(request.type)]
            steps = [name for name in wanted if name in possible]
        return cls(request, wish, request.deadline.text if request.deadline else "", steps)


@dataclass
class Relative:
    """Another case that this one belongs to in some way."""

    case: Case
    relation: str


@dataclass
class Day:
    """What happened on one day, newest first."""

    on: date
    entries: list[Entry]


def relations(case: Case, other: Case) -> Iterable[str]:
    """Word how another case belongs to this one."""
    to_it = {
        LinkType.MERGED_INTO: _("Merged into"),
        LinkType.FOLLOWS: _("Follows"),
        LinkType.HANDED_OVER: _("Handed over to"),
        LinkType.SAME_MATTER: _("Same matter as"),
        LinkType.PART_OF: _("Part of"),
    }
    from_it = {
        LinkType.MERGED_INTO: _("Has taken in"),
        LinkType.FOLLOWS: _("Is followed by"),
        LinkType.HANDED_OVER: _("Taken over from"),
        LinkType.SAME_MATTER: _("Same matter as"),
        LinkType.PART_OF: _("Has as a part"),
    }
    yield from (to_it[LinkType(t)] for t in other.to_it)  # type: ignore[attr-defined]
    yield from (from_it[LinkType(t)] for t in other.from_it)  # type: ignore[attr-defined]
    if other.pk == case.source_id:
        yield _("Came from")
    if other.source_id == case.pk:
        yield _("Led to")


def read_parts(case: Case) -> list[Part]:
    """Return holdings, rounds and organisations drawn in, each kind in the order of time. One query."""
    big, text = BigAutoField(), CharField()
    columns = ("kind_", "number_", "who", "who_zh", "who_en", "since", "until", "code_")
    held = Holding.objects.filter(case=case).annotate(
        kind_=Value("held"),
        number_=F("pk"),
        who=F("organisation"),
        who_zh=F("organisation__name"),
        who_en=F("organisation__name_en"),
        since=F("starts_at"),
        until=F("ended_at"),
        code_=Value("", output_field=text),
    )
    rounds = Round.objects.filter(case=case).annotate(
        kind_=Value("round"),
        number_=Cast("number", big),
        who=F("lead"),
        who_zh=F("lead__name"),
        who_en=F("lead__name_en"),
        since=F("opened_at"),
        until=F("closed_at"),
        code_=F("outcome"),
    )
    drawn_in = Assignment.objects.filter(case=case).annotate(
        kind_=Value("drawn in"),
        number_=F("pk"),
        who=F("organisation"),
        who_zh=F("organisation__name"),
        who_en=F("organisation__name_en"),
        since=F("starts_at"),
        until=F("ended_at"),
        code_=F("role"),
    )
    rows = [q.order_by().values_list(*columns) for q in (held, rounds, drawn_in)]
    return [
        Part(kind, number, Organisation(pk=who, name=name, name_en=name_en), since, until, code)
        for kind, number, who, name, name_en, since, until, code in rows[0]
        .union(*rows[1:], all=True)
        .order_by("since", "number_")
    ]
