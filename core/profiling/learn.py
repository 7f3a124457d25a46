"""Learning a monitor's edges from its reference: quantiles of a sample, values counted over all rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import GatehouseError
from core.monitors.monitor import Monitor
from core.profiles import Floats
from core.profiling.edges import Edges, balanced_edges, quantile_edges
from core.profiling.engines import Engine
from core.profiling.rows import MISSING, OTHER, PRIME, Columns, Reader
from core.profiling.values import MD5_RANGE, band_names, md5_number

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
    seen, truth = _Some(engine, observed, rows), _Some(engine, outcomes, rows)
    categories, overfull = _categories(seen, columns)
    sample = {name: _floats(seen.rows[name]) for name in observed.columns if _is_number(name)}
    numeric = {name: quantile_edges(sample[f"x{at}"]) for at, name in enumerate(columns.numeric)}
    return Edges(
        monitor_id=monitor_id,
        numeric=numeric,
        categories=categories,
        overfull=overfull,
        prediction=quantile_edges(sample["s"]) if rule.task in ("regression", "other") else None,
        measurements={name: quantile_edges(sample[f"m{at}"]) for at, name in enumerate(rule.measurements)},
        resources={name: quantile_edges(sample[f"r{at}"]) for at, name in enumerate(rule.resources)},
        groups=_values(truth, rule.protected, "g"),
        segments=_values(seen, rule.segments, "z"),
        classes=tuple(str(value) for value in rule.classes),
        schema=dict(schema),
        rows=rows,
        stamp=stamp,
        **_outcome_edges(truth.rows, rule),
    )


class _Some:
    """Rows of a table: all of them where they are few, else some chosen by their hash."""

    def __init__(self, engine: Engine, table: Any, count: int) -> None:
        self._engine, self._table, self._whole = engine, table, count <= SAMPLED
        self.rows = engine.run(table) if self._whole else self._chosen(SAMPLED / count)

    def _chosen(self, share: float) -> pa.Table:
        found = self._engine.run(self._table.filter(self._table.h < int(PRIME * share)))
        if SAMPLED / 2 < len(found) < SAMPLED * 2:
            return found
        told = [self._table[name].cast("string").fill_null("") for name in self._table.columns if name != "h"]
        by_content = md5_number(ibis.literal(" ").join(told))  # rows have no id, and no time or few of them
        return self._engine.run(self._table.filter(by_content < int(MD5_RANGE * share)).limit(SAMPLED * 2))

    def most_common(self, column: str, most: int) -> list[str]:
        """Values by falling count in all rows, equal counts by value; at most so many."""
        if self._whole:
            found = pc.value_counts(self.rows[column].drop_null()).to_pylist()
            ranked = sorted(found, key=lambda told: (-told["counts"], str(told["values"])))
            return [str(told["values"]) for told in ranked[:most]]
        told = self._table.filter(self._table[column].notnull())
        counted = told.group_by(column).aggregate(n=told.count()).order_by([ibis.desc("n"), column]).limit(most)
        return [str(value) for value in self._engine.run(counted)[column].to_pylist()]


def _outcome_edges(rows: pa.Table, rule: Monitor) -> dict[str, Any]:
    if rule.task == "regression":
        return {"error": quantile_edges(_floats(rows["s"]) - _floats(rows["t"]))}
    if rule.task == "multiclass":
        told = rows["t"].to_pylist()
        known = np.array([value is not None for value in told])
        score = {}
        for at, value in enumerate(rule.classes):
            if str(value) in rule.probabilities:
                is_it = np.array([text == str(value) for text in told], float)
                score[str(value)] = balanced_edges(
                    _floats(rows[f"s{at}"]), np.where(known, is_it, np.nan), rule.thresholds
                )
        return {"score": score}
    if rule.task == "binary":
        labels = _floats(rows["y"])
        return {
            "score": {"": balanced_edges(_floats(rows["s"]), np.where(labels == 2, np.nan, labels), rule.thresholds)}
        }
    return {}


def _categories(rows: _Some, columns: Columns) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    found, overfull = {}, []
    for at, name in enumerate(columns.categorical):
        values = rows.most_common(f"c{at}", MOST_CATEGORIES + 1)
        if len(values) > MOST_CATEGORIES:
            overfull.append(name)
        found[name] = tuple(values[:MOST_CATEGORIES])
    return found, tuple(overfull)


def _values(rows: _Some, rules: Mapping[str, Any], letter: str) -> dict[str, tuple[str, ...]]:
    listed = {}
    for at, (name, rule) in enumerate(rules.items()):
        values = band_names(rule) if rule.bands else rows.most_common(f"{letter}{at}", MOST_GROUPS)
        listed[name] = (*(value for value in values if value not in (OTHER, MISSING)), OTHER, MISSING)
    return listed


def _is_number(name: str) -> bool:
    return name == "s" or (name[0] in "xrm" and name[1:].isdigit())


def _floats(column: pa.ChunkedArray) -> Floats:
    values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    return values
