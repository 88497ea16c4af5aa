"""Seal the timeline every day, and tell what does not fit."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from grid.casework.models import Case, Event, EventText, Seal, SealedHead
from grid.casework.timeline import digest_of, hash_of, start_of

SEAL_LOCK = 7_201_002
GENESIS = "sunshine-grid"


@dataclass(frozen=True)
class Fault:
    """Something in the timeline that does not fit, with the case and what was found."""

    number: str
    text: str

    def __str__(self) -> str:
        return f"{self.number}: {self.text}"


def seal(*, at: datetime) -> Seal:
    """
    Seal the heads of all chains that moved since the last seal, in the database and in a file outside it.

    The file is written before the transaction commits: a seal without its file does not come to be.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
        previous = Seal.objects.order_by("-pk").first()
        sealed = dict(SealedHead.objects.values_list("case_ref").annotate(Max("count")))
        heads = [
            SealedHead(case_ref=pk, number=number, count=count, head=head)
            for pk, number, count, head in Case.objects.order_by("pk").values_list(
                "pk", "number", "event_count", "event_head"
            )
            if sealed.get(pk) != count
        ]
        mac = mac_of(previous.mac if previous else GENESIS, heads)
        row = Seal.objects.create(previous=previous, at=at, heads=len(heads), mac=mac)
        for head in heads:
            head.seal = row
        SealedHead.objects.bulk_create(heads, batch_size=2000)
        _write_outside(row, heads)
        return row


def seal_of_the_day(*, at: datetime) -> Seal | None:
    """Seal, unless this day has its seal: asked often, so that a worker that dies loses no day."""
    if Seal.objects.filter(at__gte=start_of(timezone.localdate(at))).exists():
        return None
    return seal(at=at)


def mac_of(previous: str, heads: list[SealedHead]) -> str:
    """Return the HMAC-SHA-256, as hex, over the mac before and the heads in order of their case."""
    lines = [f"{h.case_ref} {h.number} {h.count} {h.head}" for h in sorted(heads, key=lambda h: h.case_ref)]
    text = "\n".join([previous, *lines])
    return hmac.new(bytes.fromhex(settings.SEAL_KEY), text.encode(), hashlib.sha256).hexdigest()


def _write_outside(row: Seal, heads: list[SealedHead]) -> None:
    """Write a seal to its own file beside the database."""
    folder = Path(settings.SEAL_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "seal": row.pk,
        "at": row.at.isoformat(),
        "previous": row.previous.mac if row.previous else GENESIS,
        "mac": row.mac,
        "heads": [[h.case_ref, h.number, h.count, h.head] for h in heads],
    }
    (folder / f"seal-{row.pk:08d}.json").write_text(json.dumps(body), encoding="utf-8")


def verify() -> Iterator[Fault]:
    """Compare every chain with itself, its texts, its case, the seals, and the files outside the database."""
    yield from _verify_chains()
    yield from _verify_texts()
    yield from _verify_seals()


def _verify_chains() -> Iterator[Fault]:
    """Recompute each chain; case, count and head must fit."""
    cases = {c[0]: c[1:] for c in Case.objects.values_list("pk", "number", "event_count", "event_head")}
    chains: dict[int, tuple[int, str]] = {}
    for event in Event.objects.order_by("case_id", "seq").iterator(chunk_size=2000):
        count, head = chains.get(event.case_id, (0, ""))
        number = cases.get(event.case_id, ("?",))[0]
        if event.seq != count + 1:
            yield Fault(number, f"entry {count + 1} is missing")
        if event.hash != hash_of(event, head):
            yield Fault(number, f"entry {event.seq} was altered or is out of place")
        chains[event.case_id] = (event.seq, event.hash)
    for pk, (number, count, head) in cases.items():
        if chains.get(pk, (0, "")) != (count, head):
            yield Fault(number, f"the case counts {count} entries, the timeline {chains.get(pk, (0, ''))[0]}")


def _verify_texts() -> Iterator[Fault]:
    """Compare each text with its digest; an erased one must be named by a later entry of its case."""
    erased: dict[int, set[int]] = {}
    for case_id, data in Event.objects.filter(verb="erase").values_list("case_id", "data"):
        erased.setdefault(case_id, set()).update(data.get("entries", []))
    found: dict[int, set[str]] = {}
    texts = EventText.objects.select_related("event", "event__case").order_by("event_id")
    for text in texts.iterator(chunk_size=2000):
        event = text.event
        found.setdefault(event.pk, set()).add(text.field)
        if text.erased_at is not None:
            if event.seq not in erased.get(event.case_id, set()):
                yield Fault(
                    event.case.number, f"the text of entry {event.seq} was emptied without an erasure"
                )
        elif digest_of(text.salt, text.text) != event.digests.get(text.field):
            yield Fault(event.case.number, f"the text of entry {event.seq} was altered")
    for event in Event.objects.exclude(digests={}).select_related("case").iterator(chunk_size=2000):
        if missing := set(event.digests) - found.get(event.pk, set()):
            yield Fault(
                event.case.number, f"a text of entry {event.seq} is missing: {', '.join(sorted(missing))}"
            )


def _verify_seals() -> Iterator[Fault]:
    """Recompute each seal, compare it with its file, and hold the newest sealed heads against the chains."""
    newest: dict[int, SealedHead] = {}
    before = GENESIS
    for row in Seal.objects.order_by("pk"):
        heads = list(row.entries.order_by("case_ref"))
        if mac_of(before, heads) != row.mac:
            yield Fault(f"seal {row.pk}", "the seal does not fit its heads, or was made without the key")
        if not _file_fits(row):
            yield Fault(f"seal {row.pk}", "the file outside the database is missing or says otherwise")
        newest |= {h.case_ref: h for h in heads}
        before = row.mac
    yield from _surplus_files()
    hashes = {
        (e[0], e[1]): e[2]
        for e in Event.objects.filter(case_id__in=list(newest)).values_list("case_id", "seq", "hash")
    }
    present = set(Case.objects.values_list("pk", flat=True))
    for pk, head in newest.items():
        if pk not in present:
            yield Fault(head.number, "the case was sealed and is gone")
        elif hashes.get((pk, head.count)) != head.head:
            yield Fault(head.number, f"entry {head.count} was sealed and is gone or altered")


def _file_fits(row: Seal) -> bool:
    path = Path(settings.SEAL_DIR) / f"seal-{row.pk:08d}.json"
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["mac"] == row.mac)
    except (OSError, ValueError, KeyError):
        return False


def _surplus_files() -> Iterator[Fault]:
    """Name the files whose seal is no longer in the database."""
    known = {f"seal-{pk:08d}.json" for pk in Seal.objects.values_list("pk", flat=True)}
    for path in sorted(Path(settings.SEAL_DIR).glob("seal-*.json")):
        if path.name not in known:
            yield Fault(path.stem, "the seal stands in its file but is gone from the database")
