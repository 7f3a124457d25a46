"""A stage map: which rule wins, and what a pattern stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance.stages import stage_and_reason, stage_of
from core.settings import STAGES, StageMap, StageRules

NOTHING = StageMap(production=StageRules(), staging=StageRules(), archived=StageRules())
_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(str.strip).filter(bool)


def told(stages: StageMap, *, model="m", newest=True, registry_stage="None", aliases=(), tags=None) -> tuple[str, str]:
    return stage_and_reason(
        stages, model=model, newest=newest, registry_stage=registry_stage, aliases=aliases, tags=tags or {}
    )


def only(**rules: tuple[str, ...]) -> StageMap:
    return NOTHING.model_copy(update={"production": StageRules(**rules)})


def test_without_a_rule_a_version_is_in_development() -> None:
    assert told(NOTHING, aliases=["champion"], registry_stage="Production", tags={"a": "b"}) == ("development", "")


@pytest.mark.parametrize(
    ("given_", "stage"),
    [
        ({"aliases": ["champion"]}, "production"), ({"aliases": ["prod"]}, "production"),
        ({"aliases": ["LIVE"]}, "production"), ({"aliases": ["challenger"]}, "staging"),
        ({"aliases": ["candidate"]}, "staging"), ({"aliases": ["archived"]}, "archived"),
        ({"registry_stage": "Production"}, "production"), ({"registry_stage": "Staging"}, "staging"),
        ({"registry_stage": "Archived"}, "archived"), ({"registry_stage": "None"}, "development"),
        ({"registry_stage": None}, "development"), ({"model": "prod.credit"}, "production"),
        ({"model": "credit.prod"}, "production"), ({"model": "staging.credit"}, "staging"),
        ({"model": "production.credit"}, "development"), ({"model": "prodcredit"}, "development"),
    ],
)  # fmt: skip
def test_the_default_map_reads_the_common_habits(given_: dict, stage: str) -> None:
    assert told(StageMap(), **given_)[0] == stage


def test_production_wins_over_staging_and_staging_over_archived() -> None:
    assert told(StageMap(), aliases=["archived", "challenger", "champion"])[0] == "production"
    assert told(StageMap(), aliases=["archived", "challenger"])[0] == "staging"


def test_what_a_version_bears_wins_over_the_name_of_its_model() -> None:
    assert told(StageMap(), model="prod.credit", aliases=["challenger"]) == ("staging", "alias challenger")


def test_a_name_speaks_of_the_newest_version_and_the_others_are_archived() -> None:
    assert told(StageMap(), model="prod.credit", newest=True) == ("production", "name prod.*")
    assert told(StageMap(), model="prod.credit", newest=False) == ("archived", "name prod.*, not its newest version")


def test_an_alias_holds_for_an_older_version() -> None:
    assert told(StageMap(), newest=False, aliases=["champion"])[0] == "production"


def test_a_tag_matches_as_key_and_value() -> None:
    rules = only(tags=("approved=yes*",))
    assert told(rules, tags={"approved": "yes, by Ada"}) == ("production", "tag approved=yes*")
    assert told(rules, tags={"approved": "no"})[0] == "development"
    assert told(rules, tags={"disapproved": "yes"})[0] == "development"


@pytest.mark.parametrize(
    ("kind", "given_", "reason"),
    [
        ("aliases", {"aliases": ["X1"]}, "alias x?"),
        ("stages", {"registry_stage": "X1"}, "MLflow stage x?"),
        ("names", {"model": "X1"}, "name x?"),
    ],
)
def test_the_reason_names_the_rule_that_matched(kind: str, given_: dict, reason: str) -> None:
    assert told(only(**{kind: ("zz", "x?")}), **given_) == ("production", reason)


def test_a_question_mark_stands_for_one_character() -> None:
    rules = only(aliases=("v?",))
    assert [told(rules, aliases=[alias])[0] for alias in ("v1", "v", "v12")] == [
        "production",
        "development",
        "development",
    ]


@given(_words)
def test_the_case_of_an_alias_does_not_matter(alias: str) -> None:
    assert told(only(aliases=("gold*",)), aliases=["GOLD" + alias])[0] == "production"


@pytest.mark.parametrize(
    ("kind", "pattern", "given_"),
    [
        ("names", "risk [v2]", {"model": "risk [v2]"}),
        ("aliases", "[a-z]", {"aliases": ["[a-z]"]}),
        ("tags", "k=[v]", {"tags": {"k": "[v]"}}),
    ],
)
def test_brackets_are_plain_letters(kind: str, pattern: str, given_: dict) -> None:
    assert told(only(**{kind: (pattern,)}), **given_)[0] == "production"


@given(_words, _words)
def test_a_name_without_wildcards_matches_itself_alone(pattern: str, other: str) -> None:
    if any(mark in pattern for mark in "*?["):
        return
    matched = told(only(names=(pattern,)), model=other)[0] == "production"
    assert matched == (pattern.lower() == other.lower())


_maps = st.builds(
    StageMap,
    production=st.builds(StageRules, aliases=st.lists(_words, max_size=2), names=st.lists(_words, max_size=2)),
    staging=st.builds(StageRules, stages=st.lists(_words, max_size=2), tags=st.lists(_words, max_size=2)),
)


@given(
    _maps,
    _words,
    st.booleans(),
    st.none() | _words,
    st.lists(_words, max_size=2),
    st.dictionaries(_words, _words, max_size=2),
)
def test_every_version_has_one_known_stage_and_no_reason_only_in_development(
    stages: StageMap, model: str, newest: bool, registry_stage: str | None, aliases: list[str], tags: dict[str, str]
) -> None:
    stage, reason = told(
        stages, model=model, newest=newest, registry_stage=registry_stage, aliases=aliases, tags=tags
    )  # fmt: skip
    assert stage in STAGES
    assert bool(reason) == (stage != "development")
    assert stage == stage_of(
        stages, model=model, newest=newest, registry_stage=registry_stage, aliases=aliases, tags=tags
    )  # fmt: skip
