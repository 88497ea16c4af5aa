"""The runs of the ladder, and what a superior does about a matter that is not handled as it should be."""

from grid.supervision.models.orders import (
    ENDED,
    IN_FORCE,
    Adoption,
    Effect,
    Level,
    OrderStatus,
    Suggestion,
    SupervisionOrder,
    Trigger,
)
from grid.supervision.models.records import RecordType, SupervisionRecord
from grid.supervision.models.runs import LadderRun, SetAside

__all__ = [
    "ENDED",
    "IN_FORCE",
    "Adoption",
    "Effect",
    "LadderRun",
    "Level",
    "OrderStatus",
    "RecordType",
    "SetAside",
    "Suggestion",
    "SupervisionOrder",
    "SupervisionRecord",
    "Trigger",
]
