"""
Take guards out one at a time and expect the tests to turn red each time: `make guards`.

`python -m tests.guards lock rung` takes out only those whose name holds one of the words.

Each guard is removed in a copy of the working tree, never in the tree itself. A removal that changes nothing
(the text is not there any more) and a test that stays green are failures of the same weight.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".venv", ".git", "var", "__pycache__", "*_cache", ".hypothesis", "screenshots"
)
TESTS_FAILED = 1


@dataclass(frozen=True)
class Guard:
    """One guard: where it stands, what it is replaced by, and the tests that must notice."""

    name: str
    path: str
    text: str
    instead: str
    tests: tuple[str, ...]


GUARDS = (
    Guard(
        "the row lock of a step",
        "grid/casework/locks.py",
        '.select_for_update(of=("self",), no_key=True)',
        "",
        ("tests/casework/test_races.py",),
    ),
    Guard(
        "visible_to of the case page",
        "grid/casework/pages.py",
        "Case.objects.visible_to(actor)",
        "Case.objects.all()",
        ("tests/architecture/test_matrix.py",),
    ),
    Guard(
        "visible_to of the worklist",
        "governance/desk/worklist.py",
        "Case.objects.visible_to(actor)",
        "Case.objects.all()",
        ("tests/desk",),
    ),
    Guard(
        "a unique constraint: one key, one case",
        "grid/casework/migrations/0001_initial.py",
        "constraint=models.UniqueConstraint(fields=('caller', 'operation', 'key'), name='key_taken_once')",
        "constraint=models.CheckConstraint(condition=models.Q(key__isnull=False), name='key_taken_once')",
        ("tests/casework/test_races.py",),
    ),
    Guard(
        "a unique constraint: one rung, once",
        "grid/casework/migrations/0001_initial.py",
        "constraint=models.UniqueConstraint(fields=('deadline', 'level', 'due_at'), "
        "name='rung_climbed_once')",
        "constraint=models.CheckConstraint(condition=models.Q(level__gt=0), name='rung_climbed_once')",
        ("tests/casework/test_deadlines.py",),
    ),
    Guard(
        "the savepoint around each case of the ladder",
        "grid/supervision/services.py",
        "with transaction.atomic():\n            resumed, climbed",
        "with contextlib.nullcontext():\n            resumed, climbed",
        ("tests/supervision",),
    ),
    Guard(
        "the seq check of the timeline",
        "grid/casework/migrations/0002_guards.py",
        "IF NEW.seq <> last + 1 THEN",
        "IF false THEN",
        ("tests/casework/test_timeline.py",),
    ),
    Guard(
        "the numberer's lock of the feed",
        "grid/casework/feed.py",
        'cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERER_LOCK])',
        "pass",
        ("tests/casework/test_races.py",),
    ),
    Guard(
        "the append-only trigger",
        "grid/casework/migrations/0002_guards.py",
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON casework_event",
        "CREATE TRIGGER event_append_only BEFORE TRUNCATE ON casework_event FOR EACH STATEMENT "
        "EXECUTE FUNCTION casework_append_only();\nCREATE TRIGGER event_other AFTER DELETE ON casework_feed",
        ("tests/casework/test_timeline.py",),
    ),
    Guard(
        "a sealed matter is told in the portal alone",
        "grid/notices/outbox.py",
        "[t for t in tellings if not t.event.case.sealed]",
        "list(tellings)",
        ("tests/notices/test_outbox.py",),
    ),
    Guard(
        "being sent is committed before the outside call",
        "grid/notices/delivery.py",
        "message.status, message.tried_at = MessageStatus.SENDING, at",
        "message.tried_at = at",
        ("tests/notices/test_delivery.py",),
    ),
)


def main() -> int:
    """Take out every guard in turn; return 1 if a test did not notice."""
    wanted = [g for g in GUARDS if not sys.argv[1:] or any(word in g.name for word in sys.argv[1:])]
    unnoticed = [guard.name for guard in wanted if not noticed(guard)]
    print(f"make guards: {len(wanted) - len(unnoticed)} passed, {len(unnoticed)} failed")
    return 1 if unnoticed else 0


def noticed(guard: Guard) -> bool:
    """Tell whether the tests turn red, by failing and not by breaking, when a guard is taken out."""
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        path = copy / guard.path
        source = path.read_text()
        if guard.text not in source:
            print(f"{guard.name}: not found in {guard.path}")
            return False
        path.write_text(add_import(guard, source.replace(guard.text, guard.instead)))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *guard.tests]
        run = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    red = run.returncode == TESTS_FAILED and " failed" in run.stdout
    last = run.stdout.strip().rsplit("\n", 1)[-1]
    print(f"{guard.name}: {'red, as it should be' if red else 'NOT NOTICED'} ({last})", flush=True)
    if not red:
        print(run.stdout[-2000:], run.stderr[-2000:])
    return red


def add_import(guard: Guard, source: str) -> str:
    """Import contextlib where a replacement needs it."""
    if "contextlib." in guard.instead and "import contextlib" not in source:
        return source.replace(
            "from __future__ import annotations\n",
            "from __future__ import annotations\n\nimport contextlib\n",
            1,
        )
    return source


if __name__ == "__main__":
    sys.exit(main())
