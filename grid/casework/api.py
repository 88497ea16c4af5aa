"""The REST API of cases: facts, possible steps with what they ask for, and taking a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from grid.areas.models import Area
from grid.casework import files, once, pages
from grid.casework.actors import Actor
from grid.casework.clocks import Clock
from grid.casework.data import UploadsField
from grid.casework.errors import CaseBusy, CaseworkError, StaleCase, StepNotPossible
from grid.casework.file_views import described
from grid.casework.forms import flat
from grid.casework.models import Case
from grid.casework.pages import CasePage
from grid.casework.steps import Step, take_step

PROBLEM = "application/problem+json"
LONGEST_KEY = 64
JSON_TYPES: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], dict[str, str]], ...] = (
    (serializers.BooleanField, {"type": "boolean"}),
    (serializers.IntegerField, {"type": "integer"}),
    (serializers.FloatField, {"type": "number"}),
    (serializers.DecimalField, {"type": "number"}),
    (serializers.DateTimeField, {"type": "string", "format": "date-time"}),
    (serializers.DateField, {"type": "string", "format": "date"}),
    (serializers.UUIDField, {"type": "string", "format": "uuid"}),
)


class NoKey(exceptions.APIException):
    """A request that writes came without a key."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "key-missing"

    def __init__(self) -> None:
        """Say which header is missing."""
        super().__init__(
            _("Send an Idempotency-Key header of 1 to 64 characters, new for each step you want to take.")
        )


class CaseView(APIView):
    """One case."""

    def get(self, request: Request, number: str) -> Response:
        """Return the facts; the version is the ETag."""
        return case_response(_page(request, number), request)


class StepsView(APIView):
    """The steps that are possible now."""

    def get(self, request: Request, number: str) -> Response:
        """Return the possible steps with the schema of their data."""
        page = _page(request, number)
        return _tagged(Response({"steps": [step_of(s, page, request) for s in page.steps]}), page.case)


class StepView(APIView):
    """One step."""

    def post(self, request: Request, number: str, name: str) -> Response:
        """
        Take a step and return the case as it is then.

        Without sight of the case afterwards, its number alone comes back.

        :raises NoKey: without `Idempotency-Key`.
        """
        actor = Actor.of(request.user)
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= LONGEST_KEY:
            raise NoKey
        found = pages.find(number.upper(), actor)
        if found is None:
            return _answered_out_of_sight(number, name, key, actor)
        body = _body_of(request)
        taken = take_step(
            found.pk,
            name,
            by=actor,
            data=body,
            at=timezone.now(),
            version=_version(request),
            key=key,
        )
        after = pages.find(found.number, actor)
        if after is None:
            return Response({"number": taken.case.number, "visible": False})
        return case_response(CasePage(after, actor, at=timezone.now()), request)


class UploadsView(APIView):
    """Files that a step will claim."""

    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> Response:
        """
        Take a file in, sent as `file`, and return the id that a step names in `uploads`.

        :raises ValidationError: when the file is not of a kind that is taken in.
        """
        sent = request.FILES.get("file")
        if sent is None:
            raise ValidationError({"file": _("No file was sent.")})
        try:
            upload = files.receive(sent, user=Actor.of(request.user).user, at=timezone.now())
        except ModelValidationError as error:
            raise ValidationError({"file": error.messages}) from error
        return Response(described(upload), status=status.HTTP_201_CREATED)


class NoSuchPath(APIView):
    """Whatever else is asked for under the API."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Say that there is nothing, whoever asks."""
        self.permission_classes = []
        return super().dispatch(request, *args, **kwargs)

    def _nothing(self, request: Request, **kwargs: Any) -> Response:
        raise Http404

    get = post = put = patch = delete = _nothing


def case_response(page: CasePage, request: Request) -> Response:
    """Return the facts of a case."""
    case, kind = page.case, page.kind
    body = {
        "number": case.number,
        "kind": {"code": kind.code, "label": str(kind.label)},
        "title": case.title,
        "description": case.description,
        "status": {"code": case.status, "label": str(page.status.label)},
        "phase": case.phase,
        "urgency": case.urgency,
        "area": [{"code": a.code, "label": a.label} for a in page.areas],
        "address": case.address,
        "position": _position(case),
        "lead": {"code": case.lead.code, "label": case.lead.label},
        "assisting": [{"code": o.code, "label": o.label, "part": str(part)} for o, part in page.assisting],
        "assignee": case.assignee.name if case.assignee else None,
        "channel": case.channel,
        "outcome": case.outcome or None,
        "round": case.round_number,
        "received_on": case.received_on,
        "registered_at": case.registered_at,
        "next_due_at": case.next_due_at,
        "closed_at": case.closed_at,
        "deadlines": [_deadline(c) for c in page.clocks],
        "facts": [
            {"label": str(label), "value": str(value)}
            for label, value in (kind.facts(page.detail) if kind.facts else [])
            if value not in (None, "")
        ],
        "version": case.version,
        "steps": _address(request, "steps", case.number),
    }
    return _tagged(Response(body), case)


def step_of(step: Step, page: CasePage, request: Request) -> dict[str, Any]:
    """Return a step with the address to which it is posted and what it asks for."""
    context = {"case": page.case, "detail": page.detail, "actor": page.actor, "at": page.at, "step": step}
    return {
        "name": step.name,
        "label": str(step.label),
        "hint": str(step.hint),
        "href": _address(request, "step", page.case.number, step.name),
        "method": "POST",
        "data": schema_of(step.data(context=context)),
    }


def schema_of(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """Return the JSON Schema of what a serializer takes."""
    fields = {n: f for n, f in serializer.fields.items() if not f.read_only}
    return {
        "type": "object",
        "properties": {name: _property(field) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.required],
    }


def _property(declared: Any) -> dict[str, Any]:
    """Return the schema of one field."""
    described = {"title": str(declared.label or declared.field_name), **_json_type(declared)}
    if declared.help_text:
        described["description"] = str(declared.help_text)
    limits = {"max_length": "maxLength", "min_value": "minimum", "max_value": "maximum"}
    for ours, theirs in limits.items():
        if (limit := getattr(declared, ours, None)) is not None and not _is_list(declared):
            described[theirs] = limit
    if _is_list(declared) and getattr(declared, "max_length", None):
        described["maxItems"] = declared.max_length
    return described


def _json_type(declared: Any) -> dict[str, Any]:
    """Return the type of a field; choices are listed, rows are named by what identifies them."""
    if isinstance(declared, UploadsField):
        return {"type": "array", "items": {"type": "string", "format": "uuid"}}
    if isinstance(declared, serializers.ManyRelatedField):
        return {"type": "array", "items": _json_type(declared.child_relation)}
    if isinstance(declared, serializers.ListField):
        return {"type": "array", "items": _json_type(declared.child)}
    if isinstance(declared, serializers.MultipleChoiceField):
        return {"type": "array", "items": {"enum": list(declared.choices)}}
    if isinstance(declared, serializers.ChoiceField):
        return {"oneOf": [{"const": code, "title": str(label)} for code, label in declared.choices.items()]}
    if isinstance(declared, serializers.SlugRelatedField):
        return {"type": "string", "description": _row_words(declared)}
    if isinstance(declared, serializers.PrimaryKeyRelatedField):
        return {"type": "integer", "description": _row_words(declared)}
    return next((dict(words) for cls, words in JSON_TYPES if isinstance(declared, cls)), {"type": "string"})


def _row_words(declared: Any) -> str:
    """Say what identifies a row."""
    model = declared.get_queryset().model
    column = getattr(declared, "slug_field", "id")
    if model is Area:
        return _("Area code")
    return str(format_lazy("{model}: {column}", model=model._meta.verbose_name, column=column))


def _address(request: Request, name: str, *args: str) -> str:
    """Return an address beside this one, wherever the project has put the API."""
    match = request.resolver_match
    assert match is not None
    return reverse(f"{match.namespace}:{name}", args=args)


def _is_list(declared: Any) -> bool:
    return isinstance(declared, serializers.ListField | serializers.ManyRelatedField)


def _position(case: Case) -> dict[str, Any] | None:
    if case.longitude is None:
        return None
    return {"longitude": case.longitude, "latitude": case.latitude, "accuracy_m": case.accuracy_m}


def _deadline(clock: Clock) -> dict[str, Any]:
    """Return a deadline with how its date was worked out."""
    row = clock.deadline
    return {
        "code": row.code,
        "label": row.text,
        "basis": row.basis_text,
        "status": row.status,
        "light": clock.light,
        "due_on": row.due_on,
        "due_at": row.due_at,
        "provisional": row.provisional,
        "paused_until": clock.until,
        "worked_out": clock.worked.lines,
    }


def _page(request: Request, number: str) -> CasePage:
    """
    Return a case that the caller may see.

    :raises Http404: when there is none, whatever the reason.
    """
    actor = Actor.of(request.user)
    found = pages.find(number.upper(), actor)
    if found is None:
        raise Http404
    return CasePage(found, actor, at=timezone.now())


def _answered_out_of_sight(number: str, name: str, key: str, actor: Actor) -> Response:
    """
    Answer a repeat of a step that took its case out of the caller's sight.

    :raises Http404: when it is no repeat.
    """
    case_id = Case.objects.filter(number=number.upper()).values_list("pk", flat=True).first()
    if case_id is None or not once.answered(key, operation=f"{case_id}/{name}", by=actor):
        raise Http404
    return Response({"number": number.upper(), "visible": False})


def _body_of(request: Request) -> Mapping[str, Any]:
    """
    Return the object that was sent.

    :raises ValidationError: when it is none.
    """
    try:
        body = request.data
    except RecursionError:
        body = None  # Nested deeper than the parser goes.
    if not isinstance(body, dict):
        raise ValidationError(_("Send an object."))
    return body


def _version(request: Request) -> int | None:
    """
    Return the version that the caller knows, from `If-Match`; nothing when he does not mind.

    :raises ValidationError: when it is no version.
    """
    sent = request.headers.get("If-Match", "").strip()
    if sent in ("", "*"):
        return None
    number = sent.removeprefix("W/").strip('"')
    if not number.isdecimal() or len(number) > 9:
        raise ValidationError({"If-Match": _("Send the version of the case as its ETag gave it.")})
    return int(number)


def _tagged(response: Response, case: Case) -> Response:
    response["ETag"] = f'"{case.version}"'
    response["Cache-Control"] = "private, no-cache"
    return response


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every error as RFC 9457 tells: type, title, status, detail, and what else helps."""
    response = _of_casework(error, context) if isinstance(error, CaseworkError) else None
    response = response or _of_framework(error, context)
    if response is not None:
        response.content_type = PROBLEM
    return response


def _of_casework(error: CaseworkError, context: dict[str, Any]) -> Response:
    """Word an error of casework."""
    code = status.HTTP_412_PRECONDITION_FAILED if isinstance(error, StaleCase) else error.status
    body = _body(error.code, code, str(error.text))
    if isinstance(error, StaleCase):
        body["version"] = error.case.version
    if isinstance(error, StepNotPossible):
        body["possible_steps"] = [{"name": s.name, "label": str(s.label)} for s in error.possible]
    response = Response(body, status=code)
    if isinstance(error, CaseBusy):
        response["Retry-After"] = "3"
    return response


def _of_framework(error: Exception, context: dict[str, Any]) -> Response | None:
    """Word an error of the framework, of validation with its fields."""
    response = exception_handler(error, context)
    if response is None:
        return None
    code = response.status_code
    if isinstance(error, ValidationError):
        code = response.status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
        by_field = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
        response.data = {
            **_body("invalid", code, _("Some of what was sent is wrong.")),
            "errors": {name: flat(texts) for name, texts in by_field.items()},
        }
        return response
    name = "not-found" if isinstance(error, Http404) else getattr(error, "default_code", "error")
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    response.data = _body(str(name).replace("_", "-"), code, str(detail))
    return response


TITLES: dict[str, Callable[[], str]] = {
    "invalid": lambda: _("The data are wrong"),
    "not-found": lambda: _("There is nothing here"),
    "stale": lambda: _("The matter has changed"),
    "busy": lambda: _("The matter is busy"),
    "step-not-possible": lambda: _("This step is not possible now"),
    "key-reused": lambda: _("This key was used before"),
    "key-missing": lambda: _("A key is missing"),
    "not-authenticated": lambda: _("Sign in first"),
    "permission-denied": lambda: _("This is not allowed"),
}


def _body(name: str, code: int, detail: str) -> dict[str, Any]:
    title = TITLES.get(name, lambda: name.replace("-", " ").capitalize())()
    return {"type": f"urn:sunshine-grid:problem:{name}", "title": title, "status": code, "detail": detail}
