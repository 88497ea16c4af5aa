"""The table of every kind is sound: no status that nobody reaches, no dead end that is not an end."""

import inspect

import pytest

from grid.casework import kinds
from grid.casework.kinds import Kind
from grid.casework.models import Phase

KINDS = kinds.all_kinds()
each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.code for kind in KINDS])


def closed(kind: Kind) -> set[str]:
    return {info.code for info in kind.statuses if info.phase == Phase.CLOSED}


def test_there_is_a_kind_to_look_at():
    assert "incident" in {kind.code for kind in KINDS}


@each_kind
def test_every_status_is_reached_from_a_report(kind):
    reached: set[str] = set()
    for step in kind.steps:
        if step.opens:
            reached |= step.targets
    while True:
        further = {t for s in kind.steps if s.sources & reached for t in s.targets} - reached
        if not further:
            break
        reached |= further

    assert reached == {info.code for info in kind.statuses}


@each_kind
def test_every_open_status_leads_to_an_end_and_every_end_is_a_closed_phase(kind):
    ends = closed(kind)
    assert ends
    leads_on = set(ends)
    while True:
        further = {source for s in kind.steps if s.targets & leads_on for source in s.sources} - leads_on
        if not further:
            break
        leads_on |= further

    assert leads_on >= {info.code for info in kind.statuses}


@each_kind
def test_every_step_names_only_statuses_of_its_kind(kind):
    known = {info.code for info in kind.statuses}
    for step in kind.steps:
        assert step.sources <= known, step.name
        assert step.targets <= known, step.name


@each_kind
def test_step_names_and_status_codes_stand_once(kind):
    names = [step.name for step in kind.steps]
    codes = [info.code for info in kind.statuses]

    assert len(names) == len(set(names))
    assert len(codes) == len(set(codes))


@each_kind
def test_an_opening_step_has_no_source_and_leads_somewhere_and_every_other_has_a_source(kind):
    for step in kind.steps:
        assert bool(step.sources) != step.opens, step.name
        assert step.targets or not step.opens, step.name


@each_kind
def test_only_a_step_that_opens_a_round_leads_out_of_an_end(kind):
    ends = closed(kind)
    for step in kind.steps:
        if step.sources & ends and step.targets - ends:
            assert step.opens_round, step.name
            assert step.sources <= ends, step.name


@each_kind
def test_every_effect_takes_the_data_that_its_step_asks_for(kind):
    taken_by_the_kernel = {"uploads", "happened_on"}
    for step in kind.steps:
        parameters = inspect.signature(step.effect).parameters
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            continue
        fields = set(step.data._declared_fields) - taken_by_the_kernel
        assert fields <= set(parameters), step.name
        required = {n for n, p in parameters.items() if p.default is p.empty} - {"by", "at"}
        assert required - {next(iter(parameters))} <= fields, step.name


@each_kind
def test_every_rule_that_a_step_names_is_shipped(kind):
    shipped = {rule.code for rule in kind.rules}
    for step in kind.steps:
        named = {c for c in (*step.starts, *step.meets, *step.cancels) if isinstance(c, str)}
        assert named <= shipped, step.name


@each_kind
def test_every_step_and_status_has_words(kind):
    for step in kind.steps:
        assert str(step.label), step.name
        assert str(step.who.words), step.name
    for info in kind.statuses:
        assert str(info.label), info.code
        assert str(info.public_text), info.code
