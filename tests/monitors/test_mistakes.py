"""Every mistake in a file: its file, its line, and the nearest name."""

from pathlib import Path

import pytest

from core.errors import MonitorError
from core.monitors.files import load, load_one
from tests.monitors.texts import FULL, SHORT, folder, of

MORE = SHORT.count("\n") + 1  # the line after SHORT


def _changed(old: str, new: str, text: str = SHORT) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


# name, text, line, nearest name, what the sentence and hint must hold
BROKEN = [
    ("unknown key", SHORT + "tresholds: [0.5]\n", MORE, "thresholds", "no key 'tresholds'"),
    ("unknown key far from all", SHORT + "xqzvw: 1\n", MORE, "", "Allowed here: model, source"),
    ("unknown inner key", _changed("  column: ts", "  column: ts\n  niave: utc"), 6, "naive", "in timestamp"),
    ("misspelt required key", _changed("  column: ts", "  colum: ts"), 5, "column", "no key 'colum'"),
    ("missing key", _changed("timestamp:\n  column: ts\n", ""), 1, "", "'timestamp' is missing"),
    ("missing inner key", SHORT + "label:\n  complete_after_days: 3\n", MORE, "", "'column' is missing in label"),
    ("enum", SHORT + "task: binry\n", MORE, "binary", "Allowed here: binary, multiclass, regression, other"),
    (
        "enum in a list of keys",
        SHORT + "kpis:\n  r:\n    figure: x\n    better: hihger\n",
        MORE + 3,
        "higher",
        "better",
    ),
    ("text for a mapping", _changed("timestamp:\n  column: ts", "timestamp: ts"), 4, "", "`column: ts`"),
    (
        "text for a table",
        _changed("log:\n  files: logs/*.parquet", "log: logs.parquet"),
        2,
        "",
        "`files: logs.parquet`",
    ),
    ("text for a list", SHORT + "features:\n  numeric: age\n", MORE + 1, "", "Write [age]"),
    ("number for a list", SHORT + "thresholds: 0.4\n", MORE, "", "Write [0.4]"),
    ("number for a text", _changed("score: score", "score: 12"), 6, "", "Write it in quotes: '12'"),
    ("no for false", SHORT + "features: {all: no}\n", MORE, "", "Write false"),
    ("text for a number", SHORT + "thresholds:\n  - 0.5\n  - high\n", MORE + 2, "", "must be a number"),
    ("leading zero", SHORT + "label: {column: y, complete_after_days: 010}\n", MORE, "", "the text '010'"),
    ("fraction of a day", SHORT + "label: {column: y, complete_after_days: 1.5}\n", MORE, "", "a whole number"),
    ("negative days", SHORT + "label: {column: y, complete_after_days: -1}\n", MORE, "", "greater than or equal to 0"),
    ("infinite", SHORT + "thresholds: [.inf]\n", MORE, "", "must be a number"),
    ("too large", SHORT + "thresholds: [1e999]\n", MORE, "", "must be a number"),
    ("no value", SHORT + "features:\n", MORE, "", "features has no value"),
    ("list for a scalar", SHORT + "positive: [1]\n", MORE, "", "text, a number, true or false, got a list"),
    ("zone", SHORT + "zone: Europe/Viena\n", MORE, "Europe/Vienna", "zone is no time zone"),
    ("no day", _changed("since: 2026-01-01", "since: 2026-02-31"), 8, "", "no day of the calendar"),
    ("day in words", _changed("since: 2026-01-01", "since: January 1"), 8, "", "Write it as 2026-01-31"),
    ("days reversed", _changed("until: 2026-02-01", "until: 2025-02-01"), 9, "", "later day than since"),
    ("half a window", _changed("  until: 2026-02-01\n", ""), 7, "", "either table, or since and until"),
    ("two places", _changed("  files: logs/*.parquet", "  files: a.csv\n  delta: b"), 2, "", "exactly one of"),
    ("no output", _changed("score: score\n", ""), 1, "", "needs score or prediction"),
    ("bands", SHORT + "protected:\n  age:\n    column: age\n    bands: [40, 25]\n", MORE + 3, "", "must increase"),
    ("name of an attribute", SHORT + "protected:\n  a b:\n    column: x\n", MORE + 1, "", "'a b' in protected"),
    (
        "intersection",
        SHORT + "protected:\n  sex: {column: s}\nintersections:\n  - [sxe]\n",
        MORE + 3,
        "sex",
        "no protected attribute",
    ),
    ("class", SHORT + "classes: [cat, dog]\nprobabilities:\n  dgo: p\n", MORE + 2, "dog", "none of the classes"),
    ("named twice", SHORT + "features:\n  numeric: [a]\n  categorical: [a]\n", MORE + 1, "", "both numeric and categ"),
    ("empty text", _changed("score: score", 'score: ""'), 6, "", "score is empty"),
    ("placeholder", _changed("logs/*.parquet", '"logs/{modle}/*.parquet"'), 3, "{model}", "the only name"),
    ("placeholder without quotes", _changed("logs/*.parquet", "{model}"), 3, "", "must stand in quotes"),
    ("duplicate key", SHORT + "score: other\n", MORE, "", "stands in line 6"),
    ("duplicate inner key", _changed("  column: ts", "  column: ts\n  'column': t2"), 6, "", "written twice"),
    ("tab", _changed("  column: ts", "\tcolumn: ts"), 5, "", "Indent with spaces"),
    ("tab that YAML would join", _changed("score: score", "score: score\n\tmore"), 7, "", "Indent with spaces"),
    ("colon", _changed("score: score", "score: a: b"), 6, "", "A colon stands"),
    ("open quote", _changed("score: score", "score: 'score"), 6, "", "not closed"),
    ("open list", SHORT + "thresholds: [1, 2\nzone: UTC\n", MORE, "", "Close it with ]"),
    ("star", _changed("model: credit", "model: *"), 1, "", "quotes: '*'"),
    ("star and word", _changed("model: credit", "model: *credit"), 1, "", "must stand in quotes"),
    ("at sign", _changed("score: score", "score: @x"), 6, "", "in quotes"),
    ("indentation", _changed("  until: 2026-02-01", " until: 2026-02-01"), 9, "", "indentation"),
    ("merge key", SHORT + "<<: {zone: UTC}\n", MORE, "", "Use extends"),
    ("tag", _changed("score: score", "score: !!python/object/apply:os.system [ls]"), 6, "", "tag"),
    ("tag on text", _changed("score: score", "score: !!str score"), 6, "", "tag"),
    ("second document", SHORT + "---\nmodel: b\n", MORE, "", "second document"),
    ("list", "- model: credit\n", 1, "", "no mapping"),
    ("empty", "# nothing yet\n", 1, "", "empty"),
    ("key that is a list", SHORT + "? [a]\n: b\n", MORE, "", "key"),
    ("wrong bytes", _changed("score: score", "score: größe").encode("latin-1"), 6, "", "UTF-8"),
    ("UTF-16", SHORT.encode("utf-16"), 1, "", "UTF-16"),
    ("control character", _changed("score: score", "score: a\x07"), 6, "", "U+0007"),
    ("NUL", _changed("score: score", "score: a\0"), 6, "", "U+0000"),
    ("escape", _changed("score: score", r'score: "a\q"'), 6, "", "escape"),
    ("abstract", SHORT + "abstract: maybe\n", MORE, "", "true or false"),
    ("extends nothing", SHORT + "extends: bsae.yaml\n", MORE, "base.yaml", "which is no file"),
    ("extends a list", SHORT + "extends: [base.yaml]\n", MORE, "", "one file"),
    ("extends outside", SHORT + "extends: ../secret.yaml\n", MORE, "", "out of the folder"),
    ("extends absolute", SHORT + "extends: /etc/x.yaml\n", MORE, "", "relative"),
    ("extends another kind", SHORT + "extends: notes.txt\n", MORE, "", ".yaml"),
    ("extends itself", SHORT + "extends: broken.yaml\n", MORE, "", "circle"),
]


@pytest.mark.parametrize(("text", "line", "nearest", "said"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_mistake_is_placed_and_told(tmp_path: Path, text: str | bytes, line: int, nearest: str, said: str) -> None:
    place = folder(tmp_path, {"broken.yaml": text, "base.yaml": "abstract: true\n", "fine.yaml": of("fine")})
    (tmp_path / "secret.yaml").write_text("score: secret\n")
    loaded = load(place, ["credit", "fine", "model"])
    assert list(loaded.monitors) == ["fine"]
    (problem,) = loaded.problems
    assert (problem.file, problem.line, problem.suggestion) == ("broken.yaml", line, nearest)
    assert said in f"{problem.sentence} {problem.hint}"
    assert problem.message == f"broken.yaml, line {line}: {problem.sentence}"
    assert problem.hint
    assert "secret" not in problem.message.replace("../secret.yaml", "")
    with pytest.raises(MonitorError) as caught:
        load_one(place / "broken.yaml")
    assert str(caught.value) == str(problem)


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = SHORT + "tresholds: 1\ntask: binry\nzone: Nowhere\n"
    problems = load(folder(tmp_path, {"a.yaml": text}), []).problems
    assert [(problem.line, problem.suggestion) for problem in problems] == [
        (MORE, "thresholds"),
        (MORE + 1, "binary"),
        (MORE + 2, ""),
    ]


def test_tabs_inside_quoted_and_block_texts_are_texts(tmp_path: Path) -> None:
    sql = "  sql:\n    url: sqlite:///x\n    watermark: t\n    query: |\n      select\n      \ta\n      from t"
    place = folder(tmp_path, {"a.yaml": _changed("  files: logs/*.parquet", sql)})
    stated = load_one(place / "a.yaml").monitor.log.sql
    assert stated is not None
    assert stated.query == "select\n\ta\nfrom t\n"


def test_the_surprises_of_old_yaml_are_texts(tmp_path: Path) -> None:
    values = ["no", "on", "1:30", "2026-01-31", "007", "1_000", "0x1F", "=", "<<", ".inf", "0o7", "1e999"]
    numbers = ["1", "-2", "0.5", ".5", "1e3", "+7"]
    more = f"status:\n  column: s\n  errors: [{', '.join([*values, *numbers, 'true', 'FALSE'])}]\n"
    place = folder(tmp_path, {"a.yaml": SHORT + more})
    status = load_one(place / "a.yaml").monitor.status
    assert status is not None
    assert list(status.errors) == [*values, 1, -2, 0.5, 0.5, 1000.0, 7, True, False]
    assert [type(v) for v in status.errors[len(values) :]] == [int, int, float, float, float, int, bool, bool]


def test_the_full_example_says_what_it_shows(tmp_path: Path) -> None:
    resolved = load_one(folder(tmp_path, {"a.yaml": FULL}) / "a.yaml")
    monitor = resolved.monitor
    assert monitor.protected["sex"].names == {"1": "men", "2": "women"}
    assert monitor.thresholds == (0.4, 0.5)
    assert monitor.label is not None
    assert monitor.label.complete_after_days == 90
    lines = FULL.split("\n")
    for path, written in (
        (("score",), "score: p_default"),
        (("label", "column"), "defaulted"),
        (("kpis", "revenue", "arm"), "arm: variant"),
        (("protected", "age", "bands", 1), "bands: [25"),
        (("features", "numeric"), "numeric: [income"),
    ):
        assert written in lines[resolved.places[path].line - 1]
    assert load_one(folder(tmp_path, {"b.yaml": "\ufeff" + FULL.replace("\n", "\r\n")}) / "b.yaml").monitor == monitor
