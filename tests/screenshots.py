"""
Take the pictures in docs/screenshots/ from a running demo: `make run` here, `make screenshots` there.

Pictures are looked at by people; nothing here passes or fails. With `--full DIR` whole pages go to a folder
of their own.
"""

import argparse
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "docs" / "screenshots"
SIZES = {360: 740, 1440: 900}
LANGUAGES = {"zh": "zh-hans", "en": "en"}
# What Chromium needs as root and without a network.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PASSWORD = "sunshine-demo"
# Picture, who looks, address; None where the first row of the desk is opened.
PICTURES: tuple[tuple[str, str, str | None], ...] = (
    ("home", "", "/"),
    ("sign-in", "", "/accounts/sign-in/"),
    ("report", "worker", "/incidents/report/"),
    ("desk", "street", "/desk/?desk=all"),
    ("desk-community", "community", "/desk/"),
    ("case", "community", None),
    ("tree", "street", "/areas/"),
    ("notices", "street", "/notices/"),
    ("responsibilities", "community", "/incidents/responsibilities/"),
)


def main() -> int:
    """Take every picture in both sizes and languages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=f"http://localhost:{os.environ.get('PORT', '8000')}")
    parser.add_argument("--full", type=Path, help="put whole pages into this folder instead")
    options = parser.parse_args()
    folder = options.full or KEPT
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for language in LANGUAGES:
            for width in SIZES:
                take(browser, options.url, language, width, folder, full=bool(options.full))
        browser.close()
    return 0


def take(browser: Browser, url: str, language: str, width: int, folder: Path, *, full: bool) -> None:
    """Take every picture in one size and language."""
    signed_in: dict[str, list[dict[str, object]]] = {}
    for name, user, address in PICTURES:
        with window(browser, url, language, width) as page:
            if user:
                enter(page, url, user, signed_in)
            if address is None:
                page.goto(f"{url}/desk/?desk=all&state=late")
                row = page.locator(".cell-matter a")
                address = row.first.get_attribute("href") if row.count() else "/desk/"
            page.goto(url + str(address))
            page.wait_for_load_state("networkidle")
            save(page, folder / f"{name}-{language}-{width}.png", full=full)


@contextmanager
def window(browser: Browser, url: str, language: str, width: int) -> Iterator[Page]:
    """Open a window in a size and a language."""
    context = browser.new_context(viewport={"width": width, "height": SIZES[width]}, locale="zh-CN")
    context.add_cookies([{"name": "django_language", "value": LANGUAGES[language], "url": url}])
    try:
        yield context.new_page()
    finally:
        context.close()


def enter(page: Page, url: str, user: str, signed_in: dict[str, list[dict[str, object]]]) -> None:
    """Sign in, or take up the session of an earlier picture."""
    if user in signed_in:
        page.context.add_cookies(signed_in[user])  # type: ignore[arg-type]
        return
    page.goto(f"{url}/accounts/sign-in/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/**")
    signed_in[user] = [c for c in page.context.cookies() if c["name"] != "django_language"]  # type: ignore[misc]


def save(page: Page, path: Path, *, full: bool) -> None:
    """Write a picture with few colours, which keeps it small and every letter sharp."""
    raw = page.screenshot(full_page=full, animations="disabled")
    Image.open(io.BytesIO(raw)).convert("RGB").quantize(128).save(path, optimize=True)
    print(path.name, f"{path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    sys.exit(main())
