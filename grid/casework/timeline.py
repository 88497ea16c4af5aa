"""Write and read the timeline: chained, append-only, the only outbox."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Model, OuterRef, Prefetch
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from stdnum.iso7064 import mod_37_36

from grid.casework.models import Attachment, Audience, Case, Event, EventText, Feed

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grid.casework.actors import Actor
    from grid.casework.models import Upload
    from grid.organisations.models import Organisation
    from grid.people.models import User


APPEND = """
    WITH written AS (
        INSERT INTO casework_event
               (case_id, seq, verb, user_id, at, audience, data, changed, digests, hash)
        SELECT n.case_id, n.seq, n.verb, %s, %s, %s, n.data::jsonb, '{}', '{}', n.hash
          FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::text[], %s::text[])
               WITH ORDINALITY n(case_id, seq, verb, data, hash, place)
         ORDER BY n.place
     RETURNING id
    )
    INSERT INTO casework_feed (event_id) SELECT id FROM written ORDER BY id
"""


@dataclass
class Written:
    """What a step's data leave in an entry: codes and values, and text that people typed."""

    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def split(data: type[serializers.Serializer[Any]], valid: Mapping[str, Any]) -> Written:
    """
    Divide validated data into codes and values for the entry, and typed text that can be erased.

    Personal values (`PersonalField`) stand in neither: they are kept encrypted with their party alone.
    """
    declared = data._declared_fields
    written = Written()
    for name, value in valid.items():
        if value in (None, "", []) or name == "audience" or getattr(declared.get(name), "personal", False):
            continue
        # A field for text may be validated into a row, as the number of another case: that is a value.
        if isinstance(declared.get(name), serializers.CharField) and isinstance(value, str):
            written.texts[name] = value
        else:
            written.values[name] = plain(value)
    return written


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: rows as their id, times in UTC, everything else as it is."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float):
        # PostgreSQL keeps no negative zero, and the chain is checked against what it keeps.
        return value + 0.0
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def append(
    case: Case,
    *,
    verb: str,
    by: Actor,
    organisation: Organisation | None,
    at: datetime,
    written: Written,
    changed: Mapping[str, Any],
    happened_on: date | None = None,
    audience: str = Audience.STAFF,
    uploads: Iterable[Upload] = (),
) -> Event:
    """
    Write the next entry of a locked case with its texts and its feed row.

    The caller saves the case, whose `event_count` and `event_head` move with it.
    """
    salted = {name: (secrets.token_hex(16), text) for name, text in written.texts.items()}
    values = dict(written.values)
    if files := [u.sha256 for u in uploads]:
        values["files"] = files
    event = Event(
        case=case,
        seq=case.event_count + 1,
        verb=verb,
        user=by.user,
        party=by.party,
        organisation=organisation,
        at=at,
        happened_on=happened_on,
        audience=audience,
        data=values,
        changed=dict(changed),
        digests={name: digest_of(salt, text) for name, (salt, text) in salted.items()},
    )
    event.hash = hash_of(event, case.event_head)
    event.save(force_insert=True)
    if salted:
        EventText.objects.bulk_create(
            EventText(event=event, field=name, salt=salt, text=text) for name, (salt, text) in salted.items()
        )
    Feed.objects.bulk_create([Feed(event=event)])
    case.event_count, case.event_head = event.seq, event.hash
    return event


@dataclass(frozen=True)
class Entry:
    """An entry that the portal writes on one of many cases: plain values only, no texts, no files."""

    case: Case
    verb: str
    data: dict[str, Any]


def append_many(entries: Iterable[Entry], *, by: User, at: datetime) -> None:
    """
    Write the next entries of locked cases with their feed rows, in one statement whatever the number.

    A case may have several, in their order. The caller saves the cases, whose `event_count` and
    `event_head` move with them.
    """
    rows = []
    instant = plain(at)
    for entry in entries:
        case = entry.case
        body = {
            "case": case.pk,
            "seq": case.event_count + 1,
            "verb": entry.verb,
            "user": by.pk,
            "party": None,
            "organisation": None,
            "at": instant,
            "happened_on": None,
            "audience": Audience.STAFF.value,
            "data": entry.data,
            "changed": {},
            "digests": {},
        }
        case.event_count, case.event_head = case.event_count + 1, _chain(body, case.event_head)
        rows.append((case.pk, case.event_count, entry.verb, json.dumps(entry.data), case.event_head))
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(APPEND, [by.pk, at, Audience.STAFF.value, *columns])


def digest_of(salt: str, text: str) -> str:
    """Return the SHA-256 of a salted text, as hex."""
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


def hash_of(event: Event, head: str) -> str:
    """Return the SHA-256 that chains an entry to the one before it, as hex."""
    body = {
        "case": event.case_id,
        "seq": event.seq,
        "verb": event.verb,
        "user": event.user_id,
        "party": event.party_id,
        "organisation": event.organisation_id,
        "at": plain(event.at),
        "happened_on": plain(event.happened_on),
        "audience": event.audience,
        "data": event.data,
        "changed": event.changed,
        "digests": event.digests,
    }
    return _chain(body, head)


def _chain(body: Mapping[str, Any], head: str) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()


def start_of(day: date) -> datetime:
    """Return the first instant of a local day."""
    return timezone.make_aware(datetime.combine(day, time.min))


def next_number(prefix: str, *, year: int) -> str:
    """
    Return the next case number: prefix, year, sequence (gaps allowed), ISO 7064 check character.

    As `SJ2026-000123-K`; the sequence runs on over the years, so that no lock is needed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('casework_number')")
        sequence = cursor.fetchone()[0]
    stem = f"{prefix}{year}{sequence:06d}"
    return f"{prefix}{year}-{sequence:06d}-{mod_37_36.calc_check_digit(stem)}"


def number_is_sound(number: str) -> bool:
    """Tell whether the check character of a number is right."""
    return bool(mod_37_36.is_valid(number.replace("-", "").upper()))


READABLE = {
    "staff": (Audience.PUBLIC, Audience.PARTIES, Audience.SIDE, Audience.STAFF),
    "party": (Audience.PUBLIC, Audience.PARTIES),
}


def readable_audiences(case: Case, actor: Actor) -> tuple[str, ...]:
    """Return the audiences that an actor belongs to, of a case that he sees."""
    if actor.party is not None:
        return READABLE["party"]
    if case.sealed or actor.is_machine:
        return tuple(Audience.values)
    return READABLE["staff"]


def entries(case: Case, actor: Actor) -> list[Event]:
    """Return the entries that an actor may read, newest first, with texts and files. Two queries."""
    audiences = readable_audiences(case, actor)
    found = Event.objects.filter(case=case, audience__in=audiences).select_related("user", "organisation")
    files = Attachment.objects.filter(audience__in=audiences).select_related("upload")
    return with_texts(found.prefetch_related(Prefetch("attachments", files)).order_by("-seq"))


def with_texts(wanted: QuerySet[Event]) -> list[Event]:
    """Read entries and what was typed in them in one query, as `prefetch_related("texts")` does in two."""
    texts = EventText.objects.filter(event=OuterRef("pk")).order_by("pk")
    columns = JSONObject(pk="pk", field="field", text="text", erased_at="erased_at")
    found: list[Event] = list(wanted.annotate(typed=ArraySubquery(texts.values_list(columns))))
    for event in found:
        rows = [
            EventText(**row | {"erased_at": row["erased_at"] and parse_datetime(row["erased_at"])})
            for row in event.typed  # type: ignore[attr-defined]
        ]
        event.__dict__.setdefault("_prefetched_objects_cache", {})["texts"] = rows
    return found
