"""Writing of deadline rules."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction

from grid.worktime.choices import Binds, Unit
from grid.worktime.models import DeadlineRule


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
    length: int | None
    unit: Unit
    valid_from: date
    valid_until: date | None = None
    binds: Binds = Binds.OFFICE
    extend_by: str = ""
    extend_max: int | None = 0
    extend_times: int | None = 1
    may_pause: bool = False
    pause_for: str = ""
    pause_for_en: str = ""
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
