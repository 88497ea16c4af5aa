"""E-mail by Django's backends."""

from __future__ import annotations

import smtplib
from contextlib import suppress

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from grid.notices.backends.outcome import Outcome

PERMANENT = 500


def send_email(address: str, *, subject: str, text: str) -> Outcome:
    """
    Send one e-mail.

    While the connection is opened nothing is sent yet; a server's answer is an answer; whatever else happens
    afterwards leaves the message uncertain.
    """
    connection = get_connection(timeout=settings.NOTICES_TIMEOUT)
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError:
        return Outcome.unreachable("SMTP sign-in refused")
    except (OSError, smtplib.SMTPException) as error:
        return Outcome.unreachable(_named(error))
    message = EmailMessage(subject, text, None, [address], connection=connection)
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        return _answered(min(code for code, _words in error.recipients.values()), of_address=True)
    except smtplib.SMTPResponseException as error:
        return _answered(error.smtp_code, of_address=isinstance(error, smtplib.SMTPDataError))
    except (OSError, smtplib.SMTPException) as error:
        return Outcome.uncertain(_named(error))
    except ValueError:
        return Outcome.refused("no valid address")
    finally:
        with suppress(OSError, smtplib.SMTPException):
            connection.close()
    return Outcome.sent()


def _answered(code: int, *, of_address: bool) -> Outcome:
    """Return what an SMTP answer says: 5xx is final for this message, 4xx will pass (RFC 5321, 4.2.1)."""
    detail = f"SMTP {code}"
    if code >= PERMANENT and of_address:
        return Outcome.refused(detail)
    # 421 and its like are about the server; 450 to 452 may be about one mailbox.
    return (
        Outcome.overloaded(detail) if not of_address or code == 421 else Outcome.refused(detail, again=True)
    )


def _named(error: Exception) -> str:
    """Return what a fault is called, without what it says: that may hold an address."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return "connection broken"
    return type(error).__name__
