"""What can go wrong with a step, each with its HTTP status and a text for the person concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from grid.casework.models import Case
    from grid.casework.table import Step


class CaseworkError(Exception):
    """A step was not taken, and nothing was written."""

    status = 400
    code = "casework-error"
    text: str | Promise = _("The step was not taken.")

    def __init__(self, text: str | Promise | None = None) -> None:
        """Keep the text for the person concerned."""
        if text is not None:
            self.text = text
        super().__init__(str(self.text))


class CaseNotFound(CaseworkError):
    """There is no such case, or this actor may not know of it."""

    status = 404
    code = "not-found"
    text = _("There is no such matter, or it is not yours to see.")


class CaseBusy(CaseworkError):
    """Somebody else holds the row longer than `lock_timeout`."""

    status = 503
    code = "busy"
    text = _("Somebody is working on this matter at this moment. Nothing was lost: send it again.")


class StepNotPossible(CaseworkError):
    """The step does not exist from here, or not for this actor."""

    status = 409
    code = "step-not-possible"

    def __init__(self, text: str | Promise, possible: list[Step]) -> None:
        """Keep the reason and the steps that are possible now."""
        super().__init__(text)
        self.possible = possible


class StaleCase(CaseworkError):
    """The case changed since the form was opened."""

    status = 409
    code = "stale"
    text = _("This matter has changed since you opened it. Read what happened, then send again.")

    def __init__(self, case: Case, version: int) -> None:
        """Keep the case as it is now and the version that the form was made from."""
        super().__init__()
        self.case = case
        self.version = version


class KeyReused(CaseworkError):
    """The same key came with another body."""

    status = 409
    code = "key-reused"
    text = _("This form was already sent with other content. Open it again; what you typed is kept here.")
