"""What the page of a case shows, read in few queries whatever the length of the case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.casework import holdings, kinds, timeline
from grid.casework.clocks import Clock, clocks_of
from grid.casework.leeway import Leeway
from grid.casework.models import AssignmentRole, Case, DeadlineStatus, Link, Party, Phase, Request
from grid.casework.page_parts import Asked, Day, Part, Relative, read_parts, relations
from grid.casework.steps import possible_steps, refusal
from grid.casework.wording import Entry, Names, Wording, mentioned
from grid.worktime.calendar import WorkCalendar

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from grid.areas.models import Area
    from grid.casework.actors import Actor
    from grid.casework.kinds import Kind, StatusInfo
    from grid.casework.models import Attachment, Event
    from grid.casework.table import Step
    from grid.organisations.models import Organisation

# From the building up to the district: four parents.
CHAIN = tuple("__".join(["area", *["parent"] * above]) for above in range(5))
STYLES = {"primary": 0, "secondary": 1, "danger": 3}
# Steps that stand behind the others of their style: they help, but do not take the case on.
SIDE_STEPS = (
    "comment",
    "attach",
    "correct",
    "move",
    "assign",
    "note_party",
    "reissue_code",
    "link",
    "merge",
    "unmerge",
    "withdraw_request",
    "order_issue",
    "order_check",
    "record_talk",
    "record_notice",
)


def find(number: str, actor: Actor) -> Case | None:
    """
    Return a case that an actor may see, by its number, with its detail row and everything the page joins.

    One query, which also tells whether anything was asked and whether a person is noted.
    """
    kind = next((k for k in kinds.all_kinds() if number.startswith(k.prefix)), None)
    if kind is None:
        return None
    detail = detail_accessor(kind)
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
        .annotate(
            has_requests=Exists(Request.objects.filter(case=OuterRef("pk"))),
            has_parties=Exists(Party.objects.filter(case=OuterRef("pk"))),
        )
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
        Leeway.know(self.detail, [c.deadline for c in self.clocks], self.requests)
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
        """Return the deadlines, those that run first, each with how its date was worked out."""
        return clocks_of(self.case, at=self.at, calendar=self.calendar)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """Return the working calendar. One query."""
        return WorkCalendar.load()

    @property
    def running(self) -> list[Clock]:
        """Return the deadlines that are open, those of the office first."""
        return sorted((c for c in self.clocks if c.deadline.is_open), key=lambda c: not c.is_ours)

    @property
    def finished(self) -> list[Clock]:
        """Return the deadlines that were met, in time or not; what fell away is no news."""
        return [c for c in self.clocks if c.deadline.status == DeadlineStatus.MET]

    @cached_property
    def _events(self) -> list[Event]:
        return timeline.entries(self.case, self.actor)

    @cached_property
    def entries(self) -> list[Entry]:
        """Return the timeline in words, newest first."""
        self.names.know(*self._other_cases, *(p.organisation for p in self._parts))
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
    def _parts(self) -> list[Part]:
        """Return holdings, rounds and organisations drawn in, which have one shape. One query."""
        parts = read_parts(self.case)
        self.names.know(*(p.organisation for p in parts))
        return parts

    @cached_property
    def ledger(self) -> list[holdings.Row]:
        """Return who held the case how long, and what of its lateness is whose, the newest first."""
        held = [p.as_holding() for p in self._parts if p.kind == "held"]
        due = [c.deadline for c in self.clocks]
        return list(reversed(holdings.rows(held, due, self.calendar, at=self.at)))

    @property
    def totals(self) -> list[holdings.Total]:
        """Return the stays added up by organisation, where one had the case more than once."""
        found = holdings.totals(list(reversed(self.ledger)))
        return found if len(found) < len(self.ledger) else []

    @property
    def rounds(self) -> list[Part]:
        """Return the rounds, where there was more than one."""
        return [p for p in self._parts if p.kind == "round"] if self.case.round_number > 1 else []

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
        related = ("asked_by", "decided_by", "decider", "deadline")
        rows = Request.objects.filter(case=self.case).select_related(*related)
        return list(rows.order_by("-asked_at"))

    @property
    def assisting(self) -> list[tuple[Organisation, str]]:
        """Return the organisations drawn in beside the leading one, with their part."""
        return [
            (p.organisation, str(AssignmentRole(p.code).label))
            for p in self._parts
            if p.kind == "drawn in" and p.until is None
        ]

    @cached_property
    def asked(self) -> list[Asked]:
        """Return what was asked and decided, newest first, with the steps that this reader may take on it."""
        return [Asked.of(r, [s.name for s in self.steps], self.actor) for r in self.requests]

    @cached_property
    def brought_by(self) -> list[str]:
        """Return who is noted as having brought the case, masked. No query where nobody is."""
        if not self.case.has_parties:  # type: ignore[attr-defined]
            return []
        people = Party.objects.filter(case=self.case, erased_at=None).order_by("pk")
        return [party.label for party in people]

    @property
    def panels(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what the kind shows beside, as template and values."""
        found = (panel(self.case, self.actor, self.at) for panel in self.kind.panels)
        return [shown for shown in found if shown is not None]

    @property
    def is_silent(self) -> bool:
        """Tell whether the person whose matter it is has heard nothing for too long."""
        silent_at = self.case.silent_at
        return self.case.silence_told or (silent_at is not None and silent_at <= self.at)

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
