"""What the incidents of the city are about: the stories of the demo, told of many places."""

from __future__ import annotations

from random import Random

from governance.demo.city.ground import Ground
from governance.demo.territory import VILLAGE, short_name
from governance.demo.texts import outlines, words
from grid.incidents.models import Category

# What would have to be escaped in a line of COPY or in JSON; stories have none of it.
UNFIT = frozenset('"\\\t\n\r')


class Stories:
    """Title, description, address and result for a category in a community."""

    def __init__(self, ground: Ground, rng: Random, *, each: int = 12) -> None:
        """
        Prepare the stories.

        :param each: in how many versions each is told, with other numbers.
        :raises ValueError: when a story holds what would have to be escaped.
        """
        self.places = {c.pk: short_name(c).removesuffix("小区") for c in ground.communities}
        self.villages = {c.pk for c in ground.communities if c.name.endswith(VILLAGE)}
        self.roads: list[str] = words()["roads"]
        self.told: dict[int, list[dict[str, str]]] = {}
        for pk, code in Category.objects.exclude(parent=None).values_list("pk", "code"):
            rows = outlines().get(code) or [row for found in outlines().values() for row in found]
            self.told[pk] = [_version(row, rng) for row in rows for _ in range(each)]
        said = [text for versions in self.told.values() for one in versions for text in one.values()]
        if any(UNFIT & set(text) for text in [*said, *self.places.values(), *self.roads]):
            raise ValueError("a story holds a quotation mark, a backslash or a line break")

    def tell(self, category: int, community: int, rng: Random) -> dict[str, str]:
        """Return title, description, address and result."""
        place, number = self.places[community], rng.randint(1, 40)
        if community in self.villages:
            where = f"{place}村{number % 9 + 1}组"
        elif number % 2:
            where = f"{place}小区{number}号楼"
        else:
            where = f"{rng.choice(self.roads)}{number * 3}号"
        told = {
            name: text.replace("{where}", where) for name, text in rng.choice(self.told[category]).items()
        }
        return told | {"address": where}


def _version(row: dict[str, str], rng: Random) -> dict[str, str]:
    """Return a story with its numbers, the place left open."""
    facts = {"where": "{where}", "n": rng.randint(1, 26), "m": rng.randint(3, 9), "k": rng.randint(18, 90)}
    return {name: row[name].format(**facts) for name in ("title", "description", "result")}
