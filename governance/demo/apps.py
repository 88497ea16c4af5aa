"""App configuration."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Register the app."""

    name = "governance.demo"
    default_auto_field = "django.db.models.BigAutoField"
