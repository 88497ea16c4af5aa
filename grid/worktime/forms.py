"""Forms of the rules and of the calendar; the services judge what they bring."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Area
from grid.organisations.models import Organisation
from grid.worktime.choices import Channel, DayKind, Told, Unit
from grid.worktime.models import CalendarDay, DeadlineRule, RungRule
from grid.worktime.services import Reach, RungSpec, Terms

MOST_OFFERED = 5
SHARES = [
    ("", _("No share")),
    ("0.500000", _("Half of the period")),
    ("0.333333", _("A third of the period")),
    ("0.250000", _("A quarter of the period")),
    ("0.200000", _("A fifth of the period")),
    ("0.166667", _("A sixth of the period")),
    ("0.100000", _("A tenth of the period")),
]


class DayInput(forms.DateInput):
    """The browser's own field for a date."""

    input_type = "date"

    def __init__(self) -> None:
        """Write the date as browsers read it."""
        super().__init__(format="%Y-%m-%d")


class NamedField(forms.CharField):
    """One row of a long table, named by its code or its name; several that fit are offered."""

    def __init__(self, rows: QuerySet[Any], **kwargs: Any) -> None:
        """Take the rows to choose from; each has a code and a name."""
        self.rows = rows
        super().__init__(max_length=160, **kwargs)

    def clean(self, value: Any) -> Model | None:
        """
        Return the row.

        :raises ValidationError: none or several fit.
        """
        words = super().clean(value)
        if not words:
            return None
        exact = list(self.rows.filter(Q(code=words) | Q(name=words) | Q(name_en=words))[: MOST_OFFERED + 1])
        if len(exact) == 1:
            row: Model = exact[0]
            return row
        found = exact or list(
            self.rows.filter(Q(name__icontains=words) | Q(name_en__icontains=words))[:MOST_OFFERED]
        )
        if not found:
            raise ValidationError(gettext("Nothing has this name or code."))
        offered = "; ".join(f"{row.code} {row.label}" for row in found[:MOST_OFFERED])
        raise ValidationError(gettext("Please give the code of one of these: %(rows)s") % {"rows": offered})


class ServiceForm(forms.Form):
    """A form whose judge is a service."""

    def take(self, error: ValidationError) -> None:
        """Put what a service refused beside the fields it names, everything else above the form."""
        for name, errors in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
            self.add_error(name if name in self.fields else None, errors)


class TermsForm(ServiceForm):
    """What a rule of the city's own says."""

    length = forms.IntegerField(label=_("Length"), min_value=1, max_value=9999)
    extend_max = forms.IntegerField(
        label=_("Longest extension"),
        min_value=0,
        max_value=9999,
        required=False,
        help_text=_("All extensions together; 0 means never."),
    )
    basis = forms.CharField(
        label=_("Decision it rests on"), max_length=200, help_text=_("Title and number of the document.")
    )
    basis_en = forms.CharField(label=_("Decision in English"), max_length=200, required=False)
    valid_from = forms.DateField(label=_("In force from"), widget=DayInput())
    valid_until = forms.DateField(
        label=_("In force until"),
        widget=DayInput(),
        required=False,
        help_text=_("The first day it no longer holds; leave it open for no end."),
    )

    def __init__(self, origin: DeadlineRule, *args: Any, **kwargs: Any) -> None:
        """Fit the fields to the rule that the new one is made from."""
        super().__init__(*args, **kwargs)
        unit = Unit(origin.unit).label
        for name in ("length", "extend_max"):
            self.fields[name].widget.attrs["hint"] = unit
        if origin.length is None:
            self.fields["length"].required = False
            self.fields["length"].help_text = _("Empty: whoever starts the deadline sets it.")
        if not origin.extend_by:
            del self.fields["extend_max"]
        elif origin.extend_max is None:
            self.fields["extend_max"].help_text = _("Empty means no ceiling; 0 means never.")

    def terms(self) -> Terms:
        """Return what was typed."""
        data = self.cleaned_data
        return Terms(
            length=data["length"],
            extend_max=data["extend_max"] if "extend_max" in self.fields else 0,
            basis=data["basis"],
            basis_en=data["basis_en"] or data["basis"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )


class LocalForm(TermsForm):
    """A rule of the city's own, and whom it is for."""

    organisation = NamedField(
        Organisation.objects.order_by("code"),
        label=_("Only for the organisation"),
        required=False,
        help_text=_("Its name or code."),
    )
    area = NamedField(
        Area.objects.defer("outline").filter(valid_until=None).order_by("level", "code"),
        label=_("Only for the area"),
        required=False,
        help_text=_("Its name or code; it holds for everything below it as well."),
    )
    category = forms.RegexField(
        r"^[A-Za-z0-9_.-]*$",
        label=_("Only for the category"),
        max_length=40,
        required=False,
        help_text=_("The code of the category, for example F03."),
    )
    field_order = ["organisation", "area", "category"]

    def clean(self) -> dict[str, Any]:
        """Ask for a reach: what is for the whole city has a form of its own."""
        cleaned = super().clean() or self.cleaned_data
        reach = ("organisation", "area", "category")
        if not any(self.errors.get(name) or cleaned.get(name) for name in reach):
            self.add_error("organisation", gettext("Name an organisation, an area or a category."))
        return cleaned

    def reach(self) -> Reach:
        """Return whom it is for."""
        data = self.cleaned_data
        return Reach(organisation=data["organisation"], area=data["area"], category=data["category"])


class EndForm(ServiceForm):
    """The day from which a rule or a rung no longer holds."""

    on = forms.DateField(
        label=_("From which day it no longer holds"),
        widget=DayInput(),
        help_text=_("Deadlines that run keep the rule they began with."),
    )


class RungForm(ServiceForm):
    """What a rung says."""

    share = forms.ChoiceField(label=_("Share of the period left"), choices=SHARES, required=False)
    left_days = forms.IntegerField(
        label=_("Or so many days left"), min_value=0, max_value=365, required=False
    )
    left_hours = forms.IntegerField(
        label=_("And so many hours left"), min_value=0, max_value=999, required=False
    )
    told = forms.ChoiceField(
        label=_("Told up to"),
        choices=Told,
        widget=forms.RadioSelect,
        help_text=_("Everybody nearer to the case is told as well."),
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=[choice for choice in Channel.choices if choice[0] != Channel.PORTAL],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Beside the portal, which always tells."),
    )
    office_hours = forms.BooleanField(
        label=_("Outside the portal only in office hours"), required=False, initial=True
    )
    valid_from = forms.DateField(label=_("In force from"), widget=DayInput())

    def __init__(self, rung: RungRule, *args: Any, **kwargs: Any) -> None:
        """Fit the fields to the unit and the level of a rung."""
        self.rung = rung
        super().__init__(*args, **kwargs)
        share = self.fields["share"]
        present = "" if rung.share is None else str(rung.share)
        if present and present not in dict(SHARES):
            share.choices = [*SHARES, (present, f"{rung.share * 100:g} %")]  # type: ignore[attr-defined, operator]
        unused = ["left_days" if rung.unit == Unit.HOUR else "left_hours"]
        if rung.level >= 3:
            unused = ["share", "left_days", "left_hours"]
        for name in unused:
            del self.fields[name]

    @staticmethod
    def values_of(rung: RungRule, *, valid_from: date) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {
            "share": "" if rung.share is None else str(rung.share),
            "left_days": rung.left_days,
            "left_hours": rung.left_hours,
            "told": rung.told,
            "channels": [channel for channel in rung.channels if channel != Channel.PORTAL],
            "office_hours": rung.office_hours,
            "valid_from": valid_from,
        }

    def spec(self, code: str) -> RungSpec:
        """Return what was typed, for every rule in the unit or for that of a code."""
        data = self.cleaned_data
        share = data.get("share")
        return RungSpec(
            code=code,
            unit=Unit(self.rung.unit),
            level=self.rung.level,
            told=Told(data["told"]),
            channels=[Channel.PORTAL, *data["channels"]],
            office_hours=data["office_hours"],
            share=Decimal(share) if share else None,
            left_days=data.get("left_days"),
            left_hours=data.get("left_hours"),
            valid_from=data["valid_from"],
        )


class DayForm(ServiceForm):
    """What the city states of a day."""

    kind = forms.ChoiceField(label=_("Kind of day"), choices=DayKind, widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Name of the day"), max_length=60, required=False, help_text=_("For example 国庆节.")
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=60, required=False)
    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("The notice that fixes this day.")
    )

    def __init__(self, on: date, *args: Any, **kwargs: Any) -> None:
        """Offer the kinds that fit the day of the week."""
        super().__init__(*args, **kwargs)
        unfit = DayKind.WORKDAY if on.weekday() >= 5 else DayKind.MAKEUP
        kinds = [choice for choice in DayKind.choices if choice[0] != unfit]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]

    @staticmethod
    def values_of(day: CalendarDay) -> dict[str, Any]:
        """Return what the form shows of a day that is stated already."""
        return {"kind": day.kind, "name": day.name, "name_en": day.name_en, "source": day.source}


class NoticeForm(ServiceForm):
    """A list of days, as a file or as text."""

    file = forms.FileField(
        label=_("List of days (CSV)"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label=_("Or paste the lines"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("The first line names the columns: date,kind,name,name_en,source"),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("file") and not (cleaned.get("text") or "").strip():
            self.add_error("file", gettext("Choose a file or paste its lines."))
        return cleaned


class ConfirmForm(ServiceForm):
    """The notice of a year."""

    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("Title and number of the holiday notice of that year.")
    )
