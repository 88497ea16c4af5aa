"""Who may take a step: a role and a relation to the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from grid.organisations.models import Role

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.casework.models import Case

Words = str | Promise


class Who(Protocol):
    """A rule that says who."""

    def allows(self, case: Case, actor: Actor) -> bool:
        """Tell whether this actor may, on this case."""

    @property
    def words(self) -> Words:
        """Say who may, for people."""


@dataclass(frozen=True)
class Rule:
    """One relation, and the words for it."""

    test: Callable[[Case, Actor], bool]
    words: Words

    def allows(self, case: Case, actor: Actor) -> bool:
        """Tell whether this actor stands in the relation."""
        return self.test(case, actor)


def _roles(roles: tuple[str, ...]) -> Words:
    """Return the labels of roles, separated by a slash that both languages read."""
    return format_lazy(" / ".join(["{}"] * len(roles)), *(Role(r).label for r in roles))


def of_lead(*roles: str) -> Rule:
    """Allow somebody in one of the roles in the leading organisation."""
    return Rule(
        lambda case, actor: actor.serves(case.lead_id, roles),
        format_lazy(_("{roles} of the leading organisation"), roles=_roles(roles)),
    )


def of_superior(*roles: str) -> Rule:
    """Allow somebody in one of the roles in an organisation above the leading one, in either line."""
    return Rule(
        lambda case, actor: actor.is_above(case.lead_id, roles),
        format_lazy(_("{roles} of a superior organisation"), roles=_roles(roles)),
    )


def of_assisting(*roles: str) -> Rule:
    """Allow somebody in one of the roles in an organisation that assists."""

    def test(case: Case, actor: Actor) -> bool:
        served = actor.organisations_in(roles)
        return bool(served) and any(
            a.organisation_id in served and a.role == "assisting" and a.ended_at is None
            for a in case.assignments.all()
        )

    return Rule(test, format_lazy(_("{roles} of an assisting organisation"), roles=_roles(roles)))


def over_area(*roles: str) -> Rule:
    """Allow somebody in one of the roles with a posting over the area of the case."""
    return Rule(
        lambda case, actor: actor.covers(case.area_id, roles),
        format_lazy(_("{roles} of the area"), roles=_roles(roles)),
    )


def anyone_as(*roles: str) -> Rule:
    """Allow somebody in one of the roles, anywhere."""
    return Rule(lambda case, actor: actor.holds(roles), _roles(roles))


def assignee() -> Rule:
    """Allow the person to whom the case is assigned."""
    return Rule(
        lambda case, actor: actor.user is not None and actor.user.pk == case.assignee_id, _("The assignee")
    )


def reporter() -> Rule:
    """Allow the person who reported the case."""
    return Rule(
        lambda case, actor: actor.user is not None and actor.user.pk == case.reporter_id, _("The reporter")
    )


def staff() -> Rule:
    """Allow everybody on the staff who sees the case."""
    return Rule(lambda case, actor: actor.user is not None, _("Everybody who sees the matter"))


def machine() -> Rule:
    """Allow the portal itself."""
    return Rule(lambda case, actor: actor.is_machine, _("The portal itself"))


def any_of(*rules: Who) -> Rule:
    """Allow whoever any of the rules allows."""
    return Rule(
        lambda case, actor: any(r.allows(case, actor) for r in rules),
        format_lazy("; ".join(["{}"] * len(rules)), *(r.words for r in rules)),
    )


def but_not(rule: Who, test: Callable[[Case, Actor], bool], words: Words) -> Rule:
    """Allow whoever a rule allows, except those for whom the test holds."""
    return Rule(
        lambda case, actor: rule.allows(case, actor) and not test(case, actor),
        format_lazy(_("{rule}, but not {exception}"), rule=rule.words, exception=words),
    )
