"""Show how a text reads, in both languages, with made-up values or those of a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.casework import kinds
from grid.notices import templates
from grid.notices.choices import DIGEST, Code
from grid.notices.models import Message, MessageItem
from grid.notices.shipped import Key, Text
from grid.notices.texts import Texts, check, city_name, fill, in_language, parts_of_sms, placeholders
from grid.notices.worded import NoTextError, Worded, counted, word
from grid.worktime.choices import Channel

HIDDEN_NUMBER = "SJ0000-000000-0"


@dataclass(frozen=True)
class Preview:
    """How a text reads in one language; `problem` says why it cannot be shown."""

    language: str
    name: str
    subject: str = ""
    text: str = ""
    problem: str = ""
    length: int = 0
    parts: int = 0


def previews(key: Key, text: Text) -> list[Preview]:
    """Return how a text reads in both languages, with made-up values."""
    return [_preview(key, text, language, str(name)) for language, name in settings.LANGUAGES]


def _preview(key: Key, text: Text, language: str, name: str) -> Preview:
    english = language.startswith("en")
    wrong = [text.subject_en, text.text_en] if english else [text.subject, text.text]
    try:
        for written in wrong:
            check(written, allowed=placeholders(key))
        subject, body = fill(text, sample(key, language), language=language)
    except ValidationError as error:
        return Preview(language, name, problem=" ".join(error.messages))
    parts = parts_of_sms(body) if key[3] == Channel.SMS and body else 0
    return Preview(language, name, subject, body, length=len(body), parts=parts)


def sample(key: Key, language: str) -> dict[str, str]:
    """Return made-up values for every placeholder of a text, in a language."""
    _audience, _code, step, _channel = key
    due = timezone.localdate() + timedelta(days=3)
    params: dict[str, Any] = {"label": "信访事项受理告知", "label_en": "Notice of acceptance", "days": 7}
    params |= {"due_on": due.isoformat(), **_sample_step(step)}
    with in_language(language):
        values = templates.values(params)
        values |= {
            "organisation": _("Example Subdistrict Office"),
            "outcome": _("Solved"),
            "number": HIDDEN_NUMBER,
            "count": "3",
            "summary": _(", ").join([counted(Code.YELLOW, 2), counted(Code.ORANGE, 1)]),
            "list": f"{HIDDEN_NUMBER} · {Code.YELLOW.label} · {values['deadline']} · {due.isoformat()}",
            "city": city_name(language),
            "link": f"{settings.PORTAL_URL}/",
        }
    return values


def _sample_step(wanted: str) -> dict[str, str]:
    """Return a step and a status of a kind: the one asked for, or the first with a word for the public."""
    for kind in kinds.all_kinds():
        for step in kind.steps:
            if step.name == wanted or (not wanted and step.public_text and step.sources):
                status = next(iter(step.targets), kind.statuses[0].code)
                return {"kind": kind.code, "verb": step.name, "status": status}
    return {}


def of_message(message: Message) -> Worded | None:
    """
    Return how a message reads, without the number of its matter and where it leads.

    Who looks after the channels sees no case by that.
    """
    items = list(MessageItem.objects.filter(message=message, case__sealed=False).select_related("case"))
    for item in items:
        item.case.number = HIDDEN_NUMBER
    try:
        return word(message, items, texts=Texts())
    except (NoTextError, KeyError):
        return None


def about(message: Message) -> str:
    """Say in a word what a message is about."""
    if message.code == DIGEST:
        return _("Several matters")
    return templates.heading(message.code, message.params)
