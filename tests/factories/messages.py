"""Messages for tests, written as the reader of the feed writes them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from grid.casework.models import Case, Event, Party
from grid.notices import outbox
from grid.notices.models import Message
from grid.notices.outbox import Addressee, Telling
from grid.people.models import User


def reachable(user: User, *, email: str = "", phone: str = "", language: str = "zh-hans") -> User:
    """Give somebody addresses beside the portal."""
    user.email = email or f"{user.username}@example.org"
    user.phone = phone or "13800000001"
    user.language = language
    user.save(update_fields=["email", "phone", "language"])
    return user


def tell(
    case: Case,
    user: User,
    *,
    at: datetime,
    code: str = "rung_red",
    channels: tuple[str, ...] = ("email",),
    **params: Any,
) -> list[Message]:
    """Write the messages that tell somebody of the newest entry of a case."""
    event = Event.objects.select_related("case").filter(case=case).latest("seq")
    carried = {
        "label": "一般事件处置时限",
        "label_en": "Handling of a normal incident",
        "due_on": "2026-09-04",
        "deadline": "INC-BLUE",
        "organisation": case.lead_id,
        **params,
    }
    before = set(Message.objects.values_list("pk", flat=True))
    telling = Telling(event, Addressee(user=user.pk), code, carried, channels=frozenset(channels))
    with transaction.atomic():
        outbox.write([telling], at=at)
    return list(Message.objects.exclude(pk__in=before).order_by("pk"))


def party(case: Case, **fields: Any) -> Party:
    """Add somebody without an account to a case."""
    return Party.objects.create(case=case, capacity="reporter", **{"name": "陈某", **fields})
