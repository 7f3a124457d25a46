"""The section Business: each KPI by week with its trend, its return, and its arms side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.facts.judged import Health
from core.governance.attention import plural
from core.services import health, monitoring, monitoring_series, policy_files
from core.services.house import House
from core.services.monitoring_series import Arms, Series
from core.ui import downloads, verdicts
from core.ui.chart_frame import Explained
from core.ui.monitoring_chosen import Chosen
from core.ui.monitoring_lines import PLAIN, SHARE, draw_lines, last_of, nothing, why_not
from core.ui.numbers import signed
from core.ui.plain import plain

LEVEL = Explained(
    what="The mean of the figure over all rows of a full week (Monday to Sunday), of all versions together.",
    here="A trend is told by Mann-Kendall's test on full weeks: it asks whether weeks rise or fall steadily, not by "
    "how much. The slope is the median change from week to week.",
    act="A steady loss asks whether the model still serves its purpose, even if its metrics pass.",
)
RETURN = Explained(
    what="(Value - cost) / cost of all rows of a week. 0 means that the cost came back and no more.",
    here="The interval is wide on purpose: how value and cost vary together is not kept.",
    act="Below 0 the model costs more than it brings in that week.",
)
SIDE_BY_SIDE = (
    "The arms of a trial over the windows shown: mean of the figure with its 95 % interval, and the difference from "
    "the first arm by Welch's t test. An interval of the difference that holds 0 tells nothing."
)


def draw(house: House, chosen: Chosen) -> None:
    """A part for each KPI that the monitor names."""
    if not chosen.monitor.kpis:
        nothing(
            "There is no business figure: the monitor file names no KPI. Add `kpis` to it, with a column such as the "
            "amount paid back, a cost or a value."
        )
        return
    shown = {"from_ms": chosen.from_ms, "to_ms": chosen.to_ms}
    found = monitoring_series.weekly_kpis(house, chosen.model, **shown)
    compared = {one.name: one for one in monitoring_series.arms(house, chosen.model, **shown)}
    if not compared:
        nothing("The windows shown hold no business figures. Choose more windows, or **Read new rows**.")
        return
    judged = health.of_model(house, chosen.model).get("business")
    for name, side_by_side in compared.items():
        mine = [one for one in found if one.name == name]
        _kpi(house, chosen, name, mine, side_by_side, judged)


def _kpi(
    house: House, chosen: Chosen, name: str, found: Sequence[Series], compared: Arms, judged: Health | None
) -> None:
    better = chosen.monitor.kpis[name].better
    st.markdown(f"**{plain(name, 80)}** · {better} is better")
    levels = [one for one in found if one.metric == "kpi"]
    returns = [one for one in found if one.metric == "roi"]
    _trends(house, name, judged)
    left, right = st.columns(2, gap="small") if returns and _told(returns) else (st.container(), st.container())
    with left:
        if _told(levels):
            last = "; ".join(_last(one, PLAIN, chosen) for one in levels[:2])
            draw_lines(
                chosen, f"{name} by week", levels, names=[one.group or name for one in levels], key=f"kpi_{name}",
                sentence=f"In the last full week shown: {last}.", explained=LEVEL, each="week",
            )  # fmt: skip
        else:
            nothing("The windows shown hold no full week with this figure. Choose more windows.")
    with right:
        if returns and _told(returns):
            last = "; ".join(_last(one, SHARE, chosen) for one in returns[:2])
            draw_lines(
                chosen, "Return on investment by week", returns, key=f"roi_{name}", form=SHARE, each="week",
                names=[one.group or "Return" for one in returns], explained=RETURN,
                sentence=f"In the last full week shown: {last}.",
            )  # fmt: skip
    _arms(chosen, compared)


def _trends(house: House, name: str, judged: Health | None) -> None:
    """The stored verdict's trend, arm by arm; it is judged on all full weeks, not on those shown."""
    told = [one for one in judged.details if one["metric"] == "kpi_trend" and one["name"] == name] if judged else []
    if not told:
        st.caption("The trend has not been judged yet. **Read new rows** judges it.")
    for one in told:
        with st.container(horizontal=True, vertical_alignment="center"):
            verdicts.verdict(str(one["outcome"]))
            st.markdown(plain(_trend(one, policy_files.policy(house).business.alpha), 400), width="content")


def _trend(one: Mapping[str, Any], alpha: float) -> str:
    arm = f"{one['group']}: " if one["group"] else ""
    if one["value"] is None or one.get("p") is None:
        return f"{arm}{str(one['why']).capitalize().rstrip('.')}."
    steady = "steady trend" if one["p"] < alpha else "no steady trend"
    between = "" if one["low"] is None else f" ({signed(one['low'])} to {signed(one['high'])})"
    return (
        f"{arm}{steady} over {plural(int(one['n']), 'full week')}: {signed(one['value'])} a week{between}, "
        f"Mann-Kendall p = {one['p']:.2g}."
    )


def _arms(chosen: Chosen, compared: Arms) -> None:
    if len(compared.levels) < 2:
        return
    returns, gaps = dict(compared.returns), {one.arm: one for one in compared.differences}
    rows = []
    for arm, level in compared.levels:
        gap, back = gaps.get(arm), returns.get(arm)
        rows.append(
            {
                "arm": arm or "(none)", "mean": level.value, "low": level.low, "high": level.high, "n": level.n,
                "return": back.value if back else None,
                "difference": gap.difference.value if gap else None,
                "difference_low": gap.difference.low if gap else None,
                "difference_high": gap.difference.high if gap else None, "p": gap.p if gap else None,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    if table["return"].isna().all():
        table = table.drop(columns="return")
    first, last = (monitoring.label(chosen.monitor, ms) for ms in (compared.from_ms, compared.end_ms - 1))
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Arms side by side**", help=SIDE_BY_SIDE, width="content")
            downloads.table(table, f"arms_{compared.name}")
        for one in compared.differences:
            st.markdown(plain(_difference(one.arm, compared.base, one.difference, one.p), 300))
        number = {each: st.column_config.NumberColumn(word, format="%.4g") for each, word in (
            ("mean", "Mean"), ("low", "From"), ("high", "To"), ("difference", f"Difference from {compared.base[:40]}"),
            ("difference_low", "From "), ("difference_high", "To "), ("p", "p"),
        )}  # fmt: skip
        st.dataframe(
            table, hide_index=True, key=f"arms_table_{compared.name}",
            column_config=number | {
                "arm": "Arm", "n": st.column_config.NumberColumn("n", format="localized"),
                "return": st.column_config.NumberColumn("Return", format="percent"),
            },
        )  # fmt: skip
        st.caption(plain(f"All windows shown together, {first} to {last}. From and to are ends of 95 % intervals."))


def _difference(arm: str, base: str, gap: Any, p: float | None) -> str:
    if gap.value is None:
        return f"{arm} cannot be held against {base}: {gap.why}."
    if gap.low is None or p is None:
        return f"{arm} differs from {base} by {signed(gap.value)}; there are too few rows for an interval."
    told = "the difference is clear" if gap.low > 0 or gap.high < 0 else "that cannot be told from no difference"
    return (
        f"{arm} differs from {base} by {signed(gap.value)} ({signed(gap.low)} to {signed(gap.high)}, n = {gap.n:,}, "
        f"p = {p:.2g}): {told}."
    )


def _last(one: Series, form: Any, chosen: Chosen) -> str:
    last = last_of(one, form, chosen)
    label = f"{one.group}: " if one.group else ""
    return f"{label}{last or why_not([one])}"


def _told(found: Sequence[Series]) -> bool:
    return any(point.measured.value is not None for one in found for point in one.points)
