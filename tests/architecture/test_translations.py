"""Chinese is complete: every text of code and pages stands in the catalogue, with the same places in it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
TOPS = ("governance", "grid", "petitions", "mediation", "risk_assessment")
ONE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
TWO = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd](?![\w])")


def code_texts() -> Iterator[tuple[str, str]]:
    """Return where and what every text of the Python code is."""
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            yield from calls(path.read_text(), str(path.relative_to(ROOT)))


def template_texts() -> Iterator[tuple[str, str]]:
    """Return where and what every text of the templates is, read by Django's own extractor."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        source = templatize(path.read_text(), origin=str(path))
        found = re.findall(
            r"(n?gettext|pgettext)\(u?((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")[^)]*)\)|_\(((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))\)",
            source,
        )
        for function, arguments, single in found:
            text = f"{function or '_'}({arguments or single})"
            try:
                ast.parse(text)
            except SyntaxError:
                text = text.rsplit(",", 1)[0] + ")"
            yield from calls(text, str(path.relative_to(ROOT)))


def calls(source: str, where: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if (name in ONE and texts) or (name in TWO and len(texts) >= 2):
            yield where, texts[0]
        elif name in CONTEXT and len(texts) >= 2:
            yield where, texts[1]


@cache
def catalogue() -> dict[str, polib.POEntry]:
    return {entry.msgid: entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete}


def test_the_extractor_finds_texts_in_code_and_templates() -> None:
    assert ("grid/casework/errors.py", "The step was not taken.") in set(code_texts())
    assert ("templates/base.html", "Skip to the content") in set(template_texts())


def test_every_text_has_a_translation() -> None:
    missing = sorted(
        {
            f"{where}: {text}"
            for where, text in [*code_texts(), *template_texts()]
            if text and text not in catalogue()
        }
    )
    assert missing == []


def test_no_translation_is_empty_or_guessed() -> None:
    empty = [
        e.msgid
        for e in catalogue().values()
        if "fuzzy" in e.flags or not (e.msgstr or all(e.msgstr_plural.values() or [""]))
    ]
    assert empty == []


def test_translations_keep_the_places_of_their_values() -> None:
    wrong = []
    for entry in catalogue().values():
        for text in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            ours = set(PLACES.findall(text))
            # Chinese has one form for all numbers: it needs the number also where English says “1 day”.
            if ours != set(PLACES.findall(entry.msgid_plural or entry.msgid)):
                wrong.append(entry.msgid)
    assert wrong == []
