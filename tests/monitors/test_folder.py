"""Which file speaks for which model, and files that extend files."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.monitors.files import Loaded, load, load_one
from core.monitors.patterns import escaped, filled, matcher, safe_in_path
from core.monitors.tree import Node, Place
from tests.monitors.texts import FULL, SHORT, folder, of

MORE = SHORT.count("\n") + 1


def _files(loaded: Loaded) -> dict[str, str]:
    return {model: resolved.file for model, resolved in loaded.monitors.items()}


def test_the_most_exact_file_speaks(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        {
            "all.yaml": of('"*"'),
            "credit.yml": of('"credit_*"'),
            "small/credit_eu.yaml": of('"credit_eu_?"'),
            "one.yaml": of("credit_eu_1"),
            "unregistered.yaml": of("new_model"),
            ".hidden.yaml": "broken: [",
            "..data/x.yaml": "broken: [",
            "notes.txt": "broken: [",
        },
    )
    loaded = load(place, ["fraud", "credit_us", "credit_eu_1", "credit_eu_2", "credit_eu_22"])
    assert not loaded.problems
    assert _files(loaded) == {
        "fraud": "all.yaml",
        "credit_us": "credit.yml",
        "credit_eu_1": "one.yaml",
        "credit_eu_2": "small/credit_eu.yaml",
        "credit_eu_22": "credit.yml",
        "new_model": "unregistered.yaml",
    }
    assert {model for model, resolved in loaded.monitors.items() if resolved.monitor.model == model} == set(
        loaded.monitors
    )


@pytest.mark.parametrize(("first", "second"), [('"cr*"', '"*it"'), ("credit", '"credit"'), ('"c*"', '"c*"')])
def test_a_tie_names_both_files_and_answers_for_neither(tmp_path: Path, first: str, second: str) -> None:
    place = folder(tmp_path, {"a.yaml": of(first), "b.yaml": "\n" + of(second), "other.yaml": of("other")})
    loaded = load(place, ["credit", "other"])
    assert _files(loaded) == {"other": "other.yaml"}
    (problem,) = loaded.problems
    assert (problem.file, problem.line) == ("b.yaml", 2)
    assert "a.yaml" in problem.message


def test_a_broken_file_leaves_the_others_and_no_broader_file_takes_its_model(tmp_path: Path) -> None:
    files = {f"m{n}.yaml": of(f"m{n}") for n in range(300)}
    files |= {"all.yaml": of('"*"'), "m7.yaml": of("m7", more="oops: 1\n"), "m8.yaml": of("m8", more="zone: [\n")}
    files |= {"m9.yaml": of("'m9'  # nine", more="extends: none.yaml\n"), "p.yaml": of('"p_*"', more="tsak: x\n")}
    loaded = load(folder(tmp_path, files), ["m7", "m8", "m9", "p_1", "q"])
    assert [(p.file, p.line) for p in loaded.problems] == [
        ("m7.yaml", MORE),
        ("m8.yaml", MORE),
        ("m9.yaml", MORE),
        ("p.yaml", MORE),
    ]
    assert set(loaded.monitors) == {f"m{n}" for n in range(300) if n not in (7, 8, 9)} | {"q"}


def test_a_folder_that_is_not_there_holds_no_monitor(tmp_path: Path) -> None:
    loaded = load(tmp_path / "none", ["a"])
    assert not loaded.monitors
    assert not loaded.problems


def test_the_models_name_stands_in_every_text(tmp_path: Path) -> None:
    text = of('"*"', table="logs/{model}/*.parquet", more="fixed_version: v-{model}\nlatency: lat_{{model}}\n")
    text += "label: {column: '{model}_y', id: i, table: {delta: 'labels/{model}'}}\nprediction: '{model}{model}'\n"
    loaded = load(folder(tmp_path, {"a.yaml": text.replace('"logs', "'logs")}), ["größe 1", "b"])
    assert not loaded.problems
    monitor = loaded.monitors["größe 1"].monitor
    assert monitor.log.files == "logs/größe 1/*.parquet"
    assert monitor.fixed_version == "v-größe 1"
    assert monitor.latency == "lat_{model}"
    assert monitor.prediction == "größe 1größe 1"
    assert monitor.label is not None
    assert monitor.label.table is not None
    assert (monitor.label.column, monitor.label.table.delta) == ("größe 1_y", "labels/größe 1")
    assert loaded.monitors["b"].id != loaded.monitors["größe 1"].id


HOSTILE = ["../x", "a/b", "a\\b", "..", ".", "", ".x", "a..b", "a'b", 'a"b', "a*b", "a?b", "a[b]", "{a,b}", "{model}"]
HOSTILE += ["a\nb", "a\0b", "~x", "$HOME", "%2e", "s3:x", "a;b", "a|b", "-x", " x", "x ", "x.", "a#b", "a&b", "\u202ex"]


@pytest.mark.parametrize("model", HOSTILE)
@pytest.mark.parametrize("key", ["files", "delta"])
def test_a_name_that_could_lead_elsewhere_never_stands_in_a_path(tmp_path: Path, model: str, key: str) -> None:
    assert not safe_in_path(model)
    text = of('"*"').replace("files: logs/*.parquet", f'{key}: "logs/{{model}}/x"')
    loaded = load(folder(tmp_path, {"a.yaml": text}), [model, "safe-name_1.2 b"])
    assert list(loaded.monitors) == ["safe-name_1.2 b"]
    (problem,) = loaded.problems
    assert (problem.file, problem.line) == ("a.yaml", 3)
    assert "cannot stand in a path" in problem.message


@given(st.text(alphabet="ab_-. /\\*ü٣", max_size=8))
def test_a_safe_name_is_one_part_of_a_path(name: str) -> None:
    if safe_in_path(name):
        assert os.path.normpath(f"logs/{name}/x") == f"logs/{name}/x"
        assert not set(name) & set("/\\*?[]{}'\"\0\n:~$")


def test_hostile_names_are_harmless_elsewhere(tmp_path: Path) -> None:
    models = [name for name in HOSTILE if name]
    text = of('"*"', more="fixed_version: '{model}'\n")
    loaded = load(folder(tmp_path, {"a.yaml": text}), models)
    assert not loaded.problems
    assert {name: resolved.monitor.fixed_version for name, resolved in loaded.monitors.items()} == dict(
        zip(models, models, strict=True)
    )


@pytest.mark.parametrize("key", ["url", "query", "watermark", "password_env"])
@pytest.mark.parametrize("model", ["*", "credit"])
def test_a_name_never_stands_in_a_query(tmp_path: Path, key: str, model: str) -> None:
    sql = {"url": "sqlite:///x", "query": "select 1", "watermark": "t", "password_env": "PW"} | {key: "a '{model}'"}
    lines = "".join(f'    {name}: "{value}"\n' for name, value in sql.items())
    text = of(f'"{model}"').replace("  files: logs/*.parquet\n", f"  sql:\n{lines}")
    (problem,) = load(folder(tmp_path, {"a.yaml": text}), ["'; drop table x --"]).problems
    assert (problem.file, problem.line) == ("a.yaml", 4 + list(sql).index(key))
    assert (":model" in problem.hint) == (key == "query")


def test_a_bound_model_and_a_written_brace_may_stand_in_a_query(tmp_path: Path) -> None:
    sql = "  sql:\n    url: sqlite:///x\n    watermark: t\n    query: select '{{model}}' from t where m = :model\n"
    text = of('"*"').replace("  files: logs/*.parquet\n", sql)
    loaded = load(folder(tmp_path, {"a.yaml": text}), ["a'b"])
    stated = loaded.monitors["a'b"].monitor.log.sql
    assert stated is not None
    assert stated.query == "select '{model}' from t where m = :model"


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*", "", True),
        ("a*", "a\nb/c", True),
        ("a?c", "a*c", True),
        ("a?c", "ac", False),
        ("[ab]", "a", False),
        ("[ab]*", "[ab]x", True),
        ("A*", "abc", False),
        ("a.c*", "abc", False),
        ("!a*", "!a", True),
    ],
)
def test_only_star_and_question_mark_are_special(pattern: str, name: str, fits: bool) -> None:
    assert bool(matcher(pattern)(name)) is fits


def test_a_pattern_of_many_stars_is_quick() -> None:
    assert not matcher("*a" * 100 + "b")("a" * 250)


@given(st.text(alphabet="{}model x", max_size=40), st.text(max_size=5))
def test_a_written_brace_is_read_back(text: str, model: str) -> None:
    node = filled(Node(escaped(text), Place("a", 1)), model, ("score",))
    assert node.value == text


def test_extends_merges_and_keeps_the_line_where_it_was_written(tmp_path: Path) -> None:
    base = FULL.replace("model: credit_default", "abstract: true")
    child = "extends: parts/base.yaml\nmodel: b\nthresholds: [0.1]\nprotected: {sex: {column: gender}}\nkpis: null\n"
    place = folder(tmp_path, {"parts/base.yaml": base, "b.yaml": child})
    loaded = load(place, [])
    assert not loaded.problems
    resolved = loaded.monitors["b"]
    monitor = resolved.monitor
    assert (monitor.thresholds, monitor.protected["sex"].column) == ((0.1,), "gender")
    assert monitor.protected["sex"].names == {"1": "men", "2": "women"}
    assert monitor.protected["age"].bands == (25, 40, 60)
    assert not monitor.kpis
    assert resolved.file == "b.yaml"
    assert resolved.places["protected", "sex", "column"] == Place("b.yaml", 4)
    score = base.split("\n").index("score: p_default") + 1
    assert resolved.places["score",] == Place("parts/base.yaml", score)
    assert load_one(place / "b.yaml").id == resolved.id


def test_a_mistake_in_an_extended_file_is_told_once_with_its_own_line(tmp_path: Path) -> None:
    base = "abstract: true\nzone: UTC\nlatncy: x\n"
    files = {"base.yaml": base} | {f"m{n}.yaml": f"extends: base.yaml\n{of(f'm{n}')}" for n in range(5)}
    (problem,) = load(folder(tmp_path, files), []).problems
    assert (problem.file, problem.line, problem.suggestion) == ("base.yaml", 3, "latency")
    alone = load(folder(tmp_path / "monitors", {"base.yaml": base + "task: binry\n"}), []).problems
    assert [(p.line, p.suggestion) for p in alone] == [(3, "latency"), (4, "binary")]


def test_extends_is_bounded_and_never_goes_round(tmp_path: Path) -> None:
    chain = {f"c{n}.yaml": f"abstract: true\nextends: c{n - 1}.yaml\n" for n in range(1, 10)}
    chain |= {"c0.yaml": of("x").replace("model: x\n", "abstract: true\n"), "ok.yaml": "model: ok\nextends: c7.yaml\n"}
    chain |= {"deep.yaml": "model: deep\nextends: c8.yaml\n"}
    loaded = load(folder(tmp_path, chain), [])
    assert list(loaded.monitors) == ["ok"]
    assert {(p.file, p.line) for p in loaded.problems} == {("c1.yaml", 2)}
    assert all("8 files deep" in p.message for p in loaded.problems)
    round_trip = {"a.yaml": "extends: b.yaml\n" + of("a"), "b.yaml": "extends: a.yaml\nabstract: true\n"}
    loaded = load(folder(tmp_path / "monitors", round_trip), [])
    assert not loaded.monitors
    assert "b.yaml -> a.yaml -> b.yaml" in " ".join(p.message for p in loaded.problems)


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("score: hunter2\n")
    place = folder(tmp_path, {"a.yaml": of("a"), "b.yaml": of("b", more="extends: link.yaml\n"), "..d/k.yaml": of("k")})
    (place / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (place / "k.yaml").symlink_to(Path("..d", "k.yaml"))  # as Kubernetes lays a ConfigMap
    loaded = load(place, [])
    assert sorted(loaded.monitors) == ["a", "k"]
    assert [(p.file, p.line) for p in loaded.problems] == [("b.yaml", MORE), ("link.yaml", None)]
    assert all("out of the folder" in p.message and "hunter2" not in p.message for p in loaded.problems)


def test_the_id_follows_what_is_read_and_nothing_else(tmp_path: Path) -> None:
    def identity(text: str) -> str:
        return load_one(folder(tmp_path, {"a.yaml": text}) / "a.yaml").id

    first = identity(FULL)
    assert len(first) == 16
    same = FULL.replace("favourable: negative", "favourable: positive")
    same = same.replace("[income, debt]", "[debt, income]").replace("complete_after_days: 90", "complete_after_days: 9")
    assert same != FULL
    assert identity(same.replace("# How", "# Why")) == first
    assert identity(FULL.replace("window: day\n", "")) == first  # the default
    for old, new in (
        ("window: day", "window: week"),
        ("positive: 1", "positive: true"),
        ("bands: [25,", "bands: [26,"),
    ):
        assert identity(FULL.replace(old, new)) != first
