"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorktimeConfig(AppConfig):
    """Register the app."""

    name = "grid.worktime"
    verbose_name = _("Working time and deadlines")
    default_auto_field = "django.db.models.BigAutoField"
