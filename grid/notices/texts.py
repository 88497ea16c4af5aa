"""Choose the text of a message, check what an administrator writes, and fill it in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.notices.choices import DIGEST, Code, TextAudience
from grid.notices.models import MessageTemplate
from grid.notices.shipped import SHIPPED, Key, Text
from grid.worktime.choices import Channel

LONGEST = {Channel.SMS: 300, Channel.CHAT: 1000, Channel.EMAIL: 4000}
# What each placeholder is replaced by, for the page on which texts are written.
PLACEHOLDERS: dict[str, str | Promise] = {
    "city": _("The name of the city"),
    "link": _("The address of the page in the portal"),
    "number": _("The number of the matter"),
    "organisation": _("The organisation that is named"),
    "deadline": _("The name of the deadline"),
    "due": _("When it is due"),
    "days": _("How many days nobody was told anything"),
    "step": _("The name of the step"),
    "status": _("Where the matter stands then"),
    "outcome": _("What came of it"),
    "progress": _("What the public is told of the step"),
    "count": _("How many matters"),
    "summary": _("How many of each sort"),
    "list": _("One line for each matter"),
}
_RUNG = ("organisation", "deadline", "due")
_OWN: dict[str, tuple[str, ...]] = {
    Code.YELLOW: _RUNG,
    Code.ORANGE: _RUNG,
    Code.RED: _RUNG,
    Code.SILENCE: ("organisation", "days"),
    Code.RESUMED: ("organisation",),
    Code.OPENED: ("organisation",),
    Code.ARRIVED: ("organisation", "step"),
    Code.ASSIGNED: (),
    Code.ASKED: ("organisation",),
    Code.MOVED_ON: ("step", "status"),
    Code.STEP: ("organisation", "step"),
    Code.CLOSED: ("outcome",),
    DIGEST: ("count", "summary"),
}


class Texts:
    """The texts that hold now, read once: one query."""

    def __init__(self) -> None:
        """Read what administrators have changed."""
        newest = MessageTemplate.objects.newest()
        self._changed = {key_of(row): row for row in newest}

    def of(self, key: Key) -> Text | None:
        """Return the text of a key, of its step or else of any step; nothing where there is none."""
        audience, code, step, channel = key
        for wanted in ((audience, code, step, channel), (audience, code, "", channel)):
            row = self._changed.get(wanted)
            found = as_text(row) if row is not None and not row.shipped else SHIPPED.get(wanted)
            if found is not None:
                return found
        return None

    def version(self, key: Key) -> MessageTemplate | None:
        """Return the newest version of exactly this key, if anybody ever changed it."""
        return self._changed.get(key)

    def all_keys(self) -> list[Key]:
        """Return every key that has a text of its own, shipped ones first."""
        added = (key for key, row in self._changed.items() if key not in SHIPPED and not row.shipped)
        return [*SHIPPED, *sorted(added)]


def key_of(row: MessageTemplate) -> Key:
    """Return the key of a version."""
    return row.audience, row.code, row.step, row.channel


def as_text(row: MessageTemplate) -> Text:
    """Return a version as a text."""
    return Text(
        text=row.text,
        text_en=row.text_en,
        subject=row.subject,
        subject_en=row.subject_en,
        active=row.active,
        office_hours=row.office_hours,
    )


def placeholders(key: Key) -> tuple[str, ...]:
    """
    Return the placeholders that a text may use.

    A work chat is read by people who may not know of the case, so its number never goes there.
    """
    audience, code, _step, channel = key
    own = _OWN.get(code, ())
    if code == DIGEST and channel == Channel.EMAIL:
        own = (*own, "list")
    if audience == TextAudience.PERSON:
        own = (*own, "progress")
    numbered = () if channel == Channel.CHAT or code == DIGEST else ("number",)
    return (*numbered, *own, "city", "link")


def check(text: str, *, allowed: Iterable[str]) -> None:
    """
    Check the placeholders of a text.

    :raises ValidationError: naming the first thing that is wrong, and what may be written instead.
    """
    known = list(allowed)
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise ValidationError(
            _("A brace stands alone. Write a placeholder as {number}, and a brace itself as {{ or }}.")
        ) from None
    for _literal, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in known or spec or conversion:
            raise ValidationError(
                _("“%(wrong)s” is no placeholder here. Possible are: %(known)s."),
                params={
                    "wrong": f"{{{name}}}",
                    "known": " ".join(f"{{{each}}}" for each in known),
                },
            )


def fill(text: Text, values: Mapping[str, str], *, language: str) -> tuple[str, str]:
    """
    Return subject and text in a language, filled in.

    :raises KeyError: when a text names something that is not among the values.
    """
    english = language.startswith("en")
    subject = text.subject_en if english else text.subject
    body = text.text_en if english else text.text
    return " ".join(subject.format(**values).split()), body.format(**values).strip()


def city_name(language: str) -> str:
    """Return the city's name in a language."""
    return settings.CITY_NAME_EN if language.startswith("en") else settings.CITY_NAME


def parts_of_sms(text: str) -> int:
    """Return as how many text messages the networks count a text (70 characters, or 67 each of several)."""
    plain = text.isascii()
    single, each = (160, 153) if plain else (70, 67)
    return 1 if len(text) <= single else -(-len(text) // each)


def in_language(language: str) -> translation.override:
    """Word labels in a language; Chinese for one that is not known."""
    known = dict(settings.LANGUAGES)
    return translation.override(language if language in known else settings.LANGUAGE_CODE)
