"""What the pages of deadline rules show: one line per limit, local rules beneath, rungs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Q
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid.worktime.arithmetic.explanation import quantity_text
from grid.worktime.choices import Approver, Binds, Channel, Told, Unit
from grid.worktime.models import DeadlineRule, RungRule

# The kinds in the order of the page; one that is not here is shown by its code.
KINDS: dict[str, str | Promise] = {
    "incident": gettext_lazy("Incidents"),
    "petition": gettext_lazy("Petitions"),
    "mediation": gettext_lazy("Mediation"),
    "spokesperson": gettext_lazy("Online spokesperson"),
    "supervision": gettext_lazy("Supervision"),
    "": gettext_lazy("Every kind"),
}
LEVELS: dict[int, str | Promise] = {
    1: gettext_lazy("1 yellow"),
    2: gettext_lazy("2 orange"),
    3: gettext_lazy("3 red"),
    4: gettext_lazy("4 supervision"),
    5: gettext_lazy("5 listed"),
}
FRACTIONS: dict[str, str | Promise] = {
    "0.500000": gettext_lazy("half of the period left"),
    "0.333333": gettext_lazy("a third of the period left"),
    "0.250000": gettext_lazy("a quarter of the period left"),
    "0.200000": gettext_lazy("a fifth of the period left"),
    "0.166667": gettext_lazy("a sixth of the period left"),
    "0.100000": gettext_lazy("a tenth of the period left"),
}


def length_text(rule: DeadlineRule) -> str:
    """Word how long a rule gives."""
    if rule.length is None:
        return _("At once") if rule.unit == Unit.HOUR else _("Set when it starts")
    return quantity_text(rule.length, Unit(rule.unit))


def extension_text(rule: DeadlineRule) -> str:
    """Word who may extend it, by how much and how often; '' for never."""
    if not rule.extend_by:
        return ""
    who = Approver(rule.extend_by).label
    if rule.extend_max is None:
        return _("%(who)s; no ceiling is named") % {"who": who}
    most = quantity_text(rule.extend_max, Unit(rule.unit))
    if rule.extend_times == 1:
        return _("%(who)s; once, by at most %(most)s") % {"who": who, "most": most}
    return _("%(who)s; by at most %(most)s together") % {"who": who, "most": most}


def reach_text(rule: DeadlineRule) -> str:
    """Word whom a rule is for."""
    parts = [row.label for row in (rule.organisation, rule.area) if row is not None]
    if rule.category:
        parts.append(_("category %(code)s") % {"code": rule.category})
    return _(", ").join(parts) or _("Whole city")


def validity_text(row: DeadlineRule | RungRule) -> str:
    """Word since when and until when a row holds."""
    since = f"{row.valid_from:%Y-%m-%d}"
    if row.valid_until is None:
        return _("since %(since)s") % {"since": since}
    return _("%(since)s until %(until)s") % {"since": since, "until": f"{row.valid_until:%Y-%m-%d}"}


@dataclass
class Row:
    """One rule in words."""

    rule: DeadlineRule
    on: date

    @property
    def length(self) -> str:
        """How long it gives."""
        return length_text(self.rule)

    @property
    def extension(self) -> str:
        """Who may extend it."""
        return extension_text(self.rule)

    @property
    def reach(self) -> str:
        """Whom it is for."""
        return reach_text(self.rule)

    @property
    def validity(self) -> str:
        """When it holds."""
        return validity_text(self.rule)

    @property
    def binds(self) -> str:
        """Whom it binds."""
        return str(Binds(self.rule.binds).label)

    @property
    def is_to_come(self) -> bool:
        """Say whether it has not begun."""
        return self.rule.valid_from > self.on and not self.rule.is_withdrawn

    @property
    def is_over(self) -> bool:
        """Say whether it no longer holds."""
        return self.rule.valid_until is not None and self.rule.valid_until <= self.on

    @property
    def holds(self) -> bool:
        """Say whether it holds on the day."""
        return not self.is_to_come and not self.is_over and not self.rule.is_withdrawn


@dataclass
class Limit:
    """Everything that holds for one code on a day, or will: the general rule, and the city's own beneath."""

    row: Row
    local: list[Row] = field(default_factory=list)

    @property
    def rule(self) -> DeadlineRule:
        """The rule that the line shows: the statute, else the city's own."""
        return self.row.rule


@dataclass
class Group:
    """The limits of one kind of case."""

    code: str
    limits: list[Limit]

    @property
    def label(self) -> str:
        """What the kind is called."""
        return str(KINDS.get(self.code, self.code))


@dataclass(frozen=True)
class Filters:
    """What the table is narrowed to."""

    on: date
    text: str = ""
    kind: str | None = None
    unit: str = ""
    binds: str = ""
    source: str = ""

    @property
    def narrowed(self) -> bool:
        """Say whether anything but the day is chosen."""
        return bool(self.text or self.kind is not None or self.unit or self.binds or self.source)


def read_filters(query: QueryDict, *, today: date) -> Filters:
    """Read the filters of an address; what is not understood is left out."""

    def one_of(name: str, known: Iterable[str]) -> str:
        value = query.get(name, "")
        return value if value in known else ""

    kind = query.get("kind", "all")
    try:
        on = date.fromisoformat(query.get("on", ""))
    except ValueError:
        on = today
    return Filters(
        on=on,
        text=query.get("q", "").strip()[:60],
        kind=None if kind == "all" else kind[:30],
        unit=one_of("unit", Unit.values),
        binds=one_of("binds", Binds.values),
        source=one_of("source", ("law", "city")),
    )


def groups(filters: Filters) -> list[Group]:
    """
    Return the limits that hold on a day, by kind, with the city's own that hold or will. One query.

    The text is looked for in code, name and legal basis of any rule of a limit.
    """
    rows = DeadlineRule.objects.filter(Q(valid_until=None) | Q(valid_until__gt=filters.on))
    rows = rows.exclude(valid_until=F("valid_from")).select_related("organisation", "area", "base")
    rows = rows.defer("area__outline").order_by("-statutory", "valid_from", "pk")
    if filters.kind is not None:
        rows = rows.filter(kind=filters.kind)
    if filters.unit:
        rows = rows.filter(unit=filters.unit)
    if filters.binds:
        rows = rows.filter(binds=filters.binds)
    by_code: dict[str, list[Row]] = {}
    for rule in rows:
        by_code.setdefault(rule.code, []).append(Row(rule, filters.on))
    found: dict[str, list[Limit]] = {}
    for members in by_code.values():
        limit = _limit(members)
        if limit is not None and _fits(limit, filters):
            found.setdefault(limit.rule.kind, []).append(limit)
    order = list(KINDS)
    kinds = sorted(found, key=lambda kind: (order.index(kind) if kind in order else len(order), kind))
    return [Group(kind, found[kind]) for kind in kinds]


def _limit(members: Sequence[Row]) -> Limit | None:
    """Put the general rule of a code first; a code of which nothing holds yet is shown by what will."""
    holding = [row for row in members if row.holds and row.rule.reach_is_citywide]
    first = next((row for row in holding if row.rule.statutory), None)
    first = first or (holding[-1] if holding else members[0])
    return Limit(first, in_order(row for row in members if row is not first))


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Put what holds before what will, and the whole city before its parts."""
    return sorted(rows, key=lambda row: (row.is_to_come, not row.rule.reach_is_citywide, row.reach))


def _fits(limit: Limit, filters: Filters) -> bool:
    if filters.source and limit.rule.statutory != (filters.source == "law"):
        return False
    if not filters.text:
        return True
    word = filters.text.lower()
    rules = [limit.rule, *(row.rule for row in limit.local)]
    texts = [t for r in rules for t in (r.code, r.label, r.label_en, r.basis, r.basis_en)]
    return any(word in text.lower() for text in texts)


@dataclass(frozen=True)
class RungLine:
    """One rung in words."""

    rung: RungRule

    @property
    def level(self) -> str:
        """Its level and colour."""
        return str(LEVELS.get(self.rung.level, self.rung.level))

    @property
    def when(self) -> str:
        """When it is reached."""
        if self.rung.level == 3:
            return _("when the deadline has passed")
        if self.rung.level > 3:
            return _("when somebody decides it")
        parts = []
        if self.rung.share is not None:
            share = FRACTIONS.get(str(self.rung.share))
            percent = {"share": f"{self.rung.share * 100:.0f} %"}
            parts.append(str(share) if share else _("%(share)s of the period left") % percent)
        in_hours = self.rung.unit == Unit.HOUR
        left = self.rung.left_hours if in_hours else self.rung.left_days
        if left is not None:
            parts.append(_("%(time)s left") % {"time": quantity_text(left, Unit(self.rung.unit))})
        if len(parts) < 2:
            return "".join(parts)
        both = _("%(one)s, and also %(other)s") if in_hours else _("%(one)s or %(other)s")
        return both % {"one": parts[0], "other": parts[1]}

    @property
    def told(self) -> str:
        """Who is told."""
        return _(", ").join(str(Told(person).label) for person in self.rung.audience)

    @property
    def channels(self) -> str:
        """By which channels."""
        return _(", ").join(str(Channel(channel).label) for channel in self.rung.channels)

    @property
    def validity(self) -> str:
        """When it holds."""
        return validity_text(self.rung)


@dataclass(frozen=True)
class RungGroup:
    """The rungs of a unit, or those that one rule has of its own."""

    code: str
    unit: str
    lines: Sequence[RungLine]

    @property
    def label(self) -> str:
        """What the rungs are for."""
        if self.code:
            return _("Only for %(code)s") % {"code": self.code}
        words: Mapping[str, str] = {
            Unit.DAY: _("Deadlines in calendar days"),
            Unit.WORKDAY: _("Deadlines in working days"),
            Unit.HOUR: _("Deadlines in hours"),
        }
        return words[self.unit]


def rung_groups(on: date, *, code: str | None = None, unit: str = "") -> list[RungGroup]:
    """
    Return the rungs that hold on a day or will, the general ones first. One query.

    With a code and a unit, those that one rule goes by: its own, and those of its unit.
    """
    rows = RungRule.objects.filter(Q(valid_until=None) | Q(valid_until__gt=on))
    rows = rows.exclude(valid_until=F("valid_from")).order_by("level", "valid_from")
    if code is not None:
        rows = rows.filter(code__in=["", code], unit=unit)
    by_reach: dict[tuple[str, str], list[RungLine]] = {}
    for rung in rows:
        by_reach.setdefault((rung.code, rung.unit), []).append(RungLine(rung))
    order = list(Unit.values)
    reaches = sorted(by_reach, key=lambda reach: (reach[0], order.index(reach[1])))
    return [RungGroup(*reach, by_reach[reach]) for reach in reaches]
