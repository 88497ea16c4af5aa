"""What all tests share: compiled translations, a headless Chromium, a Celery worker that really runs."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection, connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from governance.celery import app as celery_app
from governance.translations import compile_catalogues

ROOT = Path(__file__).resolve().parent.parent

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        compile_catalogues(ROOT / "locale")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Let every test that commits give back what migrations shipped.

    One that only empties the tables lets Django make content types anew, under other keys, and the next one
    that restores the shipped rows then finds them taken.
    """
    for item in items:
        names = getattr(item, "fixturenames", [])
        marker = item.get_closest_marker("django_db")
        commits = marker is not None and marker.kwargs.get("transaction", False)
        if commits or {"transactional_db", "live_server"} & set(names):
            said = marker.kwargs if marker else {}
            restoring = pytest.mark.django_db(**{**said, "transaction": True, "serialized_rollback": True})
            item.add_marker(restoring, append=False)


def chromium() -> str:
    """Return the path of the browser, or fail: a browser test is never skipped."""
    named = os.environ.get("CHROMIUM")
    found = (
        named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    )
    if not found or not Path(found).exists():
        pytest.fail(
            f"No Chromium was found{f' at {named}' if named else ''}. On Debian and Ubuntu: "
            "apt install chromium; elsewhere set CHROMIUM to the path of a Chromium or Chrome.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """Return one Chromium for all tests of this process."""
    path = chromium()
    shipped = getattr(connection, "_test_serialized_contents", None)
    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, and Django then refuses the ORM here. None of our
        # code is a coroutine, so nothing can interleave.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        # Beside a loop Django has connections of their own (asgiref.local); what migrations ship goes along.
        connection._test_serialized_contents = shipped
        chrome = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chrome
        chrome.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page of a fresh visitor; script errors, blocked files fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # An answer of 4xx on purpose is also reported here; what a policy blocks is said in other words.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    def open_(**options: object) -> Page:
        context = browser.new_context(**{"locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", note)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """Return a page of a fresh visitor on a desktop."""
    return open_page(viewport={"width": 1280, "height": 800})


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    """Return a page of a fresh visitor on a small phone."""
    return open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)


@pytest.fixture(scope="session")
def celery_worker(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Run a real worker process on the test database; a test that uses it needs `transactional_db` too."""
    database = connection.settings_dict
    address = f"{quote(database['HOST'], safe='')}:{database['PORT']}".rstrip(":")
    url = f"postgresql://{database['USER']}:{database['PASSWORD']}@{address}/{database['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "governance.settings.test"}
    command = [
        sys.executable,
        "-m",
        "celery",
        "--app",
        "governance.celery",
        "--quiet",
        "worker",
        "--concurrency",
        "1",
    ]
    name = f"{settings.CELERY_TASK_DEFAULT_QUEUE}@here"
    process = subprocess.Popen(
        [*command, "--loglevel", "error", "--hostname", name],
        env=environment,
        cwd=ROOT,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not celery_app.control.ping([name], timeout=0.5):
        assert process.poll() is None, "the Celery worker did not start"
        assert time.monotonic() < until, "the Celery worker does not answer"
    yield
    process.terminate()
    process.wait(30)
