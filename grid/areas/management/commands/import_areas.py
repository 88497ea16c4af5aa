"""Import an official list of areas."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from grid.areas.imports import ImportResult, import_areas
from grid.areas.lists import ListError, read_list

# More differences than this are counted, and all shown with --verbosity 2.
SHOWN = 20


class Command(BaseCommand):
    help = (
        "Import an official list of areas (CSV, also gzipped; columns code, name, level, parent_code, and "
        "name_en if there is one). Every bad row is named with its line, and nothing is written if there is "
        "one. Can be run again: adds, renames and moves are reported, nothing is deleted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
        parser.add_argument(
            "--names-en",
            type=Path,
            help="CSV with code and name_en; NAME_names_en.csv beside NAME_areas.csv is found by itself",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """
        Read, judge and write the list.

        :raises CommandError: when a row is bad or the file cannot be read.
        """
        path: Path = options["file"]
        try:
            found = read_list(path, names_en=options["names_en"] or names_beside(path))
        except ListError as error:
            raise CommandError(str(error)) from error
        bar = tqdm(total=len(found.rows), unit=" areas", file=sys.stderr, disable=not sys.stderr.isatty())
        with bar:
            result = import_areas(
                found, dry_run=options["dry_run"], progress=bar.update, by=None, at=timezone.now()
            )
            bar.update(bar.total - bar.n if not result.problems else 0)
        if result.problems:
            for problem in result.problems:
                self.stderr.write(f"{path.name}: line {problem.line}: {problem.message}")
            bad = len({problem.line for problem in result.problems})
            raise CommandError(f"{bad} bad {'row' if bad == 1 else 'rows'}; nothing was written")
        if found.encoding != "UTF-8":
            self.stdout.write(f"The file was read as {found.encoding}.")
        self._report(result, shown=None if options["verbosity"] > 1 else SHOWN)

    def _report(self, result: ImportResult, *, shown: int | None) -> None:
        lists = {
            "renamed": [f"{d.code}: {d.before} -> {d.after}" for d in result.renamed],
            "moved": [f"{d.code} {d.name}: {d.before or 'top'} -> {d.after or 'top'}" for d in result.moved],
            "missing from the list, left as it is": [f"{a.code} {a.name}" for a in result.missing],
            "has ended, left as it is": [f"{row.code} {row.name}" for row in result.ended],
        }
        for what, lines in lists.items():
            for line in lines[:shown]:
                self.stdout.write(f"{what}: {line}")
            if shown is not None and len(lines) > shown:
                self.stdout.write(f"{what}: {len(lines) - shown} more (--verbosity 2 shows all)")
        if result.organisation_rows:
            self.stdout.write(
                f"{result.organisation_rows} rows of province and city: no areas, they carry organisations"
            )
        self.stdout.write(
            f"{result.new} new, {len(result.renamed)} renamed, {len(result.moved)} moved, "
            f"{len(result.missing)} missing from the list"
        )
        if result.named_in_english:
            self.stdout.write(f"{len(result.named_in_english)} English names added")
        if not result.written:
            self.stdout.write("Dry run: nothing was written.")


def names_beside(path: Path) -> Path | None:
    """Return the file of English names that goes with a list, if there is one."""
    stem = path.name.removesuffix(".gz").removesuffix(".csv")
    names = path.with_name(f"{stem.removesuffix('_areas')}_names_en.csv")
    return names if names != path and names.exists() else None
