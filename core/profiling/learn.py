"""Learning a monitor's edges from its reference: quantiles of a sample, values counted over all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from core.errors import GatehouseError
from core.monitors.monitor import Monitor
from core.profiles import Floats
from core.profiling.edges import Edges, balanced_edges, quantile_edges
from core.profiling.engines import Engine
from core.profiling.rows import MISSING, OTHER, PRIME, Columns, Reader, band_names

SAMPLED = 200_000
MOST_CATEGORIES = 1_000
MOST_GROUPS = 50


def learn(
    reader: Reader, observed: Any, outcomes: Any, columns: Columns, schema: Mapping[str, str], *, monitor_id: str,
    stamp: str,
) -> Edges:  # fmt: skip
    """observed, outcomes: the reference's rows as Reader makes them, without edges. Raises when there is no row."""
    engine, rule = reader.engine, reader.monitor
    rows = engine.run(observed.aggregate(n=observed.count()))["n"][0].as_py()
    if not rows:
        raise GatehouseError(
            f"The reference of {rule.model} holds no row.", hint="Check `reference` in its monitor file."
        )
    categories, overfull = _categories(engine, observed, columns)
    sample = _sample(engine, observed, rows, [name for name in observed.columns if _is_number(name)])
    numeric = {name: quantile_edges(sample[f"x{at}"]) for at, name in enumerate(columns.numeric)}
    truth = _outcome_edges(engine, outcomes, rule, rows)
    return Edges(
        monitor_id=monitor_id,
        numeric=numeric,
        categories=categories,
        overfull=overfull,
        prediction=quantile_edges(sample["s"]) if rule.task in ("regression", "other") else None,
        measurements={name: quantile_edges(sample[f"m{at}"]) for at, name in enumerate(rule.measurements)},
        resources={name: quantile_edges(sample[f"r{at}"]) for at, name in enumerate(rule.resources)},
        groups=_values(engine, outcomes, rule.protected, "g"),
        segments=_values(engine, observed, rule.segments, "z"),
        classes=tuple(str(value) for value in rule.classes),
        schema=dict(schema),
        rows=rows,
        stamp=stamp,
        **truth,
    )


def _outcome_edges(engine: Engine, outcomes: Any, rule: Monitor, rows: int) -> dict[str, Any]:
    names = [name for name in outcomes.columns if name in ("s", "y") or (name[0] == "s" and name[1:].isdigit())]
    if rule.task == "regression":
        sample = _sample(engine, outcomes, rows, ["s", "t"])
        return {"error": quantile_edges(sample["s"] - sample["t"])}
    if rule.task == "multiclass":
        with_text = outcomes.select("t", "h", *names)
        taken = _thinned(engine, with_text, rows)
        truth = np.array([str(value) for value in taken["t"].to_pylist()])
        known = np.array([value is not None for value in taken["t"].to_pylist()])
        score = {}
        for at, value in enumerate(rule.classes):
            if str(value) in rule.probabilities:
                labels = np.where(known, (truth == str(value)).astype(float), np.nan)
                score[str(value)] = balanced_edges(_floats(taken[f"s{at}"]), labels, rule.thresholds)
        return {"score": score}
    if rule.task == "binary":
        sample = _sample(engine, outcomes, rows, ["s", "y"])
        labels = np.where(sample["y"] == 2, np.nan, sample["y"])
        return {"score": {"": balanced_edges(sample["s"], labels, rule.thresholds)}}
    return {}


def _categories(engine: Engine, rows: Any, columns: Columns) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    found, overfull = {}, []
    for at, name in enumerate(columns.categorical):
        values = _most_common(engine, rows, f"c{at}", MOST_CATEGORIES + 1)
        if len(values) > MOST_CATEGORIES:
            overfull.append(name)
        found[name] = tuple(values[:MOST_CATEGORIES])
    return found, tuple(overfull)


def _values(engine: Engine, rows: Any, rules: Mapping[str, Any], letter: str) -> dict[str, tuple[str, ...]]:
    listed = {}
    for at, (name, rule) in enumerate(rules.items()):
        values = band_names(rule) if rule.bands else _most_common(engine, rows, f"{letter}{at}", MOST_GROUPS)
        listed[name] = (*(value for value in values if value not in (OTHER, MISSING)), OTHER, MISSING)
    return listed


def _most_common(engine: Engine, rows: Any, column: str, most: int) -> list[str]:
    told = rows.filter(rows[column].notnull())
    counted = told.group_by(column).aggregate(n=told.count())
    found = engine.run(counted.order_by([ibis.desc("n"), column]).limit(most))
    return [str(value) for value in found[column].to_pylist()]


def _sample(engine: Engine, rows: Any, count: int, names: Sequence[str]) -> dict[str, Floats]:
    taken = _thinned(engine, rows.select(*names, "h"), count)
    return {name: _floats(taken[name]) for name in names}


def _thinned(engine: Engine, rows: Any, count: int) -> pa.Table:
    if count > SAMPLED:
        rows = rows.filter(rows.h < int(PRIME * (SAMPLED / count)))
    return engine.run(rows)


def _is_number(name: str) -> bool:
    return name == "s" or (name[0] in "xrm" and name[1:].isdigit())


def _floats(column: pa.ChunkedArray) -> Floats:
    values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    return values
