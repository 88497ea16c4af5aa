"""What people write in the demo: invented, but of the kind that grid workers report."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from governance.demo.bodies import DATA, table
from governance.demo.territory import VILLAGE, short_name
from grid.areas.models import Area

# How often each kind of matter comes: streets and fire safety first, as everywhere.
WEIGHTS = {
    "A": 9, "B": 3, "C": 14, "D": 4, "E": 4, "F": 24, "G": 14, "H": 4, "I": 6, "J": 8,
    "K": 6, "L": 4, "M": 4, "N": 3, "O": 1, "P": 2, "R": 1, "S": 3,
}  # fmt: skip
# Some things happen only in some months.
SEASONS = {
    "清明": {3, 4},
    "暑期": {7, 8},
    "暴雨": {6, 7, 8, 9},
    "连日降雨": {6, 7, 8, 9},
    "落叶": {10, 11, 12},
    "大风": {2, 3, 4, 7, 8, 11},
}
# Words of a story that fits no village.
IN_TOWN = (
    "小区",
    "号楼",
    "楼道",
    "单元",
    "电梯",
    "业主",
    "物业",
    "车库",
    "商场",
    "公交",
    "工地",
    "学校",
    "校门",
    "盲道",
)
# What a grid worker settles on the spot.
AT_ONCE = {
    "A01",
    "C01",
    "C02",
    "F01",
    "F02",
    "F03",
    "F04",
    "F05",
    "G05",
    "I01",
    "K05",
    "L01",
    "L03",
    "M04",
    "S03",
}


@dataclass(frozen=True)
class Story:
    """What was seen, and what was done about it."""

    category: str
    title: str
    description: str
    result: str
    where: str


@cache
def words() -> dict[str, list[Any]]:
    """Return the sentences that steps are given."""
    found: dict[str, list[Any]] = json.loads((DATA / "words.json").read_text(encoding="utf-8"))
    return found


@cache
def outlines() -> dict[str, list[dict[str, str]]]:
    """Return the rows of the stories by category."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in table("stories"):
        found[row["category"]].append(row)
    return dict(found)


def say(topic: str, rng: Random, **facts: Any) -> Any:
    """Return one of the sentences on a topic."""
    chosen = rng.choice(words()[topic])
    return chosen.format(**facts) if isinstance(chosen, str) else chosen


def invent(grid: Area, community: Area, *, month: int, category: str, rng: Random) -> Story:
    """
    Return a story for a grid and a month.

    :param category: empty for any, as often as its kind comes.
    """
    rows = _rows(month, category, village=community.name.endswith(VILLAGE))
    weights = [WEIGHTS[row["category"][0]] / _siblings(rows)[row["category"][0]] for row in rows]
    row = rng.choices(rows, weights)[0]
    number = rng.randint(1, 26)
    where = place_in(community, row["place"], number, rng)
    facts = {"where": where, "n": number, "m": rng.randint(3, 9), "k": rng.randint(18, 90)}
    said = {name: row[name].format(**facts) for name in ("title", "description", "result")}
    return Story(row["category"], where=where, **said)


def place_in(community: Area, kind: str, building: int, rng: Random) -> str:
    """Return an invented address of a kind (road, shop, home …); the names of the roads are real."""
    first, second = rng.sample(words()["roads"], 2)
    return str(
        say(
            "in_village" if community.name.endswith(VILLAGE) else f"at_{kind}",
            rng,
            place=short_name(community).removesuffix("小区"),
            road=first,
            road2=second,
            number=rng.randint(3, 268),
            n=building,
            u=rng.randint(1, 6),
        )
    )


def _rows(month: int, category: str, *, village: bool) -> list[dict[str, str]]:
    """Return the stories that fit a month and a place."""
    chosen = outlines()[category] if category else [row for rows in outlines().values() for row in rows]
    unfit = {word for word, months in SEASONS.items() if month not in months}
    if village:
        unfit.update(IN_TOWN)
    found = [row for row in chosen if village or row["place"] != "village"]
    return [row for row in found if not any(word in row["title"] + row["description"] for word in unfit)]


def _siblings(rows: list[dict[str, str]]) -> dict[str, int]:
    """Return how many stories there are of each kind."""
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["category"][0]] += 1
    return counts
