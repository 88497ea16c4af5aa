import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from grid.areas import services
from grid.areas.models import Area, Tier
from grid.areas.tree import find_faults, lock_tree

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = Path(__file__).with_name("insert_grids.py")
MOVED = 500

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def start_inserter() -> Iterator[Callable[..., subprocess.Popen]]:
    """Return a function that starts a process which inserts grids; none outlives the test."""
    started: list[subprocess.Popen] = []
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)

    def start(community: Area, first: int, number: int) -> subprocess.Popen:
        database = connection.settings_dict["NAME"]
        command = [sys.executable, str(SCRIPT), database, community.code, str(first), str(number)]
        started.append(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path},
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def finish(processes: list[subprocess.Popen]) -> None:
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * len(processes)
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=120)
    assert [process.returncode for process in processes] == [0] * len(processes)


def test_two_processes_insert_at_once_and_every_bound_matches(start_inserter, plant, community, street):
    neighbour = plant(Tier.COMMUNITY, street)
    started = [start_inserter(community, 101, 25), start_inserter(neighbour, 201, 25)]

    finish(started)

    assert find_faults() == []
    assert Area.objects.within([community.pk]).tier(Tier.GRID).count() == 25
    assert Area.objects.within([street.pk]).tier(Tier.GRID).count() == 50


def test_two_processes_insert_under_the_same_parent_at_once(start_inserter, community):
    finish([start_inserter(community, 101, 25), start_inserter(community, 201, 25)])

    assert find_faults() == []
    assert Area.objects.within([community.pk]).count() == 51


def test_a_writer_waits_for_the_other(start_inserter, community):
    process = start_inserter(community, 101, 1)
    assert process.stdout.readline() == "ready\n"
    with transaction.atomic():
        lock_tree()
        process.stdin.write("go\n")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        assert not Area.objects.tier(Tier.GRID).exists()
    process.communicate(timeout=60)

    assert Area.objects.tier(Tier.GRID).count() == 1


class Lister(threading.Thread):
    """List the subtrees of some roots over and over, each time in one statement."""

    def __init__(self, roots: list[Area]) -> None:
        super().__init__()
        self.roots = roots
        self.seen: dict[str, set[tuple[str, ...]]] = {root.code: set() for root in roots}
        self.times = 0
        self.over = threading.Event()

    def run(self) -> None:
        try:
            while not self.over.is_set():
                for root in self.roots:
                    self.seen[root.code].add(
                        tuple(Area.objects.within([root.pk]).values_list("code", flat=True))
                    )
                self.times += 1
        finally:
            connection.close()


@pytest.fixture
def lists(plant, district, tmp_path, at):
    """Plant 500 communities under one of two subdistricts; return both and the list that moves them away."""
    left = plant(Tier.STREET, district, name="左街道")
    right = plant(Tier.STREET, district, name="右街道")
    communities = [
        Area(code=f"{street.code[:9]}{n:03}", tier=Tier.COMMUNITY, name=f"第{n}社区", parent=street)
        for street, number in ((left, MOVED), (right, 20))
        for n in range(1, number + 1)
    ]
    services.insert_areas(communities, by=None, at=at)
    rows = [
        f"{district.code},{district.name},county,",
        *(f"{street.code},{street.name},street,{district.code}" for street in (left, right)),
        *(
            f"{area.code},{area.name},community,{(district if area.parent == left else right).code}"
            for area in communities
        ),
    ]
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["code,name,level,parent_code", *rows, ""]), encoding="utf-8")
    return left, right, path


def test_an_import_moves_500_areas_while_others_list(lists, district, capsys):
    left, right, path = lists
    before = {
        root: tuple(Area.objects.within([root.pk]).values_list("code", flat=True)) for root in (left, right)
    }
    listers = [Lister([left, right, district]) for _ in range(2)]
    for lister in listers:
        lister.start()

    call_command("import_areas", str(path))

    seen_during = [lister.times for lister in listers]
    for lister in listers:
        lister.over.set()
        lister.join()
    assert f"0 new, 0 renamed, {MOVED} moved" in capsys.readouterr().out
    assert min(seen_during) > 0
    everything = len(before[left]) + len(before[right]) + 1
    for lister in listers:
        assert lister.seen[left.code] <= {before[left], (left.code,)}
        assert lister.seen[right.code] == {before[right]}
        assert {len(found) for found in lister.seen[district.code]} == {everything}
    assert list(Area.objects.within([left.pk])) == [left]
    assert find_faults() == []


def test_an_import_that_fails_leaves_the_tree_as_it_was(lists, monkeypatch):
    left, _right, path = lists

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("grid.areas.imports._write_changes", fail)
    with pytest.raises(OSError, match="disk full"):
        call_command("import_areas", str(path))

    assert Area.objects.within([left.pk]).count() == MOVED + 1
    assert find_faults() == []
