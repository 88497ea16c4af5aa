"""What the page of a case shows, read in few queries whatever the length of the case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, F, OuterRef, Prefetch, Q, Value, prefetch_related_objects
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.casework import deadlines, kinds, timeline
from grid.casework.models import (
    Assignment,
    Case,
    Deadline,
    DeadlineStatus,
    Extension,
    Holding,
    Link,
    Outcome,
    Pause,
    Phase,
    Request,
    Round,
)
from grid.casework.page_parts import Clock, Day, Passage, Relative, Stay, relations
from grid.casework.steps import possible_steps, refusal
from grid.casework.wording import Entry, Names, Wording, mentioned
from grid.organisations.models import Organisation
from grid.worktime.calendar import WorkCalendar

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from grid.areas.models import Area
    from grid.casework.actors import Actor
    from grid.casework.kinds import Kind, StatusInfo
    from grid.casework.models import Attachment, Event
    from grid.casework.table import Step

# From the building up to the district: four parents.
CHAIN = tuple("__".join(["area", *["parent"] * above]) for above in range(5))
STYLES = {"primary": 0, "secondary": 1, "danger": 3}
# Steps that stand behind the others of their style: they help, but do not take the case on.
SIDE_STEPS = ("comment", "attach", "correct", "move", "assign", "link", "merge", "unmerge")


def find(number: str, actor: Actor) -> Case | None:
    """
    Return a case that an actor may see, by its number, with its detail row and everything the page joins.

    Two queries: the case, and the organisations drawn in.
    """
    kind = next((k for k in kinds.all_kinds() if number.startswith(k.prefix)), None)
    if kind is None:
        return None
    detail = detail_accessor(kind)
    drawn_in = Prefetch("assignments", Assignment.objects.select_related("organisation").order_by("pk"))
    return (
        Case.objects.visible_to(actor)
        .filter(number=number, kind=kind.code)
        .select_related(
            "lead__governs",
            "assignee",
            "reporter",
            detail,
            *(f"{detail}__{path}" for path in kind.joins),
            *CHAIN,
        )
        .defer("lead__governs__outline", *(f"{path}__outline" for path in CHAIN))
        .prefetch_related(drawn_in)
        .annotate(has_requests=Exists(Request.objects.filter(case=OuterRef("pk"))))
        .first()
    )


def detail_accessor(kind: Kind) -> str:
    """Return the name under which a case has its detail row."""
    return str(kind.detail_model._meta.pk.remote_field.get_accessor_name())  # type: ignore[union-attr]


def detail_of(case: Case) -> Any:
    """Return the detail row that `find` joined."""
    return getattr(case, detail_accessor(kinds.get(case.kind)))


class CasePage:
    """One case as one reader sees it now."""

    def __init__(self, case: Case, actor: Actor, *, at: datetime) -> None:
        """Take a case that `find` returned."""
        self.case = case
        self.actor = actor
        self.at = at
        self.kind = kinds.get(case.kind)
        self.detail = detail_of(case)
        self.names = Names()
        self.names.know(case.lead, case.assignee, case.reporter, *self.areas, *_joined(self.detail))
        self.names.know(*(a.organisation for a in case.assignments.all()))
        if self.areas:
            actor.learn(self.areas[-1].pk, (a.pk for a in self.areas))

    @property
    def status(self) -> StatusInfo:
        """Return the status in words."""
        return self.kind.status(self.case.status)

    @cached_property
    def areas(self) -> list[Area]:
        """Return the areas from the district down to that of the case."""
        path: list[Area] = []
        area = self.case.area
        while area is not None:
            path.insert(0, area)
            area = area.parent
        return path

    @property
    def has_outline(self) -> bool:
        """Tell whether there is something to draw around the position: bounds come with an outline."""
        return self.case.longitude is not None and bool(self.areas) and self.areas[-1].west is not None

    @cached_property
    def steps(self) -> list[Step]:
        """Return the steps that are possible now, those that take the case on first."""
        found = possible_steps(self.case, self.actor, detail=self.detail)
        return sorted(found, key=lambda s: (STYLES.get(s.style, 1), s.name in SIDE_STEPS))

    @property
    def primary_steps(self) -> list[Step]:
        """Return the steps that take the case on."""
        return [s for s in self.steps if s.style == "primary"]

    @property
    def other_steps(self) -> list[Step]:
        """Return what else may be done."""
        return [s for s in self.steps if s.style != "primary" and s.name not in SIDE_STEPS]

    @property
    def side_steps(self) -> list[Step]:
        """Return what adds to the case or puts it right."""
        return [s for s in self.steps if s.style != "primary" and s.name in SIDE_STEPS]

    @property
    def awaited(self) -> list[Step]:
        """Return the steps that would take the case on and that others have to take."""
        mine = {s.name for s in self.steps}
        return [
            s
            for s in self.kind.steps
            if s.style == "primary" and self.case.status in s.sources and s.name not in mine and not s.hidden
        ]

    @cached_property
    def clocks(self) -> list[Clock]:
        """Return the deadlines, those that run first. One query, one more for pauses and for extensions."""
        rows = list(
            Deadline.objects.filter(case=self.case)
            .annotate(
                was_paused=Exists(Pause.objects.filter(deadline=OuterRef("pk"))),
                was_extended=Exists(Extension.objects.filter(deadline=OuterRef("pk"))),
            )
            .order_by(F("ended_at").desc(nulls_first=True), F("due_at").asc(nulls_last=True), "pk")
        )
        pauses = Pause.objects.all() if any(d.was_paused for d in rows) else Pause.objects.none()
        longer = Extension.objects.all() if any(d.was_extended for d in rows) else Extension.objects.none()
        prefetch_related_objects(rows, Prefetch("pauses", pauses), Prefetch("extensions", longer))
        calendar = WorkCalendar.load() if any(d.is_open for d in rows) else None
        return [self._clock(d, calendar) for d in rows]

    @property
    def running(self) -> list[Clock]:
        """Return the deadlines that are open, those of the office first."""
        return sorted((c for c in self.clocks if c.deadline.is_open), key=lambda c: not c.is_ours)

    @property
    def finished(self) -> list[Clock]:
        """Return the deadlines that were met, in time or not; what fell away is no news."""
        return [c for c in self.clocks if c.deadline.status == DeadlineStatus.MET]

    def _clock(self, deadline: Deadline, calendar: WorkCalendar | None) -> Clock:
        if deadline.status == DeadlineStatus.PAUSED:
            pause = next(p for p in deadline.pauses.all() if p.ended_at is None)
            left = deadlines.left(deadline, at=self.at, calendar=calendar)
            return Clock(deadline, "paused", [], days_left=left, until=pause.until)
        if deadline.is_open:
            shown = deadlines.light(deadline, at=self.at).name.lower()
            return Clock(deadline, shown, deadlines.explain(deadline, calendar=calendar))
        late = bool(deadline.due_at and deadline.ended_at and deadline.ended_at >= deadline.due_at)
        met = "met_late" if late else "met"
        return Clock(deadline, met if deadline.status == DeadlineStatus.MET else "none", [])

    @cached_property
    def _events(self) -> list[Event]:
        return timeline.entries(self.case, self.actor)

    @cached_property
    def entries(self) -> list[Entry]:
        """Return the timeline in words, newest first."""
        self.names.know(*self._other_cases)
        rows = [c.deadline for c in self.clocks]
        return Wording(self.case, self.kind, self.names, rows).entries(self._events)

    @property
    def photos(self) -> list[Attachment]:
        """Return the pictures with which the case came in."""
        first = self.entries[-1] if self.entries and self.entries[-1].seq == 1 else None
        return [f for f in first.files if f.upload.width and not f.erased_at] if first else []

    @property
    def days(self) -> list[Day]:
        """Return the timeline by local day, newest first."""
        by_day = groupby(self.entries, key=lambda e: timezone.localdate(e.at))
        return [Day(on, list(entries)) for on, entries in by_day]

    @cached_property
    def _parts(self) -> list[dict[str, Any]]:
        """Return holdings and rounds, which have one shape. One query."""
        columns = ("part", "sequence", "name", "name_en", "since", "until", "outcome_code")
        held = Holding.objects.filter(case=self.case).order_by()
        rounds = Round.objects.filter(case=self.case).order_by()
        found = held.annotate(
            part=Value("held"),
            sequence=F("pk"),
            name=F("organisation__name"),
            name_en=F("organisation__name_en"),
            since=F("starts_at"),
            until=F("ended_at"),
            outcome_code=Value("", output_field=CharField()),
        ).values(*columns)
        rounds = rounds.annotate(
            part=Value("round"),
            sequence=Cast("number", Holding._meta.pk),
            name=F("lead__name"),
            name_en=F("lead__name_en"),
            since=F("opened_at"),
            until=F("closed_at"),
            outcome_code=F("outcome"),
        ).values(*columns)
        return list(found.union(rounds, all=True).order_by("since", "sequence"))

    @property
    def stays(self) -> list[Stay]:
        """Return who held the case from when to when, the newest first."""
        return [
            Stay(_label(p), p["since"], p["until"], (p["until"] or self.at) - p["since"])
            for p in reversed(self._parts)
            if p["part"] == "held"
        ]

    @property
    def rounds(self) -> list[Passage]:
        """Return the rounds, where there was more than one."""
        if self.case.round_number == 1:
            return []
        return [
            Passage(
                p["sequence"],
                _label(p),
                p["since"],
                p["until"],
                str(Outcome(p["outcome_code"]).label) if p["outcome_code"] else "",
            )
            for p in self._parts
            if p["part"] == "round"
        ]

    @property
    def relatives(self) -> list[Relative]:
        """Return the cases that belong to this one, as far as the reader may see them."""
        return [Relative(row, words) for row in self._other_cases for words in relations(self.case, row)]

    @cached_property
    def _other_cases(self) -> list[Case]:
        """Return the cases that belong to this one or that its entries name, if visible. One query."""
        case = self.case
        here = Link.objects.filter(ended_at=None)
        return list(
            Case.objects.visible_to(self.actor)
            .annotate(
                to_it=ArraySubquery(here.filter(case=case, other=OuterRef("pk")).values("type")),
                from_it=ArraySubquery(here.filter(other=case, case=OuterRef("pk")).values("type")),
            )
            .filter(
                Q(pk__in=here.filter(case=case).values("other"))
                | Q(pk__in=here.filter(other=case).values("case"))
                | Q(pk__in=mentioned(self._events))
                | Q(pk=case.source_id)
                | Q(source=case)
            )
            .order_by("pk")
        )

    @cached_property
    def requests(self) -> list[Request]:
        """Return what was asked to be decided, newest first. No query where nothing was."""
        if not self.case.has_requests:  # type: ignore[attr-defined]
            return []
        rows = Request.objects.filter(case=self.case).select_related("asked_by", "decided_by", "decider")
        return list(rows.order_by("-asked_at"))

    @property
    def assisting(self) -> list[tuple[Organisation, str]]:
        """Return the organisations drawn in beside the leading one, with their part."""
        return [
            (a.organisation, a.get_role_display()) for a in self.case.assignments.all() if a.ended_at is None
        ]

    @property
    def facts(self) -> list[tuple[str | Promise, Any]]:
        """Return the facts that all kinds share, and those of this kind."""
        case = self.case
        own = list(self.kind.facts(self.detail)) if self.kind.facts else []
        return [
            *own,
            (_("Leading organisation"), case.lead.label),
            (_("Assigned to"), case.assignee and case.assignee.name),
            (_("Came in by"), case.get_channel_display()),
            (_("Reported by"), case.reporter and case.reporter.name),
            (_("Outcome"), case.get_outcome_display()),
        ]

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing is left to do."""
        return self.case.phase == Phase.CLOSED

    def refused(self, step: Step) -> str | Promise | None:
        """Return why a step cannot be taken by this reader now, or nothing."""
        return refusal(step, self.case, self.detail, self.actor)


def _joined(detail: Any) -> Iterable[Any]:
    """Return the rows that were read together with the detail row."""
    for column in detail._meta.concrete_fields:
        if column.is_relation and column.is_cached(detail):
            yield column.get_cached_value(detail)


def _label(part: dict[str, Any]) -> str:
    """Return the name of the organisation of a part, in the reader's language."""
    return Organisation(name=part["name"], name_en=part["name_en"]).label
