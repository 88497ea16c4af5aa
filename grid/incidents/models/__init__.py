"""Incidents (网格事件), their categories, and who is responsible for what."""

from grid.incidents.models.category import Category
from grid.incidents.models.incident import Incident
from grid.incidents.models.responsibility import Responsibility

__all__ = ["Category", "Incident", "Responsibility"]
