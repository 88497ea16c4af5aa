"""The limits of incidents: how fast each urgency has to be handled."""

from datetime import date

from grid.casework.models import Urgency
from grid.worktime.choices import Approver, Unit
from grid.worktime.services import RuleSpec

KIND = "incident"
LIMITS = {Urgency.RED: "INC-RED", Urgency.YELLOW: "INC-YELLOW", Urgency.BLUE: "INC-BLUE"}
CODES = tuple(LIMITS.values())
# No statute sets these (domain 4.5): each city chooses its own, in the admin.
BASIS = "本市自定时限，非法律规定，可在后台调整"
BASIS_EN = "Local choice of this city, not set by law; may be changed in the administration"
SINCE = date(2004, 1, 1)


WAITING = "等待天气、材料或进场条件"
WAITING_EN = "Waiting for weather, material or access"


def _rule(
    code: str, label: str, label_en: str, hours: int, *, longer: int = 0, waits: bool = False
) -> RuleSpec:
    """Return a limit of so many hours; the superior may extend it once, by as many hours at most."""
    return RuleSpec(
        code=code,
        kind=KIND,
        label=label,
        label_en=label_en,
        basis=BASIS,
        basis_en=BASIS_EN,
        length=hours,
        unit=Unit.HOUR,
        rolls=False,
        extend_by=Approver.SUPERIOR if longer else "",
        extend_max=longer,
        may_pause=waits,
        pause_for=WAITING if waits else "",
        pause_for_en=WAITING_EN if waits else "",
        valid_from=SINCE,
    )


# What endangers people waits for nothing, and nobody grants it more time.
RULES = (
    _rule("INC-RED", "特急事件处置时限", "Handling of a critical incident", 2),
    _rule("INC-YELLOW", "紧急事件处置时限", "Handling of an urgent incident", 24, longer=24),
    _rule("INC-BLUE", "一般事件处置时限", "Handling of a normal incident", 72, longer=72, waits=True),
)
