"""Writing of deadline rules and of the calendar."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction

from grid.worktime.choices import Binds, DayKind, Unit
from grid.worktime.models import CalendarDay, CalendarYear, DeadlineRule


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    """
    A deadline rule as the code of a kind ships it; the fields are those of `DeadlineRule`.

    `base` is the code of the shipped statutory rule that a local one shortens, or empty.
    """

    code: str
    kind: str
    label: str
    label_en: str
    basis: str
    basis_en: str
    length: int
    unit: Unit
    valid_from: date
    valid_until: date | None = None
    binds: Binds = Binds.OFFICE
    extend_by: str = ""
    extend_max: int = 0
    may_pause: bool = False
    rolls: bool = True
    statutory: bool = False
    base: str = ""


@transaction.atomic
def ship_rules(rules: Iterable[RuleSpec]) -> list[DeadlineRule]:
    """
    Bring the citywide rules of a kind into the table; running it again changes nothing.

    A statutory rule is brought to what the code says. A local one is a default: once the city has a rule with
    that code, its length is the city's own and stays. Returns the rules in the order given.

    :raises ValidationError: a rule that contradicts itself or the statute it shortens.
    """
    return [_ship_rule(spec) for spec in sorted(rules, key=lambda spec: not spec.statutory)]


def _ship_rule(spec: RuleSpec) -> DeadlineRule:
    citywide = DeadlineRule.objects.citywide().filter(code=spec.code, statutory=spec.statutory)
    if not spec.statutory:
        present = citywide.order_by("-valid_from").first()
        if present is not None:
            return present
    values = asdict(spec)
    values["base"] = DeadlineRule.objects.in_force(spec.base, on=spec.valid_from) if spec.base else None
    rule = citywide.filter(valid_from=spec.valid_from).first() or DeadlineRule()
    if any(getattr(rule, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(rule, name, value)
        rule.full_clean()
        rule.save()
    return rule


@transaction.atomic
def override_day(*, on: date, kind: DayKind, source: str, name: str = "", name_en: str = "") -> CalendarDay:
    """
    State what a day is, before whatever the shipped calendar says; stating it again replaces it.

    :raises ValidationError: a make-up working day that is no Saturday or Sunday, and the like.
    """
    day = CalendarDay.objects.select_for_update().filter(on=on).first() or CalendarDay(on=on)
    day.kind, day.source, day.name, day.name_en = kind, source, name, name_en
    day.full_clean()
    day.save()
    return day


@transaction.atomic
def confirm_year(*, year: int, source: str, at: datetime) -> CalendarYear:
    """
    Confirm that the holiday notice for a year is entered in full, so that nothing in it is provisional.

    Confirming a year again changes nothing.

    :raises ValidationError: a year outside the calendar.
    """
    present = CalendarYear.objects.filter(year=year).first()
    if present is not None:
        return present
    confirmed = CalendarYear(year=year, source=source, confirmed_at=at)
    confirmed.full_clean()
    confirmed.save()
    return confirmed
