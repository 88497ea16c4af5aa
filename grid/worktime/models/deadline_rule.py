"""How long something may take, by which law, and who may change that."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grid.worktime.choices import Approver, Binds, Unit
from grid.worktime.querysets import DeadlineRuleQuerySet

Errors = dict[str, Promise | str]
# What a deadline has been promised by; such a row ends and has a successor, it is never typed over.
FROZEN = (
    "code", "length", "unit", "binds", "extend_by", "extend_max", "extend_times", "may_pause", "pause_for",
    "rolls", "statutory", "base_id", "organisation_id", "area_id", "category", "valid_from",
)  # fmt: skip


class DeadlineRule(models.Model):
    """
    One limit in time (办理时限), as a statute or the city sets it.

    A statutory rule may be shortened locally in its own unit, never lengthened: a local row names it as
    `base`. Where the law names no number, `length` is empty and whoever starts the deadline sets it; an
    empty `extend_max` or `extend_times` of a rule that somebody may extend is no ceiling. A row that a
    deadline runs by is frozen: it is ended, and its successor written. One that ends on its first day was
    withdrawn and never held.
    """

    code = models.CharField(_("Code"), max_length=40)
    kind = models.CharField(
        _("Kind of case"), max_length=30, blank=True, help_text=_("Empty means every kind.")
    )
    label = models.CharField(_("Label"), max_length=80)
    label_en = models.CharField(_("Label in English"), max_length=80)
    basis = models.CharField(_("Legal basis"), max_length=200)
    basis_en = models.CharField(_("Legal basis in English"), max_length=200)
    length = models.PositiveIntegerField(
        _("Length"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty where the law names no number: whoever starts the deadline sets it."),
    )
    unit = models.CharField(_("Unit"), max_length=10, choices=Unit.choices)
    binds = models.CharField(_("Binds"), max_length=10, choices=Binds.choices, default=Binds.OFFICE)
    extend_by = models.CharField(_("Who may extend"), max_length=20, choices=Approver, blank=True)
    extend_max = models.PositiveIntegerField(
        _("Longest extension"),
        default=0,
        null=True,
        blank=True,
        help_text=_("All extensions together, in the unit of the rule; 0 means never, empty no ceiling."),
    )
    extend_times = models.PositiveSmallIntegerField(
        _("How often it may be extended"),
        default=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty means as often as is agreed."),
    )
    may_pause = models.BooleanField(_("May be paused"), default=False)
    pause_for = models.CharField(
        _("What it may be paused for"), max_length=80, blank=True, help_text=_("For example 听证.")
    )
    pause_for_en = models.CharField(_("What it may be paused for, in English"), max_length=80, blank=True)
    rolls = models.BooleanField(
        _("Rolls over rest days"),
        default=True,
        help_text=_("An end on a rest day moves to the next working day (Civil Code, article 203)."),
    )
    statutory = models.BooleanField(_("Set by statute"), default=False)
    base = models.ForeignKey(
        "self",
        verbose_name=_("Statutory rule it shortens"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="local_rules",
        limit_choices_to={"statutory": True},
    )
    organisation = models.ForeignKey(
        "organisations.Organisation",
        verbose_name=_("Only for the organisation"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deadline_rules",
    )
    area = models.ForeignKey(
        "areas.Area",
        verbose_name=_("Only for the area"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deadline_rules",
    )
    category = models.CharField(_("Only for the category"), max_length=40, blank=True)
    valid_from = models.DateField(_("In force from"))
    valid_until = models.DateField(
        _("In force until"), null=True, blank=True, help_text=_("The first day it no longer holds.")
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    made_at = models.DateTimeField(_("Written at"), null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    ended_at = models.DateTimeField(_("Ended at"), null=True, blank=True, editable=False)

    objects = DeadlineRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("Deadline rule")
        verbose_name_plural = _("Deadline rules")
        ordering = ["code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                name="deadline_rule_once",
                fields=["code", "statutory", "organisation", "area", "category", "valid_from"],
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="deadline_rule_length", condition=Q(length=None) | Q(length__gt=0)),
            models.CheckConstraint(
                name="deadline_rule_validity",
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="deadline_rule_hours_never_roll", condition=~Q(unit=Unit.HOUR) | Q(rolls=False)
            ),
            models.CheckConstraint(name="deadline_rule_unit", condition=Q(unit__in=Unit.values)),
            models.CheckConstraint(name="deadline_rule_binds", condition=Q(binds__in=Binds.values)),
            models.CheckConstraint(
                name="deadline_rule_extension_has_somebody",
                condition=Q(extend_max=0, extend_by="")
                | (Q(extend_by__in=Approver.values) & (Q(extend_max=None) | Q(extend_max__gt=0))),
            ),
            models.CheckConstraint(
                name="deadline_rule_extended_at_least_once",
                condition=Q(extend_times=None) | Q(extend_times__gt=0),
            ),
            models.CheckConstraint(
                name="deadline_rule_pauses_for_something", condition=Q(may_pause=True) | Q(pause_for="")
            ),
            models.CheckConstraint(
                name="deadline_rule_statutory_has_no_base", condition=Q(statutory=False) | Q(base=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"

    @property
    def label_text(self) -> str:
        """Return what it limits, in the reader's language."""
        return self.label if in_chinese() else self.label_en

    @property
    def basis_text(self) -> str:
        """Return by which law or decision, in the reader's language."""
        return self.basis if in_chinese() else self.basis_en

    @property
    def pause_text(self) -> str:
        """Return what it may be paused for, in the reader's language."""
        return self.pause_for if in_chinese() else self.pause_for_en or self.pause_for

    @property
    def is_withdrawn(self) -> bool:
        """Say whether the rule was taken back before it ever held."""
        return self.valid_until == self.valid_from

    @property
    def reach_is_citywide(self) -> bool:
        """Say whether no organisation, area or category narrows the rule."""
        return not (self.organisation_id or self.area_id or self.category)

    def clean(self) -> None:
        """
        Check the rule against the statute it shortens and against its own neighbours in time.

        :raises ValidationError: naming the field.
        """
        errors: Errors = {}
        if self.unit == Unit.HOUR and self.rolls:
            errors["rolls"] = _("A limit in hours never rolls over rest days.")
        errors |= self._errors_in_leeway()
        if self.valid_from:
            errors |= self._errors_in_time()
            errors |= self._errors_against_base()
            errors |= self._errors_against_local_rules()
        errors |= self._errors_of_thawing()
        if errors:
            raise ValidationError(errors)

    def _errors_of_thawing(self) -> Errors:
        if self._state.adding or not self.deadlines.exists():
            return {}
        before = DeadlineRule.objects.values(*FROZEN).get(pk=self.pk)
        changed = [name for name in FROZEN if getattr(self, name) != before[name]]
        reason = _("Deadlines run by this rule; end it and write its successor.")
        return {name.removesuffix("_id"): reason for name in changed}

    def _errors_in_leeway(self) -> Errors:
        errors: Errors = {}
        if self.extend_max != 0 and not self.extend_by:
            errors["extend_by"] = _("Name who may extend, or set the longest extension to 0.")
        if self.extend_max == 0 and self.extend_by:
            errors["extend_max"] = _("Say by how much it may be extended, or leave it empty for no ceiling.")
        if self.may_pause and not self.pause_for:
            errors["pause_for"] = _("Say what the limit may be paused for.")
        if self.pause_for and not self.may_pause:
            errors["may_pause"] = _("This limit may not be paused, so there is nothing to pause it for.")
        return errors

    def _errors_in_time(self) -> Errors:
        if self.is_withdrawn:
            return {}
        if self.valid_until and self.valid_until < self.valid_from:
            return {"valid_until": _("The rule would end before it begins.")}
        rows = DeadlineRule.objects.same_scope(self).filter(statutory=self.statutory)
        rows = rows.filter(Q(valid_until=None) | Q(valid_until__gt=self.valid_from))
        rows = rows.exclude(valid_until=F("valid_from"))
        if self.valid_until:
            rows = rows.filter(valid_from__lt=self.valid_until)
        other = rows.order_by("valid_from").first()
        if other is None:
            return {}
        field = "valid_until" if other.valid_from > self.valid_from else "valid_from"
        return {field: _("Another rule with this code and reach is in force at that time.")}

    def _errors_against_base(self) -> Errors:
        if self.statutory:
            return {"base": _("A statutory rule shortens no other.")} if self.base_id else {}
        if self.base is None:
            statute = DeadlineRule.objects.valid(self.valid_from).filter(code=self.code, statutory=True)
            if not statute.exists():
                return {}
            return {"base": _("Name the statutory rule with this code: it may only be shortened.")}
        return _errors_of_shortening(self, self.base)

    def _errors_against_local_rules(self) -> Errors:
        if not self.statutory or self.pk is None or self.length is None:
            return {}
        longer = self.local_rules.filter(Q(length=None) | Q(length__gt=self.length) | ~Q(unit=self.unit))
        if longer.exists():
            return {"length": _("A local rule based on this one would then be longer than the statute.")}
        return {}


def in_chinese() -> bool:
    """Say whether the reader reads Chinese; what names no language does."""
    return (get_language() or "zh").startswith("zh")


def _errors_of_shortening(rule: DeadlineRule, base: DeadlineRule) -> Errors:
    errors: Errors = {}
    if not base.statutory:
        errors["base"] = _("Only a statutory rule can be a base.")
    if rule.unit != base.unit:
        errors["unit"] = _("A statutory limit may be shortened only in its own unit.")
    elif _is_above(rule.length, base.length):
        errors["length"] = _("A statutory limit may be shortened, never lengthened.")
    if rule.rolls and not base.rolls:
        errors["rolls"] = _("The statutory limit does not roll over rest days.")
    if rule.binds != base.binds:
        errors["binds"] = _("The statute binds somebody else.")
    return errors | _errors_of_leeway(rule, base)


def _errors_of_leeway(rule: DeadlineRule, base: DeadlineRule) -> Errors:
    """Compare what extends and pauses a rule with what the statute allows."""
    errors: Errors = {}
    if _is_above(rule.extend_max, base.extend_max):
        errors["extend_max"] = _("The statute allows no longer extension.")
    if rule.extend_by and rule.extend_by != base.extend_by:
        errors["extend_by"] = _("The statute lets somebody else extend.")
    if rule.extend_by and _is_above(rule.extend_times, base.extend_times):
        errors["extend_times"] = _("The statute allows no more extensions.")
    if rule.may_pause and not base.may_pause:
        errors["may_pause"] = _("The statute allows no pause.")
    elif rule.may_pause and rule.pause_for != base.pause_for:
        errors["pause_for"] = _("The statute allows a pause only for: %(what)s.") % {"what": base.pause_for}
    return errors


def _is_above(value: int | None, ceiling: int | None) -> bool:
    """Say whether a value passes a ceiling; an empty one is higher than any number."""
    if ceiling is None:
        return False
    return value is None or value > ceiling
