"""Rules of projects: laws of matching, hostile rules, the words they are told in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.governance.projects import (
    KINDS,
    LONGEST,
    MOST_CLAUSES,
    PARTS,
    Clause,
    Rule,
    Thing,
    as_json,
    matches,
    matching,
    rule_from,
    sentence,
    workspace_of,
)  # fmt: skip

letters = st.text("aAbB/*?[=é", min_size=1, max_size=4).filter(lambda t: t.strip() == t)
tags = st.builds("{}={}".format, letters, letters)
clauses = st.builds(
    Clause, sources=st.lists(letters, max_size=2), experiments=st.lists(letters, max_size=2),
    models=st.lists(letters, max_size=2), tags=st.lists(tags, max_size=2), workspaces=st.lists(letters, max_size=2),
)  # fmt: skip
rules = st.builds(Rule, clauses=st.lists(clauses, max_size=3))
things = st.builds(
    Thing, kind=st.sampled_from(KINDS), ref=letters, source=letters, name=letters,
    tags=st.lists(tags, max_size=2).map(tuple),
)  # fmt: skip


@given(things)
def test_a_rule_without_clauses_matches_nothing(thing: Thing) -> None:
    assert not matches(Rule(), thing)


@given(rules, clauses, things)
def test_a_clause_more_never_removes_a_match(rule: Rule, clause: Clause, thing: Thing) -> None:
    wider = Rule(clauses=(*rule.clauses, clause))
    assert matches(wider, thing) == (matches(rule, thing) or matches(Rule(clauses=(clause,)), thing))


@given(clauses, things, st.sampled_from(PARTS), st.lists(tags, min_size=1, max_size=2))
def test_a_part_more_never_adds_a_match_to_what_a_clause_speaks_of(
    clause: Clause, thing: Thing, part: str, entries: list[str]
) -> None:
    if getattr(clause, part) or not clause.speaks_of(thing.kind):
        return
    narrower = clause.model_copy(update={part: tuple(entries)})
    if matches(Rule(clauses=(narrower,)), thing):
        assert matches(Rule(clauses=(clause,)), thing)


@given(rules, things)
def test_case_makes_no_difference(rule: Rule, thing: Thing) -> None:
    loud = Thing(thing.kind, thing.ref, thing.source.upper(), thing.name.upper(), tuple(t.upper() for t in thing.tags))
    assert matches(rule, thing) == matches(rule, loud)


@given(rules.filter(lambda rule: Clause() not in rule.clauses))
def test_a_rule_survives_being_kept(rule: Rule) -> None:
    assert rule_from(as_json(rule)) == rule


CREDIT = Thing("model", "s:credit_risk", "s", "credit_risk", ("team=risk", "tier=high"))
SWEEP = Thing("experiment", "s:1", "s", "credit/sweep", ("team=risk",))
TEAMS = Thing("model", "s:blue/credit", "s", "blue/credit")


@pytest.mark.parametrize(
    ("clause", "refs"),
    [
        ({"models": ["credit_*"]}, {CREDIT.ref}),
        ({"experiments": ["CREDIT/?weep"]}, {SWEEP.ref}),
        ({"models": ["credit_risk"], "experiments": ["credit/*"]}, {CREDIT.ref, SWEEP.ref}),
        ({"tags": ["team=*"]}, {CREDIT.ref, SWEEP.ref}),
        ({"tags": ["tier=high", "x=y"]}, {CREDIT.ref}),
        ({"tags": ["team=risk"], "models": ["other"]}, set()),
        ({"sources": ["S"]}, {CREDIT.ref, SWEEP.ref, TEAMS.ref}),
        ({"workspaces": ["Blue"]}, {TEAMS.ref}),
        ({"workspaces": ["default"]}, {CREDIT.ref}),
        ({"models": ["*["]}, set()),
        ({"models": ["credit.risk"]}, set()),
    ],
)  # fmt: skip
def test_what_a_clause_matches(clause: dict[str, Any], refs: set[str]) -> None:
    assert matching(rule_from({"clauses": [clause]}), [CREDIT, SWEEP, TEAMS]) == refs


def test_a_name_tells_its_workspace() -> None:
    assert [workspace_of(name) for name in ("a", "team/a", "team/a/b")] == ["default", "team", "team"]


@pytest.mark.parametrize(
    ("stated", "field", "says"),
    [
        ({"clause": []}, "clause", "Did you mean clauses?"),
        ({"clauses": [{"modles": ["a"]}]}, "clauses.0.modles", "Clause 1: there is no 'modles'. Did you mean models?"),
        ({"clauses": [{"models": "a"}]}, "clauses.0.models", "models is a list, got 'a'."),
        ({"clauses": [{"tags": ["a=b"]}, {"models": [1]}]}, "clauses.1.models.0", "an entry is a text, got int"),
        ({"clauses": [{"models": [" "]}]}, "clauses.0.models.0", f"1 to {LONGEST} characters"),
        ({"clauses": [{"models": ["x" * 251]}]}, "clauses.0.models.0", f"1 to {LONGEST} characters"),
        ({"clauses": [{"models": ["x"] * 51}]}, "clauses.0.models", "at most 50, got 51"),
        ({"clauses": [{"models": ["x"]}] * (MOST_CLAUSES + 1)}, "clauses", "at most 20, got 21"),
        ({"clauses": [{}]}, "clauses.0", "states nothing"),
        ({"clauses": [{"tags": ["team"]}]}, "clauses.0.tags", "a tag reads key=value"),
        ({"clauses": [None]}, "clauses.0", "no clause"),
        ("everything", "", "no rule"),
        (None, "", "no rule"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(stated: Any, field: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        rule_from(stated)
    assert refused.value.field == field
    assert says.lower() in refused.value.message.lower()


def test_many_mistakes_are_all_counted() -> None:
    with pytest.raises(Invalid, match="And 12 more mistakes"):
        rule_from({"clauses": [{"models": list(range(20))}]})


def test_a_pattern_made_to_be_slow_is_not() -> None:
    thing = Thing("model", "s:x", "s", "a" * 250)
    assert not matches(rule_from({"clauses": [{"models": ["*a" * 100 + "b"] * 50}]}), thing)


def test_a_rule_is_told_in_words() -> None:
    rule = rule_from({"clauses": [{"tags": ["team=risk"]}, {"models": ["a", "b*"], "sources": ["x", "y"]}]})
    assert sentence(rule) == "everything with tag team=risk; or models named a or b* of sources x or y"
    assert sentence(Rule()) == "nothing yet"
