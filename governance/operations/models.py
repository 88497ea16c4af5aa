"""What the operator of an installation sees of its parts."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Part(models.TextChoices):
    """A process that shows that it lives by writing a row."""

    WORKER = "worker", _("Worker")
    BEAT = "beat", _("Beat")


class Heartbeat(models.Model):
    """When a background process was last known to work."""

    EVERY = timedelta(seconds=10)
    LATE_AFTER = timedelta(seconds=60)

    part = models.CharField(_("Part"), max_length=10, choices=Part, unique=True)
    at = models.DateTimeField(_("Last seen"))

    class Meta:
        verbose_name = _("Heartbeat")
        verbose_name_plural = _("Heartbeats")
        constraints = [
            models.CheckConstraint(condition=models.Q(part__in=Part.values), name="heartbeat_part_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_part_display()} {self.at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, part: Part, *, at: datetime) -> None:
        """Note that a part worked at `at`."""
        cls.objects.update_or_create(part=part, defaults={"at": at})
