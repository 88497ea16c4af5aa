"""App configuration."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Register the app."""

    name = "governance.api"
    default_auto_field = "django.db.models.BigAutoField"
