"""Tests of what production refuses, and of what stands between the internet and the portal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from pytest_django import Settings

from governance.operations.client_address import client_address
from governance.operations.demo_accounts import refuse_demo_accounts

ROOT = Path(__file__).resolve().parent.parent.parent

COMPLETE = {
    "SECRET_KEY": "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgresql://nobody@localhost/none",
    "REDIS_URL": "redis://localhost/0",
    "PERSONAL_KEYS": "2026:" + "0123456789abcdef" * 4,
    "BLIND_INDEX_KEY": "123456789abcdef0" * 4,
    "SEAL_KEY": "23456789abcdef01" * 4,
}


def load_production(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in COMPLETE}
    return subprocess.run(
        [sys.executable, "-c", "import governance.settings.production"],
        env={**inherited, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_complete_production_settings_load() -> None:
    done = load_production(COMPLETE)

    assert done.returncode == 0, done.stderr


def test_every_missing_setting_is_named_at_once() -> None:
    done = load_production({})

    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr
    assert [name for name in COMPLETE if name not in done.stderr] == []


@pytest.mark.parametrize("name", COMPLETE)
def test_production_does_not_start_without(name: str) -> None:
    done = load_production({**COMPLETE, name: " "})

    assert done.returncode != 0
    assert f"Set in the environment: {name}." in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEAL_KEY", "33" * 32),
        ("BLIND_INDEX_KEY", "short"),
        ("PERSONAL_KEYS", "dev:" + "11" * 32),
        ("ALLOWED_HOSTS", "*"),
    ],
)
def test_production_refuses_the_keys_of_the_demo_and_open_doors(name: str, value: str) -> None:
    done = load_production({**COMPLETE, name: value})

    assert done.returncode != 0
    assert f"ImproperlyConfigured: {name}" in done.stderr
    assert value == "*" or value not in done.stderr


@pytest.mark.django_db
def test_nothing_starts_while_demo_accounts_exist(settings: Settings) -> None:
    get_user_model().objects.create_user("worker", name="Demo", is_demo=True)
    settings.DEMO_ACCOUNTS_ALLOWED = False

    with pytest.raises(ImproperlyConfigured, match=r"demo accounts \(worker\)"):
        refuse_demo_accounts()
    assert [error.id for error in run_checks(databases=["default"])] == ["governance.E001"]


@pytest.mark.django_db
def test_without_demo_accounts_production_starts(settings: Settings) -> None:
    get_user_model().objects.create_user("li", name="Li")
    settings.DEMO_ACCOUNTS_ALLOWED = False

    refuse_demo_accounts()
    assert run_checks(databases=["default"]) == []


@pytest.mark.django_db
def test_the_demo_may_run_elsewhere() -> None:
    get_user_model().objects.create_user("worker", name="Demo", is_demo=True)

    refuse_demo_accounts()


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "made.up, 198.51.100.1", "198.51.100.1"),
        (2, "made.up, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_an_address_is_believed_only_from_our_own_proxies(
    rf: RequestFactory, settings: Settings, trusted: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded})

    assert client_address(request) == expected


def test_nothing_inline_and_nothing_from_elsewhere_is_allowed(client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy + ";"
    assert "style-src 'self';" in policy + ";"
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
