"""What the steps of an incident ask for."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.areas.models import Area, Tier
from grid.casework.data import HappenedOnField, ObservedAtField, StepData, UploadsField, text_field
from grid.casework.models import Case, Channel, Deadline, Outcome, Urgency
from grid.incidents import places
from grid.incidents.deadlines import CODES
from grid.incidents.models import Category, Incident
from grid.incidents.routing import Routes, routes
from grid.incidents.statuses import Status
from grid.organisations.models import Organisation, Role
from grid.organisations.services import superiors_of

PASSED, FAILED = "passed", "failed"
# What is closed without having been handled, and so without anything to verify.
UNHANDLED_OUTCOMES = (Outcome.EXPLAINED, Outcome.NOT_OURS, Outcome.WAITS)
CLOSING_OUTCOMES = (Outcome.SOLVED, Outcome.PARTLY, *UNHANDLED_OUTCOMES)
SAY_RESULT = {"required": _("Say what was done."), "blank": _("Say what was done.")}
LONGEST_WAIT = timedelta(days=3 * 366)


class DegreesField(serializers.FloatField):
    """A coordinate in degrees; NaN and infinity are no place."""

    def to_internal_value(self, data: Any) -> float:
        """
        Return the degrees.

        :raises ValidationError: when it is no finite number.
        """
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Take an empty field of a form for no position."""
        return super().validate_empty_values(None if data == "" else data)


class CategoryField(serializers.SlugRelatedField):
    """A category by its code."""

    def __init__(self, **kwargs: Any) -> None:
        """Be labelled, and offer what can be chosen."""
        kwargs.setdefault("label", _("Category"))
        kwargs.setdefault("style", {"group": "parent"})
        super().__init__(
            slug_field="code", queryset=Category.objects.active().select_related("parent"), **kwargs
        )

    default_error_messages = {
        "required": _("Choose what it is."),
        "does_not_exist": _("There is no category “{value}” that can be chosen."),
    }


class OrganisationField(serializers.SlugRelatedField):
    """An organisation that can be drawn into this case, by its code."""

    default_error_messages = {"does_not_exist": _("“{value}” is no office that can get this.")}

    def __init__(self, **kwargs: Any) -> None:
        """Be found by code."""
        super().__init__(slug_field="code", **kwargs)

    def get_queryset(self) -> Any:
        """Return whoever governs the place or its surroundings, and every office that works there."""
        context = self.context
        path = Area.objects.ancestors_of(context["case"].area_id or 0).values("pk")
        here = Q(governs__in=path) | Q(governs=None, area=None) | Q(governs=None, area__in=path)
        on = timezone.localdate(context["at"])
        return Organisation.objects.valid(on).filter(here).select_related("governs")


class ReportData(StepData):
    """What was seen, where; only the category must be said."""

    category = CategoryField()
    title = serializers.CharField(label=_("Title"), max_length=120, required=False, allow_blank=True)
    description = text_field(label=_("What happened"), required=False, allow_blank=True)
    urgency = serializers.ChoiceField(
        label=_("Urgency"), choices=Urgency.choices, required=False, allow_blank=True
    )
    area = serializers.SlugRelatedField(
        label=_("Grid"),
        slug_field="code",
        queryset=Area.objects.filter(valid_until=None).select_related("parent"),
        required=False,
        allow_null=True,
        error_messages={"does_not_exist": _("There is no area with the code “{value}”.")},
    )
    address = serializers.CharField(
        label=_("Address or landmark"), max_length=200, required=False, allow_blank=True
    )
    longitude = DegreesField(
        label=_("Longitude"), min_value=-180, max_value=180, required=False, allow_null=True
    )
    latitude = DegreesField(label=_("Latitude"), min_value=-90, max_value=90, required=False, allow_null=True)
    accuracy_m = serializers.IntegerField(
        label=_("Accuracy in metres"), min_value=0, max_value=1_000_000, required=False, allow_null=True
    )
    people_affected = serializers.IntegerField(
        label=_("People affected"), min_value=0, max_value=1_000_000, required=False, allow_null=True
    )
    channel = serializers.ChoiceField(label=_("Channel"), choices=Channel.choices, required=False)
    observed_at = ObservedAtField()
    uploads = UploadsField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Find the area: the one chosen, else the grid under the position, else the reporter's own.

        :raises ValidationError: when half a position is given.
        """
        longitude, latitude = attrs.get("longitude"), attrs.get("latitude")
        if (longitude is None) != (latitude is None):
            missing = "longitude" if longitude is None else "latitude"
            raise serializers.ValidationError({missing: _("A position needs longitude and latitude.")})
        actor = self.context["actor"]
        attrs["area"] = attrs.get("area") or places.under(longitude, latitude) or places.own_area(actor)
        attrs["urgency"] = attrs.get("urgency") or attrs["category"].urgency
        patrols = actor.holds((Role.GRID_WORKER, Role.GRID_LEADER))
        attrs.setdefault("channel", Channel.GRID_WORKER if patrols else Channel.PATROL)
        return attrs


class ReportDoneData(ReportData):
    """What was seen and dealt with on the spot."""

    result = text_field(label=_("What was done"), error_messages=SAY_RESULT)


class DispatchData(StepData):
    """Who takes it over; without a choice whoever the responsibility list names."""

    lead = OrganisationField(
        label=_("Leading organisation"),
        required=False,
        allow_null=True,
        help_text=_("Left empty: whom the responsibility list names."),
    )
    assisting = OrganisationField(
        label=_("Assisting organisations"),
        many=True,
        required=False,
        help_text=_("Left empty: those that the responsibility list names beside the leading one."),
    )
    reason = text_field(
        label=_("Reason"),
        required=False,
        allow_blank=True,
        help_text=_("Needed when another than the listed organisation leads."),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Hold the choice against the responsibility list.

        :raises ValidationError: when nobody is named, it is there already, the list of a community does
            not have it, or another than the listed organisation is chosen without a reason.
        """
        case, incident = self.context["case"], self.context["detail"]
        found = routes(incident.category, case.area_id, on=timezone.localdate(self.context["at"]))
        proposal = found.proposal(holder=case.lead, tier=_tier(case.lead, incident))
        lead = attrs.get("lead") or (proposal.lead if proposal else None)
        if lead is None:
            raise serializers.ValidationError(
                {"lead": _("The responsibility list names nobody for this. Choose an organisation.")}
            )
        _check_lead(lead, case, found)
        if proposal and lead != proposal.lead and not attrs.get("reason"):
            text = _("The responsibility list names {listed}. Say why another organisation leads.")
            raise serializers.ValidationError({"reason": format_lazy(text, listed=proposal.lead.label)})
        if lead in attrs.get("assisting", []):
            raise serializers.ValidationError(
                {"assisting": _("The leading organisation cannot assist itself.")}
            )
        if not attrs.get("assisting") and proposal and lead == proposal.lead:
            attrs["assisting"] = proposal.assisting
        return attrs | {"lead": lead}


def _tier(holder: Organisation, incident: Incident) -> str:
    """Return the tier from which a matter is sent on: that of its holder, or of who dispatched it."""
    for organisation in (holder, incident.dispatched_by):
        if organisation is not None and organisation.governs is not None:
            return str(organisation.governs.tier)
    return Tier.COMMUNITY


def _check_lead(lead: Organisation, case: Case, found: Routes) -> None:
    """
    Refuse an organisation that cannot take a matter over.

    :raises ValidationError: naming the field.
    """
    if lead == case.lead:
        raise serializers.ValidationError({"lead": _("This organisation leads the matter already.")})
    holds, gets = case.lead.governs, lead.governs
    wider = bool(holds and gets and Tier(gets.tier).rank < Tier(holds.tier).rank)
    # The city governs no area of the tree; it can be given a matter only by a district, where going up ends.
    above = bool(holds and holds.tier != Tier.DISTRICT and lead.pk in superiors_of(case.lead_id))
    if wider or above:
        raise serializers.ValidationError(
            {"lead": _("This organisation stands above yours. Pass the matter up instead.")}
        )
    if gets and gets.tier == Tier.COMMUNITY and not found.lists_community(lead):
        raise serializers.ValidationError(
            {
                "lead": _(
                    "This is not on that community's responsibility list and cannot be pushed down to it."
                )
            }
        )


class ReasonData(StepData):
    """A reason."""

    reason = text_field(label=_("Reason"))


class AskData(StepData):
    """What else the reporter should tell."""

    question = text_field(label=_("What is needed"))


class AnswerData(StepData):
    """What the reporter adds."""

    answer = text_field(label=_("Answer"))
    uploads = UploadsField()


class HandleData(StepData):
    """What was done."""

    result = text_field(label=_("What was done"), error_messages=SAY_RESULT)
    happened_on = HappenedOnField(label=_("Done on"), help_text=_("Left empty: today."))
    uploads = UploadsField()


class VerifyData(StepData):
    """What somebody found who looked at it on the spot (核查)."""

    finding = serializers.ChoiceField(
        label=_("Finding"),
        choices=[(PASSED, _("It is in order")), (FAILED, _("It is not in order"))],
        style={"type": "radio"},
    )
    text = text_field(
        label=_("What was found"),
        required=False,
        allow_blank=True,
        help_text=_("Needed when it is not in order."),
    )
    uploads = UploadsField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Ask for words when it has to be done again.

        :raises ValidationError: when it is not in order and nothing says why.
        """
        if attrs["finding"] == FAILED and not attrs.get("text"):
            raise serializers.ValidationError({"text": _("Say what is not in order.")})
        return attrs


class CloseData(StepData):
    """What came of it."""

    outcome = serializers.ChoiceField(
        label=_("Outcome"),
        choices=[(o.value, o.label) for o in CLOSING_OUTCOMES],
        style={"type": "radio"},
    )
    explanation = text_field(
        label=_("Explanation"),
        required=False,
        allow_blank=True,
        help_text=_("Needed unless the matter is solved."),
    )
    waits_for = serializers.CharField(
        label=_("Waits for"),
        max_length=200,
        required=False,
        allow_blank=True,
        help_text=_("Money or season."),
    )
    waits_until = serializers.DateField(label=_("Waits until"), required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        """Take an empty date of a form for none."""
        if data.get("waits_until") == "":
            data = {k: v for k, v in data.items() if k != "waits_until"}
        return super().to_internal_value(data)

    def validate_waits_until(self, value: date | None) -> date | None:
        """
        Return the day on which it is looked at again.

        :raises ValidationError: when it is not ahead, or further than three years.
        """
        today = timezone.localdate(self.context["at"])
        if value is not None and not today < value <= today + LONGEST_WAIT:
            raise serializers.ValidationError(_("Name a day ahead, at most three years from now."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Hold outcome, explanation and waiting together.

        :raises ValidationError: naming the field that is missing or too much.
        """
        outcome = attrs["outcome"]
        if self.context["case"].status != Status.VERIFIED and outcome not in UNHANDLED_OUTCOMES:
            raise serializers.ValidationError(
                {"outcome": _("Only what was handled and verified can be closed as solved.")}
            )
        if outcome != Outcome.SOLVED and not attrs.get("explanation"):
            raise serializers.ValidationError({"explanation": _("Explain why it ends like this.")})
        waits = outcome == Outcome.WAITS
        for name in ("waits_for", "waits_until"):
            if waits and not attrs.get(name):
                raise serializers.ValidationError({name: _("Say what it waits for and until when.")})
            if not waits and attrs.get(name):
                raise serializers.ValidationError({name: _("Only a matter that waits has this.")})
        return attrs


class RegradeData(StepData):
    """Another category or urgency, with the reason."""

    category = CategoryField(required=False, allow_null=True)
    urgency = serializers.ChoiceField(
        label=_("Urgency"), choices=Urgency.choices, required=False, allow_blank=True
    )
    reason = text_field(label=_("Reason"))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Refuse a change that changes nothing, or that would take back a limit which has passed.

        :raises ValidationError: naming the field.
        """
        case, incident = self.context["case"], self.context["detail"]
        category = attrs.get("category") or incident.category
        urgency = attrs.get("urgency") or case.urgency
        if category == incident.category and urgency == case.urgency:
            raise serializers.ValidationError({"urgency": _("Nothing would change.")})
        order = list(Urgency.values)
        late = Deadline.objects.filter(
            case=case, code__in=CODES, ended_at=None, due_at__lte=self.context["at"]
        )
        if order.index(urgency) > order.index(case.urgency) and late.exists():
            raise serializers.ValidationError(
                {"urgency": _("Its time limit has passed; the urgency can only be raised now.")}
            )
        return attrs | {"category": category, "urgency": urgency}
