"""The words that docs/words.md rules out stand nowhere a user can see."""

import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
NEVER = re.findall(
    r"^\| ([\u4e00-\u9fff]+) \|",
    (ROOT / "docs" / "words.md").read_text().split("## Never said")[1],
    re.MULTILINE,
)
SHIPPED = [
    *ROOT.glob("templates/**/*.html"),
    *ROOT.glob("templates/**/*.txt"),
    *ROOT.glob("static/js/*.js"),
    *ROOT.glob("grid/*/data/*.json"),
    *ROOT.glob("governance/demo/**/*.py"),
    *ROOT.glob("governance/demo/**/*.json"),
]


def test_the_list_of_words_is_read():
    assert {"案件", "复核", "拒绝", "失败", "上访户"} <= set(NEVER)


@pytest.mark.parametrize("word", NEVER)
def test_no_translation_says(word):
    catalogues = [polib.pofile(str(file)) for file in ROOT.glob("locale/*/LC_MESSAGES/*.po")]
    assert sum(len(catalogue) for catalogue in catalogues) > 100
    said = [entry.msgid for catalogue in catalogues for entry in catalogue if word in entry.msgstr]

    assert said == []


@pytest.mark.parametrize("word", NEVER)
def test_no_page_and_no_shipped_data_say(word):
    assert len(SHIPPED) > 50
    assert [file.name for file in SHIPPED if word in file.read_text()] == []
