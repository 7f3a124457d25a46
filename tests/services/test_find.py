"""Ctrl+K: everything is found by its name, the best first, whatever is typed."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import NotFound
from core.services import find as finder
from core.services.find import Hit, find
from core.services.house import House
from tests.houses import SCRIPTS
from tests.mlflow_truth import HOSTILE

HOSTILE_QUERIES = [
    "'",
    '"',
    "''; DROP TABLE runs; --",
    "%",
    "_",
    "%%",
    "\\",
    "\\E",
    "(",
    ")",
    "[",
    "[a",
    "a{1",
    "*",
    "+",
    "?",
    "^",
    "$",
    "|",
    ".",
    "\0",
    "\n",
    "\t",
    "🚀",
    "👩‍👩‍👧",
    "\u202e",
    "$text",
    "$1",
    "\\pL",
    "(?i)",
    "\ufffe",
    "a" * 10_000,
    "a " * 5_000,
    "🚀" * 10_000,
]


def _places(hits: list[Hit], kind: str) -> list[tuple[str, dict[str, str]]]:
    return [(hit.page, dict(hit.params)) for hit in hits if hit.kind == kind]


def test_nothing_typed_shows_the_pages_alone(demo: House) -> None:
    pages = ["overview", "experiments", "compare_runs", "models", "audit", "sources"]
    assert [hit.page for hit in find(demo, "  ")] == pages


def test_a_page_is_found_by_what_it_is_for(demo: House) -> None:
    assert find(demo, "baseline difference")[0].page == "compare_runs"


def test_the_very_title_of_a_page_comes_first(demo: House) -> None:
    assert find(demo, "MODELS")[0] == Hit(
        kind="page", title="Models", subtitle="Registered models, stages, lineage", page="models"
    )


def test_every_hit_names_a_page_that_exists(demo: House) -> None:
    for text in ("", "credit", "income", "a"):
        assert all(finder.link(hit.page).startswith("pages/") for hit in find(demo, text))


def test_what_is_called_so_comes_before_a_page_that_merely_speaks_of_it(demo: House) -> None:
    hits = [(hit.kind, hit.title) for hit in find(demo, "baseline", limit=50)]
    assert hits.index(("experiment", "credit-risk/baseline")) < hits.index(("page", "Compare runs"))


def test_an_unknown_page_is_refused() -> None:
    with pytest.raises(NotFound, match="no page 'nowhere'"):
        finder.link("nowhere")


def test_a_model_is_found_by_its_name_and_counts_its_versions(demo: House, raw) -> None:
    count = raw.execute("SELECT count(*) FROM model_versions WHERE name = 'credit_risk'").fetchone()[0]
    first = find(demo, "credit_risk")[0]
    assert (first.kind, first.title, first.subtitle) == ("model", "credit_risk", f"{count} versions · demo")
    assert (first.page, dict(first.params)) == ("models", {"model": "demo:credit_risk"})


def test_every_model_of_the_registry_is_found_first_by_its_own_name(demo: House, raw) -> None:
    for (name,) in raw.execute("SELECT name FROM registered_models"):
        assert (find(demo, name)[0].kind, find(demo, name)[0].title) == ("model", name)


def test_a_model_is_found_by_a_tag(demo: House) -> None:
    assert ("models", {"model": "demo:car_price"}) in _places(find(demo, "motor"), "model")


def test_a_model_is_found_by_its_description(bank) -> None:
    assert ("models", {"model": "s:credit_risk"}) in _places(find(bank.house, "scores LOANS"), "model")


@pytest.mark.parametrize("typed", ["credit_risk v3", "credit_risk/3", "CREDIT_RISK 3", "credit champion", "v3 credit"])
def test_a_version_is_found_however_it_is_written(demo: House, typed: str) -> None:
    assert ("models", {"model": "demo:credit_risk", "version": "3"}) in _places(find(demo, typed), "version")


def test_a_version_is_found_by_its_stage(demo: House, raw) -> None:
    found = _places(find(demo, "production", limit=50), "version")
    assert ("models", {"model": "demo:car_price", "version": "3"}) in found
    assert ("models", {"model": "demo:car_price", "version": "4"}) not in found


def test_a_version_is_found_by_the_run_it_came_from(demo: House, raw) -> None:
    name, version, run_id = raw.execute(
        "SELECT name, version, run_id FROM model_versions WHERE run_id <> '' LIMIT 1"
    ).fetchone()
    found = find(demo, run_id)
    assert ("models", {"model": f"demo:{name}", "version": str(version)}) in _places(found, "version")
    assert ("run", {"id": f"demo:{run_id}"}) in _places(found, "run")


def test_a_run_is_found_first_by_the_beginning_of_its_id(demo: House, raw) -> None:
    run_id = raw.execute("SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active' LIMIT 1").fetchone()[0]
    assert dict(find(demo, run_id[:12])[0].params) == {"id": f"demo:{run_id}"}


def test_runs_of_one_name_come_newest_first(demo: House, raw) -> None:
    newest = [
        row[0]
        for row in raw.execute(
            "SELECT run_uuid FROM runs WHERE name LIKE 'champion-seed%' AND lifecycle_stage = 'active'"
            " ORDER BY start_time DESC"
        )
    ]
    found = [params["id"] for _, params in _places(find(demo, "champion-seed", limit=len(newest)), "run")]
    assert len(newest) > 1
    assert found == [f"demo:{run_id}" for run_id in newest]


def test_an_experiment_is_found_by_part_of_its_name(demo: House) -> None:
    assert ("experiments", {"experiment": "demo:7"}) in _places(find(demo, "descent car"), "experiment")


def test_an_experiment_counts_the_runs_that_the_experiments_page_shows(demo: House, raw) -> None:
    rows = raw.execute(
        "SELECT e.name, count(r.run_uuid) AS n FROM experiments e LEFT JOIN runs r"
        " ON r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active'"
        " WHERE e.lifecycle_stage = 'active' GROUP BY e.experiment_id"
    ).fetchall()
    told = {row["name"]: next(h for h in find(demo, row["name"]) if h.kind == "experiment").subtitle for row in rows}
    assert told == {row["name"]: f"{row['n']} run{'s' if row['n'] != 1 else ''} · demo" for row in rows}


def test_deleted_runs_and_experiments_are_not_found(bank) -> None:
    assert not find(bank.house, bank.made.deleted)
    assert not find(bank.house, "abandoned")


def test_letters_case_does_not_matter(demo: House) -> None:
    assert find(demo, "CREDIT_RISK") == find(demo, "credit_risk")


def test_all_words_must_match(demo: House) -> None:
    assert not [hit for hit in find(demo, "credit_risk zzz") if hit.kind != "page"]


def test_never_more_than_the_limit(demo: House) -> None:
    assert len(find(demo, "e", limit=7)) == 7


@pytest.mark.parametrize("wild", ["%", "credit%risk", "credit?risk", "credit.risk", "credit*"])
def test_wildcards_are_plain_letters(demo: House, wild: str) -> None:
    assert find(demo, wild) == []


def test_an_underscore_finds_only_what_holds_one(demo: House) -> None:
    hits = [hit for hit in find(demo, "_", limit=500) if hit.kind == "model"]
    assert {hit.title for hit in hits} == {m for m in _names(demo) if "_" in m}


def _names(house: House) -> list[str]:
    return [row["name"] for row in house.facts.rows("SELECT name FROM models")]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_run_with_a_hostile_name_is_found_by_it_and_named_as_it_is(bank, text: str) -> None:
    run = next(hit for hit in find(bank.house, text) if hit.kind == "run")
    assert run.title == text[:250]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_name_of_any_script_is_found_by_itself(bank, name: str) -> None:
    assert name in [hit.title for hit in find(bank.house, name)]


@pytest.mark.parametrize("text", HOSTILE_QUERIES, ids=lambda text: ascii(text[:12]))
def test_a_hostile_query_finds_only_what_is_there_and_changes_nothing(bank, text: str) -> None:
    before = bank.house.facts.rows(
        "SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM models) AS models"
    )
    assert all(isinstance(hit, Hit) for hit in find(bank.house, text))
    after = bank.house.facts.rows("SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM models) AS models")
    assert after == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("\\")
@example("\x00")
@given(st.text(max_size=30))
def test_whatever_is_typed_has_an_answer(bank, text: str) -> None:
    assert len(find(bank.house, text)) <= 20
