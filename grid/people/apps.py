"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Register the app."""

    name = "grid.people"
    verbose_name = _("People and accounts")
    default_auto_field = "django.db.models.BigAutoField"
