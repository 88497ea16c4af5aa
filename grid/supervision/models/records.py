"""Talks (约谈) and notices of criticism (通报): what else a superior does about how a matter is handled."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models import Case
from grid.organisations.models import Organisation
from grid.supervision.models.orders import SupervisionOrder
from grid.supervision.orders.querysets import SupervisionRecordQuerySet


class RecordType(models.TextChoices):
    """What was done beside the order (article 39)."""

    TALK = "talk", _("Supervision talk")
    NOTICE = "notice", _("Notice of criticism")


class SupervisionRecord(models.Model):
    """A talk that was held or a notice given about one case, with the order that was open, if any."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="supervision_records")
    order = models.ForeignKey(SupervisionOrder, models.PROTECT, null=True, related_name="records")
    type = models.CharField(_("Type"), max_length=10, choices=RecordType)
    number = models.CharField(_("Document number"), max_length=40, blank=True)
    authority = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    addressee = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    held_on = models.DateField(_("Held or given on"))
    text = models.TextField(_("Record"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = SupervisionRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(type__in=RecordType.values), name="supervision_record_type_known"
            ),
            models.CheckConstraint(
                condition=~Q(authority=F("addressee")), name="supervision_record_not_to_oneself"
            ),
            # Only a notice is a document with a number.
            models.CheckConstraint(
                condition=Q(type=RecordType.TALK, number="") | (Q(type=RecordType.NOTICE) & ~Q(number="")),
                name="supervision_notice_has_a_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.held_on.isoformat()}"
