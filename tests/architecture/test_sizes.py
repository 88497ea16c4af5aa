"""Files that fit on a desk and functions that fit on a screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 420
LONGEST_FUNCTION = 60
FORBIDDEN = {"helpers.py", "utils.py", "utilities.py", "common_utils.py", "misc.py"}


def sources() -> Iterator[Path]:
    for top in ("governance", "grid", "petitions", "mediation", "risk_assessment"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def test_no_file_is_longer_than_a_desk() -> None:
    long = {str(p.relative_to(ROOT)): n for p in sources() if (n := p.read_text().count("\n")) > LONGEST_FILE}
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                if lines > LONGEST_FUNCTION and node.name != "common_steps":
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {lines}")
    assert long == []


def test_no_drawer_for_odds_and_ends() -> None:
    assert [str(p) for p in sources() if p.name in FORBIDDEN] == []


def test_save_is_overridden_nowhere() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        if "models" in str(path)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "save"
    ]
    assert found == []


def test_cases_change_through_steps_only() -> None:
    """Nobody outside casework writes a case or an event by himself."""
    forbidden = ("Case.objects.create", "Case.objects.filter", "Event.objects.create", "case.save(")
    allowed_reads = "Case.objects.filter"
    found = []
    for path in sources():
        if "casework" in path.parts:
            continue
        text = path.read_text()
        found += [
            f"{path.relative_to(ROOT)}: {word}"
            for word in forbidden
            if word in text and not (word == allowed_reads and ".update(" not in text)
        ]
    assert found == []
