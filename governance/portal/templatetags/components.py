"""Tags that the components stand on: icons, fields, time left, file sizes."""

import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.portal import fields
from grid.casework.models.case import Urgency
from grid.worktime.arithmetic.lights import Light

register = template.Library()
ICONS = settings.BASE_DIR / "static" / "vendor" / "bootstrap-icons" / "icons"
ENDED = {
    "paused": gettext_lazy("Paused"),
    "met": gettext_lazy("Done in time"),
    "met_late": gettext_lazy("Done late"),
    "none": gettext_lazy("No deadline"),
}
INNER = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def icon_paths(name: str) -> SafeString:
    """
    Return what is drawn inside a vendored icon.

    :raises FileNotFoundError: when no such icon is vendored
    """
    match = INNER.search((ICONS / f"{name}.svg").read_text())
    if match is None:
        raise ValueError(f"{name}.svg is no icon")
    return mark_safe(" ".join(match[1].split()))  # noqa: S308 (vendored, and held by checksum)


@register.simple_tag
def icon(name: str, label: str = "", **attrs: str) -> SafeString:
    """Draw an icon in the colour of its text. Without a label it is hidden from screen readers."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" viewBox="0 0 16 16" focusable="false" {}>{}</svg>',
        attrs.get("class", ""),
        spoken,
        icon_paths(name),
    )


@register.simple_tag
def as_field(source: Any, prefix: str = "", **changes: Any) -> dict[str, Any]:
    """Describe a form's or a serializer's field the way field.html draws it."""
    return fields.describe(source, prefix=prefix, **changes)


@register.inclusion_tag("components/field.html")
def field(source: Any, prefix: str = "", **changes: Any) -> dict[str, Any]:
    """Draw a field; `changes` may give label, help, hint, type, rows, autocomplete and the like."""
    return {"field": fields.describe(source, prefix=prefix, **changes)}


@register.simple_tag
def as_fields(form: Any, prefix: str = "") -> list[dict[str, Any]]:
    """Describe every field of a form or a serializer in its order."""
    return fields.describe_all(form, prefix=prefix)


@register.simple_tag
def errors_of(form: Any, prefix: str = "") -> list[dict[str, str]]:
    """List a form's or a serializer's errors, each with the id of its field ('' for the whole form)."""
    return fields.errors_of(form, prefix=prefix)


@register.simple_tag
def time_left(due_at: datetime | None, at: datetime | None = None) -> str:
    """Say in words how long is left until an instant, or how long ago it passed."""
    if due_at is None:
        return ""
    left = due_at - (at or timezone.now())
    span = in_words(abs(left))
    if left > timedelta():
        return _("%(span)s left") % {"span": span}
    return _("%(span)s late") % {"span": span}


def in_words(span: timedelta) -> str:
    """Say a span with at most two units; from ten days or ten hours on with one."""
    minutes = int(span.total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days >= 10 or (days and not hours):
        return _("%(d)d d") % {"d": days}
    if days:
        return _("%(d)d d %(h)d h") % {"d": days, "h": hours}
    if hours >= 10 or (hours and not minutes):
        return _("%(h)d h") % {"h": hours}
    if hours:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    return _("%(m)d min") % {"m": minutes} if minutes else _("less than a minute")


@register.simple_tag
def light_of(light: Light | int | str | None) -> dict[str, str]:
    """
    Return the name (for its shape and colour) and the word of a light.

    Takes a Light or its number, or one of green, yellow, orange, red, paused, met, met_late, none.
    """
    if isinstance(light, int):
        light = Light(light).name.lower()
    name = light or "none"
    if name in ENDED:
        return {"name": name, "word": str(ENDED[name])}
    return {"name": name, "word": Light[name.upper()].label}


@register.simple_tag
def urgency_word(urgency: str) -> str:
    """Return the word for an urgency."""
    return str(Urgency(urgency).label)


@register.filter
def size(value: int) -> str:
    """Say a file size."""
    return filesizeformat(value)


@register.simple_tag
def crumbs(*labels_and_urls: str) -> list[dict[str, str]]:
    """Pair labels and addresses for breadcrumb.html: crumbs label url label url …"""
    pairs = zip(labels_and_urls[::2], labels_and_urls[1::2], strict=True)
    return [{"label": label, "url": url} for label, url in pairs]
