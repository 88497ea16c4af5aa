"""The form of a step, drawn from its serializer: what field.html shows, and what was sent back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from grid.areas.models import Area
from grid.casework import files
from grid.casework.data import HappenedOnField, UploadsField
from grid.casework.models import Upload

if TYPE_CHECKING:
    from django.http import QueryDict
    from django.utils.datastructures import MultiValueDict

    from grid.casework.pages import CasePage
    from grid.casework.table import Step

FEW_CHOICES = 5
MOST_OPTIONS = 200
WHOLE_FORM = "non_field_errors"
ACCEPTED = "image/*,.pdf,.docx,.xlsx"
# Filled by a phone, not by a person.
SILENT = frozenset({"longitude", "latitude", "accuracy_m", "observed_at"})
# Facts that a form which may change them begins with.
PREFILLED = frozenset({"title", "description", "address", "urgency"})

TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], str], ...] = (
    (serializers.BooleanField, "checkbox"),
    (serializers.MultipleChoiceField, "checkboxes"),
    (serializers.ChoiceField, "select"),
    (serializers.ManyRelatedField, "checkboxes"),
    (serializers.RelatedField, "select"),
    (serializers.IntegerField, "number"),
    (serializers.FloatField, "number"),
    (serializers.DecimalField, "number"),
    (serializers.DateTimeField, "datetime-local"),
    (serializers.DateField, "date"),
    (serializers.TimeField, "time"),
    (serializers.EmailField, "email"),
)


@dataclass
class StepForm:
    """
    The form of one step on one case: fresh, or as somebody sent it.

    `key` is new for each form that is drawn, `version` that of the case it was drawn from, and `seen` the
    number of entries that stood on the page, so that a stale form can say what happened since.
    """

    page: CasePage
    step: Step
    key: str = field(default_factory=lambda: str(uuid4()))
    version: int = 0
    seen: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def fresh(cls, page: CasePage, step: Step) -> StepForm:
        """Return an empty form, save for facts that the step may change."""
        form = cls(page, step)
        form.meet(page)
        form.initial = form.data = {name: value for name, value in form._facts() if value not in (None, "")}
        return form

    @classmethod
    def sent(
        cls, page: CasePage, step: Step, posted: QueryDict, sent_files: MultiValueDict[str, Any]
    ) -> StepForm:
        """Return the form as it was sent, its files received."""
        form = cls(page, step, version=_number(posted.get("version")), seen=_number(posted.get("seen")))
        form.key = str(uuid_of(posted.get("key")) or form.key)
        for name, declared in form.serializer.fields.items():
            if declared.read_only:
                continue
            if isinstance(declared, UploadsField):
                form._receive(name, posted, sent_files.getlist(name))
            else:
                form._read(name, declared, posted)
        return form

    @property
    def serializer(self) -> serializers.Serializer[Any]:
        """Return the serializer of the step, with everything its fields may ask for."""
        page = self.page
        context = {"case": page.case, "detail": page.detail, "actor": page.actor, "at": page.at}
        return self.step.data(context={**context, "step": self.step})

    @property
    def body(self) -> dict[str, Any]:
        """
        Return what the step is given.

        A fact that was shown and sent back as it was is not part of it: what is left alone is not changed.
        """
        told = {n: v for n, v in self.data.items() if n not in self.initial or self.initial[n] != v}
        if any(isinstance(f, UploadsField) for f in self.serializer.fields.values()):
            told["uploads"] = [str(u.pk) for u in self.uploads]
        return told

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        """Return the fields as field.html draws them."""
        return fields_of(self.serializer, data=self.data, errors=self.errors, uploads=self.uploads)

    @property
    def problems(self) -> list[dict[str, str]]:
        """Return what is wrong, in the order of the fields, that of the whole form first."""
        drawn = {f["name"]: f for f in self.fields}
        whole = [t for name, texts in self.errors.items() if name not in drawn for t in texts]
        return [{"id": "", "label": "", "text": text} for text in whole] + [
            {"id": f["target"], "label": str(f["label"]), "text": text}
            for f in drawn.values()
            for text in f["errors"]
        ]

    @property
    def typed(self) -> list[tuple[str, str]]:
        """Return what somebody typed, for the page of a step that is no longer possible."""
        return [
            (str(f["label"]), f["value"])
            for f in self.fields
            if f["type"] in ("text", "textarea") and f["value"]
        ]

    def meet(self, page: CasePage) -> None:
        """Let the form stand on a case as it is now, so that it can be sent again."""
        self.page = page
        self.version, self.seen = page.case.version, page.case.event_count

    def add_errors(self, error: ValidationError) -> None:
        """Take over the errors of a step by field."""
        detail = error.detail
        by_field = detail if isinstance(detail, Mapping) else {WHOLE_FORM: detail}
        for name, texts in by_field.items():
            self.errors.setdefault(name, []).extend(flat(texts))

    def _facts(self) -> Iterable[tuple[str, Any]]:
        """Return the present facts that optional fields of the step may change, as the form sends them."""
        page = self.page
        for name, declared in self.serializer.fields.items():
            if declared.required or not {name, f"{name}_id"} & {*PREFILLED, *page.kind.tracked}:
                continue
            source = page.case if name in PREFILLED else page.detail
            value = getattr(source, name, None)
            if value is not None:
                yield name, str(declared.to_representation(value))

    def _read(self, name: str, declared: serializers.Field[Any, Any, Any, Any], posted: QueryDict) -> None:
        """Read one field as the browser sent it."""
        if f"was-{name}" in posted:
            self.initial[name] = posted[f"was-{name}"]
        if _takes_many(declared):
            self.data[name] = [v for v in posted.getlist(name) if v]
        elif isinstance(declared, serializers.BooleanField):
            self.data[name] = name in posted
        elif posted.get(name) or (name in posted and isinstance(declared, serializers.CharField)):
            value = str(posted[name]).replace("\r\n", "\n")
            if value or declared.required or name in self.initial:
                self.data[name] = value

    def _receive(self, name: str, posted: QueryDict, sent: Iterable[Any]) -> None:
        """Keep the files of this form: those it kept before, less those taken out, and the new ones."""
        user = self.page.actor.user
        assert user is not None
        removed = set(posted.getlist(f"remove-{name}"))
        kept = [pk for pk in posted.getlist(name) if uuid_of(pk) and pk not in removed]
        # A file that the first of two equal forms has used up already still belongs to what the second says.
        found = {str(u.pk): u for u in Upload.objects.filter(pk__in=kept, user=user)}
        self.uploads = [found[pk] for pk in dict.fromkeys(kept) if pk in found]
        for file in sent:
            try:
                upload = files.receive(file, user=user, at=self.page.at, form=UUID(self.key))
            except (ValidationError, ModelValidationError) as error:
                texts = flat(error.detail if isinstance(error, ValidationError) else error.messages)
                self.errors.setdefault(name, []).extend(f"{file.name}: {text}" for text in texts)
            else:
                if upload not in self.uploads:
                    self.uploads.append(upload)


def fields_of(
    serializer: serializers.Serializer[Any],
    *,
    data: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    uploads: Iterable[Upload] = (),
) -> list[dict[str, Any]]:
    """
    Return the fields of a step's serializer as the field component draws them, in their order.

    Each has name, id, label, help, required, type, value, errors, options, attrs, and `target`: the id to
    which an error leads. The type "uploads" stands for files, "area" for a code with `suggestions`.
    """
    return [
        _describe(name, declared, (data or {}).get(name), (errors or {}).get(name, []), list(uploads))
        for name, declared in serializer.fields.items()
        if not declared.read_only and not isinstance(declared, serializers.HiddenField)
    ]


def _describe(
    name: str,
    declared: Any,
    value: Any,
    errors: list[str],
    uploads: list[Upload],
) -> dict[str, Any]:
    """Describe one field."""
    inner = declared.child if isinstance(declared, serializers.ListField) else declared
    described: dict[str, Any] = {
        "name": name,
        "id": f"id_{name}",
        "label": declared.label or name,
        "help": declared.help_text or "",
        "errors": errors,
        "required": declared.required,
        "type": _type(name, declared, inner),
        "value": _input_value(value if value is not None else declared.get_initial()),
        "rows": declared.style.get("rows", 3),
        "attrs": _attrs(declared, inner),
        "options": [],
    }
    if described["type"] == "uploads":
        described |= {"uploads": uploads, "required": declared.required and not uploads}
        described["control"] = {**described, "type": "file", "multiple": declared.max_length != 1}
    elif described["type"] == "checkbox":
        described |= {"checked": value in (True, "true", "on"), "required": False}
    elif described["type"] == "area":
        described["suggestions"] = nearby_areas(declared)
        described["attrs"] |= {"list": f"id_{name}_list", "inputmode": "numeric", "autocomplete": "off"}
    elif described["type"] in ("select", "checkboxes", "radio"):
        _add_options(described, declared, inner, declared.get_initial() if value is None else value)
    first = described["options"][0]["id"] if described["options"] and described["type"] != "select" else ""
    described["target"] = first or described["id"]
    return described


def _type(name: str, declared: Any, inner: Any) -> str:
    """Return the type of a control."""
    if isinstance(declared, UploadsField):
        return "uploads"
    if name in SILENT or declared.style.get("type") == "hidden":
        return "hidden"
    if isinstance(declared, serializers.RelatedField) and _rows(declared).model is Area:
        return "area"
    if declared.style.get("base_template") == "textarea.html":
        return "textarea"
    found = next((word for cls, word in TYPES if isinstance(inner, cls)), "text")
    if declared is not inner and found == "select":
        return "checkboxes"
    if isinstance(inner, serializers.ChoiceField) and found == "select" and len(inner.choices) <= FEW_CHOICES:
        found = "radio"
    return str(declared.style.get("type") or found)


def _attrs(declared: Any, inner: Any) -> dict[str, Any]:
    """Return the limits that a browser can hold as well."""
    attrs = {
        "maxlength": getattr(inner, "max_length", None),
        "min": getattr(inner, "min_value", None),
        "max": getattr(inner, "max_value", None),
        "step": "any" if isinstance(inner, serializers.FloatField | serializers.DecimalField) else None,
    }
    if isinstance(declared, UploadsField):
        attrs = {"accept": ACCEPTED}
    elif isinstance(declared, HappenedOnField):
        attrs["max"] = timezone.localdate(declared.context.get("at")).isoformat()
    attrs |= {
        k: declared.style[k] for k in ("placeholder", "inputmode", "autocomplete") if k in declared.style
    }
    return {k: v for k, v in attrs.items() if v is not None}


def _add_options(described: dict[str, Any], declared: Any, inner: Any, value: Any) -> None:
    """Add the options; a list of rows too long to be read becomes a field for the code."""
    relation = getattr(inner, "child_relation", inner)
    if isinstance(relation, serializers.RelatedField):
        rows = list(_rows(relation)[: MOST_OPTIONS + 1])
        if len(rows) > MOST_OPTIONS and described["type"] == "select":
            described |= {"type": "text", "help": described["help"] or _("Enter its code.")}
            return
        options = [
            (str(relation.to_representation(r)), str(getattr(r, "label", r)), _group(declared, r))
            for r in rows[:MOST_OPTIONS]
        ]
    else:
        options = [(str(k), v, "") for k, v in inner.choices.items()]
    chosen = {str(v) for v in value} if isinstance(value, list) else {str(value or "")}
    hints = declared.style.get("hints", {})
    if described["type"] == "select":
        options.insert(0, ("", "", ""))
    elif described["type"] == "radio" and not declared.required:
        options.insert(0, ("", _("Leave as it is"), ""))
    described["options"] = [
        {
            "id": f"{described['id']}_{place}",
            "value": code,
            "label": label,
            "hint": hints.get(code, ""),
            "group": group,
            "chosen": code in chosen,
        }
        for place, (code, label, group) in enumerate(options)
    ]


def _rows(relation: Any) -> QuerySet[Any, Any]:
    """Return the rows among which a field chooses."""
    return relation.get_queryset()


def _group(declared: Any, row: Any) -> str:
    """Return the heading under which a row stands, where the style of the field names one."""
    above = getattr(row, declared.style["group"], None) if "group" in declared.style else None
    return str(getattr(above, "label", above)) if above else ""


def nearby_areas(declared: Any) -> list[Area]:
    """Return the areas among which the right one is most likely: above, beside and below that of the case."""
    case = declared.context.get("case")
    area = case.area if case else None
    if area is None:
        return []
    near = Q(parent=area.parent_id) | Q(parent=area) | Q(pk=area.parent_id)
    rows = declared.get_queryset().filter(near).exclude(pk=area.pk)
    return list(rows.defer("outline").order_by("level", "code")[:MOST_OPTIONS])


def _takes_many(declared: Any) -> bool:
    many = serializers.ListField | serializers.ManyRelatedField | serializers.MultipleChoiceField
    return isinstance(declared, many)


def _input_value(value: Any) -> str:
    """Write a value the way an input takes it."""
    if value is None or value is serializers.empty or isinstance(value, list):
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


def flat(errors: Any) -> list[str]:
    """Return errors as one list of texts, those of the members of a list included."""
    if isinstance(errors, Mapping):
        return [text for member in errors.values() for text in flat(member)]
    if isinstance(errors, list | tuple):
        return [text for member in errors for text in flat(member)]
    return [str(errors)]


def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 10 else 0


def uuid_of(value: str | None) -> UUID | None:
    """Return a UUID as a form sends it, or nothing when it is none."""
    try:
        return UUID(value or "")
    except ValueError:
        return None
