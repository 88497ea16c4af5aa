"""What all tests share: compiled translations, a browser, a Celery worker that really runs."""

from pathlib import Path

import pytest

from governance.translations import compile_catalogues

ROOT = Path(__file__).resolve().parent.parent


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        compile_catalogues(ROOT / "locale")
