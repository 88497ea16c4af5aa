"""System checks that need the database: `migrate` and `check --database default` run them."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from governance.operations.demo_accounts import demo_accounts, explain


@register(Tags.database)
def no_demo_accounts(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report demo accounts where the settings forbid them."""
    if settings.DEMO_ACCOUNTS_ALLOWED or "default" not in (databases or []):
        return []
    if get_user_model()._meta.db_table not in connections["default"].introspection.table_names():
        return []
    found = demo_accounts()
    return [Error(explain(found), id="governance.E001")] if found else []
