"""Tags of the pages of a case."""

from datetime import date, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grid.worktime.arithmetic import quantity_text
from grid.worktime.choices import Unit

register = template.Library()


@register.filter
def duration(span: timedelta) -> str:
    """Say how long something took, with at most two units; from ten days on in days alone."""
    minutes = int(span.total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        (days, ngettext("%(n)d day", "%(n)d days", days) % {"n": days}),
        (hours if days < 10 else 0, ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}),
        (0 if days else minutes, ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}),
    ]
    return " ".join(words for number, words in parts if number) or _("less than a minute")


@register.filter
def day_word(day: date) -> str:
    """Say a day as people do: today, yesterday, else its date with the day of the week."""
    words = {0: capfirst(_("today")), 1: capfirst(_("yesterday"))}
    shown = date_format(day, _("D, j M Y"))
    word = words.get((timezone.localdate() - day).days)
    return f"{word} · {shown}" if word else shown


@register.filter
def degrees(value: float) -> str:
    """Write a degree with five decimals, which is about a metre, in any language."""
    return f"{value:.5f}"


@register.simple_tag
def quantity(count: int, unit: str) -> str:
    """Say a number of days, working days or hours."""
    return quantity_text(count, Unit(unit))


@register.simple_tag(takes_context=True)
def panel(context: template.Context, name: str, shown: dict[str, Any]) -> str:
    """Draw what a kind shows beside a case, with its own values on top of the page's."""
    page = context.template
    assert page is not None
    with context.push(**shown):
        return str(page.engine.get_template(name).render(context))
