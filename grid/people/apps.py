"""App configuration."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Register the app."""

    name = "grid.people"
    default_auto_field = "django.db.models.BigAutoField"
