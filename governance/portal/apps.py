"""App configuration."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Register the app."""

    name = "governance.portal"
    default_auto_field = "django.db.models.BigAutoField"
