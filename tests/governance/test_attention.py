"""What needs a person, how names are listed, and what an observation says in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance.attention import LATE_INTERVALS, is_stale, named, plural
from core.governance.sentences import Told, tell


@pytest.mark.parametrize(("late_ms", "stale"), [(0, False), (180_000, False), (180_001, True)])
def test_a_source_is_stale_when_it_missed_three_syncs(late_ms: int, stale: bool) -> None:
    assert LATE_INTERVALS == 3
    assert is_stale(complete_ms=5, interval_s=60, now_ms=5 + late_ms) is stale


@given(st.integers(0, 2**60))
def test_a_source_that_syncs_on_demand_is_never_stale(now_ms: int) -> None:
    assert not is_stale(complete_ms=0, interval_s=0, now_ms=now_ms)


@given(st.integers(0, 2**60))
def test_a_source_that_never_went_through_is_not_called_stale(now_ms: int) -> None:
    assert not is_stale(complete_ms=None, interval_s=60, now_ms=now_ms)


@pytest.mark.parametrize(
    ("names", "of", "expected"),
    [
        ([], 0, ""), (["a"], 1, "a"), (["a", "b", "c"], 3, "a, b, c"), (["a", "b", "c", "d"], 4, "a, b, c and 1 more"),
        (["a", "b", "c"], 5_000, "a, b, c and 4,997 more"), (["a"], 2, "a and 1 more"),
    ],
)  # fmt: skip
def test_the_first_names_and_how_many_besides(names: list[str], of: int, expected: str) -> None:
    assert named(names, of=of) == expected


@given(st.lists(st.just("x"), max_size=9), st.integers(1, 9))
def test_no_name_is_lost_or_counted_twice(names: list[str], most: int) -> None:
    said = named(names, of=len(names), most=most)
    shown, _, rest = said.partition(" and ")
    assert shown.count("x") + int(rest.split()[0] if rest else 0) == len(names)


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 models"), (1, "1 model"), (2, "2 models"), (1_234_567, "1,234,567 models")]
)
def test_one_model_and_two_models(number: int, said: str) -> None:
    assert plural(number, "model") == said


def test_a_noun_may_have_its_own_plural() -> None:
    assert (plural(1, "history", "histories"), plural(2, "history", "histories")) == ("1 history", "2 histories")


@pytest.mark.parametrize(
    ("kind", "subject", "before", "after", "text", "sign"),
    [
        ("alias", "m@champion", None, "3", "champion was given to version 3", "alias"),
        ("alias", "m@champion", "2", "3", "champion moved 2 → 3", "alias"),
        ("alias", "m@champion", "3", None, "champion was taken from version 3", "alias"),
        ("stage", "m/3", None, "Staging", "version 3 moved None → Staging", "stage"),
        ("stage", "m/3", "Staging", None, "version 3 moved Staging → None", "stage"),
        ("version", "m/3", None, "registered", "version 3 was registered", "version"),
        ("version", "m/3", "registered", None, "version 3 was deleted", "gone"),
        ("model", "m", None, "registered", "was registered", "model"),
        ("model", "m", "registered", None, "was deleted from the registry", "gone"),
        ("source", "m", "up", "down", "could not be reached", "down"),
        ("source", "m", "down", "up", "is reachable again", "up"),
    ],
)
def test_each_change_of_the_registry_in_words(
    kind: str, subject: str, before: str | None, after: str | None, text: str, sign: str
) -> None:
    told = tell(kind, subject, before, after)
    assert (told.name, told.text, told.sign) == ("m", text, sign)


@pytest.mark.parametrize(
    ("kind", "after", "said", "many"),
    [
        ("run", "deleted", "Run x was deleted", "3 runs were deleted"),
        ("run", "active", "Run x was restored", "3 runs were restored"),
        ("run", None, "Run x is gone from the source", "3 runs gone from the source"),
        ("experiment", "deleted", "Experiment x was deleted", "3 experiments were deleted"),
        ("experiment", "registered", "Experiment x was created", "3 experiments were created"),
    ],
)
def test_each_change_of_runs_and_experiments_in_words(kind: str, after: str | None, said: str, many: str) -> None:
    one, several = (tell(kind, "id", "active", after, name="x", many=number) for number in (1, 3))
    assert f"{one.name} {one.text}" == said
    assert f"{several.name} {several.text}" == many


def test_what_was_found_at_the_first_sync_is_not_told_as_a_change() -> None:
    assert tell("alias", "m@champion", None, "3", baseline=True).text == "champion already pointed to version 3"
    assert tell("stage", "m/3", None, "Staging", baseline=True).text == "version 3 was already in Staging"


@pytest.mark.parametrize("model", ["a@b", "a/b", "a@b/c@d", "<b>", "🚀"])
def test_a_models_name_may_hold_what_separates(model: str) -> None:
    assert tell("alias", f"{model}@champion", None, "3").model == model
    stage = tell("stage", f"{model}/3", None, "Staging")
    assert (stage.model, stage.version) == (model, "3")


@pytest.mark.parametrize(
    ("kind", "subject", "before"),
    [("version", "m/3", "registered"), ("model", "m", "registered"), ("run", "r", "active")],
)
def test_what_is_gone_leads_to_no_version(kind: str, subject: str, before: str) -> None:
    assert tell(kind, subject, before, None).version is None


@given(
    st.sampled_from(["alias", "stage", "version", "model", "source", "run", "experiment", "new kind"]),
    st.text(max_size=20),
    st.none() | st.text(max_size=5),
    st.none() | st.text(max_size=5),
    st.integers(1, 10_000),
    st.booleans(),
)
def test_every_observation_has_words(kind, subject, before, after, many, baseline) -> None:
    told = tell(kind, subject, before, after, many=many, baseline=baseline)
    assert isinstance(told, Told)
    assert told.text
    assert told.sign in ("alias", "stage", "version", "model", "run", "experiment", "up", "down", "gone")
