"""The data that the steps of supervision ask for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework.data import HappenedOnField, StepData, UploadsField, text_field
from grid.casework.models import Case
from grid.organisations.models import Organisation
from grid.supervision.models import Adoption, Effect, Level, Suggestion, Trigger
from grid.supervision.orders.current import level_of, open_order, supervising_body

LONGEST_AHEAD = timedelta(days=366)


class _SupervisingBody:
    """The organisation in whose name the step is taken."""

    requires_context = True

    def __call__(self, field: serializers.Field[Any, Any, Any, Any]) -> Organisation | None:
        """Return the body of the open order or, of the actor's own, the nearest above the addressee."""
        order = open_order(field.context["case"])
        if getattr(field, "of_order", False) and order is not None:
            return order.authority
        return supervising_body(field.context["case"], field.context["actor"])


class AuthorityField(serializers.HiddenField):
    """The supervising body: not asked for, but it stands in the entry, and its people are told."""

    # Tells whoever words the entry to which table the value points.
    queryset = Organisation.objects.all()

    def __init__(self, *, of_order: bool = False, **kwargs: Any) -> None:
        """Take whether the body of the order is meant, whoever takes the step."""
        self.of_order = of_order
        kwargs.setdefault("default", _SupervisingBody())
        kwargs.setdefault("label", _("Supervising body"))
        super().__init__(**kwargs)


class _BodyAddressed:
    """The organisation that an order addresses, or would."""

    requires_context = True

    def __call__(self, field: serializers.Field[Any, Any, Any, Any]) -> Organisation:
        """Return the addressee of the open order, else whoever leads the case."""
        case: Case = field.context["case"]
        order = open_order(case)
        return order.addressee if order is not None else case.lead


class AddresseeField(serializers.HiddenField):
    """The body addressed: not asked for, but it stands in the entry, and its people are told."""

    queryset = Organisation.objects.all()

    def __init__(self, **kwargs: Any) -> None:
        """Take the addressee of the order."""
        super().__init__(default=_BodyAddressed(), label=_("Addressed to"), **kwargs)


class SuggestionsField(serializers.MultipleChoiceField):
    """One or more of the three suggestions of article 40, in their order."""

    def __init__(self, **kwargs: Any) -> None:
        """Ask for one at least."""
        super().__init__(choices=Suggestion.choices, label=_("Suggestions"), allow_empty=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """
        Return the chosen suggestions in the order of the article.

        :raises ValidationError: when one is unknown, or none is chosen.
        """
        chosen = super().to_internal_value(data)
        return [code for code in Suggestion.values if code in chosen]


class ComingDayField(serializers.DateField):
    """A day still to come, within a year."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """
        Return the day.

        :raises ValidationError: when it has come already, or lies more than a year ahead.
        """
        day = super().run_validation(None if data == "" else data)
        if not isinstance(day, date):
            return day
        today = timezone.localdate(self.context["at"])
        if day <= today:
            raise serializers.ValidationError(_("Choose a day that is still to come."))
        if day > today + LONGEST_AHEAD:
            raise serializers.ValidationError(_("This day is more than a year ahead. Check the year."))
        return day


def next_check() -> ComingDayField:
    """Return a field for the day on which the supervising body looks again."""
    return ComingDayField(label=_("Next check on"), required=False, allow_null=True)


class IssueData(StepData):
    """What a supervision order says."""

    authority = AuthorityField()
    addressee = AddresseeField()
    trigger = serializers.ChoiceField(label=_("Reason for supervision"), choices=Trigger.choices)
    suggestions = SuggestionsField()
    demand = text_field(
        label=_("What is demanded"),
        help_text=_("What the body has to do, and what it must answer in writing."),
    )
    next_check_on = next_check()


class ConfirmData(StepData):
    """A proposal as it is confirmed: its reason may be changed."""

    authority = AuthorityField()
    addressee = AddresseeField()
    trigger = serializers.ChoiceField(
        label=_("Reason for supervision"),
        choices=Trigger.choices,
        required=False,
        help_text=_("Leave it empty to keep the reason that was proposed."),
    )
    suggestions = SuggestionsField()
    demand = text_field(
        label=_("What is demanded"),
        help_text=_("What the body has to do, and what it must answer in writing."),
    )
    next_check_on = next_check()


class DismissData(StepData):
    """Why no order is issued."""

    authority = AuthorityField(of_order=True)
    reason = text_field(label=_("Reason"))


class AnswerData(StepData):
    """The written answer of the body that was addressed (article 40)."""

    authority = AuthorityField(of_order=True)
    adoption = serializers.ChoiceField(label=_("Suggestions adopted"), choices=Adoption.choices)
    feedback = text_field(label=_("Written answer"))
    uploads = UploadsField()


class LiftData(StepData):
    """What the answer came to, or why the order is not needed any more."""

    authority = AuthorityField(of_order=True)
    addressee = AddresseeField()
    evaluation = text_field(label=_("Assessment"))


class ListData(StepData):
    """At which level the matter is listed, and by when it has to be rectified."""

    authority = AuthorityField()
    addressee = AddresseeField()
    listed_level = serializers.ChoiceField(label=_("Level of listing"), choices=Level.choices)
    rectify_by = ComingDayField(label=_("To be rectified by"))
    reason = text_field(label=_("Reason"))
    next_check_on = next_check()

    def get_fields(self) -> dict[str, Any]:
        """Offer only the level of the body that lists."""
        fields: dict[str, Any] = super().get_fields()
        if "actor" in self.context:
            body = supervising_body(self.context["case"], self.context["actor"])
            own = level_of(body) if body else None
            fields["listed_level"].choices = [(own.value, own.label)] if own else []
        return fields


class RectifiedData(StepData):
    """What was rectified; whether the suggestions are adopted too, where that was not answered before."""

    authority = AuthorityField(of_order=True)
    adoption = serializers.ChoiceField(
        label=_("Suggestions adopted"),
        choices=Adoption.choices,
        required=False,
        help_text=_("Needed where no written answer was given before."),
    )
    rectification = text_field(label=_("What was rectified"))
    uploads = UploadsField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """
        Return the data.

        :raises ValidationError: when the suggestions were never answered, and are not now.
        """
        order = open_order(self.context["case"])
        if order is not None and order.answered_at is None and not attrs.get("adoption"):
            raise serializers.ValidationError(
                {"adoption": _("No written answer was given yet. Say which suggestions are adopted.")}
            )
        return attrs


class DelistData(StepData):
    """What the rectification came to (整改效果评价)."""

    authority = AuthorityField(of_order=True)
    addressee = AddresseeField()
    effect = serializers.ChoiceField(label=_("Effect of the rectification"), choices=Effect.choices)
    evaluation = text_field(label=_("Assessment"))


class CheckData(StepData):
    """What a check found, and when the next one is."""

    authority = AuthorityField(of_order=True)
    note = text_field(label=_("What was found"))
    next_check_on = next_check()
    uploads = UploadsField()


class RecordData(StepData):
    """A talk that was held, or a notice that was given."""

    authority = AuthorityField()
    addressee = AddresseeField()
    held_on = HappenedOnField(label=_("Held or given on"))
    record = text_field(label=_("Record"))
    uploads = UploadsField()
