"""Mark notices as read."""

from __future__ import annotations

from datetime import datetime

from grid.notices.models import Notice
from grid.people.models import User


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
