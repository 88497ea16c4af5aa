"""
The lives that incidents of the city lead, as tables: who takes which step, when.

Each is played through the real steps a few times; every incident of the city is a copy of one such play.
"""

from __future__ import annotations

from dataclasses import dataclass

from grid.areas.models import Tier
from grid.casework.models import Urgency


@dataclass(frozen=True)
class Scenario:
    """
    One life.

    `moves` are step, variant and when, as a share of the time limit; `first` is the tier that must get the
    report first, empty for any; `weight` is how often it comes among lives of its sort.
    """

    name: str
    weight: int
    moves: tuple[tuple[str, float], ...]
    first: str = ""
    urgencies: tuple[str, ...] = (Urgency.BLUE, Urgency.BLUE, Urgency.YELLOW)


COMMUNITY = Tier.COMMUNITY.value
END = (("verify", 0.62), ("close", 0.7))
GIVEN = (("report", 0.0), ("accept", 0.02), ("dispatch", 0.05))
UP = (("report", 0.0), ("accept", 0.02), ("escalate", 0.06))

# What has ended. Most of what a grid worker sees he settles on the spot (即办即结).
ENDED = (
    Scenario("at once", 44, (("report_done", 0.0),), urgencies=(Urgency.BLUE,)),
    Scenario("plain", 22, (("report", 0.0), ("accept", 0.03), ("handle", 0.3), *END), COMMUNITY),
    Scenario("straight to the office", 4, (("report", 0.0), ("accept", 0.05), ("handle", 0.4), *END)),
    Scenario("dispatched", 9, (*GIVEN, ("accept", 0.12), ("handle", 0.5), *END), COMMUNITY),
    Scenario("passed up", 5, (*UP, ("accept", 0.15), ("handle", 0.5), *END), COMMUNITY),
    Scenario("passed up, dispatched", 2, (*UP, ("dispatch", 0.1), ("handle", 0.55), *END), COMMUNITY),
    Scenario(
        "not in order",
        2,
        (("report", 0.0), ("accept", 0.03), ("handle", 0.2), ("verify:failed", 0.3), ("handle", 0.5), *END),
        COMMUNITY,
    ),
    Scenario("explained", 3, (("report", 0.0), ("accept", 0.05), ("close:explained", 0.2)), COMMUNITY),
    Scenario(
        "asked",
        2,
        (("report", 0.0), ("ask", 0.05), ("answer", 0.2), ("accept", 0.25), ("handle", 0.5), *END),
        COMMUNITY,
    ),
    Scenario(
        "warned", 3, (("report", 0.0), ("accept", 0.1), ("handle", 0.8), ("verify", 0.9), ("close", 1.0))
    ),
    Scenario("late", 2, (*GIVEN, ("handle", 1.2), ("verify", 1.3), ("close", 1.4)), COMMUNITY),
    Scenario(
        "reopened",
        1,
        (("report", 0.0), ("accept", 0.03), ("handle", 0.3), *END, ("reopen", 2.0), ("accept", 2.02),
         ("handle", 2.4), ("verify", 2.5), ("close", 2.6)),
        COMMUNITY,
    ),
    Scenario("void", 1, (("report", 0.0), ("void", 0.1)), COMMUNITY),
)  # fmt: skip

# Whose limit runs: kept as it stands before each rung of the ladder, and after the last.
RUNNING = (
    Scenario("reported", 3, (("report", 0.0),)),
    Scenario("accepted", 5, (("report", 0.0), ("accept", 0.03))),
    Scenario("commented", 2, (("report", 0.0), ("accept", 0.03), ("comment", 0.05)), COMMUNITY),
    Scenario("sent", 4, GIVEN, COMMUNITY),
    Scenario("taken up", 4, (*GIVEN, ("accept", 0.1)), COMMUNITY),
    Scenario("gone up", 2, UP, COMMUNITY),
    Scenario("asked", 1, (("report", 0.0), ("ask", 0.05)), COMMUNITY),
)

# Handled in time, so that no limit runs, but not closed yet.
RESTING = (
    Scenario("handled", 3, (("report", 0.0), ("accept", 0.03), ("handle", 0.3)), COMMUNITY),
    Scenario("verified", 1, (("report", 0.0), ("accept", 0.03), ("handle", 0.3), ("verify", 0.5)), COMMUNITY),
)
