"""Mark notices as read; choose channels, write texts and robots, order a message to be sent again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from grid.notices.choices import DIGEST, AttemptResult, MessageStatus
from grid.notices.models import Attempt, ChannelOff, ChatRobot, Message, MessageTemplate, Notice
from grid.notices.shipped import SHIPPED, Key, Text
from grid.notices.texts import LONGEST, check, placeholders
from grid.organisations.models import Organisation
from grid.people.models import User
from grid.worktime.choices import Channel

CHOOSABLE = (Channel.EMAIL, Channel.SMS)


class StaleTextError(Exception):
    """Somebody else has changed this text meanwhile."""


def mark_read(notice_id: int, *, by: User, at: datetime) -> None:
    """
    Mark one notice as read; doing it again changes nothing.

    :raises Notice.DoesNotExist: when there is no such notice of this person.
    """
    notice = Notice.objects.of(by).get(pk=notice_id)
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)


def mark_all_read(*, up_to: int, by: User, at: datetime) -> int:
    """
    Mark all notices of a person as read that he can have seen, and return how many there were.

    :param up_to: the newest notice on his page; what came in since stays unread.
    """
    return Notice.objects.unread(by).filter(pk__lte=up_to).update(read_at=at)


def channels_of(user: User) -> list[str]:
    """Return the channels beside the portal that a person has not switched off."""
    off = set(ChannelOff.objects.filter(user=user).values_list("channel", flat=True))
    return [channel.value for channel in CHOOSABLE if channel not in off]


@transaction.atomic
def choose_channels(user: User, *, wanted: Iterable[str]) -> None:
    """
    Remember by which channels a person wants messages beside the portal, which is never switched off.

    What is late or critical goes by every channel that its rule names, whatever he chose.
    """
    off = {channel.value for channel in CHOOSABLE} - set(wanted)
    ChannelOff.objects.filter(user=user).exclude(channel__in=off).delete()
    ChannelOff.objects.bulk_create(
        (ChannelOff(user=user, channel=channel) for channel in sorted(off)), ignore_conflicts=True
    )


@transaction.atomic
def write_text(key: Key, text: Text, *, version: int, by: User, at: datetime) -> MessageTemplate:
    """
    Write the next version of a text.

    :param version: the version that the form was made from, 0 for none.
    :raises StaleTextError: when there is a newer one.
    :raises ValidationError: naming each field that is wrong.
    """
    _check(key, text)
    return _next_version(key, version=version, by=by, at=at, fields=_columns(text))


@transaction.atomic
def reset_text(key: Key, *, version: int, by: User, at: datetime) -> MessageTemplate:
    """
    Go back to the text that the portal ships; one that is only the city's own is taken out of use.

    :raises StaleTextError: when somebody has changed it meanwhile.
    """
    shipped = {**_columns(SHIPPED.get(key) or Text("", "")), "shipped": True}
    return _next_version(key, version=version, by=by, at=at, fields=shipped)


def _next_version(
    key: Key, *, version: int, by: User, at: datetime, fields: dict[str, str | bool]
) -> MessageTemplate:
    newest = MessageTemplate.objects.of_key(*key).select_for_update().first()
    held = newest.version if newest is not None else 0
    if held != version:
        raise StaleTextError
    audience, code, step, channel = key
    try:
        with transaction.atomic():
            return MessageTemplate.objects.create(
                audience=audience,
                code=code,
                step=step,
                channel=channel,
                version=version + 1,
                changed_by=by,
                changed_at=at,
                **fields,
            )
    except IntegrityError:  # of two who write at once, the second
        raise StaleTextError from None


def _columns(text: Text) -> dict[str, str | bool]:
    return {
        "subject": text.subject,
        "subject_en": text.subject_en,
        "text": text.text,
        "text_en": text.text_en,
        "active": text.active,
        "office_hours": text.office_hours,
    }


def _check(key: Key, text: Text) -> None:
    """
    Check what somebody wrote.

    :raises ValidationError: naming each field that is wrong.
    """
    errors: dict[str, ValidationError] = {}
    allowed = placeholders(key)
    channel = Channel(key[3])
    for name in ("subject", "subject_en", "text", "text_en"):
        written = str(getattr(text, name))
        needed = name.startswith("text") or channel == Channel.EMAIL
        if not written.strip() and needed:
            errors[name] = ValidationError(_("Write this in both languages."))
            continue
        try:
            check(written, allowed=allowed)
        except ValidationError as error:
            errors[name] = error
        if name.startswith("text") and len(written) > LONGEST[channel]:
            errors[name] = ValidationError(
                _("At most %(count)d characters fit here.") % {"count": LONGEST[channel]}
            )
    if key[1] == DIGEST and not text.active:
        errors["active"] = ValidationError(_("What is gathered must go out: this text stays in use."))
    if errors:
        raise ValidationError(errors)


def enter_robot(
    organisation: Organisation,
    *,
    kind: str,
    key: str,
    secret: str,
    is_active: bool,
    by: User,
    at: datetime,
) -> ChatRobot:
    """
    Enter or change the robot of an organisation's work chat.

    :param key: empty keeps the key and the secret that are there.
    :raises ValidationError: when there is no key yet.
    """
    robot = ChatRobot.objects.filter(organisation=organisation).first() or ChatRobot(
        organisation=organisation
    )
    if key:
        robot.key, robot.secret = key, secret
    if not robot.key:
        raise ValidationError({"key": _("A robot needs its key.")})
    robot.kind, robot.is_active, robot.changed_by, robot.changed_at = kind, is_active, by, at
    robot.save()
    return robot


@transaction.atomic
def send_again(message_id: int, *, by: User, reason: str, at: datetime) -> Message:
    """
    Order that a message be sent again, which only a person decides: one that is uncertain may arrive twice.

    The order is written as the next attempt, with who gave it and why; the worker takes it from there.

    :raises Message.DoesNotExist: when there is no such message.
    :raises ValidationError: when it neither failed nor is uncertain by now, or there is no reason.
    """
    visible = Message.objects.outside_compartments().filter(pk=message_id)
    message = visible.select_for_update(of=("self",)).get()
    if message.status not in (MessageStatus.FAILED, MessageStatus.UNCERTAIN):
        raise ValidationError(_("This message is no longer failed or uncertain; nothing was ordered."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why it should be sent again.")})
    message.attempts += 1
    Attempt.objects.create(
        message=message,
        number=message.attempts,
        by=by,
        reason=reason.strip(),
        at=at,
        result=AttemptResult.ORDERED,
    )
    message.status, message.send_after, message.tries = MessageStatus.PENDING, at, 0
    message.save(update_fields=["status", "send_after", "tries", "attempts"])
    return message
