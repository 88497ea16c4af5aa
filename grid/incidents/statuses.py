"""Where an incident stands."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from grid.casework.kinds import StatusInfo
from grid.casework.models import Phase


class Status(models.TextChoices):
    """The statuses of an incident (上报、受理、派遣、处置、核查、结案)."""

    REPORTED = "reported", _("Reported")
    ACCEPTED = "accepted", _("Accepted")
    DISPATCHED = "dispatched", _("Dispatched")
    ESCALATED = "escalated", _("Passed up")
    ASKED = "asked", _("Waiting for the reporter")
    HANDLED = "handled", _("Handled")
    VERIFIED = "verified", _("Verified")
    CLOSED = "closed", _("Closed")
    VOIDED = "voided", _("Voided")
    MERGED = "merged", _("Merged")


# Nobody has handled it yet, so its limit runs.
UNHANDLED = frozenset({Status.REPORTED, Status.ACCEPTED, Status.DISPATCHED, Status.ESCALATED, Status.ASKED})
OPEN = UNHANDLED | {Status.HANDLED, Status.VERIFIED}
ENDED = frozenset({Status.CLOSED, Status.VOIDED, Status.MERGED})


def _info(status: Status, phase: Phase, public_text: object) -> StatusInfo:
    return StatusInfo(status.value, status.label, phase.value, public_text)  # type: ignore[arg-type]


STATUSES = (
    _info(Status.REPORTED, Phase.INTAKE, _("The matter has been reported and waits to be accepted.")),
    _info(Status.ACCEPTED, Phase.HANDLING, _("The matter has been accepted and is being dealt with.")),
    _info(Status.DISPATCHED, Phase.HANDLING, _("The matter has been given to the office responsible.")),
    _info(Status.ESCALATED, Phase.HANDLING, _("The matter has been passed to the next level.")),
    _info(Status.ASKED, Phase.WAITING, _("More information is needed from the person who reported it.")),
    _info(Status.HANDLED, Phase.HANDLING, _("The matter has been dealt with and is being verified.")),
    _info(Status.VERIFIED, Phase.HANDLING, _("The result has been verified; the matter will be closed.")),
    _info(Status.CLOSED, Phase.CLOSED, _("The matter is closed.")),
    _info(Status.VOIDED, Phase.CLOSED, _("The entry was made by mistake and does not count.")),
    _info(Status.MERGED, Phase.CLOSED, _("The matter is dealt with together with another one.")),
)
