"""App configuration."""

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Register the app."""

    name = "grid.organisations"
    default_auto_field = "django.db.models.BigAutoField"
