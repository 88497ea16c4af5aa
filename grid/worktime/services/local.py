"""Shortening of statutory limits, rules of the city's own, and their end; rows are never edited."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grid.areas.models import Area
from grid.organisations.models import Organisation
from grid.people.models import User
from grid.worktime.models import DeadlineRule

# Any fixed number does; it is the name of the lock among all advisory locks of this database.
RULES_LOCK = 0x52554C45
# What a local rule takes over from the one it is made from.
KEPT = (
    "code", "kind", "label", "label_en", "unit", "binds", "extend_by", "extend_times", "may_pause",
    "pause_for", "pause_for_en", "rolls",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whom a local rule is for; empty means the whole city."""

    organisation: Organisation | None = None
    area: Area | None = None
    category: str = ""


CITYWIDE = Reach()


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a local rule says: `length` and `extend_max` are in the unit of the rule it is made from."""

    length: int | None
    basis: str
    basis_en: str
    valid_from: date
    valid_until: date | None = None
    extend_max: int | None = 0


@transaction.atomic
def shorten(statute: DeadlineRule, terms: Terms, *, by: User | None, at: datetime) -> DeadlineRule:
    """
    Promise the whole city less time than a statute gives; deadlines that run keep the rule they began with.

    :raises ValidationError: naming the field; also for a limit that is no shorter.
    """
    if not statute.statutory:
        raise ValidationError({"length": _("This limit is the city's own; change it instead.")})
    return add_local(statute, terms, reach=CITYWIDE, by=by, at=at)


@transaction.atomic
def add_local(
    origin: DeadlineRule, terms: Terms, *, reach: Reach, by: User | None, at: datetime
) -> DeadlineRule:
    """
    Add a rule of the city's own beside or under another, or the successor of one with the same reach.

    The one that holds for the same reach when the new one begins ends on that day. A statutory limit may
    only be shortened, extension and pause included.

    :raises ValidationError: naming the field.
    """
    _lock()
    origin = DeadlineRule.objects.select_related("base").get(pk=origin.pk)
    base = _statute_of(origin, on=terms.valid_from)
    rule = DeadlineRule(
        **{name: getattr(origin, name) for name in KEPT},
        base=base,
        length=terms.length,
        extend_max=terms.extend_max if origin.extend_by else 0,
        basis=terms.basis,
        basis_en=terms.basis_en,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        organisation=reach.organisation,
        area=reach.area,
        category=reach.category,
        made_by=by,
        made_at=at,
    )
    if rule.extend_max == 0:
        rule.extend_by, rule.extend_times = "", 1
    _check_span(rule, base, at)
    if base is not None and not _gives_less(rule, base):
        raise ValidationError({"length": _("This is no shorter than the statute, which holds anyway.")})
    _make_room(rule, by=by, at=at)
    rule.full_clean()
    rule.save(force_insert=True)
    return rule


@transaction.atomic
def end_rule(rule: DeadlineRule, *, on: date, by: User | None, at: datetime) -> DeadlineRule:
    """
    Let a rule of the city's own hold until the day before `on`; on its own first day it never held.

    :raises ValidationError: a statute, a day that has passed, or a limit that would be left without a rule.
    """
    _lock()
    rule = DeadlineRule.objects.select_for_update().get(pk=rule.pk)
    if rule.statutory:
        raise ValidationError(
            {"on": _("A statutory limit ends with its statute, by an update of the portal.")}
        )
    _not_before(on, at, "on")
    on = max(on, rule.valid_from)
    if rule.valid_until is not None and rule.valid_until <= on:
        raise ValidationError({"on": _("The rule ends earlier already.")})
    if rule.reach_is_citywide and not _held_by_another(rule, on):
        raise ValidationError(
            {"on": _("Nothing would hold for this limit from that day on; change it instead.")}
        )
    _end(rule, on, by=by, at=at, field="on")
    return rule


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RULES_LOCK])


def _statute_of(origin: DeadlineRule, *, on: date) -> DeadlineRule | None:
    """Return the statute that binds a rule: itself, the one with its code on that day, or its own base."""
    if origin.statutory:
        return origin
    present = DeadlineRule.objects.valid(on).filter(code=origin.code, statutory=True)
    return present.order_by("-valid_from").first() or origin.base


def _gives_less(rule: DeadlineRule, base: DeadlineRule) -> bool:
    same = ("length", "extend_max", "unit")
    return any(getattr(rule, name) != getattr(base, name) for name in same)


def _check_span(rule: DeadlineRule, base: DeadlineRule | None, at: datetime) -> None:
    """Refuse a rule that begins in the past, ends before it begins, or would leave nothing behind it."""
    _not_before(rule.valid_from, at, "valid_from")
    if rule.valid_until is None:
        return
    if rule.valid_until <= rule.valid_from:
        raise ValidationError({"valid_until": _("The rule would end before it begins.")})
    if base is None and rule.reach_is_citywide:
        raise ValidationError(
            {"valid_until": _("Nothing would hold for this limit from that day on; leave the end open.")}
        )


def _not_before(day: date, at: datetime, field: str) -> None:
    """Refuse a day that has passed: what was counted under the old rule stays so."""
    if day < timezone.localdate(at):
        raise ValidationError({field: _("A day that has passed cannot be chosen; today is the earliest.")})


def _make_room(rule: DeadlineRule, *, by: User | None, at: datetime) -> None:
    """End the rule of the same reach that would hold beside the new one on its first day."""
    rows = DeadlineRule.objects.same_scope(rule).filter(statutory=False)
    held = rows.valid(rule.valid_from).select_for_update()
    for present in held:
        _end(present, rule.valid_from, by=by, at=at, field="valid_from")


def _held_by_another(rule: DeadlineRule, on: date) -> bool:
    return DeadlineRule.objects.citywide().valid(on).filter(code=rule.code).exclude(pk=rule.pk).exists()


def _end(rule: DeadlineRule, on: date, *, by: User | None, at: datetime, field: str) -> None:
    if on == rule.valid_from and rule.deadlines.exists():
        raise ValidationError(
            {field: _("Deadlines run already by the rule that began on that day; choose a later day.")}
        )
    rule.valid_until, rule.ended_by, rule.ended_at = on, by, at
    rule.save(update_fields=["valid_until", "ended_by", "ended_at"])
