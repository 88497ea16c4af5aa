"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    """Register the app."""

    name = "grid.incidents"
    verbose_name = _("Incidents")
    default_auto_field = "django.db.models.BigAutoField"
