"""The threshold explorer: what another threshold would have decided about each group, from score histograms."""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.group_rates import Rate
from core.analysis.threshold_sweep import Sweep
from core.charts import fairness as charts
from core.governance.attention import plural
from core.services import fairness_view
from core.services.fairness import WITHOUT_LABELS
from core.services.fairness_view import Explorer, View, selection
from core.services.house import House
from core.ui import fairness_words as words
from core.ui import url
from core.ui.fairness_frame import About, figure
from core.ui.plain import plain
from core.ui.visit import current

ROW, TALLEST, MOST_LINES = 36, 420, 8
SHOWN = {
    "selection": "Selection rate", "ratio": "Disparate impact", "difference": "Difference", "tpr": "True positive rate",
    "ppv": "Precision", "accuracy": "Accuracy",
}  # fmt: skip


def explorer(seen: View, *, now_ms: int) -> None:
    """The section. Moving the threshold runs this part alone again."""
    with st.container(border=True, key="fairness_explorer"):
        _explore(seen, now_ms)


@st.fragment
def _explore(seen: View, now_ms: int) -> None:
    house: House = current()
    found = fairness_view.explorer(house, seen.model, seen.version, seen.family, seen.rule.windows, now_ms=now_ms)
    st.markdown(
        "**Threshold explorer**",
        help="What other thresholds would have decided about the same rows. It is an exploration: nothing is changed, "
        "no row is read again, and the deployed threshold stays.",
    )
    st.caption(
        ":material/science: An exploration: nothing is changed. Figures are point estimates on the rows shown, without "
        "intervals: a threshold that is chosen because it looks best here looks better than it is."
    )
    place, shown = _controls(found)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _lines(seen, found, place, shown)
    with right:
        _trade_off(seen, found, place)
    _at(found, place)
    _where(found)


def _controls(found: Explorer) -> tuple[int, str]:
    labels = [f"{value:.6g}" for value in found.everyone.thresholds]
    options = list(dict.fromkeys(labels))
    deployed = labels[found.deployed]
    said = st.query_params.get("threshold", "")
    if said and said not in options:  # another model's, or typed: the nearest that the bins can tell
        st.query_params["threshold"] = labels[_near(found, said)]
    url.one_from_url("threshold", "fair_threshold", options, deployed)
    chosen = st.select_slider(
        "Threshold: positive from here on", options, key="fair_threshold",
        help="Steps are the edges of the score histogram: each holds about as many rows.",
    )  # fmt: skip
    url.one_to_url("threshold", "fair_threshold", chosen, deployed)
    possible = list(SHOWN) if found.complete else ["selection", "ratio", "difference"]
    url.one_from_url("show", "fair_show", possible, "selection")
    shown = st.segmented_control("Draw", possible, key="fair_show", required=True, format_func=SHOWN.__getitem__)
    url.one_to_url("show", "fair_show", shown, "selection")
    return (labels.index(chosen) if chosen in options else found.deployed), shown or "selection"


def _near(found: Explorer, said: str) -> int:
    try:
        value = float(said[:30])
    except ValueError:
        return found.deployed
    return found.everyone.nearest(value) if np.isfinite(value) else found.deployed


def _lines(seen: View, found: Explorer, place: int, shown: str) -> None:
    at, mine, zone = found.everyone.thresholds, selection(found.favourable), None
    limits = [reach.limit for reach in found.reaches]
    if shown in ("ratio", "difference"):
        values = found.everyone.gaps(mine, against=found.against)[shown == "ratio"]
        limit = next((one for one in limits if one.of == shown and one.criterion in WITHOUT_LABELS), None)
        zone = (limit.low, limit.high) if limit else None
    elif shown == "selection":
        values = found.everyone.rates(mine)
    else:
        values = (found.complete or found.everyone).rates(_rate(shown))
    labelled = shown not in ("selection", "ratio", "difference")
    swept = found.complete if labelled and found.complete else found.everyone
    sizes = swept.totals.sum(axis=1)
    told = [place for place in np.argsort(-sizes) if not np.all(np.isnan(values[place]))]
    lines = [(swept.groups[place], values[place]) for place in sorted(told[:MOST_LINES])]
    fewer = f"The {MOST_LINES} largest of {len(told)} groups are drawn; all stand below. " * (len(told) > MOST_LINES)
    now = [f"{plain(name, 40)} {_said(row[place], shown)}" for name, row in lines[:4]]
    more = f" and {len(lines) - 4} more" if len(lines) > 4 else ""
    figure(
        charts.thresholds(
            lines, at, title=SHOWN[shown], percent=shown not in ("ratio",), zone=zone,
            deployed=found.threshold, explored=float(at[place]),
        ),
        _frame(swept, values, shown), key="thresholds", title=f"{SHOWN[shown]} by threshold",
        about=About(
            what=f"{SHOWN[shown]} of each group if rows were decided positive from that threshold on; "
            f"the favourable decision is {found.favourable}.",
            here="The dashed upright line is the deployed threshold, the solid one the explored. At both ends "
            "everybody gets the same decision: groups are equal there, and the model decides nothing.",
            todo="Look for a stretch where groups come together at an accuracy you accept; then test it on new rows.",
        ),
        said=f"{fewer}At {at[place]:.4g}: {', '.join(now)}{more}.",
        footing=_footing(seen, found, labelled), alt=f"{SHOWN[shown]} of every group by threshold",
    )  # fmt: skip


def _trade_off(seen: View, found: Explorer, place: int) -> None:
    if found.complete is None:
        st.markdown("**Accuracy against disparate impact**")
        st.info(words.no_labels(seen), icon=":material/hourglass_empty:")
        return
    accuracy, impact = found.complete.whole("accuracy"), _lowest(found)
    limits = [reach.limit for reach in found.reaches]
    least = next((one.low for one in limits if one.of == "ratio" and one.criterion in WITHOUT_LABELS), None)
    told = ~np.isnan(impact)
    at = np.flatnonzero(told)
    if not at.size or not told[place] or not told[found.deployed]:
        st.markdown("**Accuracy against disparate impact**")
        st.caption("No ratio can be told at this threshold: nobody, or nobody of those compared with, is selected.")
        return
    number = {int(old): new for new, old in enumerate(at)}
    compared = sum(name != found.against for name in found.everyone.groups)
    thresholds = found.everyone.thresholds[at]
    figure(
        charts.trade_off(
            impact[at], accuracy[at], thresholds, explored=number[place],
            deployed=number[found.deployed], least=least,
        ),
        pd.DataFrame({"threshold": thresholds, "lowest_ratio": impact[at], "accuracy": accuracy[at]}),
        key="trade_off", title="Accuracy against disparate impact",
        about=About(
            what="Each point of the curve is a threshold: how often decisions are right, against the lowest ratio of "
            "selection rates of any group to those it is compared with.",
            here=f"The lowest of {compared} groups: with more groups, and small ones, it is lower by chance alone.",
            todo="Where both can be had, a threshold further right costs nothing. No verdict rests on this curve.",
        ),
        said=f"At {found.everyone.thresholds[place]:.4g}: accuracy {words.share(float(accuracy[place]))}, lowest ratio "
        f"{impact[place]:.2f} of {compared} groups compared (it falls with their number).",
        footing=_footing(seen, found, labelled=True), alt="Accuracy against disparate impact, a point a threshold",
    )  # fmt: skip


def _lowest(found: Explorer) -> np.ndarray:
    """(T,) the lowest ratio of any group that has one; NaN where none has."""
    ratio = found.everyone.gaps(selection(found.favourable), against=found.against)[1]
    lowest = np.where(np.isnan(ratio), np.inf, ratio).min(axis=0)
    return np.where(np.isinf(lowest), np.nan, lowest)


def _at(found: Explorer, place: int) -> None:
    """The table of every group at the explored threshold, beside the deployed one."""
    whole, mine = found.everyone, selection(found.favourable)
    difference, ratio = whole.gaps(mine, against=found.against)
    rates = whole.rates(mine)
    data = {
        "group": list(whole.groups), "n": whole.totals.sum(axis=1).tolist(), "selection": rates[:, place].tolist(),
        "deployed": rates[:, found.deployed].tolist(), "ratio": ratio[:, place].tolist(),
        "difference": difference[:, place].tolist(),
    }  # fmt: skip
    if found.complete is not None:
        known = {name: row for row, name in enumerate(found.complete.groups)}
        for rate in ("tpr", "ppv", "accuracy"):
            values = found.complete.rates(_rate(rate))[:, place]
            data[rate] = [float(values[known[name]]) if name in known else float("nan") for name in whole.groups]
    percent = ("selection", "deployed", "tpr", "ppv", "accuracy")
    titles = {**SHOWN, "deployed": f"At {found.threshold:g}, deployed"}
    st.dataframe(
        pd.DataFrame(data), key="fair_explored", hide_index=True, row_height=ROW, placeholder="",
        height=min(ROW * len(whole.groups) + 38, TALLEST), alt="Every group at the explored threshold",
        column_config={
            "group": st.column_config.TextColumn("Group", width=220, pinned=True),
            "n": st.column_config.NumberColumn("n", format="localized"),
            **{
                name: st.column_config.NumberColumn(titles[name], format="percent" if name in percent else "%.3f")
                for name in data if name not in ("group", "n")
            },
        },
    )  # fmt: skip


def _where(found: Explorer) -> None:
    """On which thresholds each limit of the policy holds, by point estimates."""
    told = []
    for reach in found.reaches:
        title = f"**{words.CRITERIA[reach.limit.criterion][0]}** ({words.limit(reach.limit)})"
        if reach.stretches is None:
            told.append(f"{title}: labels are needed and not complete yet.")
            continue
        each = [f"{low:.4g}" + f" to {high:.4g}" * (high > low) for low, high in reach.stretches]
        more = f" and on {plural(len(each) - 5, 'more stretch', 'more stretches')}" if len(each) > 5 else ""
        where = f"holds from {', '.join(each[:5])}{more}" if each else "holds at no threshold"
        here = "holds" if reach.deployed else "does not hold"
        told.append(f"{title}: {where}; at the deployed {found.threshold:g} it {here}.")
    st.markdown("\n\n".join(told))
    st.caption(
        "By point estimates alone, which are no verdict. At both ends everybody gets the same decision, so limits hold "
        "there whatever the model does."
    )


def _rate(shown: str) -> Rate:
    rates: dict[str, Rate] = {"tpr": "tpr", "ppv": "ppv", "accuracy": "accuracy"}
    return rates[shown]


def _said(value: float, shown: str) -> str:
    if np.isnan(value):
        return "–"
    if shown == "difference":
        return f"{words.number(value, 'difference')} points"
    return words.number(value, "ratio") if shown == "ratio" else words.share(value)


def _footing(seen: View, found: Explorer, labelled: bool) -> str:
    if labelled and found.complete is not None:
        n = int(found.complete.totals[:, :2].sum())
        where = f"{words.windows(found.complete_windows, seen.length)}, {words.span(found.complete_span, seen.zone)}"
        return f"n = {n:,} labelled · {where} · version {plain(seen.version, 40)}"
    n = int(found.everyone.totals.sum())
    where = f"{words.windows(found.windows, seen.length)}, {words.span(found.span, seen.zone)}"
    return f"n = {n:,} · {where} · version {plain(seen.version, 40)} · against {words.against(seen.against)}"


def _frame(swept: Sweep, values: np.ndarray, shown: str) -> pd.DataFrame:
    """A row a threshold, a column a group."""
    data = np.column_stack([swept.thresholds, values.T])
    return pd.DataFrame(data, columns=["threshold", *(f"{shown} {name}" for name in swept.groups)])
