"""Once: a request that writes takes its key first, and a repeat gets the first answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings

from grid.casework.errors import KeyReused
from grid.casework.models import OnceKey

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.casework.models import Event

# What differs between two sendings of one form and says nothing about its content.
NOT_CONTENT = {"csrfmiddlewaretoken", "key", "version"}


def take(key: str, *, operation: str, by: Actor, body: Mapping[str, Any], at: datetime) -> OnceKey | None:
    """
    Take a key in this transaction, or return the row of the call that had it first.

    The unique index makes a second call wait until the first one commits or rolls back.

    :raises KeyReused: when the first call had another body.
    """
    if not key:
        return None
    digest = _digest(body)
    row = OnceKey(caller=_caller(by), operation=operation, key=key[:64], body=digest, at=at)
    OnceKey.objects.bulk_create([row], ignore_conflicts=True)
    # An ignored conflict gives no id, so the row itself is asked.
    held = OnceKey.objects.get(caller=row.caller, operation=operation, key=row.key)
    if held.body != digest:
        raise KeyReused
    return held if held.case_id else None


def answer(key: str, *, operation: str, by: Actor, event: Event) -> None:
    """Keep the answer with the key, in the same transaction."""
    if key:
        OnceKey.objects.filter(caller=_caller(by), operation=operation, key=key[:64]).update(
            case_id=event.case_id, seq=event.seq
        )


def answered(key: str, *, operation: str, by: Actor) -> bool:
    """Tell whether a call under this key was answered, whatever its caller may see of the case today."""
    held = OnceKey.objects.filter(caller=_caller(by), operation=operation, key=key[:64])
    return bool(key) and held.filter(case__isnull=False).exists()


def _caller(by: Actor) -> str:
    return f"user:{by.user.pk}" if by.user else f"party:{by.party.pk if by.party else ''}"


def _digest(body: Mapping[str, Any]) -> str:
    """
    Return an HMAC-SHA-256 over the content of a request, whatever the order of its fields.

    Under a key: a form may hold a name and a telephone number, which a plain hash would let somebody guess.
    """
    lists = body.lists() if hasattr(body, "lists") else body.items()
    plain = {k: v for k, v in lists if k not in NOT_CONTENT}
    text = json.dumps(plain, sort_keys=True, default=str, ensure_ascii=False)
    # Half a surrogate pair is no text, but it is the serializer that says so, naming the field.
    key = bytes.fromhex(settings.BLIND_INDEX_KEY)
    return hmac.new(key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
