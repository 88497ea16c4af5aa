"""Supervision orders (督办): from the proposal to the end, each status held by the database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models import Case, Deadline, Rung
from grid.organisations.models import Organisation
from grid.supervision.orders.querysets import SupervisionOrderQuerySet


class Trigger(models.TextChoices):
    """
    Why a matter is supervised (督办情形).

    The duty is article 40 of the Regulations on Petitions (2022); the list follows article 36 of the repealed
    regulations of 2005, which is practice and no law in force.
    """

    LATE = "late", _("Not completed in time")
    NOT_ANSWERED = "not_answered", _("No answer given on the result")
    WRONG_PROCEDURE = "wrong_procedure", _("Accepted or handled against the rules")
    PERFUNCTORY = "perfunctory", _("Shirked, perfunctory or put off")
    FALSE_REPORTING = "false_reporting", _("Reported falsely")
    REFUSAL = "refusal", _("Refusal to carry out what was decided")
    OTHER = "other", _("Other")


class OrderStatus(models.TextChoices):
    """Where a supervision order stands."""

    PROPOSED = "proposed", _("Proposed")
    DISMISSED = "dismissed", _("Dismissed")
    ISSUED = "issued", _("Issued, waits for the answer")
    ANSWERED = "answered", _("Answered")
    LIFTED = "lifted", _("Lifted")
    LISTED = "listed", _("Listed")
    RECTIFIED = "rectified", _("Rectification reported")
    DELISTED = "delisted", _("De-listed")


S = OrderStatus
# Confirmed by a person and not ended: while one of these stands, the matter cannot be ended.
IN_FORCE = (S.ISSUED, S.ANSWERED, S.LISTED, S.RECTIFIED)
OPEN = (S.PROPOSED, *IN_FORCE)
ENDED = (S.DISMISSED, S.LIFTED, S.DELISTED)


class Suggestion(models.TextChoices):
    """The three suggestions of article 40; accountability is that of a body, never a rank of persons."""

    IMPROVE = "improve", _("Improve the work")
    POLICY = "policy", _("Complete a policy")
    ACCOUNT = "account", _("Hold the body to account")


class Adoption(models.TextChoices):
    """What the body that was addressed makes of the suggestions (采纳情况, article 40)."""

    ADOPTED = "adopted", _("Adopted")
    PARTLY = "partly", _("Partly adopted")
    NOT_ADOPTED = "not_adopted", _("Not adopted")


class Level(models.TextChoices):
    """At which level a matter is listed (挂牌督办)."""

    STREET = "street", _("Subdistrict level")
    DISTRICT = "district", _("District level")
    CITY = "city", _("City level")


class Effect(models.TextChoices):
    """What the rectification came to (整改效果评价)."""

    FULL = "full", _("Fully rectified")
    LARGELY = "largely", _("Largely rectified, the rest is followed up")


def _person(words: Any) -> models.ForeignKey[Any, Any]:
    """Return a field for somebody who did something about an order."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=words
    )


def _all_or_none(*, empty: Q, filled: Q, where: tuple[OrderStatus, ...]) -> Q:
    """Say that fields are filled in some statuses and empty in all others."""
    return (Q(status__in=where) & filled) | (~Q(status__in=where) & empty)


class SupervisionOrder(models.Model):
    """
    A supervision order (督办单) about one case.

    `authority` issues it, `addressee` has to answer: whoever held the case when it was issued, whoever leads
    it later. `rung` is the rung of the ladder that proposed it, none where a supervisor began it himself.
    One order of a case is open at a time. Which fields are filled follows from the status; checks hold it.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="supervision_orders", verbose_name=_("Case"))
    deadline = models.ForeignKey(
        Deadline, models.PROTECT, null=True, related_name="+", verbose_name=_("Deadline it is about")
    )
    rung = models.OneToOneField(Rung, models.PROTECT, null=True, related_name="+")
    trigger = models.CharField(_("Reason for supervision"), max_length=20, choices=Trigger)
    status = models.CharField(_("Status"), max_length=10, choices=OrderStatus)
    number = models.CharField(_("Document number"), max_length=40, blank=True)
    authority = models.ForeignKey(
        Organisation, models.PROTECT, related_name="orders_given", verbose_name=_("Supervising body")
    )
    addressee = models.ForeignKey(
        Organisation, models.PROTECT, related_name="orders_received", verbose_name=_("Addressed to")
    )
    proposed_at = models.DateTimeField(_("Proposed at"), null=True)
    # Issued, confirmed or dismissed: one decision, by one person. Nobody decided what closing did away with.
    decided_by = _person(_("Decided by"))
    decided_at = models.DateTimeField(_("Decided at"), null=True)
    decision_reason = models.TextField(_("Reason of the decision"), blank=True)
    suggestions = ArrayField(
        models.CharField(max_length=10, choices=Suggestion), verbose_name=_("Suggestions"), default=list
    )
    demand = models.TextField(_("What is demanded"), blank=True)
    adoption = models.CharField(_("Suggestions adopted"), max_length=12, choices=Adoption, blank=True)
    feedback = models.TextField(_("Written answer"), blank=True)
    answered_by = _person(_("Answered by"))
    answered_at = models.DateTimeField(_("Answered at"), null=True)
    listed_level = models.CharField(_("Level of listing"), max_length=10, choices=Level, blank=True)
    listed_by = _person(_("Listed by"))
    listed_at = models.DateTimeField(_("Listed at"), null=True)
    rectify_by = models.DateField(_("To be rectified by"), null=True)
    rectification = models.TextField(_("What was rectified"), blank=True)
    rectified_by = _person(_("Rectification reported by"))
    rectified_at = models.DateTimeField(_("Rectification reported at"), null=True)
    effect = models.CharField(_("Effect of the rectification"), max_length=10, choices=Effect, blank=True)
    evaluation = models.TextField(_("Assessment"), blank=True)
    ended_by = _person(_("Ended by"))
    ended_at = models.DateTimeField(_("Ended at"), null=True)
    next_check_on = models.DateField(_("Next check on"), null=True)

    objects = SupervisionOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("Supervision order")
        verbose_name_plural = _("Supervision orders")
        indexes = [
            models.Index(fields=["authority", "status"], name="order_by_authority"),
            models.Index(fields=["addressee", "status"], name="order_by_addressee"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(status__in=OPEN), name="one_open_order_of_a_case"
            ),
            models.CheckConstraint(condition=Q(status__in=S.values), name="order_status_known"),
            models.CheckConstraint(condition=Q(trigger__in=Trigger.values), name="order_trigger_known"),
            models.CheckConstraint(
                condition=Q(suggestions__contained_by=Suggestion.values), name="order_suggestions_known"
            ),
            models.CheckConstraint(condition=~Q(authority=F("addressee")), name="order_not_to_oneself"),
            models.CheckConstraint(
                condition=Q(rung__isnull=False, proposed_at__isnull=False)
                | (~Q(status=S.PROPOSED) & Q(rung__isnull=True, proposed_at__isnull=True)),
                name="order_proposed_by_a_rung",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=S.PROPOSED, decided_at__isnull=True, decided_by__isnull=True, decision_reason=""
                )
                | (~Q(status=S.PROPOSED) & Q(decided_at__isnull=False)),
                name="order_decided_means_decided",
            ),
            # Dismissed by somebody with a reason, or by the end of the case, and then by nobody.
            models.CheckConstraint(
                condition=~Q(status=S.DISMISSED)
                | (Q(decided_by__isnull=False) & ~Q(decision_reason=""))
                | Q(decided_by__isnull=True, decision_reason=""),
                name="order_dismissed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=_all_or_none(
                    where=(*IN_FORCE, S.LIFTED, S.DELISTED),
                    filled=Q(decided_by__isnull=False, suggestions__len__gt=0)
                    & ~Q(number="")
                    & ~Q(demand=""),
                    empty=Q(number="", demand="", suggestions__len=0),
                ),
                name="order_issued_is_whole",
            ),
            models.CheckConstraint(
                condition=(Q(answered_at__isnull=True, answered_by__isnull=True, adoption="", feedback=""))
                | (
                    Q(answered_at__isnull=False, answered_by__isnull=False, adoption__in=Adoption.values)
                    & ~Q(feedback="")
                ),
                name="order_answer_is_whole",
            ),
            # A listed order may still wait for its answer, a lifted one may have ended without.
            models.CheckConstraint(
                condition=Q(status__in=(S.LISTED, S.LIFTED))
                | Q(status__in=(S.ANSWERED, S.RECTIFIED, S.DELISTED), answered_at__isnull=False)
                | Q(status__in=(S.PROPOSED, S.DISMISSED, S.ISSUED), answered_at__isnull=True),
                name="order_answered_means_answered",
            ),
            models.CheckConstraint(
                condition=_all_or_none(
                    where=(S.LISTED, S.RECTIFIED, S.DELISTED),
                    filled=Q(
                        listed_level__in=Level.values,
                        listed_by__isnull=False,
                        listed_at__isnull=False,
                        rectify_by__isnull=False,
                    ),
                    empty=Q(
                        listed_level="",
                        listed_by__isnull=True,
                        listed_at__isnull=True,
                        rectify_by__isnull=True,
                    ),
                ),
                name="order_listed_is_whole",
            ),
            models.CheckConstraint(
                condition=_all_or_none(
                    where=(S.RECTIFIED, S.DELISTED),
                    filled=Q(rectified_by__isnull=False, rectified_at__isnull=False) & ~Q(rectification=""),
                    empty=Q(rectified_by__isnull=True, rectified_at__isnull=True, rectification=""),
                ),
                name="order_rectified_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN, ended_at__isnull=True, ended_by__isnull=True)
                | Q(status=S.DISMISSED, ended_at__isnull=False, next_check_on__isnull=True)
                | Q(
                    status__in=(S.LIFTED, S.DELISTED),
                    ended_at__isnull=False,
                    ended_by__isnull=False,
                    next_check_on__isnull=True,
                ),
                name="order_ended_means_ended",
            ),
            models.CheckConstraint(
                condition=Q(status__in=(*OPEN, S.DISMISSED), effect="", evaluation="")
                | (Q(status=S.LIFTED, effect="") & ~Q(evaluation=""))
                | (Q(status=S.DELISTED, effect__in=Effect.values) & ~Q(evaluation="")),
                name="order_assessed_at_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number or self.pk} {self.get_status_display()}"

    @property
    def is_open(self) -> bool:
        """Tell whether it waits for somebody."""
        return self.status in OPEN

    @property
    def in_force(self) -> bool:
        """Tell whether somebody confirmed it and it has not ended."""
        return self.status in IN_FORCE

    @property
    def lapsed(self) -> bool:
        """Tell whether the case ended before anybody decided on the proposal."""
        return self.status == S.DISMISSED and self.decided_by_id is None
