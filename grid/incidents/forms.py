"""The report form: the form of an opening step, with what a phone needs to fill it in three taps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone

from grid.areas.models import Area, Tier
from grid.casework import kinds
from grid.casework.actors import Actor
from grid.casework.forms import StepForm
from grid.casework.models import Case
from grid.incidents import places
from grid.incidents.deadlines import KIND, LIMITS
from grid.incidents.models import Category, Incident
from grid.worktime.models import DeadlineRule

if TYPE_CHECKING:
    from django.http import QueryDict
    from django.utils.datastructures import MultiValueDict

    from grid.casework.kinds import Kind

REPORT, REPORT_DONE = "report", "report_done"
MOST_AREAS = 400
LATELY = 4


@dataclass
class OpeningPage:
    """What a form stands on before there is a case: as much of a case's page as a form asks for."""

    actor: Actor
    at: datetime
    case: Case = field(default_factory=lambda: Case(kind=KIND))
    detail: None = None

    @property
    def kind(self) -> Kind:
        """Return the kind that is opened."""
        return kinds.get(KIND)


@dataclass
class ReportForm:
    """The report form as it is drawn: fresh, or as somebody sent it."""

    page: OpeningPage
    form: StepForm

    @classmethod
    def fresh(cls, actor: Actor, *, at: datetime) -> ReportForm:
        """Return an empty form with a key of its own."""
        page = OpeningPage(actor, at)
        return cls(page, StepForm(page, _step(REPORT_DONE)))  # type: ignore[arg-type]

    @classmethod
    def sent(
        cls, actor: Actor, posted: QueryDict, files: MultiValueDict[str, Any], *, at: datetime
    ) -> ReportForm:
        """Return the form as it was sent, its files received."""
        page = OpeningPage(actor, at)
        name = REPORT_DONE if "done" in posted else REPORT
        return cls(page, StepForm.sent(page, _step(name), posted, files))  # type: ignore[arg-type]

    @property
    def is_done(self) -> bool:
        """Tell whether it was dealt with on the spot, as the form was sent."""
        return bool(self.form.data) and self.form.step.name == REPORT_DONE

    @cached_property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Return the fields by name, the result included whether or not it was asked for."""
        full = StepForm(self.page, _step(REPORT_DONE))  # type: ignore[arg-type]
        full.data, full.errors, full.uploads = self.form.data, self.form.errors, self.form.uploads
        return {f["name"]: f for f in full.fields}

    @property
    def problems(self) -> list[dict[str, str]]:
        """Return what is wrong; the category is a set of tiles, and its error leads there."""
        for name in ("category", "area"):
            self.fields[name]["target"] = f"{name}_title" if name == "category" else f"id_{name}"
        drawn = {n: f for n, f in self.fields.items() if f["errors"]}
        whole = [t for n, texts in self.form.errors.items() if n not in self.fields for t in texts]
        return [{"id": "", "label": "", "text": text} for text in whole] + [
            {"id": f["target"], "label": str(f["label"]), "text": text}
            for f in drawn.values()
            for text in f["errors"]
        ]

    @cached_property
    def categories(self) -> list[Category]:
        """Return the first level, each with its second level as `leaves`."""
        return list(Category.objects.tree())

    @property
    def chosen(self) -> str:
        """Return the code of the category that was chosen."""
        return str(self.form.data.get("category", ""))

    @cached_property
    def lately(self) -> list[Category]:
        """Return the categories that this person reported last, each once."""
        rows = (
            Incident.objects.filter(case__reporter=self.page.actor.user, category__is_active=True)
            .order_by()
            .values("category")
            .annotate(last=Max("case_id"))
            .order_by("-last")[:LATELY]
        )
        found = Category.objects.in_bulk([row["category"] for row in rows])
        return [found[row["category"]] for row in rows if row["category"] in found]

    @cached_property
    def own_area(self) -> Area | None:
        """Return the area that is meant when neither a position nor a choice says another."""
        return places.own_area(self.page.actor)

    @cached_property
    def areas(self) -> list[Area]:
        """Return the communities and grids of this person, for a choice without a position."""
        roots = [area.pk for area in places.areas_of(self.page.actor)]
        rows = Area.objects.within(roots).tier(Tier.COMMUNITY, Tier.GRID).filter(valid_until=None)
        return list(
            rows.select_related("parent").defer("outline", "parent__outline").order_by("code")[:MOST_AREAS]
        )

    @cached_property
    def hours(self) -> dict[str, int]:
        """Return the hours that each urgency leaves in the city at large. One query."""
        today = timezone.localdate(self.page.at)
        rules = DeadlineRule.objects.in_force_many(LIMITS.values(), on=today)
        return {urgency: rules[code].length or 0 for urgency, code in LIMITS.items()}


def _step(name: str) -> Any:
    return kinds.get(KIND).step(name)
