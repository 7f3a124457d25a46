"""Drift of all columns over the windows shown, and the choice of one feature."""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.drift_map import DriftMap
from core.charts.drift_map import drift_map
from core.governance.attention import named, plural
from core.services import monitoring, policy_files
from core.services.house import House
from core.ui import url
from core.ui.chart_frame import Explained, framed
from core.ui.monitoring_chosen import Chosen
from core.ui.monitoring_feature import feature

EXPLAINED = Explained(
    what="Each cell compares one column in one window with the reference by a two-sample test. The colour is PSI0, the "
    "population stability index less what chance alone gives: 0 without drift, .01 is about a tenth of a standard "
    "deviation, .25 is large. PSI and Jensen-Shannon stand in the hover text.",
    here="An open circle is one alarm, which chance may explain; a diamond is drift that persisted by the policy's "
    "rule; a cross is a column with too many unusable values, which is told apart from drift.",
    act="Open a drifted feature below: is it real change in who is asked about, or a fault upstream? Fix the fault, or "
    "retrain on recent data.",
)
FEW = 24


def draw(house: House, chosen: Chosen) -> None:
    """The section Drift."""
    found = monitoring.drift_map(house, chosen.model, chosen.version, chosen.from_ms)
    if found is None:
        st.info("Nothing has been judged in these windows yet.", icon=":material/hourglass_empty:")
        return
    told = np.asarray((found.alarm | found.drifted | found.broken).any(axis=1))
    rows = list(range(len(found.keys)))
    if len(rows) > FEW and st.toggle(
        f"Only the {int(told.sum())} of {len(rows)} columns that alarmed", key="alarmed", bind="query-params"
    ):
        rows = [at for at in rows if told[at]] or rows
    labels = [monitoring.label(chosen.monitor, start) for start in found.starts]
    picked = framed(
        "Drift by column and window", drift_map(found, labels, rows=rows), key="drift_map",
        sentence=_sentence(found, labels), basis=_basis(house, found), data=_table(found, labels), explained=EXPLAINED,
        selectable=True,
    )  # fmt: skip
    names = [name for part, name in found.keys if part in ("numeric", "categorical")]
    _picked(picked, names)
    url.one_from_url("feature", "feature_opened", names)
    name = st.selectbox(
        "Open a feature", names, key="feature_opened", index=None, width=420, placeholder="Choose a feature",
        help="The first ones drifted most. A mark on the chart opens its feature too.",
    )  # fmt: skip
    url.one_to_url("feature", "feature_opened", name)
    if name:
        feature(house, chosen, name, found)


def _picked(picked: object, names: list[str]) -> None:
    """A mark that was clicked opens its feature."""
    points = getattr(getattr(picked, "selection", None), "points", None) or []
    told = points[0].get("customdata") if points else None
    name = told[0] if isinstance(told, list) and told else told
    if isinstance(name, str) and name in names and st.session_state.get("_picked") != name:
        st.session_state["_picked"] = name
        st.query_params["feature"] = name
    if not points:
        st.session_state.pop("_picked", None)


def _sentence(found: DriftMap, labels: list[str]) -> str:
    features = found.features
    now = int((found.drifted[:, -1] & features).sum())
    names = [name for name, drifted in zip(found.names, found.drifted[:, -1] & features, strict=True) if drifted]
    if now:
        first = labels[int(np.argmax((found.drifted & features[:, None]).any(axis=0)))]
        return (
            f"{now} of {plural(int(features.sum()), 'feature')} have drifted in the last window: "
            f"{named(names, of=now)}. The first drift shown began on {first}."
        )
    ever = int((found.drifted & features[:, None]).any(axis=1).sum())
    since = f"; {plural(ever, 'feature')} drifted in earlier windows" if ever else ""
    return f"No feature has drifted in the last window{since}."


def _basis(house: House, found: DriftMap) -> str:
    told = [
        f"n = {found.typical:,} rows in a usual window against the reference",
        f"{found.alarming} of {plural(len(found.starts), 'window')} alarm; chance alone explains up to "
        f"{found.expected:.1f}" if not found.why else found.why,
    ]  # fmt: skip
    if found.smallest is not None:
        told.append(f"shifts from {found.smallest:.2f} standard deviations on are seen in 4 of 5 such windows")
    drift = policy_files.policy(house).data_quality.drift
    told.append(f"drifted: {drift.need} alarms in {drift.of} windows, or one of PSI0 {drift.at_once} or more")
    return " · ".join(told)


def _table(found: DriftMap, labels: list[str]) -> pd.DataFrame:
    """A row a column and window."""
    columns, windows = found.effect.shape
    flat = {
        name: getattr(found, name).ravel()
        for name in (
            "n",
            "rows",
            "unusable",
            "adjusted",
            "effect",
            "psi",
            "jensen_shannon",
            "alarm",
            "drifted",
            "broken",
        )
    }
    return pd.DataFrame({"column": np.repeat(found.names, windows), "window": np.tile(labels, columns), **flat})
