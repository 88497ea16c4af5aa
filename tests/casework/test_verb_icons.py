"""Pictures beside entries."""

from governance.portal.templatetags.components import ICONS
from grid.casework import kinds
from grid.casework.verb_icons import VERB_ICONS


def test_every_picture_is_vendored_and_belongs_to_a_step() -> None:
    verbs = {step.name for kind in kinds.all_kinds() for step in kind.steps}

    assert {name for name in VERB_ICONS.values() if not (ICONS / f"{name}.svg").exists()} == set()
    assert set(VERB_ICONS) - verbs == set()
