"""What the tests of notices share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from grid.casework.models import Case
from grid.organisations.models import Posting
from tests.factories.city import City, build_city
from tests.factories.incidents import report
from tests.notices.servers import HttpServer, SmtpServer, serve

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(db: None) -> City:
    made = build_city()
    for username in ("clerk", "street_officer", "district_officer", "handler"):
        Posting.objects.filter(user__username=username).update(leads=True)
    return made


@pytest.fixture
def case(city: City) -> Case:
    """A normal incident, reported by `worker`, led by the community."""
    return report(city, at=AT)


@pytest.fixture
def smtp(settings: Any) -> Iterator[SmtpServer]:
    """A real SMTP server of this test, to which Django's own backend speaks."""
    server = SmtpServer()
    stop = serve(server)
    settings.NOTICES_EMAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.NOTICES_TIMEOUT = 0.3
    yield server
    stop()


@pytest.fixture
def gateway(settings: Any) -> Iterator[HttpServer]:
    """A real HTTP server of this test, set up as gateway for text messages and as both work chats."""
    server = HttpServer()
    stop = serve(server)
    settings.NOTICES_SMS = settings.NOTICES_CHAT = "http"
    settings.NOTICES_SMS_URL = f"{server.url}/sms"
    settings.NOTICES_SMS_SUCCESS = "code=0"
    settings.NOTICES_CHAT_URLS = {"wecom": f"{server.url}/wecom", "dingtalk": f"{server.url}/dingtalk"}
    settings.NOTICES_TIMEOUT = 0.3
    yield server
    stop()
