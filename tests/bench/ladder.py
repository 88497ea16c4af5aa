"""Measure the ladder on a whole city: many deadlines due at once, and one among very many."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.bench.cities import ROOT, City, copy_of, environment, kept, seconds_to_load

PER_SECOND, MEGABYTES, MILLISECONDS = 1_500, 300, 50


def main() -> int:
    """Print each figure with its goal beside it, and return how many goals were missed."""
    city = City(running=int(os.environ.get("BENCH_CASES", "1000000")))
    name = kept(city)
    with copy_of(name) as database:
        many = measured("many", database, city)
        one = measured("one", database, city)
    speed = many["deadlines"] / many["seconds"]
    rows = [
        (
            f"{many['deadlines']:,} due deadlines, one process",
            f"{speed:,.0f} a second",
            f"at least {PER_SECOND:,}",
            speed >= PER_SECOND,
        ),
        (
            "its memory at the most",
            f"{many['megabytes']:.0f} MB",
            f"under {MEGABYTES}",
            many["megabytes"] < MEGABYTES,
        ),
        (
            f"one due deadline among {one['running']:,}",
            f"{one['milliseconds']:.1f} ms",
            f"under {MILLISECONDS}",
            one["milliseconds"] < MILLISECONDS,
        ),
    ]
    print(f"{'The ladder':45}{'figure':>18}   {'goal':16}")
    for what, figure, goal, met in rows:
        print(f"{what:45}{figure:>18}   {goal:16}{'met' if met else 'MISSED'}")
    took = seconds_to_load(city)
    minutes = took / city.cases * 1_000_000 / 60
    print(f"{city.cases:,} incidents were loaded in {took:.0f} s: {minutes:.1f} minutes a million.")
    return sum(not met for *_row, met in rows)


def measured(what: str, database: str, city: City) -> dict[str, Any]:
    """Measure in a process that does nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.climbing", what, city.as_of],
        cwd=ROOT,
        env=environment(database),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
