"""What goes between an office and the one above it in the demo: more time, pauses, supervision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from governance.demo.texts import say
from grid.casework.models import Deadline, Request
from grid.organisations.services import superiors_of
from grid.people.models import User
from grid.supervision.models import SupervisionOrder
from grid.supervision.orders.current import level_of

if TYPE_CHECKING:
    from governance.demo.plot import Data, Move, Plot

Make = Callable[["Plot", str], "Move"]
HOURS_MORE = 24
PAUSE = timedelta(days=4)
# Suggestions by the variant of a move.
SUGGESTIONS = {"": ["improve"], "policy": ["improve", "policy"], "account": ["improve", "account"]}


def superior(plot: Plot) -> User | None:
    """Return the head of the nearest office above the one that leads."""
    for organisation in superiors_of(plot.known.lead_id):
        people = plot.world.office(organisation, plot.at)
        if people:
            return people[0]
    return None


def authority(plot: Plot) -> User | None:
    """Return the head of the body that supervises, else of the nearest one above."""
    order = _order(plot)
    people = plot.world.office(order.authority_id, plot.at) if order else []
    return people[0] if people else superior(plot)


def addressee(plot: Plot) -> User | None:
    """Return the head of the body that has to answer."""
    order = _order(plot)
    people = plot.world.office(order.addressee_id, plot.at) if order else []
    return people[0] if people else None


def _order(plot: Plot) -> SupervisionOrder | None:
    orders = SupervisionOrder.objects.open().select_related("authority__governs", "addressee")
    return orders.filter(case=plot.known).first()


def _in_days(plot: Plot, days: int) -> Any:
    return timezone.localdate(plot.at) + timedelta(days=days)


def _said(by: Callable[[Plot], User | None], topic: str, name: str, **fixed: Any) -> Make:
    """Return a move with a sentence of somebody."""

    def move(plot: Plot, variant: str) -> Move:
        return by(plot), {name: say(topic, plot.rng), **fixed}

    return move


def confirm(plot: Plot, variant: str) -> Move:
    """Let the superior confirm what the ladder proposed, with a day on which he looks again."""
    return authority(plot), _demand(plot, variant)


def issue(plot: Plot, variant: str) -> Move:
    """Let the superior issue an order because a matter is put off."""
    return authority(plot), _demand(plot, variant) | {"trigger": "perfunctory"}


def _demand(plot: Plot, variant: str) -> Data:
    return {
        "suggestions": SUGGESTIONS[variant],
        "demand": say("order_demand", plot.rng),
        "next_check_on": _in_days(plot, plot.rng.randint(8, 18)),
    }


def answer(plot: Plot, variant: str) -> Move:
    """Let the body that was addressed say what it adopts."""
    return addressee(plot), {"adoption": variant or "adopted", "feedback": say("order_answer", plot.rng)}


def list_(plot: Plot, variant: str) -> Move:
    """
    List a matter at the level of the body that supervises.

    :param variant: within how many days it has to be rectified.
    """
    order = _order(plot)
    level = level_of(order.authority) if order else None
    if level is None:
        return None
    return authority(plot), {
        "listed_level": level.value,
        "rectify_by": _in_days(plot, int(variant or 20)),
        "reason": say("order_list", plot.rng),
    }


def rectified(plot: Plot, variant: str) -> Move:
    """Let the body that was addressed report what it put right."""
    return addressee(plot), {"adoption": "adopted", "rectification": say("order_rectified", plot.rng)}


def delist(plot: Plot, variant: str) -> Move:
    """Take a matter off the list."""
    said = say("order_delist", plot.rng)
    return authority(plot), {"effect": variant or "full", "evaluation": said}


def check(plot: Plot, variant: str) -> Move:
    """Look again, and say when the next time is."""
    days = int(variant or 10)
    return authority(plot), {"note": say("order_check", plot.rng), "next_check_on": _in_days(plot, days)}


def ask_extension(plot: Plot, variant: str) -> Move:
    """Let the office ask for a day more."""
    asked = {"deadline": _running(plot), "length": HOURS_MORE, "reason": say("ask_extension", plot.rng)}
    return plot.holder(), asked


def ask_pause(plot: Plot, variant: str) -> Move:
    """Let the office ask for a pause of some days."""
    until = plot.at + PAUSE
    return plot.holder(), {
        "deadline": _running(plot),
        "until": until.isoformat(),
        "reason": say("ask_pause", plot.rng),
    }


def decide(topic: str) -> Make:
    """Return a move by which the superior decides on what was asked last."""

    def move(plot: Plot, variant: str) -> Move:
        asked = _asked(plot)
        return (superior(plot), {"request": asked.pk, "reason": say(topic, plot.rng)}) if asked else None

    return move


def withdraw(plot: Plot, variant: str) -> Move:
    """Let whoever asked take it back."""
    asked = _asked(plot)
    if asked is None:
        return None
    return asked.asked_by, {"request": asked.pk, "reason": say("withdraw_request", plot.rng)}


def end_pause(plot: Plot, variant: str) -> Move:
    """Let the limit run on."""
    return plot.holder(), {"deadline": _running(plot), "note": say("end_pause", plot.rng)}


def cancel(plot: Plot, variant: str) -> Move:
    """Let the superior end a limit that no longer applies."""
    return superior(plot), {"deadline": _running(plot), "reason": say("cancel_deadline", plot.rng)}


def _running(plot: Plot) -> str:
    """Return the code of the limit of the incident."""
    rows = Deadline.objects.filter(case=plot.known, ended_at=None, code__startswith="INC-")
    return str(rows.values_list("code", flat=True).get())


def _asked(plot: Plot) -> Request | None:
    return Request.objects.filter(case=plot.known, decision="").select_related("asked_by").first()


MOVES: dict[str, Make] = {
    "order_confirm": confirm,
    "order_dismiss": _said(authority, "order_dismiss", "reason"),
    "order_issue": issue,
    "order_answer": answer,
    "order_lift": _said(authority, "order_lift", "evaluation"),
    "order_list": list_,
    "order_rectified": rectified,
    "order_delist": delist,
    "order_check": check,
    "record_talk": _said(authority, "record_talk", "record"),
    "record_notice": _said(authority, "record_notice", "record"),
    "ask_extension": ask_extension,
    "grant_extension": decide("grant_extension"),
    "refuse_extension": decide("refuse_extension"),
    "ask_pause": ask_pause,
    "grant_pause": decide("grant_pause"),
    "refuse_pause": decide("refuse_pause"),
    "withdraw_request": withdraw,
    "end_pause": end_pause,
    "cancel_deadline": cancel,
}
