"""Write what goes out beside the portal: single messages, or items of one that gathers several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from grid.casework.models import Event, Party
from grid.notices import backends
from grid.notices.choices import DIGEST, GATHERED, MessageStatus, TextAudience
from grid.notices.models import ChannelOff, ChatRobot, Code, Message, MessageItem
from grid.notices.schedule import Schedule
from grid.notices.shipped import Text
from grid.notices.texts import Texts
from grid.people.models import User
from grid.worktime.choices import Channel

PERSONAL = (Channel.EMAIL, Channel.SMS)
# A party is told once, by the first of these that reaches it.
OF_PARTIES = (Channel.SMS, Channel.EMAIL)


@dataclass(frozen=True)
class Addressee:
    """Who a message goes to: exactly one of a person, a party, or the work chat of an organisation."""

    user: int | None = None
    party: int | None = None
    chat: int | None = None

    @property
    def columns(self) -> dict[str, int | None]:
        """Return the addressee as the columns of a row."""
        return {"recipient_id": self.user, "party_id": self.party, "organisation_id": self.chat}


@dataclass(frozen=True)
class Telling:
    """
    One thing that one addressee has to know beside the portal.

    `channels` are those that a rule asks for, or nothing where the texts decide; so is `office_hours`.
    """

    event: Event
    to: Addressee
    code: str
    params: dict[str, Any]
    channels: frozenset[str] | None = None
    office_hours: bool | None = None

    @property
    def critical(self) -> bool:
        """Tell whether it waits for nothing: the matter is critical, or the deadline has passed."""
        return self.event.case.urgency == "red" or self.code == Code.RED


@dataclass(frozen=True)
class Chosen:
    """A telling with the channel by which it goes and the text that holds there."""

    telling: Telling
    channel: str
    text: Text


def write(tellings: Sequence[Telling], *, at: datetime) -> int:
    """
    Write the messages of some tellings, and return how many things will be told.

    Called inside the transaction that reads the feed, by one reader at a time; what was written before is
    left alone. Sealed matters are told in the portal alone: an outside channel has no compartment.

    :param at: the clock, from which office hours and gathering times are counted.
    """
    tellings = [t for t in tellings if not t.event.case.sealed]
    if not tellings:
        return 0
    chosen = _Choice(tellings).made()
    fresh = _without_those_told(chosen)
    if fresh:
        _Writer(fresh, at=at).write()
    return len(fresh)


class _Choice:
    """By which channels tellings go: asked for, set up, with an address, a text, and not switched off."""

    def __init__(self, tellings: Sequence[Telling]) -> None:
        self.tellings = tellings
        self.texts = Texts()
        users = {t.to.user for t in tellings if t.to.user is not None}
        parties = {t.to.party for t in tellings if t.to.party is not None}
        chats = {t.to.chat for t in tellings if t.to.chat is not None}
        self.ready = {channel for channel in (*PERSONAL, Channel.CHAT) if backends.is_set_up(channel)}
        self.users = {u.pk: u for u in User.objects.filter(pk__in=users, is_active=True)} if users else {}
        self.parties = {p.pk: p for p in Party.objects.filter(pk__in=parties)} if parties else {}
        robots = ChatRobot.objects.filter(organisation__in=chats, is_active=True) if chats else None
        self.chats = set(robots.values_list("organisation", flat=True)) if robots is not None else set()
        off = ChannelOff.objects.filter(user__in=users).values_list("user", "channel") if users else ()
        self.off = set(off)

    def made(self) -> list[Chosen]:
        """Return each telling once for every channel by which it goes."""
        found: list[Chosen] = []
        for telling in self.tellings:
            if telling.to.party is not None:
                found += self._by(telling, OF_PARTIES)[:1]
            else:
                found += self._by(telling, PERSONAL if telling.to.user is not None else (Channel.CHAT,))
        return found

    def _by(self, telling: Telling, channels: Iterable[Channel]) -> list[Chosen]:
        found = []
        for channel in channels:
            asked = telling.channels is None or channel in telling.channels
            if not asked or channel not in self.ready or not self._reaches(telling, channel):
                continue
            text = self._text(telling, channel)
            if text is not None and text.active:
                found.append(Chosen(telling, channel, text))
        return found

    def _reaches(self, telling: Telling, channel: str) -> bool:
        """Tell whether there is an address; what is critical goes even where somebody switched it off."""
        to = telling.to
        if to.chat is not None:
            return to.chat in self.chats
        if to.party is not None:
            return bool(address_of(self.parties.get(to.party), channel))
        if (to.user, channel) in self.off and not telling.critical:
            return False
        return bool(address_of(self.users.get(to.user or 0), channel))

    def _text(self, telling: Telling, channel: str) -> Text | None:
        audience = TextAudience.PERSON if telling.to.party is not None else TextAudience.STAFF
        return self.texts.of((audience, telling.code, telling.params.get("verb", ""), channel))


def address_of(row: User | Party | None, channel: str) -> str:
    """Return the address of a person or a party by a channel; empty where there is none."""
    if row is None or (isinstance(row, Party) and row.erased_at is not None):
        return ""
    return (row.email if channel == Channel.EMAIL else row.phone).strip()


def language_of(row: User | Party | None) -> str:
    """Return the language in which somebody is written to."""
    chosen = row.language if row is not None else ""
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


Told = tuple[int, str, str, int | None, int | None, int | None]


def _told(chosen: Chosen) -> Told:
    telling = chosen.telling
    to = telling.to
    return telling.event.pk, telling.code, chosen.channel, to.user, to.party, to.chat


def _without_those_told(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Leave out what an earlier reading of the same entries has written, and what stands here twice."""
    events = {c.telling.event.pk for c in chosen}
    rows = MessageItem.objects.filter(event__in=events).values_list(
        "event", "code", "channel", "recipient", "party", "organisation"
    )
    seen: set[Told] = set(rows) if events else set()
    fresh = []
    for one in chosen:
        if _told(one) not in seen:
            seen.add(_told(one))
            fresh.append(one)
    return fresh


@dataclass
class _Writer:
    """Sorts what is fresh into singles and gathered ones, and writes both."""

    chosen: list[Chosen]
    at: datetime
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        users = {c.telling.to.user for c in self.chosen if c.telling.to.user is not None}
        parties = {c.telling.to.party for c in self.chosen if c.telling.to.party is not None}
        self.languages: dict[Addressee, str] = {}
        for user in User.objects.filter(pk__in=users).only("language") if users else ():
            self.languages[Addressee(user=user.pk)] = language_of(user)
        for party in Party.objects.filter(pk__in=parties).only("language") if parties else ():
            self.languages[Addressee(party=party.pk)] = language_of(party)

    @cached_property
    def in_hours(self) -> datetime:
        """Return when offices are open next."""
        return self.schedule.in_office_hours(self.at)

    def write(self) -> None:
        """Write all of them; the ceiling lets what is critical through first."""
        singles = [c for c in self.chosen if self._goes_singly(c)]
        gathered = [c for c in self.chosen if not self._goes_singly(c)]
        singles.sort(key=lambda c: not c.telling.critical)
        within, beyond = self._up_to_the_ceiling(singles)
        self._write_singles(within)
        self._gather(gathered + beyond)

    @staticmethod
    def _goes_singly(chosen: Chosen) -> bool:
        return chosen.telling.code not in GATHERED or chosen.telling.critical

    def _send_after(self, chosen: Chosen) -> datetime:
        telling = chosen.telling
        asked = telling.office_hours if telling.office_hours is not None else chosen.text.office_hours
        return self.at if telling.critical or not asked else self.in_hours

    def _up_to_the_ceiling(self, singles: Sequence[Chosen]) -> tuple[list[Chosen], list[Chosen]]:
        """Divide singles into those within the day's ceiling and the rest; parties have no ceiling."""
        days = {timezone.localdate(self._send_after(c)) for c in singles}
        counts = _singles_of(singles, days)
        within: list[Chosen] = []
        beyond: list[Chosen] = []
        for chosen in singles:
            to = chosen.telling.to
            key = (to, chosen.channel, timezone.localdate(self._send_after(chosen)))
            if to.party is None and counts[key] >= settings.NOTICES_DAILY_CEILING:
                beyond.append(chosen)
                continue
            counts[key] += 1
            within.append(chosen)
        return within, beyond

    def _write_singles(self, singles: Sequence[Chosen]) -> None:
        messages = []
        for chosen in singles:
            message = self._message(chosen, chosen.telling.code, self._send_after(chosen))
            message.step = chosen.telling.params.get("verb", "")
            message.params = chosen.telling.params
            message.urgent = chosen.telling.critical
            messages.append(message)
        Message.objects.bulk_create(messages, batch_size=1000)
        self._write_items(list(zip(messages, singles, strict=True)))

    def _gather(self, gathered: Sequence[Chosen]) -> None:
        """Put things into the open message of their addressee and channel, or open one."""
        if not gathered:
            return
        slots: dict[tuple[Addressee, str], datetime] = {}
        times = {hours: self.schedule.next_digest(self.at, office_hours=hours) for hours in (True, False)}
        for chosen in gathered:
            slot = times[chosen.telling.office_hours is not False]
            key = (chosen.telling.to, chosen.channel)
            slots[key] = min(slot, slots.get(key, slot))
        digests = _open_digests(slots)
        for key, message in digests.items():
            if slots[key] < message.send_after:
                message.send_after = slots[key]
                message.save(update_fields=["send_after"])
        missing: dict[tuple[Addressee, str], Message] = {}
        for chosen in gathered:
            key = (chosen.telling.to, chosen.channel)
            if key not in digests and key not in missing:
                missing[key] = self._message(chosen, DIGEST, slots[key])
        Message.objects.bulk_create(missing.values(), batch_size=1000)
        digests |= missing
        self._write_items([(digests[c.telling.to, c.channel], c) for c in gathered])

    def _message(self, chosen: Chosen, code: str, send_after: datetime) -> Message:
        to = chosen.telling.to
        return Message(
            **to.columns,
            channel=chosen.channel,
            audience=TextAudience.PERSON if to.party is not None else TextAudience.STAFF,
            language=self.languages.get(to, settings.LANGUAGE_CODE),
            code=code,
            created_at=self.at,
            send_after=send_after,
            day=timezone.localdate(send_after),
        )

    @staticmethod
    def _write_items(pairs: Sequence[tuple[Message, Chosen]]) -> None:
        rows = [
            MessageItem(
                message=message,
                event=chosen.telling.event,
                case_id=chosen.telling.event.case_id,
                code=chosen.telling.code,
                channel=chosen.channel,
                params=chosen.telling.params,
                **chosen.telling.to.columns,
            )
            for message, chosen in pairs
        ]
        MessageItem.objects.bulk_create(rows, batch_size=1000)


def _singles_of(singles: Sequence[Chosen], days: Iterable[date]) -> Counter[tuple[Addressee, str, date]]:
    """Count the single messages that the addressees have on some days. One query."""
    users = {c.telling.to.user for c in singles if c.telling.to.user is not None}
    chats = {c.telling.to.chat for c in singles if c.telling.to.chat is not None}
    counts: Counter[tuple[Addressee, str, date]] = Counter()
    if not users and not chats:
        return counts
    rows = (
        Message.objects.filter(Q(recipient__in=users) | Q(organisation__in=chats), day__in=list(days))
        .exclude(code=DIGEST)
        .exclude(status=MessageStatus.DROPPED)
        .order_by()
        .values_list("recipient", "organisation", "channel", "day")
        .annotate(number=Count("pk"))
    )
    for user, chat, channel, day, number in rows:
        counts[Addressee(user=user, chat=chat), channel, day] = number
    return counts


def _open_digests(keys: Iterable[tuple[Addressee, str]]) -> dict[tuple[Addressee, str], Message]:
    """Lock the open gathering messages of some addressees; one that a worker has taken is open no longer."""
    wanted = set(keys)
    users = {to.user for to, _channel in wanted if to.user is not None}
    chats = {to.chat for to, _channel in wanted if to.chat is not None}
    rows = (
        Message.objects.select_for_update()
        .filter(Q(recipient__in=users) | Q(organisation__in=chats))
        .filter(code=DIGEST, status=MessageStatus.PENDING, attempts=0)
        .order_by("pk")
    )
    found = {(Addressee(user=m.recipient_id, chat=m.organisation_id), m.channel): m for m in rows}
    return {key: message for key, message in found.items() if key in wanted}
