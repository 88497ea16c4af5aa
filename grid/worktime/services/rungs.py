"""Writing of rungs: each change is a row that follows the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.people.models import User
from grid.worktime.choices import Told, Unit
from grid.worktime.models import DeadlineRule, RungRule

# Any fixed number does; it is the name of the lock among all advisory locks of this database.
RUNGS_LOCK = 0x52554E47


@dataclass(frozen=True, kw_only=True)
class RungSpec:
    """What a rung says; `code` is that of one deadline rule, or empty for every rule in the unit."""

    code: str
    unit: Unit
    level: int
    told: Told
    channels: Sequence[str]
    office_hours: bool
    valid_from: date
    share: Decimal | None = None
    left_days: int | None = None
    left_hours: int | None = None


@transaction.atomic
def set_rung(spec: RungSpec, *, by: User | None, at: datetime) -> RungRule:
    """
    Write a rung; the one that holds for the same code, unit and level on its first day ends there.

    :raises ValidationError: naming the field.
    """
    _lock()
    if spec.valid_from < timezone.localdate(at):
        raise ValidationError(
            {"valid_from": _("A day that has passed cannot be chosen; today is the earliest.")}
        )
    if spec.code and not DeadlineRule.objects.filter(code=spec.code, unit=spec.unit).exists():
        raise ValidationError({"code": _("There is no limit with this code in this unit.")})
    rung = RungRule(
        code=spec.code,
        unit=spec.unit,
        level=spec.level,
        told=spec.told,
        channels=list(spec.channels),
        office_hours=spec.office_hours,
        share=spec.share,
        left_days=spec.left_days,
        left_hours=spec.left_hours,
        valid_from=spec.valid_from,
        made_by=by,
        made_at=at,
    )
    same = RungRule.objects.valid(spec.valid_from).filter(code=spec.code, unit=spec.unit, level=spec.level)
    for present in same.select_for_update():
        _end(present, spec.valid_from, by=by, at=at)
    rung.full_clean()
    rung.save(force_insert=True)
    return rung


@transaction.atomic
def end_rung(rung: RungRule, *, on: date, by: User | None, at: datetime) -> RungRule:
    """
    Let the rung of one rule end, so that the one of its unit holds again.

    :raises ValidationError: the rung of a whole unit, a day that has passed, one that has ended.
    """
    _lock()
    rung = RungRule.objects.select_for_update().get(pk=rung.pk)
    if not rung.code:
        raise ValidationError({"on": _("The rung of a whole unit is changed, never ended.")})
    if on < timezone.localdate(at):
        raise ValidationError({"on": _("A day that has passed cannot be chosen; today is the earliest.")})
    if rung.valid_until is not None and rung.valid_until <= on:
        raise ValidationError({"on": _("The rung ends earlier already.")})
    _end(rung, max(on, rung.valid_from), by=by, at=at)
    return rung


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RUNGS_LOCK])


def _end(rung: RungRule, on: date, *, by: User | None, at: datetime) -> None:
    rung.valid_until, rung.ended_by, rung.ended_at = on, by, at
    rung.save(update_fields=["valid_until", "ended_by", "ended_at"])
