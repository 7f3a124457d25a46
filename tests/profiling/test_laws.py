"""Laws: merging in any order, and profiles of a whole log against merged profiles of its pieces."""

import json
import math
import tempfile
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.profile_rows import PARTS, SCHEMA, Key, decode, encode
from core.profiles import (
    Categorical,
    Confusion,
    Errors,
    Kpi,
    Moments,
    Numeric,
    Output,
    Part,
    Rows,
    Sample,
    Service,
)
from tests.profiling.logs import Place, Where, serving
from tests.profiling.oracle import agree, plain

EDGES = 3
FEW = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
counts = st.integers(0, 10**6)
reals = st.floats(-1e6, 1e6)
rows = st.lists(counts, min_size=EDGES + 1, max_size=EDGES + 1).map(lambda told: np.array(told, np.int64))
words = st.text(st.characters(codec="utf-8"), max_size=6)


def moments() -> st.SearchStrategy[Moments]:
    def of(values: list[float]) -> Moments:
        return reduce(lambda a, x: a + Moments(count=1, mean=x, m2=0.0, low=x, high=x), values, Moments())

    return st.lists(reals, max_size=5).map(of)


def floats(n: int) -> st.SearchStrategy[Any]:
    return st.lists(reals, min_size=n, max_size=n).map(np.array)


def matrix(n: int) -> st.SearchStrategy[Any]:
    return st.lists(rows, min_size=n, max_size=n).map(np.array)


def sample(told: list[tuple[int, str]], limit: int) -> Sample:
    kept = tuple(sorted({row for row in told if row[0] < limit}))
    return Sample(rows=kept[:4], limit=limit, most=4)


MADE: dict[str, st.SearchStrategy[Any]] = {
    "numeric": st.builds(
        Numeric, rows=counts, nulls=counts, nans=counts, neg_inf=counts, pos_inf=counts, bad=counts, moments=moments(),
        counts=rows,
    ),
    "categorical": st.builds(
        Categorical, rows=counts, nulls=counts, counts=rows, unseen=counts,
        examples=st.dictionaries(words, st.integers(1, 9), max_size=4),
    ),
    "output": st.builds(
        Output, counts=matrix(3), scores=floats(3), squared_error=floats(2), log_loss=floats(2),
        invalid=rows.map(lambda told: told[:3]),
    ),
    "confusion": st.builds(Confusion, counts=matrix(EDGES + 1)),
    "errors": st.builds(
        Errors, error=moments(), absolute=moments(), squared=moments(), label=moments(), counts=rows, unlabelled=counts
    ),
    "service": st.builds(Service, requests=counts, errors=counts, untold=counts, latency=moments(), counts=rows),
    "kpi": st.builds(Kpi, rows=counts, figure=moments(), cost=moments(), value=moments()),
    "rows": st.builds(Rows, rows=counts, labelled=counts),
    "sample": st.builds(sample, st.lists(st.tuples(st.integers(0, 99), words), max_size=8), st.just(90)),
}  # fmt: skip


def alike(one: Part, other: Part) -> bool:
    return agree(plain(one), plain(other))


def test_every_kind_of_part_has_laws() -> None:
    same = {"prediction": "numeric", "resource": "numeric", "measurement": "numeric"}
    assert {same.get(kind, kind) for kind in PARTS} == set(MADE)


@pytest.mark.parametrize("kind", MADE)
@given(data=st.data())
@FEW
def test_merging_in_any_order_gives_the_same(kind: str, data: st.DataObject) -> None:
    a, b, c = (data.draw(MADE[kind]) for _ in range(3))
    assert alike(a + b, b + a)
    assert alike((a + b) + c, a + (b + c))


@pytest.mark.parametrize("kind", MADE)
@given(data=st.data())
@FEW
def test_what_is_written_is_read_again(kind: str, data: st.DataObject) -> None:
    part = data.draw(MADE[kind])
    name = data.draw(words)
    key = Key(
        model=name, version=name, role="serving", window_ms=-1, segment=name, part=kind, name=name, grp=name
    )  # fmt: skip
    row = encode(key, part)
    (kept,) = pa.Table.from_pylist([row], schema=SCHEMA).to_pylist()
    again = decode(kind, kept["whole"], kept["reals"], kept["counts"], kept["texts"])
    assert type(again) is type(part)
    assert plain(again) == plain(part)
    assert all(kept[field] == getattr(key, field) for field in key.__slots__)


@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), max_size=6), max_size=5))
def test_moments_of_pieces_are_moments_of_all(pieces: list[list[float]]) -> None:
    def of(values: list[float]) -> Moments:
        if not values:
            return Moments()
        mean = math.fsum(values) / len(values)
        m2 = math.fsum((x - mean) ** 2 for x in values)
        return Moments(count=len(values), mean=mean, m2=m2, low=min(values), high=max(values))

    merged = reduce(lambda a, b: a + b, map(of, pieces), Moments())
    assert agree(plain(merged), plain(of([x for piece in pieces for x in piece])))


# -- whole logs -------------------------------------------------------------------------------------------------------

DAY0 = datetime(2026, 5, 1, tzinfo=UTC)
REFERENCE = [
    {"at": DAY0, "score": i / 20, "x": i / 3, "c": "abc"[i % 3], "g": "mf"[i % 2], "y": i % 2, "q": "q"}
    for i in range(20)
]
LOG = st.lists(
    st.fixed_dictionaries(
        {
            "hour": st.integers(0, 60), "score": st.one_of(st.none(), st.floats(0, 1)),
            "x": st.one_of(st.none(), st.floats(-5, 9), st.just(math.nan), st.just(-math.inf)),
            "c": st.sampled_from([None, "", "a", "b", "new", "newer"]), "g": st.sampled_from(["m", "f", "d", None]),
            "y": st.sampled_from([0, 1, None]), "status": st.sampled_from([200, 500, None]),
        }
    ),
    min_size=2, max_size=40,
)  # fmt: skip
TYPES = {
    "score": pa.float64(), "x": pa.float64(), "c": pa.string(), "g": pa.string(), "y": pa.int64(),
    "status": pa.int64(), "at": pa.timestamp("us", "UTC"),
}  # fmt: skip


def profiled(log: list[dict[str, Any]], task: str, **more: Any) -> dict[Where, Part]:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        if task == "multiclass":
            more |= {"classes": [0, 1], "probabilities": {"1": "score"}}
        place.monitor(
            **more, task=task, id="id", features={"numeric": ["x"], "categorical": ["c"]}, label={"column": "y"},
            protected={"g": {"column": "g"}}, latency="x", status={"column": "status", "errors": [500]},
            kpis={"k": {"figure": "x", "arm": "c"}},
        )  # fmt: skip
        place.put("reference.parquet", REFERENCE)
        place.put("logs/a.parquet", log, TYPES)
        place.run()
        return serving(place.rows())


def same_rows(found: Sample, wanted: Sample) -> bool:
    told, again = ([(told, repr(json.loads(text))) for told, text in part.rows] for part in (wanted, found))
    return told == again[: wanted.most]


@pytest.mark.parametrize("task", ["binary", "regression", "multiclass"])
@given(told=LOG, data=st.data())
@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_a_log_is_the_sum_of_its_pieces(task: str, told: list[dict[str, Any]], data: st.DataObject) -> None:
    """The pieces are profiled as versions of their own, then merged as if they were one."""
    pieces = data.draw(st.lists(st.sampled_from("abc"), min_size=len(told), max_size=len(told)))
    log = [
        {**row, "id": at, "at": DAY0 + timedelta(hours=row["hour"]), "piece": piece}
        for at, (row, piece) in enumerate(zip(told, pieces, strict=True))
    ]
    merged: dict[Where, Any] = {}
    apart = profiled(data.draw(st.permutations(log)), task, version="piece")
    for where in data.draw(st.permutations(list(apart))):
        together = ("", *where[1:])
        merged[together] = merged[together] + apart[where] if together in merged else apart[where]
    whole = profiled(log, task)
    assert merged.keys() == whole.keys()
    for where, part in whole.items():
        found = merged[where]
        good = same_rows(found, part) if isinstance(part, Sample) else alike(found, part)
        assert good, (where, plain(found), plain(part))


def test_files_profiled_apart_are_the_sum_too() -> None:
    log = [
        {"id": i, "at": DAY0 + timedelta(hours=i), "score": i / 90, "x": 1e8 + i, "c": "abn"[i % 3], "g": "mf"[i % 2],
         "y": i % 2, "status": 200}
        for i in range(90)
    ]  # fmt: skip
    first, second, whole = (profiled(rows_, "binary") for rows_ in (log[::2], log[1::2], log))
    for where, part in whole.items():
        both: Any = [told[where] for told in (first, second) if where in told]
        merged = reduce(lambda a, b: a + b, both)
        assert same_rows(merged, part) if isinstance(part, Sample) else alike(merged, part), where
