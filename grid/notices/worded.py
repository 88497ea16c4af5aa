"""Word a message when it is sent: from its items, the text that holds now, and the address of the portal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from grid.notices import templates
from grid.notices.choices import DIGEST, TextAudience
from grid.notices.models import Code, Message, MessageItem
from grid.notices.texts import Texts, city_name, fill, in_language
from grid.organisations.models import Organisation
from grid.worktime.choices import Channel

# As many matters as an e-mail lists one by one.
LISTED = 50


@dataclass(frozen=True)
class Worded:
    """Subject (of an e-mail) and text, ready to go out."""

    subject: str
    text: str


class NoTextError(Exception):
    """There is no text for this message, or none that is in use."""


def word(message: Message, items: Sequence[MessageItem], *, texts: Texts) -> Worded:
    """
    Return a message as it goes out.

    :param items: those that still hold, with their cases.
    :raises NoTextError: when its text is gone or out of use.
    """
    text = texts.of((message.audience, message.code, message.step, message.channel))
    if text is None or not text.active:
        raise NoTextError
    with in_language(message.language):
        values = _values_of_digest(items) if message.code == DIGEST else _values(message.params)
        values |= {
            "number": items[0].case.number if items else "",
            "city": city_name(message.language),
            "link": link(message, items),
        }
        return Worded(*fill(text, values, language=message.language))


def link(message: Message, items: Sequence[MessageItem]) -> str:
    """Return where a message leads: never more than its addressee may open, by signing in or by his code."""
    if message.audience == TextAudience.PERSON:
        number = items[0].case.number if items else ""
        path = f"{reverse('casework:track')}?{urlencode({'number': number})}"
    elif message.channel == Channel.CHAT:
        path = reverse("desk:worklist")
    elif message.code == DIGEST or not items:
        path = reverse("notices:list")
    else:
        path = reverse("casework:case", args=[items[0].case.number])
    return f"{settings.PORTAL_URL}{path}"


def _values(params: dict[str, Any]) -> dict[str, str]:
    """Word what one item carries, its organisation by name."""
    named = Organisation.objects.filter(pk=params.get("organisation") or 0).first()
    return {**templates.values(params), "organisation": named.label if named is not None else ""}


def _values_of_digest(items: Sequence[MessageItem]) -> dict[str, str]:
    """Count what was gathered, by sort, and name each matter by its number."""
    sorts = Counter(item.code for item in items)
    summary = _(", ").join(counted(code, sorts[code]) for code in Code.values if sorts[code])
    lines = [_line(item) for item in items[:LISTED]]
    if len(items) > LISTED:
        lines.append(_("… and %(count)d more") % {"count": len(items) - LISTED})
    return {
        "count": str(len({item.case_id for item in items})),
        "summary": summary,
        "list": "\n".join(lines),
    }


def counted(code: str, number: int) -> str:
    """Say how many there are of one sort."""
    return _("%(label)s: %(count)d") % {"label": Code(code).label, "count": number}


def _line(item: MessageItem) -> str:
    """Name one matter of several: number, what about, deadline and due date."""
    values = templates.values(item.params)
    parts = [item.case.number, str(Code(item.code).label), values["deadline"], values["due"]]
    return " · ".join(part for part in parts if part)
