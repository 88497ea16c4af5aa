"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AreasConfig(AppConfig):
    """Register the app."""

    name = "grid.areas"
    verbose_name = _("Areas")
    default_auto_field = "django.db.models.BigAutoField"
