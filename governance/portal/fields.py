"""Describe any field, of a Django form or of a serializer, in the one way field.html draws it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.formats import localize_input
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.utils.serializer_helpers import BoundField as SerializerBoundField

FRACTIONS = (serializers.FloatField, serializers.DecimalField)
DJANGO_ROWS = "10"  # what every Textarea carries unless told otherwise
OUR_ROWS = 4
OPTIONAL = (
    "min",
    "max",
    "step",
    "maxlength",
    "minlength",
    "inputmode",
    "autocomplete",
    "accept",
    "capture",
    "placeholder",
)

WIDGET_TYPES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, "hidden"),
    (forms.MultipleHiddenInput, "hidden"),
    (forms.Textarea, "textarea"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radio"),
    (forms.SelectMultiple, "checkboxes"),
    (forms.Select, "select"),
    (forms.CheckboxInput, "checkbox"),
    (forms.ClearableFileInput, "file"),
    (forms.FileInput, "file"),
    (forms.PasswordInput, "password"),
    (forms.NumberInput, "number"),
    (forms.DateTimeInput, "datetime-local"),
    (forms.DateInput, "date"),
    (forms.TimeInput, "time"),
)

SERIALIZER_TYPES: tuple[tuple[type[serializers.Field], str], ...] = (
    (serializers.HiddenField, "hidden"),
    (serializers.BooleanField, "checkbox"),
    (serializers.MultipleChoiceField, "checkboxes"),
    (serializers.ChoiceField, "select"),
    (serializers.ManyRelatedField, "checkboxes"),
    (serializers.RelatedField, "select"),
    (serializers.FileField, "file"),
    (serializers.IntegerField, "number"),
    (serializers.FloatField, "number"),
    (serializers.DecimalField, "number"),
    (serializers.DateTimeField, "datetime-local"),
    (serializers.DateField, "date"),
    (serializers.TimeField, "time"),
    (serializers.EmailField, "email"),
    (serializers.URLField, "url"),
)


def describe(source: Any, *, prefix: str = "", **changes: Any) -> dict[str, Any]:
    """
    Return what field.html draws: id, name, label, help, errors, required, type, value, options, attributes.

    Takes a bound field of a form or of a serializer, a mapping, or what this function returned before.
    A `prefix` keeps ids apart when several forms stand on one page; names stay as they are.
    `changes` replace parts of the description, except those that are None or empty.
    """
    if isinstance(source, BoundField):
        described = from_form(source)
    elif isinstance(source, SerializerBoundField):
        described = from_serializer(source)
    elif isinstance(source, Mapping):
        described = {"type": "text", "value": "", "errors": [], "options": [], "attrs": {}, **source}
    else:
        raise TypeError(f"{type(source).__name__} is no field that can be drawn.")
    described.setdefault("id", f"id_{described['name']}")
    given = {key: value for key, value in changes.items() if value not in (None, "")}
    described.update({key: value for key, value in given.items() if key not in OPTIONAL})
    described["attrs"] = described["attrs"] | {key: value for key, value in given.items() if key in OPTIONAL}
    if prefix and not described["id"].startswith(f"{prefix}_"):
        described["id"] = f"{prefix}_{described['id']}"
    for number, option in enumerate(described["options"]):
        option["id"] = f"{described['id']}_{number}"
    described["describedby"] = " ".join(
        f"{described['id']}_{part}" for part in ("help", "errors") if described.get(part)
    )
    return described


def describe_all(form: Any, *, prefix: str = "") -> list[dict[str, Any]]:
    """Describe the fields of a form or a serializer that a person can fill in, in their order."""
    writable = [bound for bound in form if not getattr(bound, "read_only", False)]
    return [describe(bound, prefix=prefix) for bound in writable if not is_preset(bound)]


def is_preset(bound: Any) -> bool:
    """Tell whether the server fills a serializer's field itself."""
    return isinstance(getattr(bound, "_field", None), serializers.HiddenField)


def errors_of(form: Any, *, prefix: str = "") -> list[dict[str, str]]:
    """List the errors in the order of the fields, those of the whole form first."""
    if isinstance(form, forms.BaseForm):
        whole: Iterable[Any] = form.non_field_errors()
    else:
        whole = form.errors.get("non_field_errors", []) if hasattr(form, "initial_data") else []
    found = [{"id": "", "label": "", "text": str(error)} for error in whole]
    if not isinstance(form, forms.BaseForm) and not hasattr(form, "initial_data"):
        return found
    for described in describe_all(form, prefix=prefix):
        target = described["id"]
        if described["type"] in ("radio", "checkboxes") and described["options"]:
            target = described["options"][0]["id"]
        for error in described["errors"]:
            found.append({"id": target, "label": str(described["label"]), "text": str(error)})
    return found


def from_form(bound: BoundField) -> dict[str, Any]:
    """Describe a field of a Django form."""
    widget, form_field = bound.field.widget, bound.field
    kind = next((name for cls, name in WIDGET_TYPES if isinstance(widget, cls)), None)
    kind = kind or getattr(widget, "input_type", "text")
    attrs = {**form_field.widget_attrs(widget), **widget.attrs}
    described = {
        "id": bound.id_for_label if kind not in ("radio", "checkboxes") else bound.auto_id,
        "name": bound.html_name,
        "label": bound.label,
        "help": bound.help_text,
        "errors": list(bound.errors),
        "required": form_field.required,
        "type": kind,
        "multiple": bool(getattr(widget, "allow_multiple_selected", False)) and kind == "file",
        "rows": rows if (rows := str(attrs.get("rows", ""))) not in ("", DJANGO_ROWS) else OUR_ROWS,
        "hint": attrs.get("hint", ""),
        "attrs": {key: attrs[key] for key in OPTIONAL if key in attrs},
        "autofocus": attrs.get("autofocus", False),
        "options": [],
    }
    if hasattr(form_field, "choices"):
        hints = attrs.get("hints", {})
        described["options"] = options_of(form_field.choices, bound.value(), hints)
    described["value"] = "" if kind in ("password", "file") else input_value(bound.value(), str(kind))
    described["checked"] = kind == "checkbox" and bool(bound.value())
    return described


def from_serializer(bound: SerializerBoundField) -> dict[str, Any]:
    """Describe a field of a serializer; its `style` may name type, rows, hints, placeholder and the like."""
    whole, style = bound._field, bound.style
    inner = whole.child if isinstance(whole, serializers.ListField) else whole
    kind = next((name for cls, name in SERIALIZER_TYPES if isinstance(inner, cls)), "text")
    if style.get("base_template") == "textarea.html":
        kind = "textarea"
    kind = style.get("type") or style.get("input_type") or kind
    value = bound.value
    # A fresh serializer says "" or None where nothing was given; a person expects to see the default.
    if value in ("", None) and whole.default is not empty and not callable(whole.default):
        value = whole.default
    described = {
        "id": f"id_{bound.name}",
        "name": bound.name,
        "label": bound.label,
        "help": bound.help_text,
        "errors": flat(bound.errors),
        # A box that is not ticked is an answer, so a browser must not insist on the tick.
        "required": bound.required and kind != "checkbox",
        "type": kind,
        "multiple": inner is not whole and kind == "file",
        "rows": style.get("rows", OUR_ROWS),
        "hint": style.get("hint", ""),
        "attrs": {**limits_of(inner), **{key: style[key] for key in OPTIONAL if key in style}},
        "autofocus": False,
        "options": [],
    }
    choices = getattr(inner, "choices", None)
    if choices and kind != "hidden":
        listed = list(choices.items())
        if kind == "select" and (not bound.required or value in ("", None)):
            listed.insert(0, ("", ""))
        described["options"] = options_of(listed, value, style.get("hints", {}))
    described["value"] = "" if kind in ("password", "file") else input_value(value, kind)
    described["checked"] = kind == "checkbox" and value in (True, "true", "True", "on", "1", 1)
    return described


def limits_of(serializer_field: serializers.Field) -> dict[str, Any]:
    """Return the limits that a browser can hold as well."""
    limits = {
        "maxlength": getattr(serializer_field, "max_length", None),
        "min": getattr(serializer_field, "min_value", None),
        "max": getattr(serializer_field, "max_value", None),
        "step": "any" if isinstance(serializer_field, FRACTIONS) else None,
    }
    if isinstance(serializer_field, serializers.FileField | serializers.ListField):
        limits.pop("maxlength")
    return {key: value for key, value in limits.items() if value is not None}


def options_of(choices: Any, value: Any, hints: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """List the options; those of a named group carry the group's name."""
    several = value if isinstance(value, list | tuple | set) else [value]
    chosen = {"" if one is None else str(one) for one in several}
    options: list[dict[str, Any]] = []
    for key, label in choices:
        grouped = isinstance(label, list | tuple | dict)
        members = (label.items() if isinstance(label, dict) else label) if grouped else [(key, label)]
        for member, text in members:
            member_text = "" if member is None else str(member)
            options.append(
                {
                    "value": member_text,
                    "label": text,
                    "hint": hints.get(member, ""),
                    "group": key if grouped else "",
                    "chosen": member_text in chosen,
                }
            )
    return options


def input_value(value: Any, kind: str) -> str:
    """Write a value the way an input of this type takes it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.strftime("%Y-%m-%d" if kind == "date" else "%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if kind == "datetime-local":
        return str(value)[:16]
    return str(value) if kind == "number" else str(localize_input(value))


def flat(errors: Any) -> list[str]:
    """Return a serializer's errors as one list, those of a list's members included."""
    if not errors:
        return []
    if isinstance(errors, Mapping):
        return [text for member in errors.values() for text in flat(member)]
    if isinstance(errors, list | tuple):
        return [text for member in errors for text in flat(member)]
    return [str(errors)]
