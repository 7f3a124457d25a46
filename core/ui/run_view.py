"""Everything about one run."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.governance.attention import plural
from core.services import runs
from core.services.authors import Author
from core.services.house import now_ms
from core.services.runs import Run, RunLink
from core.ui import badges, basket, moments
from core.ui.numbers import cell_column, duration
from core.ui.plain import plain
from core.ui.run_table import STATUSES

NOTE = "mlflow.note.content"
CHILD_METRICS = 4
TALLEST = 420


def heading(run: Run, author: Author) -> None:
    """Name, state, and what can be done with it. author: who stands behind its user."""
    st.page_link(
        "pages/experiments.py", label=plain(run.experiment, 80), icon=":material/arrow_back:",
        query_params={"experiment": run.experiment_ref},
    )  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.title(plain(run.name, 120), anchor=False, width="content")
            word, colour = STATUSES.get(run.status, (run.status or "Unknown", "gray"))
            st.badge(plain(word), color=colour)  # type: ignore[arg-type]
            if run.lifecycle == "deleted":
                st.badge("Deleted at its source", icon=":material/delete:", color="red")
        _pick(run)
    told = [plain(run.ref), f"by {plain(author.said, 120)}"]
    told += [f"started {moments.minute(run.started_ms)}" if run.started_ms else "never started"]
    told += [f"took {duration(run.started_ms, run.ended_ms)}" if run.ended_ms else ""]
    told += [f"read {moments.ago(run.read_ms, now_ms())}"]
    st.caption(" · ".join(part for part in told if part))
    if run.tags.get(NOTE):
        st.text(run.tags[NOTE][:10_000])
    house_tags = [(key, value) for key, value in run.tags.items() if not key.startswith("mlflow.")]
    if house_tags:
        with st.container(horizontal=True, gap="xsmall"):
            for key, value in house_tags[:30]:
                st.badge(plain(f"{key}: {value}", 80), color="gray", help=plain(f"{key} = {value}", 1_000))


def _pick(run: Run) -> None:
    picked = basket.picked()
    with st.container(horizontal=True, gap="small", width="content"):
        if run.ref in picked:
            if st.button("Picked", icon=":material/check:", key="unpick", help="Take it out of the comparison."):
                basket.keep(ref for ref in picked if ref != run.ref)
                st.rerun()
        elif st.button("Pick to compare", icon=":material/add:", key="pick"):
            basket.keep([*picked, run.ref])
            st.rerun()
        count = len(basket.picked())
        if st.button(
            f"Compare {count}" if count else "Compare", icon=":material/compare_arrows:", type="primary", key="compare",
            disabled=count < 2, help="Pick two or more runs.",
        ):  # fmt: skip
            st.switch_page("pages/compare_runs.py", query_params={"runs": ",".join(basket.picked())})


def metrics(run: Run) -> None:
    """Last values, with where they stand and the range they had."""
    C = st.column_config  # noqa: N806
    with st.container(border=True, key="run_metrics"):
        st.markdown(f"**{plural(len(run.metrics), 'metric')}**")
        if not run.metrics:
            st.caption("This run logged no metric.")
            return
        found = run.metrics
        frame = {
            "metric": [metric.key[:300] for metric in found],
            "last": cell_column([metric.last for metric in found]),
            "lowest": [metric.lowest for metric in found],
            "highest": [metric.highest for metric in found],
            "points": [metric.points for metric in found],
            "odd": [metric.not_finite or None for metric in found],
            "step": [metric.step for metric in found],
        }
        number = C.NumberColumn
        config = {
            "metric": C.TextColumn("Metric", pinned=True),
            "last": number("Last", format="%.6g", help="As MLflow shows it."),
            "lowest": number("Lowest", format="%.6g", help="Of the finite points."),
            "highest": number("Highest", format="%.6g", help="Of the finite points."),
            "points": number("Points", width=75),
            "step": number("At step", width=80, help="Where the last value stands."),
            "odd": number("Not finite", width=95, help="Points that are NaN or infinite."),
        }
        shown = {name: config[name] for name in frame if name != "odd" or any(frame["odd"])}
        st.dataframe(
            pd.DataFrame(frame)[list(shown)],
            hide_index=True,
            key="metric_grid",
            placeholder="",
            alt="Metrics of the run",
            column_config=shown,
            height=min(35 * (len(found) + 1) + 3, TALLEST),
        )


def pairs(title: str, found: Mapping[str, str], key: str, empty: str) -> None:
    """Names and values as a table, which can be searched and copied."""
    with st.container(border=True, key=key):
        st.markdown(f"**{title}**")
        if not found:
            st.caption(empty)
            return
        rows = sorted(found.items())
        st.dataframe(
            pd.DataFrame({"name": [name for name, _ in rows], "value": [value for _, value in rows]}),
            hide_index=True, key=f"{key}_grid", placeholder="", alt=title,
            height=min(35 * (len(rows) + 1) + 3, TALLEST),
            column_config={"name": st.column_config.TextColumn("Name", pinned=True), "value": "Value"},
        )  # fmt: skip


def origin(run: Run) -> None:
    """Code, data and environment, as far as they are on record, and where the files are."""
    found = runs.origin(run)
    with st.container(border=True, key="run_origin"):
        st.markdown("**Where it comes from**")
        _fact("Source", f"{run.source_name or 'not said'} ({(run.source_type or 'unknown').lower()})")
        for part in (found.code, found.environment):
            if part.present:
                for proof in part.evidence:
                    _fact(proof.label, proof.value)
            else:
                _fact(badges.PARTS[part.name], "not on record")
        _fact("Artifacts", run.artifact_uri or "not said")
        for one in run.inputs:
            used = f" for {one['context']}" if one["context"] else ""
            _fact(
                f"Data set{used}",
                " · ".join(part for part in (one["name"], f"digest {one['digest']}", one["source_type"]) if part),
            )
        if not run.inputs:
            _fact("Data sets", "none logged")


def became(run: Run) -> None:
    """Versions and logged models made of this run."""
    with st.container(border=True, key="became"):
        st.markdown("**What became of it**")
        if not run.versions and not run.logged_models:
            st.caption("No model was logged or registered from this run.")
        for row in run.versions:
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.page_link(
                    "pages/models.py", label=f"**{plain(row['model'], 60)}** version {plain(row['version'])}",
                    icon=":material/deployed_code:",
                    query_params={"model": f"{run.source}:{row['model']}", "version": row["version"]},
                )  # fmt: skip
                badges.stage(row["stage"])
                for alias in row["aliases"][:5]:
                    st.badge(plain(alias, 40), icon=":material/label:", color="violet")
        for row in run.logged_models:
            _fact(
                f"Logged model, {(row['status'] or 'unknown').lower()}",
                " · ".join(part for part in (row["name"], row["model_id"]) if part),
            )


def family(run: Run) -> None:
    """The run above and the runs below."""
    if run.parent:
        with st.container(border=True, key="parent"):
            st.markdown("**Part of**")
            _link(run.parent)
    if run.children:
        with st.container(border=True, key="children"):
            st.markdown(f"**{plural(len(run.children), 'child run')}**")
            opened = _children(run.children)
            refs = [run.ref, *(child.ref for child in run.children)]
            if st.button(
                "Compare them", icon=":material/compare_arrows:", key="compare_children", disabled=len(refs) < 3
            ):
                st.switch_page("pages/compare_runs.py", query_params={"runs": ",".join(refs[1 : basket.MOST + 1])})
            if opened:
                st.query_params.from_dict({"id": opened})
                st.rerun()


def _children(children: Sequence[RunLink]) -> str | None:
    C = st.column_config  # noqa: N806
    values = {key: {child.params.get(key) for child in children} for key in {k for c in children for k in c.params}}
    params = sorted(key for key, held in values.items() if len(held) > 1)[:CHILD_METRICS]
    metrics = sorted({key for child in children for key in child.metrics})[:CHILD_METRICS]
    frame: dict[str, list[Any]] = {"run": [child.name[:200] for child in children]}
    frame |= {"status": [[STATUSES.get(child.status, (child.status, "gray"))[0]] for child in children]}
    frame |= {f"params.{key}": [child.params.get(key) for child in children] for key in params}
    frame |= {f"metrics.{key}": list(cell_column([child.metrics.get(key) for child in children])) for key in metrics}
    config: dict[str, Any] = {
        "run": C.ButtonColumn("Run", pinned=True, alignment="left", type="tertiary", key="open_child"),
        "status": C.MultiselectColumn(
            "Status", options=[word for word, _ in STATUSES.values()], color=[c for _, c in STATUSES.values()], width=92
        ),
    }  # fmt: skip
    config |= {f"params.{key}": C.TextColumn(key[:60], alignment="right") for key in params}
    config |= {
        name: C.NumberColumn(name.removeprefix("metrics.")[:60], format="%.5g")
        for name, column in frame.items()
        if name.startswith("metrics.") and not any(isinstance(cell, str) for cell in column)
    }
    st.dataframe(
        pd.DataFrame(frame), hide_index=True, key="child_grid", placeholder="", alt="Child runs", column_config=config,
        height=min(35 * (len(children) + 1) + 3, TALLEST),
    )  # fmt: skip
    click = st.session_state.get("open_child")
    row = click["row"] if click else None
    return children[row].ref if row is not None and row < len(children) else None


def _link(run: RunLink) -> None:
    st.page_link(
        "pages/run.py", label=f"**{plain(run.name, 80)}**", icon=":material/play_circle:", query_params={"id": run.ref}
    )


def _fact(label: str, value: str) -> None:
    name, said = st.columns([3, 8], gap="small")
    name.caption(plain(label, 60))
    said.caption(plain(value, 1_000))
