"""How profiles lie in Parquet and in the facts: one row a part, counts aligned to edges that are stored once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

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

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("version", pa.string()),  # "" where the log names none
        ("role", pa.string()),  # reference, serving, evaluation
        ("window_ms", pa.int64()),  # start of the window, ms since 1970 UTC; -1 for rows without a date (reference)
        ("segment", pa.string()),  # "" for all rows, or "name=value"
        ("part", pa.string()),  # see PARTS
        ("name", pa.string()),  # of the feature, class, measurement; "" where there is one only
        ("grp", pa.string()),  # protected group as "name=value & name=value", arm of a KPI; "" for all rows
        ("whole", pa.list_(pa.int64())),
        ("reals", pa.list_(pa.float64())),
        ("counts", pa.list_(pa.uint32())),
        ("texts", pa.list_(pa.string())),
    ]
)
UNDATED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a part is of. Fields as in SCHEMA."""

    model: str
    version: str
    role: str
    window_ms: int
    segment: str
    part: str
    name: str
    grp: str


def encode(key: Key, part: Part) -> dict[str, Any]:
    """One row of SCHEMA."""
    whole, reals, counts, texts = _taken_apart(part)
    return {
        "model": key.model, "version": key.version, "role": key.role, "window_ms": key.window_ms,
        "segment": key.segment, "part": key.part, "name": key.name, "grp": key.grp,
        "whole": whole, "reals": reals, "counts": counts, "texts": texts,
    }  # fmt: skip


def table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema = SCHEMA) -> pa.Table:
    """Encoded rows as columns. Lists of numbers are strung together first: item by item takes ten times as long."""
    columns = []
    for column in schema:
        values = [row[column.name] for row in rows]
        if pa.types.is_list(column.type) and not pa.types.is_string(column.type.value_type):
            ends = np.cumsum([0, *(len(value) for value in values)]).astype(np.int32)
            strung = np.concatenate([np.asarray(value) for value in values if len(value)] or [np.zeros(0)])
            items = pa.array(strung, safe=False).cast(column.type.value_type)
            columns.append(pa.ListArray.from_arrays(pa.array(ends), items, type=column.type))
        else:
            columns.append(pa.array(values, column.type))
    return pa.table(columns, schema=schema)


def decode(kind: str, whole: Any, reals: Any, counts: Any, texts: Any) -> Part:
    """The part of that kind. Raises KeyError for a kind that is none."""
    return _PUT_TOGETHER[kind](
        [int(value) for value in whole], [float(value) for value in reals], np.asarray(counts, np.int64), texts
    )


def _taken_apart(part: Part) -> tuple[list[int], list[float], Any, list[str]]:
    match part:
        case Numeric(moments=m):
            whole = [part.rows, part.nulls, part.nans, part.neg_inf, part.pos_inf, part.bad, m.count]
            return whole, _reals(m), part.counts, []
        case Categorical():
            examples = [json.dumps([value, rows], ensure_ascii=False) for value, rows in part.examples.items()]
            return [part.rows, part.nulls, part.unseen], [], part.counts, examples
        case Output():
            reals = [*part.scores, *part.squared_error, *part.log_loss]
            return [int(n) for n in part.invalid], [float(x) for x in reals], part.counts.ravel(), []
        case Confusion():
            return [], [], part.counts.ravel(), []
        case Errors():
            four = (part.error, part.absolute, part.squared, part.label)
            return [*(m.count for m in four), part.unlabelled], _reals(*four), part.counts, []
        case Service():
            return [part.requests, part.errors, part.untold, part.latency.count], _reals(part.latency), part.counts, []
        case Kpi():
            three = (part.figure, part.cost, part.value)
            return [part.rows, *(m.count for m in three)], _reals(*three), [], []
        case Rows():
            return [part.rows, part.labelled], [], [], []
        case Sample():
            return [part.limit, part.most, *(h for h, _ in part.rows)], [], [], [text for _, text in part.rows]


def _reals(*moments: Moments) -> list[float]:
    return [value for m in moments for value in (m.mean, m.m2, m.low, m.high)]


def _moments(counts: list[int], reals: list[float]) -> list[Moments]:
    return [
        Moments(count=count, mean=reals[at], m2=reals[at + 1], low=reals[at + 2], high=reals[at + 3])
        for count, at in zip(counts, range(0, 4 * len(counts), 4), strict=True)
    ]


def _numeric(whole: list[int], reals: list[float], counts: Any, _: Any) -> Part:
    rows, nulls, nans, neg_inf, pos_inf, bad, count = whole
    return Numeric(
        rows=rows, nulls=nulls, nans=nans, neg_inf=neg_inf, pos_inf=pos_inf, bad=bad, counts=counts,
        moments=_moments([count], reals)[0],
    )  # fmt: skip


def _categorical(whole: list[int], _: list[float], counts: Any, texts: Any) -> Part:
    examples = dict(json.loads(text) for text in texts)
    return Categorical(rows=whole[0], nulls=whole[1], unseen=whole[2], counts=counts, examples=examples)


def _output(whole: list[int], reals: list[float], counts: Any, _: Any) -> Part:
    return Output(
        counts=counts.reshape(3, -1), scores=np.array(reals[:3]), squared_error=np.array(reals[3:5]),
        log_loss=np.array(reals[5:7]), invalid=np.array(whole, np.int64),
    )  # fmt: skip


def _confusion(_: list[int], __: list[float], counts: Any, ___: Any) -> Part:
    side = round(len(counts) ** 0.5)
    return Confusion(counts=counts.reshape(side, side))


def _errors(whole: list[int], reals: list[float], counts: Any, _: Any) -> Part:
    error, absolute, squared, label = _moments(whole[:4], reals)
    return Errors(error=error, absolute=absolute, squared=squared, label=label, counts=counts, unlabelled=whole[4])


def _service(whole: list[int], reals: list[float], counts: Any, _: Any) -> Part:
    latency = _moments(whole[3:], reals)[0]
    return Service(requests=whole[0], errors=whole[1], untold=whole[2], latency=latency, counts=counts)


def _kpi(whole: list[int], reals: list[float], _: Any, __: Any) -> Part:
    figure, cost, value = _moments(whole[1:], reals)
    return Kpi(rows=whole[0], figure=figure, cost=cost, value=value)


def _rows(whole: list[int], _: list[float], __: Any, ___: Any) -> Part:
    return Rows(rows=whole[0], labelled=whole[1])


def _sample(whole: list[int], _: list[float], __: Any, texts: Any) -> Part:
    return Sample(limit=whole[0], most=whole[1], rows=tuple(zip(whole[2:], texts, strict=True)))


_PUT_TOGETHER = {
    "numeric": _numeric,  # a feature
    "categorical": _categorical,  # a feature
    "output": _output,  # name: the class, "" in a binary task
    "confusion": _confusion,
    "prediction": _numeric,  # a regression's output, or the score of a task without labels
    "errors": _errors,
    "service": _service,
    "resource": _numeric,
    "measurement": _numeric,
    "kpi": _kpi,
    "rows": _rows,
    "sample": _sample,
}
PARTS = tuple(_PUT_TOGETHER)
