"""Pages on which system administrators read and write the texts of messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grid.casework import kinds
from grid.notices import services
from grid.notices.administration import for_administrators, frame, person
from grid.notices.choices import DIGEST, MESSAGE_CODES, OUTSIDE, Code, TextAudience
from grid.notices.forms import StepTextForm, TextForm
from grid.notices.models import MessageTemplate
from grid.notices.preview import previews
from grid.notices.shipped import SHIPPED, Key, Text
from grid.notices.texts import PLACEHOLDERS, Texts, placeholders
from grid.worktime.choices import Channel

# What happens by a step, and may be worded for that step alone.
BY_STEP = (Code.STEP, Code.ARRIVED, Code.MOVED_ON, Code.OPENED, Code.CLOSED)


@dataclass(frozen=True)
class Line:
    """One text as the list shows it."""

    key: Key
    text: Text
    version: MessageTemplate | None

    @property
    def url(self) -> str:
        """Return where it is written."""
        return url_of(self.key)

    @property
    def channel(self) -> str:
        """Return the channel in words."""
        return str(Channel(self.key[3]).label)

    @property
    def about(self) -> str:
        """Return what it is about, in words."""
        return about(self.key)

    @property
    def changed(self) -> bool:
        """Tell whether an administrator's words hold, and not the shipped ones."""
        return self.version is not None and not self.version.shipped


def url_of(key: Key) -> str:
    """Return the address of a text."""
    audience, code, step, channel = key
    url = reverse("notices:text", args=[audience, code, channel])
    return f"{url}?step={step}" if step else url


def about(key: Key) -> str:
    """Say what a text is about: a code, or one step of it."""
    _audience, code, step, _channel = key
    label = _("Several matters") if code == DIGEST else str(Code(code).label)
    return f"{label} · {step_label(step)}" if step else label


def step_label(name: str) -> str:
    """Return the label of a step of any kind; its name where it is gone."""
    found = (kind.step(name) for kind in kinds.all_kinds())
    return next((str(step.label) for step in found if step is not None), name)


def _steps(audience: str) -> list[tuple[str, str]]:
    """Return the steps that may have a text of their own: for parties, those with a word for the public."""
    found: dict[str, str] = {}
    for kind in kinds.all_kinds():
        for step in kind.steps:
            if audience == TextAudience.STAFF or step.public_text or "parties" in step.tells:
                found.setdefault(step.name, str(step.label))
    return sorted(found.items(), key=lambda item: item[1])


@for_administrators
@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    """List the texts, those for staff and those for people without an account."""
    held = Texts()
    groups: list[dict[str, Any]] = []
    for audience in TextAudience:
        lines = [
            Line(key, text, held.version(key))
            for key in held.all_keys()
            if key[0] == audience and (text := held.of(key)) is not None
        ]
        lines.sort(key=_place)
        groups.append({"audience": audience, "lines": lines})
    return render(request, "notices/texts.html", {"groups": groups, **frame("texts")})


def _place(line: Line) -> tuple[int, str, int]:
    """Return where a text stands in the list."""
    _audience, code, step, channel = line.key
    return MESSAGE_CODES.index(code), step, OUTSIDE.index(Channel(channel))


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def text(request: HttpRequest, audience: str, code: str, channel: str) -> HttpResponse:
    """Show one text with how it reads, or write its next version."""
    key = _key(audience, code, request.GET.get("step", ""), channel)
    held = Texts()
    current = held.of(key) or Text("", "")
    newest = held.version(key)
    initial = {**vars(current), "version": newest.version if newest else 0}
    form = TextForm(key, request.POST or None, initial=initial)
    status = 200
    if request.method == "POST" and "show" not in request.POST:
        status = 422
        if form.is_valid() and (written := _write(request, key, form)):
            return written
    shown = form.as_text() if form.is_bound and form.is_valid() else current
    context = _context(key, form, shown, held)
    return render(request, "notices/text.html", context, status=status)


def _write(request: HttpRequest, key: Key, form: TextForm) -> HttpResponse | None:
    """Write the next version; what is wrong is said beside its field."""
    try:
        services.write_text(
            key,
            form.as_text(),
            version=form.cleaned_data["version"],
            by=person(request),
            at=timezone.now(),
        )
    except services.StaleTextError:
        form.add_error(None, _("Somebody else changed this text meanwhile. Compare, and save again."))
        newest = Texts().version(key)
        sent = request.POST.copy()
        sent["version"] = str(newest.version if newest else 0)
        form.data = sent
        return None
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, _("The text was saved. It holds for every message from now on."))
    return redirect(url_of(key))


@for_administrators
@require_POST
def preview(request: HttpRequest, audience: str, code: str, channel: str) -> HttpResponse:
    """Show how what is being written would read: the part of the page that htmx swaps."""
    key = _key(audience, code, request.GET.get("step", ""), channel)
    form = TextForm(key, request.POST)
    form.is_valid()
    given = form.cleaned_data
    written = Text(
        given.get("text", ""),
        given.get("text_en", ""),
        given.get("subject", ""),
        given.get("subject_en", ""),
    )
    context = {"previews": previews(key, written), "is_email": channel == Channel.EMAIL}
    return render(request, "notices/_previews.html", context)


@for_administrators
@require_POST
def reset(request: HttpRequest, audience: str, code: str, channel: str) -> HttpResponse:
    """Go back to the shipped text."""
    key = _key(audience, code, request.GET.get("step", ""), channel)
    version = request.POST.get("version", "")
    try:
        services.reset_text(
            key,
            version=int(version) if version.isascii() and version.isdigit() else 0,
            by=person(request),
            at=timezone.now(),
        )
    except services.StaleTextError:
        messages.error(request, _("Somebody else changed this text meanwhile. Look at it again."))
    else:
        messages.success(request, _("The shipped text holds again."))
    return redirect(url_of(key) if key in SHIPPED else "notices:texts")


@for_administrators
@require_POST
def for_step(request: HttpRequest, audience: str, code: str, channel: str) -> HttpResponse:
    """Lead to the text of one step, which begins with the words for any step."""
    _key(audience, code, "", channel)
    form = StepTextForm(_steps(audience), request.POST)
    step = form.cleaned_data["step"] if form.is_valid() else ""
    return redirect(url_of((audience, code, step, channel)))


def _key(audience: str, code: str, step: str, channel: str) -> Key:
    """
    Return the key of a text.

    :raises Http404: when nothing can have such a text.
    """
    known = audience in TextAudience.values and code in MESSAGE_CODES and channel in OUTSIDE
    of_step = not step or (code in BY_STEP and step in dict(_steps(audience)))
    if not known or not of_step or (audience == TextAudience.PERSON and code != Code.STEP):
        raise Http404
    return audience, code, step, channel


def _context(key: Key, form: TextForm, shown: Text, held: Texts) -> dict[str, Any]:
    audience, code, step, channel = key
    newest = held.version(key)
    versions = MessageTemplate.objects.of_key(*key).select_related("changed_by")[:20]
    return {
        "form": form,
        "line": Line(key, shown, newest),
        "audience": TextAudience(audience),
        "previews": previews(key, shown),
        "is_email": channel == Channel.EMAIL,
        "placeholders": [(f"{{{name}}}", PLACEHOLDERS[name]) for name in placeholders(key)],
        "versions": list(versions),
        "can_reset": newest is not None and not newest.shipped,
        "is_shipped": key in SHIPPED,
        "step_form": StepTextForm(_steps(audience)) if code in BY_STEP and not step else None,
        "query": f"?step={step}" if step else "",
        "arguments": {"audience": audience, "code": code, "channel": channel},
        **frame("texts"),
    }
