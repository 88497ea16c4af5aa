"""Word entries of the timeline in the reader's language, from the codes and values that they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import F, Model, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from grid.areas.models import Area
from grid.casework import wording_time
from grid.casework.models import Audience, Case, DeadlineStatus, Outcome, Urgency
from grid.casework.verb_icons import VERB_ICONS
from grid.organisations.models import Organisation
from grid.people.models import User
from grid.worktime.arithmetic import Light

if TYPE_CHECKING:
    from grid.casework.kinds import Kind
    from grid.casework.models import Attachment, Deadline, Event
    from grid.casework.table import Step

Ref = tuple[type[Model], int]

# What stands in an entry under a name that no serializer field explains.
ROWS: Mapping[str, type[Model]] = {
    "area_id": Area,
    "lead_id": Organisation,
    "assignee_id": User,
    "assignee": User,
    "told": User,
    "lead": Organisation,
    "assisting": Organisation,
    "copied": Organisation,
    "organisation": Organisation,
    "other": Case,
    "decider": Organisation,
    "asked_by": User,
}
LABELS = {
    "area_id": gettext_lazy("Area"),
    "lead_id": gettext_lazy("Leading organisation"),
    "assignee_id": gettext_lazy("Assigned to"),
    "status": gettext_lazy("Status"),
    "urgency": gettext_lazy("Urgency"),
    "sealed": gettext_lazy("Sealed"),
    "outcome": gettext_lazy("Outcome"),
    "round_number": gettext_lazy("Round"),
    "told": gettext_lazy("Told"),
    "organisation": gettext_lazy("Superior"),
    "level": gettext_lazy("Light"),
    "deadline": gettext_lazy("Deadline"),
    "due_at": gettext_lazy("Due"),
    "entries": gettext_lazy("Entries"),
    "decider": gettext_lazy("To be decided by"),
    "asked_by": gettext_lazy("Asked by"),
    "until": gettext_lazy("Until"),
    "proposal": gettext_lazy("Supervision"),
}
# Told elsewhere on the page, or no news: files are shown, positions stand on the map, phases follow statuses.
UNSPOKEN = frozenset(
    {
        *("files", "longitude", "latitude", "accuracy_m", "phase", "vacant", "audience", "observed_at"),
        *("party", "channels", "office_hours"),
    }
)
# What a case begins with is in its facts already.
FIRST_SPOKEN = frozenset({"area_id", "lead_id"})


@dataclass
class Text:
    """What somebody typed, or the stub that a lawful erasure left."""

    label: str
    text: str
    erased: bool = False


@dataclass
class Entry:
    """One entry of the timeline, in words."""

    seq: int
    verb: str
    icon: str
    who: str
    organisation: str
    at: datetime
    happened_on: date | None
    machine: bool
    audience: str
    texts: list[Text] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str, str]] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)


class Names:
    """
    Names of rows that entries hold by id: what the page knows anyway, and one query for all others.

    A case is named only when the page has found that its reader may see it, and so knows it.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[Ref, str] = {}
        self._wanted: dict[type[Model], set[int]] = defaultdict(set)

    def know(self, *rows: Model | None) -> None:
        """Take over rows that the page has read."""
        for row in rows:
            if row is not None and row.pk is not None:
                self._known[type(row), row.pk] = _name(row)

    def want(self, ref: Ref) -> None:
        """Ask for a row."""
        if ref not in self._known and ref[0] is not Case:
            self._wanted[ref[0]].add(ref[1])

    def read(self) -> None:
        """Read what was asked for, from all tables at once: each has a name, most have one in English."""
        tables = dict(enumerate(self._wanted))
        parts = [
            model._base_manager.filter(pk__in=self._wanted[model])
            .order_by()
            .values_list(Value(place), "pk", "name", _english(model))
            for place, model in tables.items()
        ]
        for place, pk, name, name_en in parts[0].union(*parts[1:], all=True) if parts else ():
            model = tables[place]
            row = model(pk=pk, name=name, **({"name_en": name_en} if name_en else {}))
            self.know(row)
        self._wanted.clear()

    def name(self, ref: Ref) -> str:
        """Return the name of a row."""
        if ref in self._known:
            return self._known[ref]
        return _("a matter that is not yours to see") if ref[0] is Case else f"#{ref[1]}"


def _english(model: type[Model]) -> Any:
    """Return the column with the English name of a table, or nothing for one that has none."""
    has_one = any(f.name == "name_en" for f in model._meta.concrete_fields)
    return F("name_en") if has_one else Value("")


def _name(row: Model) -> str:
    if isinstance(row, Case):
        return row.number
    return str(getattr(row, "label", row))


def mentioned(events: Iterable[Event]) -> set[int]:
    """Return the ids of the other cases that entries name."""
    return {
        pk for e in events for name, value in e.data.items() if ROWS.get(name) is Case for pk in _ids(value)
    }


class Wording:
    """Words the entries of one case for one reader."""

    def __init__(self, case: Case, kind: Kind, names: Names, deadlines: Iterable[Deadline]) -> None:
        """Take the case, the names that are known, and its deadlines, of which entries hold the code."""
        self.case = case
        self.kind = kind
        self.names = names
        rows = list(deadlines)
        self.deadlines = {d.code: d.text for d in rows}
        self.deadline_rows = {d.code: d for d in rows}
        self.ended = {(d.code, d.ended_at): d for d in rows if d.ended_at}

    def entries(self, events: list[Event]) -> list[Entry]:
        """Return events in words, in the order given. One query for each table that they name rows of."""
        for event in events:
            self.names.know(event.user, event.organisation)
        for event in events:
            for model, value in self._references(event):
                for pk in _ids(value):
                    self.names.want((model, pk))
        self.names.read()
        return [self._entry(event) for event in events]

    def _references(self, event: Event) -> Iterable[tuple[type[Model], Any]]:
        """Return the tables of rows that an entry names, with their ids."""
        step = self.kind.step(event.verb)
        for name, value in event.data.items():
            if model := self._model(step, name):
                yield model, value
        for name, values in event.changed.items():
            if model := self._changed_model(name):
                yield model, values
        for vacant in event.data.get("vacant", []):
            yield Organisation, vacant["organisation"]

    def _model(self, step: Step | None, name: str) -> type[Model] | None:
        """Return the table to which a value of an entry's data points, if it does."""
        declared = _declared(step, name)
        relation = getattr(declared, "child_relation", declared)
        queryset = getattr(relation, "queryset", None)
        return ROWS.get(name) if queryset is None else queryset.model

    def _changed_model(self, name: str) -> type[Model] | None:
        """Return the table to which a changed value points, if it does."""
        if name in ROWS:
            return ROWS[name]
        if name not in self.kind.tracked:
            return None
        column = self.kind.detail_model._meta.get_field(name.removesuffix("_id"))
        return column.related_model if column.is_relation else None

    def _entry(self, event: Event) -> Entry:
        step = self.kind.step(event.verb)
        machine = event.user is not None and event.user.type == "machine"
        opening = bool(step and step.opens)
        return Entry(
            seq=event.seq,
            verb=str(step.label) if step else event.verb,
            icon=VERB_ICONS.get(event.verb, ""),
            who=_("The portal") if machine else str(event.user or _("A party")),
            organisation="" if machine or not event.organisation else event.organisation.label,
            at=event.at,
            happened_on=event.happened_on,
            machine=machine,
            audience="" if event.audience == Audience.STAFF else str(Audience(event.audience).label),
            texts=self._texts(event, step, opening),
            facts=[] if opening else [*self._facts(event, step), *self._vacant(event)],
            changed=list(self._changed(event, opening)),
            files=list(event.attachments.all()),
        )

    def _texts(self, event: Event, step: Step | None, opening: bool) -> list[Text]:
        """Return what was typed; a report whose words are still the facts of the case is not told twice."""
        said = {self.case.title, self.case.description, self.case.address} if opening else set()
        order = list(step.data._declared_fields) if step else []
        rows = sorted(event.texts.all(), key=lambda t: order.index(t.field) if t.field in order else 99)
        texts = []
        for row in rows:
            if row.text in said and not row.erased_at:
                continue
            declared = _declared(step, row.field)
            label = str(declared.label) if declared and declared.label and row.field != "text" else ""
            texts.append(Text(label, row.text, erased=row.erased_at is not None))
        return texts

    def _facts(self, event: Event, step: Step | None) -> Iterable[tuple[str, str]]:
        """Return codes and values of an entry in words, save those that stand as a change."""
        order = ["deadline", *(step.data._declared_fields if step else ())]
        known = sorted(event.data.items(), key=lambda v: order.index(v[0]) if v[0] in order else len(order))
        for name, value in known:
            moved = {name, f"{name}_id", f"{name}:{value}"} & event.changed.keys()
            if name in UNSPOKEN or moved or value is None:
                continue
            if wording_time.is_about_time(name, event.data):
                if (told := wording_time.fact(name, event.data, self.deadline_rows)) is not None:
                    yield told
                continue
            declared = _declared(step, name)
            label = str(declared.label) if declared and declared.label else str(LABELS.get(name, name))
            yield str(LABELS.get(name, label)), self._value(name, value, step)

    def _vacant(self, event: Event) -> Iterable[tuple[str, str]]:
        """Return where the ladder found nobody to tell."""
        places = dict.fromkeys(
            self.names.name((Organisation, v["organisation"])) for v in event.data.get("vacant", [])
        )
        if places:
            yield _("Nobody there to tell"), _list(places)

    def _value(self, name: str, value: Any, step: Step | None) -> str:
        """Return one value of an entry's data in words."""
        if model := self._model(step, name):
            return _list(self.names.name((model, pk)) for pk in _ids(value))
        if name == "deadline":
            return self.deadlines.get(value, value)
        if name == "proposal":
            return _("A supervision order is proposed; the superior confirms, changes or dismisses it.")
        if name == "level":
            return str(Light(value).label) if value in list(Light) else str(value)
        choices = _choices(_declared(step, name))
        if isinstance(value, list):
            return _list(str(choices.get(v, v)) for v in value)
        return str(choices[value]) if value in choices else plain(value)

    def _changed(self, event: Event, opening: bool) -> Iterable[tuple[str, str, str]]:
        """Return label, before and after of what an entry changed."""
        for name, (before, after) in event.changed.items():
            if name in UNSPOKEN or (opening and name not in FIRST_SPOKEN and ":" not in name):
                continue
            if name.startswith("deadline:"):
                yield self._moved(name.removeprefix("deadline:"), before, after, event.at)
                continue
            if name in self.kind.tracked and after is None:
                # A new round clears what the old one noted; that it does stands in the round itself.
                continue
            word = partial(self._changed_value, name)
            yield self._changed_label(name), word(before), word(after)

    def _moved(self, code: str, before: str | None, after: str | None, at: datetime) -> tuple[str, str, str]:
        """Return how a deadline moved: to another instant, or to its end, in time or not."""
        ended = self.ended.get((code, at))
        if after or ended is None:
            outcome = plain(after) if after else _("ended")
        elif ended.status != DeadlineStatus.MET:
            outcome = _("no longer runs")
        else:
            outcome = _("met late") if ended.due_at and at >= ended.due_at else _("met in time")
        return self.deadlines.get(code, code), plain(before), outcome

    def _changed_label(self, name: str) -> str:
        if name in LABELS:
            return str(LABELS[name])
        column = self.kind.detail_model._meta.get_field(name.removesuffix("_id"))
        return str(column.verbose_name)  # type: ignore[union-attr]

    def _changed_value(self, name: str, value: Any) -> str:
        if value in (None, ""):
            return ""
        if model := self._changed_model(name):
            return self.names.name((model, value))
        if name == "status":
            return str(self.kind.status(value).label)
        if name == "urgency":
            return str(Urgency(value).label)
        if name == "outcome":
            return str(Outcome(value).label)
        if name in self.kind.tracked:
            choices = dict(self.kind.detail_model._meta.get_field(name).flatchoices or ())  # type: ignore[union-attr]
            return str(choices[value]) if value in choices else plain(value)
        return plain(value)


def plain(value: Any) -> str:
    """Return a value as people read it: yes or no, local times, everything else as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, str):
        return _time_or_text(value)
    return str(value)


def _time_or_text(value: str) -> str:
    """Return an instant or a day, which JSON holds as text, in local time; other text as it is."""
    try:
        if len(value) == len("2026-09-17"):
            return date_format(date.fromisoformat(value), "Y-m-d")
        when = datetime.fromisoformat(value)
    except ValueError:
        return value
    return date_format(timezone.localtime(when), "Y-m-d H:i") if timezone.is_aware(when) else value


def _ids(value: Any) -> list[int]:
    """Return the ids of one row, of several, or of none."""
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, int) and not isinstance(v, bool)]


def _declared(step: Step | None, name: str) -> serializers.Field | None:
    return step.data._declared_fields.get(name) if step else None


def _choices(declared: Any) -> dict[Any, Any]:
    """Return the choices of a field that has its own; those of rows would be a query."""
    inner = getattr(declared, "child", declared)
    return dict(inner.choices) if isinstance(inner, serializers.ChoiceField) else {}


def _list(words: Iterable[str]) -> str:
    return str(_(", ")).join(words)
