"""The deadlines of supervision: when a body has to answer, and when a listed matter has to be rectified."""

from __future__ import annotations

from datetime import date

from grid.worktime.choices import Unit
from grid.worktime.services import RuleSpec

FEEDBACK, RECTIFY = "SUP-FEEDBACK", "SUP-RECTIFY"
CODES = (FEEDBACK, RECTIFY)
KIND = "supervision"
SINCE = date(2022, 5, 1)

# Article 40 asks for a written answer and names no time. The 30 days are those of article 36 of the repealed
# regulations of 2005: practice, which a city may set otherwise, and never shown as law.
RULES = (
    RuleSpec(
        code=FEEDBACK,
        kind=KIND,
        label="督办建议书面反馈",
        label_en="Written answer to a supervision order",
        basis="本市自定时限，可在后台调整；沿用已废止的《信访条例》（2005）第三十六条的做法，非现行法律规定",
        basis_en=(
            "Local setting, may be changed; practice after article 36 of the repealed regulations of 2005, "
            "not law in force"
        ),
        length=30,
        unit=Unit.DAY,
        valid_from=SINCE,
    ),
    # A day that somebody named is that day, a rest day too.
    RuleSpec(
        code=RECTIFY,
        kind=KIND,
        label="挂牌督办限期整改",
        label_en="Rectification of a listed matter",
        basis="《信访工作条例》第三十九条（责令限期整改）；期限由督办单位在挂牌时确定",
        basis_en="Regulations on Petitions, article 39; the supervising body sets the day when it lists",
        length=None,
        unit=Unit.DAY,
        rolls=False,
        valid_from=SINCE,
    ),
)
