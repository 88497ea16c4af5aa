"""The words of notices: worded in the reader's language when read, from codes and values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from grid.casework import kinds
from grid.casework.models import Outcome
from grid.notices.choices import Code
from grid.organisations.duty import Seat
from grid.worktime.choices import Channel

Words = str | Promise


@dataclass(frozen=True)
class Template:
    """The words of one kind of notice: `text` may name what `text()` fills in."""

    heading: Words
    text: Words
    icon: str
    light: str = ""


_RUNG_AHEAD = _("“{deadline}” must be done by {due}. {organisation} is in charge.")

_PROPOSED = _("A supervision order is proposed; the superior confirms, changes or dismisses it.")

TEMPLATES: dict[str, Template] = {
    Code.YELLOW: Template(Code.YELLOW.label, _RUNG_AHEAD, "hourglass-split", "yellow"),
    Code.ORANGE: Template(Code.ORANGE.label, _RUNG_AHEAD, "hourglass-split", "orange"),
    Code.RED: Template(
        Code.RED.label,
        _("“{deadline}” was to be done by {due} and is not. {organisation} stays in charge."),
        "exclamation-octagon",
        "red",
    ),
    Code.SILENCE: Template(
        Code.SILENCE.label,
        _("Whoever brought this matter has heard nothing for {days} days. {organisation} is in charge."),
        "chat-left-text",
    ),
    Code.VACANT: Template(
        Code.VACANT.label,
        _(
            "{organisation}: nobody is there for “{posts}”. Until somebody or a stand-in is entered, "
            "reminders about deadlines go to the next organisation up, if there is one."
        ),
        "person-plus",
    ),
    Code.CHANNEL: Template(
        Code.CHANNEL.label,
        _(
            "Messages by “{channel}” do not go out. They wait and are sent as soon as it works again; "
            "notices in the portal arrive as ever."
        ),
        "exclamation-triangle",
    ),
    Code.SET_ASIDE: Template(
        Code.SET_ASIDE.label,
        _(
            "Deadlines set aside because the ladder could not read them: {count}. "
            "Nobody is reminded of them until the fault is mended; all others go on."
        ),
        "exclamation-triangle",
    ),
    Code.RESUMED: Template(
        Code.RESUMED.label,
        _("The pause has run out; the deadlines of {organisation} run again."),
        "play-fill",
    ),
    Code.OPENED: Template(
        Code.OPENED.label, _("A new matter has come in. {organisation} is in charge."), "inbox"
    ),
    Code.ARRIVED: Template(Code.ARRIVED.label, _("After “{step}” {organisation} is in charge."), "send"),
    Code.ASSIGNED: Template(
        Code.ASSIGNED.label, _("You were asked to take this matter in hand."), "person-check"
    ),
    Code.ASKED: Template(
        Code.ASKED.label, _("{organisation} needs to know more from you before it can go on."), "chat-dots"
    ),
    Code.MOVED_ON: Template(
        Code.MOVED_ON.label, _("After “{step}” the matter stands at “{status}”."), "arrow-right"
    ),
    Code.STEP: Template(Code.STEP.label, _("{organisation}: {step}."), "journal-text"),
    Code.CLOSED: Template(
        Code.CLOSED.label, _("The matter that you reported was closed: {outcome}."), "check-circle"
    ),
}


def of(code: str) -> Template:
    """
    Return a template.

    :raises KeyError: when there is none of this code.
    """
    return TEMPLATES[code]


def heading(code: str, params: Mapping[str, Any]) -> str:
    """Say in a word or two what a notice is about; of a step that is its own name."""
    step = _step(params) if code == Code.STEP else ""
    return step or str(TEMPLATES[code].heading)


def text(code: str, params: Mapping[str, Any], *, organisation: str) -> str:
    """Word a notice in the language of the reader."""
    said = str(TEMPLATES[code].text).format(organisation=organisation, **values(params))
    # Chinese sets no space between sentences.
    return (
        gettext("%(first)s %(second)s") % {"first": said, "second": _PROPOSED}
        if "proposal" in params
        else said
    )


def values(params: Mapping[str, Any]) -> dict[str, str]:
    """Word what a notice carries, in the language of the reader, by the names that texts use."""
    return {
        "deadline": _either(params.get("label", ""), params.get("label_en", "")),
        "due": _due(params),
        "posts": gettext(", ").join(str(Seat(post).label) for post in params.get("posts", [])),
        "step": _step(params),
        "status": _status(params),
        "outcome": _outcome(params),
        "days": str(params.get("days", "")),
        "count": str(params.get("count", "")),
        "channel": str(Channel(params["channel"]).label) if "channel" in params else "",
        "progress": _progress(params),
    }


def _either(chinese: str, english: str) -> str:
    """Return the English words for a reader of English, where there are any."""
    return english if english and (get_language() or "").startswith("en") else chinese


def _due(params: Mapping[str, Any]) -> str:
    """Return the last day, or for hours the moment, in the city's zone."""
    if params.get("due_on"):
        return date.fromisoformat(params["due_on"]).isoformat()
    if params.get("due_at"):
        return timezone.localtime(datetime.fromisoformat(params["due_at"])).strftime("%Y-%m-%d %H:%M")
    return ""


def _step(params: Mapping[str, Any]) -> str:
    step = kinds.get(params["kind"]).step(params["verb"]) if "verb" in params else None
    return str(step.label) if step else ""


def _progress(params: Mapping[str, Any]) -> str:
    """Return what the public is told of a step; its name where its row has no word for the public."""
    step = kinds.get(params["kind"]).step(params["verb"]) if "verb" in params else None
    return str(step.public_text or step.label) if step else ""


def _status(params: Mapping[str, Any]) -> str:
    return str(kinds.get(params["kind"]).status(params["status"]).label) if "status" in params else ""


def _outcome(params: Mapping[str, Any]) -> str:
    """Return the outcome; a status that stands for it where a kind sets none."""
    outcome = params.get("outcome")
    return str(Outcome(outcome).label) if outcome in Outcome.values else _status(params)
