"""How the channels fare: faults in a row, rest, the alert, and the end of all that with the first success."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from grid.notices.choices import OUTSIDE, Code
from grid.notices.models import ChannelState, Message, Notice
from grid.organisations.duty import Roster
from grid.organisations.models import Role

FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=10)


def resting(at: datetime) -> list[str]:
    """Return the channels that fail and rest: nothing is sent by them until one message may try again."""
    return list(ChannelState.objects.filter(rests_until__gt=at).values_list("channel", flat=True))


def note_sent(channel: str, *, at: datetime) -> None:
    """Note that a channel works: what was said of its failing is taken back."""
    well = ChannelState.objects.filter(channel=channel, failures=0, failing_since=None)
    if not well.update(last_sent_at=at):
        _recover(channel, at=at)


@transaction.atomic
def _recover(channel: str, *, at: datetime) -> None:
    state = _locked(channel)
    state.failures, state.failing_since, state.rests_until = 0, None, None
    if state.alerted_at is not None:
        state.alerted_at = None
        Notice.objects.filter(alert=_alert(channel), read_at=None).update(read_at=at)
    state.last_sent_at = at
    state.save()


@transaction.atomic
def note_fault(channel: str, detail: str, *, at: datetime) -> None:
    """Note a fault of a channel; after so many in a row it rests, and administrators are told."""
    state = _locked(channel)
    state.failures += 1
    state.failing_since = state.failing_since or at
    state.last_fault, state.last_fault_at = detail[:200], at
    beyond = state.failures - settings.NOTICES_FAILURES
    if beyond >= 0:
        state.rests_until = at + min(FIRST_REST * 2 ** min(beyond, 8), LONGEST_REST)
        _tell(state, at=at)
    state.save()


@transaction.atomic
def note_waiting(at: datetime) -> list[str]:
    """Tell administrators of channels by which a message waits too long; return which those are."""
    since = at - timedelta(seconds=settings.NOTICES_WAITING)
    waiting = Message.objects.outside_compartments().to_send(since).order_by()
    channels = sorted(set(waiting.values_list("channel", flat=True).distinct()))
    for channel in channels:
        state = _locked(channel)
        state.failing_since = state.failing_since or at
        _tell(state, at=at)
        state.save()
    return channels


def failing() -> list[ChannelState]:
    """Return the channels that administrators were told of."""
    return list(ChannelState.objects.exclude(alerted_at=None).order_by("channel"))


def states() -> dict[str, ChannelState]:
    """Return how each channel fares; one that was never used fares well."""
    known = {state.channel: state for state in ChannelState.objects.all()}
    return {channel: known.get(channel, ChannelState(channel=channel)) for channel in OUTSIDE}


def tell_administrators(code: Code, alert: str, params: dict[str, object], *, at: datetime) -> None:
    """
    Give the system administrators a notice of something that concerns the portal itself, never a case.

    :param alert: what it is about; nobody has two unread notices of the same.
    """
    people = Roster(_day(at)).everywhere(Role.SYSTEM_ADMINISTRATOR)
    Notice.objects.bulk_create(
        (Notice(recipient_id=pk, template=code, alert=alert, params=params, created_at=at) for pk in people),
        ignore_conflicts=True,
    )


def ladder_set_aside(count: int, *, at: datetime) -> None:
    """
    Tell the system administrators that the ladder has set deadlines aside, without saying of which cases.

    :param count: how many stand aside now; sealed cases are not among them.
    """
    if count:
        tell_administrators(Code.SET_ASIDE, "ladder_set_aside", {"count": count}, at=at)


def _tell(state: ChannelState, *, at: datetime) -> None:
    if state.alerted_at is None:
        state.alerted_at = at
        tell_administrators(Code.CHANNEL, _alert(state.channel), {"channel": state.channel}, at=at)


def _alert(channel: str) -> str:
    return f"channel:{channel}"


def _locked(channel: str) -> ChannelState:
    ChannelState.objects.get_or_create(channel=channel)
    return ChannelState.objects.select_for_update().get(channel=channel)


def _day(at: datetime) -> date:
    return timezone.localdate(at)
