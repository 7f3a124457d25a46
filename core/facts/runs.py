"""Reading runs: pages of a search, groups, keys, whole runs."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from core.facts.filter import Fragment, select, where_value
from core.facts.statements import statement
from core.facts.store import Facts
from core.query.ast import Field

Refs = Sequence[str] | None


def page(
    facts: Facts, *, experiments: Refs, deleted: bool, where: Fragment, order: Fragment, columns: Sequence[Field],
    limit: int, offset: int,
) -> pa.Table:  # fmt: skip
    """One page of a search; the chosen columns are named c0, c1, ..."""
    chosen = select(columns)
    sql = _filled("runs_page", columns=chosen.sql, where=where.sql, order=order.sql)
    values = {"experiments": experiments, "deleted": deleted, "limit": limit, "offset": offset}
    return facts.arrow(sql, {**values, **where.values, **order.values, **chosen.values})


def count(facts: Facts, *, experiments: Refs, deleted: bool, where: Fragment) -> int:
    """How many runs a search finds."""
    rows = facts.rows(
        _filled("runs_count", where=where.sql), {"experiments": experiments, "deleted": deleted, **where.values}
    )
    return int(rows[0]["n"])


def groups(
    facts: Facts, *, experiments: Refs, deleted: bool, where: Fragment, by: Sequence[Field], metrics: Sequence[Field],
    sort: int | None, descending: bool, limit: int, offset: int,
) -> pa.Table:  # fmt: skip
    """Groups of runs: by0, by1, ... runs, then n0, mean0, sd0, n1, ... (finite values only), last_ms, groups (in all).

    sort: the metric (by number) whose mean to sort by; None for the newest group first.
    """
    fragments = [where_value(field, f"b{number}x") for number, field in enumerate(by)]
    measured = [where_value(field, f"m{number}x") for number, field in enumerate(metrics)]
    measures = "".join(
        f", count(*) FILTER (isfinite({m.sql})) AS n{i}, avg({m.sql}) FILTER (isfinite({m.sql})) AS mean{i}"
        f", stddev_samp({m.sql}) FILTER (isfinite({m.sql})) AS sd{i}"
        for i, m in enumerate(measured)
    )
    way = "DESC" if descending else "ASC"
    sql = _filled(
        "runs_groups",
        by=", ".join(f"{fragment.sql} AS by{number}" for number, fragment in enumerate(fragments)),
        measures=measures,
        numbers=", ".join(str(number + 1) for number in range(len(by))),
        where=where.sql,
        order=f"mean{sort} {way} NULLS LAST, last_ms DESC" if sort is not None else "last_ms DESC NULLS LAST",
    )
    values: dict[str, Any] = {"experiments": experiments, "deleted": deleted, "limit": limit, "offset": offset}
    for fragment in (where, *fragments, *measured):
        values |= fragment.values
    return facts.arrow(sql, values)


def keys(facts: Facts, *, experiments: Refs, deleted: bool) -> list[dict[str, Any]]:
    """kind, key, runs, varies of every metric, param and tag of a scope."""
    return facts.read("runs_keys", {"experiments": experiments, "deleted": deleted})


def named(facts: Facts, refs: Sequence[str]) -> list[dict[str, Any]]:
    """Whole runs, in the order of their refs; unknown ones are left out."""
    found = {f"{row['source']}:{row['run_id']}": row for row in facts.read("runs_named", {"refs": list(refs)})}
    return [found[ref] for ref in refs if ref in found]


def sparks(facts: Facts, run_nos: Sequence[int], key: str, *, size: int = 40) -> dict[int, list[float]]:
    """A small line per run; runs without a history are left out."""
    rows = facts.read("points_sparks", {"run_nos": list(run_nos), "key": key, "size": size})
    return {row["run_no"]: row["spark"] for row in rows}


def curves(facts: Facts, run_nos: Sequence[int], key: str, *, points: int = 2_000) -> pa.Table:
    """run_no, step, time_ms, value, n (points before thinning) of one metric; at most about `points` a run."""
    return facts.arrow(
        statement("points_curves"), {"run_nos": list(run_nos), "key": key, "buckets": max(points // 2, 1)}
    )


def _filled(name: str, **fragments: str) -> str:
    sql = statement(name)
    for mark, fragment in fragments.items():
        sql = sql.replace("{" + mark + "}", fragment)
    return sql
