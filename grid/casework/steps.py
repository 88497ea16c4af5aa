"""The step: the only way a case changes, for pages, API, jobs and demo alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework import deadlines, files, kinds, once, timeline
from grid.casework.actors import Actor
from grid.casework.errors import CaseNotFound, StaleCase, StepNotPossible
from grid.casework.locks import lock_cases
from grid.casework.models import Case, Event, Phase
from grid.casework.passage import (
    DECIDED_ON,
    TRACKED,
    Passage,
    changes,
    first_rows,
    move_holding,
    next_round,
    photograph,
    settle_status,
)
from grid.casework.table import Step
from grid.organisations.models import Role

if TYPE_CHECKING:
    from django.db.models import Model

    from grid.casework.table import DeadlineCode, Words

SUPERIOR_ROLES = (Role.STREET_OFFICER, Role.DISTRICT_OFFICER, Role.SUPERVISOR)


@dataclass(frozen=True)
class Taken:
    """What came of a step: the case, its newest entry, and whether this was a repeat of an earlier call."""

    case: Case
    event: Event
    repeated: bool = False


def possible_steps(case: Case, actor: Actor, *, detail: Model | None = None) -> list[Step]:
    """Return the steps that this actor can take now, in the order of the table."""
    kind = kinds.get(case.kind)
    detail = detail or detail_of(case)
    return [s for s in kind.steps if not s.hidden and refusal(s, case, detail, actor) is None]


def refusal(step: Step, case: Case, detail: Model, actor: Actor) -> Words | None:
    """Return why a step cannot be taken by this actor now, or nothing."""
    if step.opens or case.status not in step.sources:
        return format_lazy(
            _("“{step}” is not possible while the matter is “{status}”."),
            step=step.label,
            status=kinds.get(case.kind).status(case.status).label,
        )
    if not step.who.allows(case, actor):
        return format_lazy(_("“{step}” is for: {who}."), step=step.label, who=step.who.words)
    reason = step.when(detail, actor) if step.when else None
    kind = kinds.get(case.kind)
    if reason is None and kind.may_end is not None and kind.ends_by(step):
        reason = kind.may_end(detail, actor)
    return reason


def detail_of(case: Case) -> Any:
    """Return the detail row of a case, with the case itself on it."""
    detail = kinds.get(case.kind).detail_model._default_manager.get(pk=case.pk)
    detail.case = case  # type: ignore[attr-defined]
    return detail


def take_step(
    case_id: int,
    name: str,
    *,
    by: Actor,
    data: Mapping[str, Any],
    at: datetime | None = None,
    version: int | None = None,
    key: str = "",
) -> Taken:
    """
    Take a step on a case, whole or not at all.

    In one transaction: take the key, lock the case (waiting), check that the step exists from here for
    this actor, validate, call the effect, move deadlines and the holding, write the entry and its feed row.

    :param version: the version of the case that the form was made from; a newer case refuses it.
    :param key: unique per caller and operation; a repeat gets the first answer.
    :raises CaseNotFound: when there is no such case for this actor.
    :raises CaseBusy: when the row stays locked longer than `lock_timeout`.
    :raises StaleCase: when the case changed in what people decide on.
    :raises StepNotPossible: when the step does not exist from here or not for this actor.
    :raises KeyReused: when the key was used with other data.
    :raises rest_framework.exceptions.ValidationError: naming each field that is wrong.
    """
    at = at or timezone.now()
    with transaction.atomic():
        first = once.take(key, operation=f"{case_id}/{name}", by=by, body=data, at=at)
        if first is not None:
            return _repeat(first, by)
        case = lock_cases(case_id, by=by, other=_other_id(case_id, name, data, by))
        if version is not None and version != case.version:
            raise StaleCase(case, version)
        passage = _enter(case, name, by, at)
        valid = _validate(passage, data)
        taken = _pass_through(passage, valid)
        once.answer(key, operation=f"{case_id}/{name}", by=by, event=taken.event)
        return taken


def open_case(
    kind_code: str,
    name: str,
    *,
    by: Actor,
    data: Mapping[str, Any],
    at: datetime | None = None,
    key: str = "",
) -> Taken:
    """
    Open a case by an opening step of its kind.

    The effect is called with an unsaved detail row on an unsaved case; it fills both, sets the lead and
    returns the first status.

    :raises StepNotPossible: when the step does not open a case, or not for this actor.
    :raises KeyReused: when the key was used with other data.
    :raises rest_framework.exceptions.ValidationError: naming each field that is wrong.
    """
    at = at or timezone.now()
    kind = kinds.get(kind_code)
    step = kind.step(name)
    if step is None or not step.opens:
        raise StepNotPossible(_("No matter is opened by this step."), [])
    with transaction.atomic():
        first = once.take(key, operation=f"{kind_code}/{name}", by=by, body=data, at=at)
        if first is not None:
            return _repeat(first, by)
        case = Case(kind=kind.code, registered_at=at, received_on=timezone.localdate(at))
        detail = kind.detail_model(case=case)
        passage = Passage(kind, step, case, detail, by, at)
        if not step.who.allows(case, by):
            raise StepNotPossible(
                format_lazy(_("“{step}” is for: {who}."), step=step.label, who=step.who.words), []
            )
        valid = _validate(passage, data)
        taken = _pass_through(passage, valid)
        once.answer(key, operation=f"{kind_code}/{name}", by=by, event=taken.event)
        return taken


def _repeat(first: once.OnceKey, by: Actor) -> Taken:
    """Return the answer of the first call under a key."""
    case = Case.objects.visible_to(by).filter(pk=first.case_id or 0).first()
    if case is None:
        raise CaseNotFound
    return Taken(case, Event.objects.get(case=case, seq=first.seq or 0), repeated=True)


def _other_id(case_id: int, name: str, data: Mapping[str, Any], by: Actor) -> int | None:
    """Return the id of the second case that a step names, found before any lock is taken."""
    code = Case.objects.filter(pk=case_id).values_list("kind", flat=True).first()
    step = kinds.get(code).step(name) if code else None
    if step is None or not step.other:
        return None
    number = str(data.get(step.other, "")).strip().upper()
    if not number.isprintable():
        return None  # Not a text that the database takes; the serializer says what is wrong with it.
    return Case.objects.visible_to(by).filter(number=number).values_list("pk", flat=True).first()


def _enter(case: Case, name: str, by: Actor, at: datetime) -> Passage:
    """Check that a step exists from here and for this actor, the case being locked."""
    kind = kinds.get(case.kind)
    step = kind.step(name)
    detail = detail_of(case)
    if step is None:
        raise StepNotPossible(_("There is no such step."), possible_steps(case, by, detail=detail))
    reason = refusal(step, case, detail, by)
    if reason is not None:
        raise StepNotPossible(reason, possible_steps(case, by, detail=detail))
    passage = Passage(kind, step, case, detail, by, at)
    passage.before = photograph(passage)
    passage.due = deadlines.due_instants(case)
    return passage


def _validate(passage: Passage, data: Mapping[str, Any]) -> dict[str, Any]:
    """Validate what was sent by the serializer of the step, and state who may state an old day."""
    serializer = passage.step.data(
        data=data,
        context={
            "case": passage.case,
            "detail": passage.detail,
            "actor": passage.by,
            "at": passage.at,
            "step": passage.step,
        },
    )
    serializer.is_valid(raise_exception=True)
    valid = dict(serializer.validated_data)
    happened_on = valid.get("happened_on")
    yesterday = timezone.localdate(passage.at) - timedelta(days=1)
    if happened_on and happened_on < yesterday and not _is_superior(passage):
        raise serializers.ValidationError(
            {"happened_on": _("A day before yesterday can be stated only by a superior.")}
        )
    return valid


def _is_superior(passage: Passage) -> bool:
    if passage.by.is_machine:
        return True
    return passage.by.holds(SUPERIOR_ROLES) and (
        passage.case.lead_id is None or passage.by.is_above(passage.case.lead_id, SUPERIOR_ROLES)
    )


def _pass_through(passage: Passage, valid: dict[str, Any]) -> Taken:
    """Call the effect and write everything that follows from it."""
    step, case, detail = passage.step, passage.case, passage.detail
    uploads = valid.pop("uploads", [])
    happened_on = valid.pop("happened_on", None)
    written = timeline.split(step.data, valid)
    status = step.effect(detail, by=passage.by, at=passage.at, **valid)
    settle_status(passage, status)
    ends = case.phase == Phase.CLOSED and passage.before.get("phase", Phase.CLOSED) != Phase.CLOSED
    if ends and passage.kind.may_end is not None and not passage.kind.ends_by(step):
        reason = passage.kind.may_end(detail, passage.by)  # a step that may end it, and does
        if reason is not None:
            raise StepNotPossible(reason, [])
    if ends and passage.kind.at_end is not None:
        passage.kind.at_end(detail, passage.at)
    opened = None
    if step.opens:
        opened = first_rows(passage)
    elif step.opens_round:
        opened = next_round(passage)
    starts_at = passage.at if happened_on is None else timeline.start_of(happened_on)
    moved = deadlines.follow(
        case,
        starts=_starts(step.starts, detail, starts_at),
        meets={s.code for s in _starts(step.meets, detail, starts_at)},
        cancels={s.code for s in _starts(step.cancels, detail, starts_at)},
        closes=case.phase == Phase.CLOSED,
        at=passage.at,
        round=opened,
        due_before=passage.due,
        categories=partial(passage.kind.categories, detail) if passage.kind.categories else tuple,
        speaks=step.speaks(valid.get("audience")),
    )
    move_holding(passage)
    changed = changes(passage)
    if any(name in changed for name in (*DECIDED_ON, *passage.kind.tracked)) or moved:
        case.version += 0 if step.opens else 1
    organisation = passage.by.acting_for(passage.before.get("lead_id"), case.lead_id)
    event = timeline.append(
        case,
        verb=step.name,
        by=passage.by,
        organisation=organisation,
        at=passage.at,
        happened_on=happened_on,
        audience=valid.get("audience") or step.audience,
        written=written,
        changed={n: v for n, v in changed.items() if n in TRACKED or n in passage.kind.tracked} | moved,
        uploads=uploads,
    )
    if uploads:
        files.claim(uploads, case=case, event=event)
    if not step.opens:
        detail.save()
    case.save()
    return Taken(case, event)


def _starts(codes: tuple[DeadlineCode, ...], detail: Any, starts_at: datetime) -> list[deadlines.Start]:
    """Return the deadlines that a row names, those of a callable with a start of their own if it says so."""
    found: list[deadlines.Start] = []
    for code in codes:
        named = code if isinstance(code, str) else code(detail)
        found.extend([deadlines.Start(named, starts_at)] if isinstance(named, str) else named)
    return found
