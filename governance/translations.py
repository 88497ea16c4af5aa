"""Compile the translations without GNU gettext, which a machine with only Python does not have."""

from pathlib import Path

import polib


def compile_catalogues(locale_dir: Path) -> list[Path]:
    """Write each `.mo` file whose `.po` file is newer, and return what was written."""
    written = []
    for source in sorted(locale_dir.glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = compiled.with_suffix(".mo.new")
        polib.pofile(str(source)).save_as_mofile(str(fresh))
        fresh.replace(compiled)
        written.append(compiled)
    return written


if __name__ == "__main__":
    compile_catalogues(Path(__file__).resolve().parent.parent / "locale")
