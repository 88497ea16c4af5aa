"""The step: the only way a case changes, for pages, API, jobs and demo alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework import deadlines, files, kinds, once, timeline
from grid.casework.actors import Actor
from grid.casework.data import StepData
from grid.casework.errors import CaseNotFound, StaleCase, StepNotPossible
from grid.casework.locks import lock_cases
from grid.casework.models import Audience, Case, Event, Holding, Phase, Round
from grid.organisations.models import Role

if TYPE_CHECKING:
    from django.db.models import Model
    from django.utils.functional import Promise

    from grid.casework.kinds import Kind
    from grid.casework.who import Who

    Words = str | Promise
    DeadlineCode = str | Callable[[Any], str | list["Start"]]

# What people decide on: a change of these raises the version. Comments and rungs do not.
DECIDED_ON = (
    "title",
    "description",
    "area_id",
    "address",
    "longitude",
    "latitude",
    "status",
    "urgency",
    "sealed",
    "lead_id",
    "assignee_id",
    "outcome",
    "round_number",
)
# What stands in an entry with its value before and after. Text that people typed never does.
TRACKED = (
    "area_id",
    "lead_id",
    "assignee_id",
    "phase",
    "status",
    "urgency",
    "sealed",
    "outcome",
    "round_number",
)
SUPERIOR_ROLES = (Role.STREET_OFFICER, Role.DISTRICT_OFFICER, Role.SUPERVISOR)


Start = deadlines.Start


@dataclass(frozen=True)
class Step:
    """
    One row of a kind's table.

    `sources` are the statuses it starts from; an opening step has none and `opens` set. `targets` are the
    statuses it may lead to, the effect returns one of them; without targets the status stays. `data` is a
    DRF serializer that the API uses as it is and the pages draw. The effect is called with the detail row,
    its case locked, and the validated data as keyword arguments. `starts` and `meets` name deadline rules
    (a callable is given the detail row). `other` names the field of the data that holds a second case,
    which is locked too. `when` gives a reason why the step is not possible now, or nothing.
    """

    name: str
    label: Words
    who: Who
    effect: Callable[..., str | None]
    sources: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    data: type[serializers.Serializer[Any]] = StepData
    starts: tuple[DeadlineCode, ...] = ()
    meets: tuple[DeadlineCode, ...] = ()
    cancels: tuple[DeadlineCode, ...] = ()
    public_text: Words = ""
    hint: Words = ""
    audience: str = Audience.STAFF
    other: str = ""
    opens: bool = False
    opens_round: bool = False
    hidden: bool = False
    style: str = "secondary"
    when: Callable[[Any, Actor], Words | None] | None = None


@dataclass(frozen=True)
class Taken:
    """What came of a step: the case, its newest entry, and whether this was a repeat of an earlier call."""

    case: Case
    event: Event
    repeated: bool = False


@dataclass
class _Passage:
    """What one run of a step carries from hand to hand."""

    kind: Kind
    step: Step
    case: Case
    detail: Any
    by: Actor
    at: datetime
    before: dict[str, Any] = field(default_factory=dict)


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
    return step.when(detail, actor) if step.when else None


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
        passage = _Passage(kind, step, case, detail, by, at)
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
    case = Case.objects.visible_to(by).filter(pk=first.case_id).first()
    if case is None:
        raise CaseNotFound
    return Taken(case, Event.objects.get(case=case, seq=first.seq), repeated=True)


def _other_id(case_id: int, name: str, data: Mapping[str, Any], by: Actor) -> int | None:
    """Return the id of the second case that a step names, found before any lock is taken."""
    code = Case.objects.filter(pk=case_id).values_list("kind", flat=True).first()
    step = kinds.get(code).step(name) if code else None
    if step is None or not step.other:
        return None
    number = str(data.get(step.other, "")).strip().upper()
    return Case.objects.visible_to(by).filter(number=number).values_list("pk", flat=True).first()


def _enter(case: Case, name: str, by: Actor, at: datetime) -> _Passage:
    """Check that a step exists from here and for this actor, the case being locked."""
    kind = kinds.get(case.kind)
    step = kind.step(name)
    detail = detail_of(case)
    if step is None:
        raise StepNotPossible(_("There is no such step."), possible_steps(case, by, detail=detail))
    reason = refusal(step, case, detail, by)
    if reason is not None:
        raise StepNotPossible(reason, possible_steps(case, by, detail=detail))
    passage = _Passage(kind, step, case, detail, by, at)
    passage.before = _photograph(passage)
    return passage


def _validate(passage: _Passage, data: Mapping[str, Any]) -> dict[str, Any]:
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


def _is_superior(passage: _Passage) -> bool:
    if passage.by.is_machine:
        return True
    return passage.by.holds(SUPERIOR_ROLES) and (
        passage.case.lead_id is None or passage.by.is_above(passage.case.lead_id, SUPERIOR_ROLES)
    )


def _photograph(passage: _Passage) -> dict[str, Any]:
    """Note the values that a step may change."""
    noted = {name: getattr(passage.case, name) for name in {*DECIDED_ON, *TRACKED}}
    noted |= {name: getattr(passage.detail, name) for name in passage.kind.tracked}
    return noted


def _pass_through(passage: _Passage, valid: dict[str, Any]) -> Taken:
    """Call the effect and write everything that follows from it."""
    step, case, detail = passage.step, passage.case, passage.detail
    uploads = valid.pop("uploads", [])
    happened_on = valid.pop("happened_on", None)
    written = timeline.split(step.data, valid)
    status = step.effect(detail, by=passage.by, at=passage.at, **valid)
    _settle_status(passage, status)
    opened = None
    if step.opens:
        opened = _first_rows(passage)
    elif step.opens_round:
        opened = _next_round(passage)
    starts_at = passage.at if happened_on is None else timeline.start_of(happened_on)
    moved = deadlines.follow(
        case,
        starts=_starts(step.starts, detail, starts_at),
        meets={s.code for s in _starts(step.meets, detail, starts_at)},
        cancels={s.code for s in _starts(step.cancels, detail, starts_at)},
        closes=case.phase == Phase.CLOSED,
        at=passage.at,
        round=opened,
    )
    _move_holding(passage)
    changed = _changes(passage)
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


def _starts(codes: tuple[DeadlineCode, ...], detail: Any, starts_at: datetime) -> list[Start]:
    """Return the deadlines that a row names, those of a callable with a start of their own if it says so."""
    found: list[Start] = []
    for code in codes:
        named = code if isinstance(code, str) else code(detail)
        found.extend([Start(named, starts_at)] if isinstance(named, str) else named)
    return found


def _settle_status(passage: _Passage, status: str | None) -> None:
    """Set status and phase as the table says, and what closing means."""
    case, step = passage.case, passage.step
    if step.targets:
        if status not in step.targets:
            raise RuntimeError(f"{step.name} led to {status}, which its row does not name.")
        case.status = status
    elif status is not None:
        raise RuntimeError(f"{step.name} has no targets but led to {status}.")
    case.phase = passage.kind.status(case.status).phase
    if case.phase == Phase.CLOSED:
        case.closed_at = case.closed_at or passage.at
    else:
        case.closed_at, case.outcome = None, ""


def _first_rows(passage: _Passage) -> Round:
    """Save a new case with its detail row, its first round and its first holding."""
    case = passage.case
    case.number = timeline.next_number(passage.kind.prefix, year=timezone.localtime(passage.at).year)
    case.save(force_insert=True)
    passage.detail.case = case
    passage.detail.pk = case.pk
    passage.detail.save(force_insert=True)
    return Round.objects.create(
        case=case,
        number=1,
        lead=case.lead,
        opened_by=passage.step.name,
        opened_at=passage.at,
        closed_at=case.closed_at,
        outcome=case.outcome,
    )


def _next_round(passage: _Passage) -> Round:
    """Open the next round; nothing of the old one is overwritten."""
    case = passage.case
    case.round_number += 1
    return Round.objects.create(
        case=case,
        number=case.round_number,
        lead=case.lead,
        opened_by=passage.step.name,
        opened_at=passage.at,
    )


def _move_holding(passage: _Passage) -> None:
    """Keep who had the case from when to when, and mirror lead and closing on the round."""
    case, before, at = passage.case, passage.before, passage.at
    if case.phase == Phase.CLOSED:
        if before and before["phase"] != Phase.CLOSED:
            Holding.objects.filter(case=case, ended_at=None).update(ended_at=at)
            Round.objects.filter(case=case, number=case.round_number).update(
                closed_at=at, outcome=case.outcome, lead=case.lead
            )
        elif not before:
            Holding.objects.create(case=case, organisation=case.lead, starts_at=at, ended_at=at)
        return
    if before and before["lead_id"] == case.lead_id and before["phase"] != Phase.CLOSED:
        return
    if before and before["phase"] != Phase.CLOSED:
        Holding.objects.filter(case=case, ended_at=None).update(ended_at=at)
        Round.objects.filter(case=case, number=case.round_number).update(lead=case.lead)
    Holding.objects.create(case=case, organisation=case.lead, starts_at=at)


def _changes(passage: _Passage) -> dict[str, list[Any]]:
    """Return before and after of every value that the step changed."""
    before, after = passage.before, _photograph(passage)
    return {
        name: [timeline.plain(before.get(name)), timeline.plain(value)]
        for name, value in sorted(after.items())
        if (before.get(name) or None) != (value or None)
    }
