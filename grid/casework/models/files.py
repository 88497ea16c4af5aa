"""Files that people send, and files that belong to a case."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models.case import Case
from grid.casework.models.timeline import Audience, Event


class Upload(models.Model):
    """
    A file that was sent and checked, before a step claims it.

    A form that fails keeps its uploads; what nobody claims is swept away after a day.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="uploads")
    file = models.FileField(upload_to="uploads/%Y/%m/")
    name = models.CharField(_("File name"), max_length=200)
    media_type = models.CharField(_("Type"), max_length=80)
    size = models.PositiveIntegerField(_("Size in bytes"))
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    """A file of a case, read by its audience."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments")
    event = models.ForeignKey(Event, models.PROTECT, related_name="attachments")
    upload = models.OneToOneField(Upload, models.PROTECT, related_name="attachment")
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.STAFF)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="attachment_audience_known"
            ),
        ]
