"""The data of requests about deadlines: what is asked, on what somebody decides, and what ends a pause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework.data import HappenedOnField, StepData, UploadsField, text_field
from grid.casework.leeway import Leeway, approver_for, decider_of
from grid.casework.models import Deadline, Request, RequestType
from grid.worktime.arithmetic import quantity_text
from grid.worktime.models import Approver, Unit

Words = str | Promise
WhyNot = Callable[[Leeway, Deadline, datetime], Words | None]

LONGEST_PAUSE = timedelta(days=366)


class NarrowedField(serializers.ChoiceField):
    """One of the rows of this case for which the step is possible; the only one is chosen beforehand."""

    default_error_messages = {"gone": _("This is not there, or no longer.")}

    def __init__(self, **kwargs: Any) -> None:
        """Begin without choices; they come with the case."""
        self.refused: dict[str, Words] = {}
        super().__init__(choices=[], **kwargs)

    def bind(self, field_name: str, parent: Any) -> None:
        """Find the rows of the case, and why some of them are not possible."""
        super().bind(field_name, parent)
        if "detail" not in self.context:
            return
        possible: dict[str, str] = {}
        for code, label, reason in self.rows(Leeway.of(self.context["detail"])):
            if reason is None:
                possible[code] = label
            else:
                self.refused[code] = reason
        self.choices = list(possible.items())
        if len(possible) == 1:
            self.initial = next(iter(possible))
        self.style = {**self.style, "hints": self.hints(Leeway.of(self.context["detail"]))}

    def hints(self, leeway: Leeway) -> dict[str, str]:
        """Return what stands below a choice, by code."""
        return {}

    def rows(self, leeway: Leeway) -> list[tuple[str, str, Words | None]]:
        """Return code, label and, where it is not possible, the reason for each row of the case."""
        raise NotImplementedError

    def to_internal_value(self, data: Any) -> Any:
        """
        Return the code.

        :raises ValidationError: with the reason why this row is not possible.
        """
        code = str(data) if isinstance(data, str | int) else ""
        if code in self.refused:
            raise serializers.ValidationError(str(self.refused[code]))
        if code not in self.choices:
            self.fail("gone")
        return code


class DeadlineField(NarrowedField):
    """An open deadline of the case, by its code."""

    def __init__(self, why_not: WhyNot, **kwargs: Any) -> None:
        """Take what says why a deadline is not possible."""
        self.why_not = why_not
        kwargs.setdefault("label", _("Time limit"))
        super().__init__(**kwargs)

    def rows(self, leeway: Leeway) -> list[tuple[str, str, Words | None]]:
        """Return the open deadlines, with the instant up to which they run."""
        at = self.context["at"]
        return [(d.code, _with_due(d), self.why_not(leeway, d, at)) for d in leeway.deadlines]


class RequestField(NarrowedField):
    """A request about a deadline that this actor may decide on, by its id."""

    def __init__(self, type: RequestType, **kwargs: Any) -> None:
        """Take the type of request."""
        self.type = type
        kwargs.setdefault("label", _("Request"))
        super().__init__(**kwargs)

    def rows(self, leeway: Leeway) -> list[tuple[str, str, Words | None]]:
        """Return what is asked, by whom, and why this actor cannot decide on it."""
        actor, at = self.context["actor"], self.context["at"]
        return [
            (str(r.pk), _with_wish(r), leeway.why_not_decided(r, actor, at=at))
            for r in leeway.undecided(self.type)
        ]

    def to_internal_value(self, data: Any) -> Any:
        """Return the id."""
        return int(super().to_internal_value(data))

    def hints(self, leeway: Leeway) -> dict[str, str]:
        """Return the reasons of those who ask: whoever decides reads them beside the choice."""
        return {str(r.pk): r.reason for r in leeway.undecided(self.type)}


class OwnRequestField(NarrowedField):
    """A request about a deadline that this actor made and nobody decided on, by its id."""

    def rows(self, leeway: Leeway) -> list[tuple[str, str, Words | None]]:
        """Return what this actor asked for."""
        user = self.context["actor"].user
        return [(str(r.pk), _with_wish(r), None) for r in leeway.asked if user and r.asked_by_id == user.pk]

    def to_internal_value(self, data: Any) -> Any:
        """Return the id."""
        return int(super().to_internal_value(data))


class AskData(StepData):
    """What every request about a deadline says of itself in its entry: who decides."""

    def decided_at(self, attrs: dict[str, Any], type: RequestType) -> dict[str, Any]:
        """
        Add the organisation that decides and the rank that the rule names.

        :raises ValidationError: when no organisation stands above the lead, where it has to decide.
        """
        leeway = Leeway.of(self.context["detail"])
        deadline = leeway.deadline(attrs["deadline"])
        assert deadline is not None
        approver = approver_for(deadline, type)
        decider = decider_of(leeway.case, approver)
        if decider is None:
            raise serializers.ValidationError(
                {"deadline": _("The superior decides, and no organisation stands above the leading one.")}
            )
        return attrs | {"decider": decider, "approver": approver.value}


class AskExtensionData(AskData):
    """By how much, and why."""

    deadline = DeadlineField(lambda leeway, row, at: leeway.why_not_extended(row, at=at))
    length = serializers.IntegerField(
        label=_("How much longer"), help_text=_("In the unit of the time limit."), min_value=1, max_value=3650
    )
    reason = text_field(label=_("Reason"))
    uploads = UploadsField()

    def get_fields(self) -> dict[str, Any]:
        """Say beside the length how much is left of what the rule allows."""
        fields = super().get_fields()
        if "detail" in self.context:
            leeway, at = Leeway.of(self.context["detail"]), self.context["at"]
            open_rows = [d for d in leeway.deadlines if leeway.why_not_extended(d, at=at) is None]
            if open_rows:
                fields["length"].help_text = gettext("; ").join(_most(d) for d in open_rows)
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Add unit and decider.

        :raises ValidationError: when it is more than the rule still allows.
        """
        deadline = Leeway.of(self.context["detail"]).deadline(attrs["deadline"])
        assert deadline is not None
        most = deadline.rule.extend_max
        if most is not None and attrs["length"] > most - deadline.extended:  # type: ignore[attr-defined]
            raise serializers.ValidationError({"length": _most(deadline)})
        return self.decided_at(attrs, RequestType.EXTENSION)


class AskPauseData(AskData):
    """Until when, and what is waited for."""

    deadline = DeadlineField(lambda leeway, row, at: leeway.why_not_paused(row, at=at))
    until = serializers.DateTimeField(
        label=_("Pause until"), help_text=_("At the latest; it ends earlier when what is waited for happens.")
    )
    reason = text_field(label=_("What is waited for, and why"))
    uploads = UploadsField()

    def get_fields(self) -> dict[str, Any]:
        """Say beside the reason what the rule may be paused for."""
        fields = super().get_fields()
        if "detail" in self.context:
            leeway, at = Leeway.of(self.context["detail"]), self.context["at"]
            open_rows = [d for d in leeway.deadlines if leeway.why_not_paused(d, at=at) is None]
            causes = dict.fromkeys(c for d in open_rows if (c := _cause(d)))
            if causes:
                fields["reason"].help_text = format_lazy(
                    _("This time limit may be paused for: {causes}."), causes=gettext("; ").join(causes)
                )
        return fields

    def validate_until(self, value: datetime) -> datetime:
        """
        Return the end of the pause.

        :raises ValidationError: when it has passed, or is so far off that the year must be a slip.
        """
        if value <= self.context["at"]:
            raise serializers.ValidationError(_("A pause ends in the future."))
        if value > self.context["at"] + LONGEST_PAUSE:
            raise serializers.ValidationError(_("This is more than a year away. Check the year."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Add the decider."""
        return self.decided_at(attrs, RequestType.PAUSE)


class DecideData(StepData):
    """A decision on a request, with its reason."""

    def told_of(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Add to the entry what was asked, by whom, and of which deadline."""
        asked = Leeway.of(self.context["detail"]).asked
        request = next(r for r in asked if r.pk == attrs["request"])
        assert request.deadline is not None
        wish = {k: request.data[k] for k in ("length", "until") if k in request.data}
        return attrs | wish | {"deadline": request.deadline.code, "asked_by": request.asked_by_id}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Add what was asked."""
        return self.told_of(attrs)


PUBLIC_REASON = _("Whoever brought the matter reads this.")


class GrantExtensionData(DecideData):
    """Why the extension is granted, for the petitioner too (信访工作条例 34)."""

    request = RequestField(RequestType.EXTENSION)
    reason = text_field(label=_("Reason"), help_text=PUBLIC_REASON)
    uploads = UploadsField(label=_("Evidence"))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Add what was asked.

        :raises ValidationError: when what others agreed is recorded without evidence.
        """
        told = super().validate(attrs)
        deadline = Leeway.of(self.context["detail"]).deadline(told["deadline"])
        assert deadline is not None
        agreed = approver_for(deadline, RequestType.EXTENSION) in (Approver.PARTIES, Approver.OUTSIDE)
        if agreed and not attrs.get("uploads"):
            raise serializers.ValidationError(
                {"uploads": _("Add what was agreed, in writing: a record, a letter, the signed page.")}
            )
        return told


class GrantPauseData(DecideData):
    """Why the pause is granted, for the petitioner too."""

    request = RequestField(RequestType.PAUSE)
    reason = text_field(label=_("Reason"), help_text=PUBLIC_REASON)
    uploads = UploadsField(label=_("Evidence"))


class RefuseExtensionData(DecideData):
    """Why the extension is refused, for whoever asked."""

    request = RequestField(RequestType.EXTENSION)
    reason = text_field(label=_("Reason"))


class RefusePauseData(DecideData):
    """Why the pause is refused, for whoever asked."""

    request = RequestField(RequestType.PAUSE)
    reason = text_field(label=_("Reason"))


class WithdrawData(DecideData):
    """The own request that is no longer needed, and why."""

    request = OwnRequestField(label=_("Request"))
    reason = text_field(label=_("Reason"))


class LapseData(StepData):
    """A request on which nobody decided in time; written by the portal only."""

    request = serializers.IntegerField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Add what was asked, by whom, and who should have decided.

        :raises ValidationError: when it was decided, withdrawn, or is not due.
        """
        asked = Leeway.of(self.context["detail"]).asked
        request = next((r for r in asked if r.pk == attrs["request"]), None)
        due_at = request.deadline.due_at if request and request.deadline else None
        if request is None or request.deadline is None or due_at is None or self.context["at"] < due_at:
            raise serializers.ValidationError({"request": _("This request does not lapse now.")})
        return attrs | {
            "request_type": request.type,
            "deadline": request.deadline.code,
            "asked_by": request.asked_by_id,
            "decider": request.decider_id,
        }


class EndPauseData(StepData):
    """What happened for which the deadline waited, and on which day."""

    deadline = DeadlineField(lambda leeway, row, at: leeway.why_not_resumed(row, at=at))
    happened = HappenedOnField(label=_("On which day"), help_text=_("Without a day: now."))
    note = text_field(label=_("What ended the pause"))
    uploads = UploadsField()


class CancelData(StepData):
    """A deadline that no longer applies, and why."""

    deadline = DeadlineField(lambda leeway, row, at: leeway.why_not_cancelled(row, at=at))
    reason = text_field(label=_("Reason"))


def wish_of(type: RequestType, values: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
    """Return what a request keeps of what was asked, as JSON holds it."""
    if type == RequestType.EXTENSION:
        return {"length": values["length"], "unit": deadline.unit, "approver": values["approver"]}
    return {"until": values["until"].isoformat(), "approver": values["approver"]}


def wish_text(request: Request) -> str:
    """Return in words what a request about a deadline asks for."""
    if request.type == RequestType.EXTENSION:
        quantity = quantity_text(request.data["length"], Unit(request.data["unit"]))
        return str(format_lazy(_("{quantity} more"), quantity=quantity))
    until = datetime.fromisoformat(request.data["until"])
    return str(format_lazy(_("a pause until {until}"), until=_instant(until)))


def last_moment(day: date | None, at: datetime) -> datetime:
    """Return the instant at which a stated day ends a pause: now for today, else the day's first instant."""
    if day is None or day >= timezone.localdate(at):
        return at
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def _with_due(deadline: Deadline) -> str:
    """Return a deadline with the instant up to which it runs."""
    if deadline.due_at is None:
        return str(format_lazy(_("{deadline} (paused)"), deadline=deadline.text))
    if deadline.due_on is not None:
        day = date_format(deadline.due_on, "Y-m-d")
        return str(format_lazy(_("{deadline} (until the end of {day})"), deadline=deadline.text, day=day))
    due = _instant(deadline.due_at)
    return str(format_lazy(_("{deadline} (due {due})"), deadline=deadline.text, due=due))


def _with_wish(request: Request) -> str:
    """Return a request with what is asked, by whom and when."""
    assert request.deadline is not None
    return str(
        format_lazy(
            _("{deadline}: {wish}, asked by {person} on {day}"),
            deadline=request.deadline.text,
            wish=wish_text(request),
            person=request.asked_by or "",
            day=_instant(request.asked_at),
        )
    )


def _most(deadline: Deadline) -> str:
    """Return how much a deadline may still be extended by."""
    most = deadline.rule.extend_max
    if most is None:
        return str(format_lazy(_("{deadline}: the rule sets no ceiling"), deadline=deadline.text))
    left = most - deadline.extended  # type: ignore[attr-defined]
    quantity = quantity_text(left, Unit(deadline.unit))
    return str(format_lazy(_("{deadline}: at most {quantity}"), deadline=deadline.text, quantity=quantity))


def _cause(deadline: Deadline) -> str:
    """Return what the rule of a deadline may be paused for, in the reader's language."""
    rule = deadline.rule
    in_english = rule.pause_for_en and (get_language() or "").startswith("en")
    return rule.pause_for_en if in_english else rule.pause_for


def _instant(when: datetime) -> str:
    return date_format(timezone.localtime(when), "Y-m-d H:i")
