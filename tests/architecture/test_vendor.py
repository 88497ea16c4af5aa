"""What is vendored under static/vendor/ is what was checked, and nothing else."""

import hashlib
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"


def stated() -> dict[str, str]:
    """Return path → sha256 as CHECKSUMS states it."""
    lines = (VENDOR / "CHECKSUMS").read_text().splitlines()
    return {path.removeprefix("./"): digest for digest, path in (line.split(maxsplit=1) for line in lines)}


def found() -> dict[str, str]:
    """Return path → sha256 of what lies in the folder."""
    files = (path for path in VENDOR.rglob("*") if path.is_file() and path.name != "CHECKSUMS")
    return {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_every_vendored_file_matches_its_checksum_and_nothing_else_is_there():
    assert found() == stated()


def test_every_vendored_library_carries_its_licence_and_its_version():
    versions = (VENDOR / "VERSIONS").read_text()
    names = {
        "bootstrap": "bootstrap",
        "bootstrap-icons": "bootstrap-icons",
        "htmx": "htmx.org",
        "leaflet": "leaflet",
    }

    assert {folder.name for folder in VENDOR.iterdir() if folder.is_dir()} == set(names)
    for folder, package in names.items():
        assert (VENDOR / folder / "LICENSE").read_text().strip()
        assert f"\n{package} " in versions
