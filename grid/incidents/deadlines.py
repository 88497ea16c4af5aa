"""The limits of incidents: how fast each urgency has to be handled."""

from datetime import date

from grid.casework.models import Urgency
from grid.worktime.choices import Unit
from grid.worktime.services import RuleSpec

KIND = "incident"
LIMITS = {Urgency.RED: "INC-RED", Urgency.YELLOW: "INC-YELLOW", Urgency.BLUE: "INC-BLUE"}
CODES = tuple(LIMITS.values())
# No statute sets these (domain 4.5): each city chooses its own, in the admin.
BASIS = "本市自定时限，非法律规定，可在后台调整"
BASIS_EN = "Local choice of this city, not set by law; may be changed in the administration"
SINCE = date(2004, 1, 1)


def _rule(code: str, label: str, label_en: str, hours: int) -> RuleSpec:
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
        valid_from=SINCE,
    )


RULES = (
    _rule("INC-RED", "特急事件处置时限", "Handling of a critical incident", 2),
    _rule("INC-YELLOW", "紧急事件处置时限", "Handling of an urgent incident", 24),
    _rule("INC-BLUE", "一般事件处置时限", "Handling of a normal incident", 72),
)
