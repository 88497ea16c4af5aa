"""The steps that every kind has, written once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.areas.models import Area
from grid.casework import calendar_changes, deadlines, kinds, requests
from grid.casework.actors import OFFICE_ROLES, Actor
from grid.casework.data import CodeField, StepData, UploadsField, text_field
from grid.casework.deadlines import Start
from grid.casework.errors import StepNotPossible
from grid.casework.models import Attachment, Case, Deadline, EventText, Link, LinkType, Outcome
from grid.casework.party_steps import party_steps
from grid.casework.table import Step
from grid.casework.who import any_of, assignee, machine, of_lead, of_superior, over_area, reporter, staff
from grid.organisations.duty import Seat
from grid.organisations.models import Posting, Role
from grid.people.models import User

OFFICERS = tuple(sorted(OFFICE_ROLES))
# Whoever was given a matter to handle does not make it disappear; his head or a superior may.
DECIDING = tuple(sorted(OFFICE_ROLES - {Role.HANDLER}))
SUPERIORS = (Role.STREET_OFFICER, Role.DISTRICT_OFFICER, Role.SUPERVISOR)


class CommentData(StepData):
    """A remark that changes nothing."""

    text = text_field(label=_("Comment"))
    uploads = UploadsField()


class AttachData(StepData):
    """Files that belong to the case."""

    uploads = UploadsField(required=True, min_length=1)
    note = text_field(label=_("What they show"), required=False, allow_blank=True)


class CorrectData(StepData):
    """Facts as they are, with the reason why they were wrong."""

    title = serializers.CharField(label=_("Title"), max_length=120, required=False)
    description = text_field(label=_("What happened"), required=False, allow_blank=True)
    address = serializers.CharField(
        label=_("Address or landmark"), max_length=200, required=False, allow_blank=True
    )
    reason = text_field(label=_("Reason"))


class MoveData(StepData):
    """The area where it really is."""

    area = serializers.SlugRelatedField(
        label=_("Area code"),
        slug_field="code",
        queryset=Area.objects.filter(valid_until=None),
        style={"base_template": "input.html", "widget": "area"},
    )
    reason = text_field(label=_("Reason"))


class ColleagueField(serializers.PrimaryKeyRelatedField):
    """Somebody who serves in the leading organisation."""

    def get_queryset(self) -> Any:
        """Return the people posted there on the day of the step."""
        case, at = self.context["case"], self.context["at"]
        posted = Posting.objects.held(at.date()).filter(organisation=case.lead_id).values("user")
        return User.objects.filter(pk__in=posted).order_by("name")


class AssignData(StepData):
    """The person who takes it in hand."""

    assignee = ColleagueField(label=_("Assign to"))


class OtherData(StepData):
    """Another case, by its number."""

    other = serializers.CharField(label=_("Number of the other matter"), max_length=24)

    def validate_other(self, value: str) -> Case:
        """
        Return the other case, which the step has locked.

        :raises ValidationError: when it is unknown, not visible, or the same one.
        """
        number = value.strip().upper()
        found = Case.objects.visible_to(self.context["actor"]).filter(number=number).first()
        if found is None:
            raise serializers.ValidationError(_("There is no such matter, or it is not yours to see."))
        if found.pk == self.context["case"].pk:
            raise serializers.ValidationError(_("This is the matter itself."))
        return found


class LinkData(OtherData):
    """How this case belongs to another."""

    type = serializers.ChoiceField(
        label=_("Relation"),
        choices=[(t.value, t.label) for t in (LinkType.SAME_MATTER, LinkType.FOLLOWS, LinkType.PART_OF)],
    )


class MergeData(OtherData):
    """The case that this one goes into."""

    reason = text_field(label=_("Reason"))

    def validate_other(self, value: str) -> Case:
        """
        Return the case to merge into.

        :raises ValidationError: when it is closed, of another kind, or itself merged.
        """
        other = super().validate_other(value)
        if other.kind != self.context["case"].kind:
            raise serializers.ValidationError(_("Only matters of one kind can be merged."))
        if other.closed_at is not None:
            raise serializers.ValidationError(_("That matter is closed."))
        return other


class ReasonData(StepData):
    """A reason."""

    reason = text_field(label=_("Reason"))


class VacantData(serializers.Serializer):
    """A post at which nobody was found: the handling roles or the head of the lead, or a superior."""

    organisation = serializers.IntegerField()
    post = serializers.ChoiceField(choices=Seat.choices)


class ClimbData(StepData):
    """
    What the ladder found; written by the portal only.

    `told` are the people who are told, `organisation` is the superior among whose people some of them are.
    """

    deadline = CodeField()
    level = serializers.IntegerField(min_value=1, max_value=5)
    due_at = serializers.DateTimeField()
    told = serializers.ListField(child=serializers.IntegerField(), required=False)
    organisation = serializers.IntegerField(required=False, allow_null=True)
    vacant = VacantData(many=True, required=False)
    channels = serializers.ListField(child=CodeField(), required=False)
    office_hours = serializers.BooleanField(required=False)
    proposal = serializers.IntegerField(required=False)


class SilenceData(serializers.Serializer):
    """Who is told that the person has heard nothing for so many days; written by the portal only."""

    told = serializers.ListField(child=serializers.IntegerField(), required=False)
    organisation = serializers.IntegerField(required=False, allow_null=True)
    vacant = VacantData(many=True, required=False)
    days = serializers.IntegerField(label=_("Days without a word"))


class EraseData(StepData):
    """Entries whose text a lawful erasure empties."""

    entries = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1)
    basis = serializers.CharField(label=_("Legal basis"), max_length=200)


def common_steps(
    *, open_statuses: Iterable[str], closed_statuses: Iterable[str], voided: str, merged: str
) -> tuple[Step, ...]:
    """
    Return the rows that every kind appends to its table.

    :param voided: the kind's status for a voided case (作废).
    :param merged: the kind's status for a case that went into another.
    """
    is_open = frozenset(open_statuses)
    everywhere = is_open | frozenset(closed_statuses)
    working = any_of(of_lead(*OFFICERS), of_superior(*SUPERIORS))
    # What ends a matter or its deadline is not for whoever only handles it.
    deciding = any_of(of_lead(*DECIDING), of_superior(*SUPERIORS))
    return (
        Step("comment", _("Comment"), staff(), _nothing, everywhere, data=CommentData),
        Step("attach", _("Add files"), staff(), _nothing, is_open, data=AttachData),
        Step(
            "correct",
            _("Correct the facts"),
            any_of(reporter(), working),
            correct,
            is_open,
            data=CorrectData,
        ),
        Step(
            "move",
            _("Correct the area"),
            any_of(working, over_area(Role.COMMUNITY_CLERK)),
            move,
            is_open,
            data=MoveData,
        ),
        Step("assign", _("Assign"), any_of(assignee(), working), assign, is_open, data=AssignData),
        Step("link", _("Link to another matter"), working, link, everywhere, data=LinkData, other="other"),
        Step(
            "merge",
            _("Merge into another matter"),
            deciding,
            merge,
            is_open,
            frozenset({merged}),
            data=MergeData,
            other="other",
            public_text=_("Your matter is dealt with together with another one."),
        ),
        Step(
            "unmerge",
            _("Take out of the merger"),
            deciding,
            unmerge,
            frozenset({merged}),
            is_open,
            data=ReasonData,
            opens_round=True,
            starts=(started_before_merger,),
        ),
        Step(
            "void",
            _("Void"),
            deciding,
            void,
            is_open,
            frozenset({voided}),
            data=ReasonData,
            style="danger",
            hint=_("For entries made by mistake. Nothing is deleted; the matter stays readable."),
        ),
        Step("climb", _("Deadline reminder"), machine(), in_batches, is_open, data=ClimbData, hidden=True),
        Step("silence", _("Silence"), machine(), in_batches, is_open, data=SilenceData, hidden=True),
        Step("resume", _("Pause ended"), machine(), resume, is_open, hidden=True),
        Step(
            "recompute",
            _("Dates worked out anew"),
            machine(),
            calendar_changes.recompute,
            is_open,
            data=calendar_changes.RecomputeData,
            hidden=True,
        ),
        Step(
            "erase",
            _("Erase personal text"),
            of_superior(Role.DISTRICT_OFFICER),
            erase,
            everywhere,
            data=EraseData,
            hidden=True,
        ),
        *party_steps(open_statuses=is_open, all_statuses=everywhere, working=working),
        *requests.request_steps(is_open),
    )


def _nothing(detail: Any, *, by: Actor, at: datetime, **data: Any) -> None:
    """Change nothing: the entry is the whole effect."""


def correct(detail: Any, *, by: Actor, at: datetime, reason: str, **facts: Any) -> None:
    """Correct facts of a case (更正)."""
    for name, value in facts.items():
        setattr(detail.case, name, value)


def move(detail: Any, *, by: Actor, at: datetime, area: Area, reason: str) -> None:
    """Put a case where it really is; who leads it stays."""
    detail.case.area = area


def assign(detail: Any, *, by: Actor, at: datetime, assignee: User) -> None:
    """Give a case to somebody of the leading organisation."""
    detail.case.assignee = assignee


def link(detail: Any, *, by: Actor, at: datetime, other: Case, type: str) -> None:
    """
    Note how a case belongs to another.

    :raises ValidationError: when the link is there already.
    """
    if Link.objects.filter(case=detail.case, other=other, type=type, ended_at=None).exists():
        raise serializers.ValidationError({"other": _("This link is there already.")})
    Link.objects.create(case=detail.case, other=other, type=type, created_at=at)


def merge(detail: Any, *, by: Actor, at: datetime, other: Case, reason: str) -> str:
    """
    Let a case go into another (并案); where it stood is kept, so that it can be taken out without loss.

    :raises ValidationError: when the other one is itself merged into this one.
    """
    case = detail.case
    if Link.objects.filter(case=other, other=case, type=LinkType.MERGED_INTO, ended_at=None).exists():
        raise serializers.ValidationError({"other": _("That matter was merged into this one.")})
    running = Deadline.objects.filter(case=case, ended_at=None).values_list("pk", flat=True)
    Link.objects.create(
        case=case,
        other=other,
        type=LinkType.MERGED_INTO,
        created_at=at,
        data={"status": case.status, "deadlines": list(running)},
    )
    case.outcome = Outcome.MERGED
    return "merged"


def unmerge(detail: Any, *, by: Actor, at: datetime, reason: str) -> str:
    """Take a case out of a merger, to where it stood; its deadlines count from their first start."""
    row = Link.objects.get(case=detail.case, type=LinkType.MERGED_INTO, ended_at=None)
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    detail.case.outcome = ""
    return str(row.data["status"])


def started_before_merger(detail: Any) -> list[Start]:
    """Return the deadlines that the merger ended, each to be taken up with its first start and all it had."""
    row = Link.objects.filter(case=detail.case, type=LinkType.MERGED_INTO).latest("created_at")
    ended = Deadline.objects.filter(case=detail.case, pk__in=row.data["deadlines"]).order_by("pk")
    return [Start(d.code, d.starts_at, d.length, after=d) for d in ended.select_related("rule")]


def void(detail: Any, *, by: Actor, at: datetime, reason: str) -> str:
    """Void a case (作废) with a reason; nothing is deleted."""
    detail.case.outcome = Outcome.VOIDED
    return "voided"


def in_batches(detail: Any, *, by: Actor, at: datetime, **data: Any) -> None:
    """
    Refuse: the ladder writes this entry on many cases at once (`casework.rungs`).

    :raises StepNotPossible: always.
    """
    raise StepNotPossible(_("Only the ladder writes this entry."), [])


def resume(detail: Any, *, by: Actor, at: datetime) -> None:
    """Let the deadlines run again whose pause has run out."""
    for deadline in Deadline.objects.filter(case=detail.case, status="paused"):
        pause = deadline.pauses.filter(ended_at=None, until__lte=at).first()
        if pause is not None:
            deadlines.resume(deadline, at=at)


def erase(detail: Any, *, by: Actor, at: datetime, entries: list[int], basis: str) -> None:
    """
    Empty the text of entries, what the case shows of it, and their files; stubs stay (个人信息保护法 47).

    :raises ValidationError: when an entry has neither text nor files.
    """
    case = detail.case
    texts = EventText.objects.filter(event__case=case, event__seq__in=entries)
    attached = Attachment.objects.filter(event__case=case, event__seq__in=entries)
    found = {*texts.values_list("event__seq", flat=True), *attached.values_list("event__seq", flat=True)}
    if found != set(entries):
        raise serializers.ValidationError({"entries": _("One of these entries has no text.")})
    for name, text in texts.exclude(text="").values_list("field", "text"):
        _forget(case, name, text)
    texts.update(text="", salt="", erased_at=at)
    attached.filter(erased_at=None).update(erased_at=at)


def _forget(case: Case, name: str, text: str) -> None:
    """Take a text that is erased out of the facts; a title that has it becomes the number of the case."""
    if name in ("title", "address") and text in case.title:
        case.title = case.number
    requests.forget(case, text)
    forgets = kinds.get(case.kind).forgets
    if forgets is not None:
        forgets(case, text)
    if name in ("description", "address") and getattr(case, name) == text:
        setattr(case, name, "")
