"""Each group's rate against the limits, who is too small to be judged, calibration, and the table of all."""

import pandas as pd
import streamlit as st

from core.analysis.group_rates import Rate
from core.charts import fairness as charts
from core.charts.fairness import Mark
from core.services import fairness_view
from core.services.fairness_view import GroupFigure, Rates, View
from core.ui import fairness_words as words
from core.ui import url
from core.ui.fairness_frame import About, figure
from core.ui.fairness_verdicts import SIDES, lacking
from core.ui.plain import plain
from core.ui.verdicts import VERDICTS

ROW, TALLEST = 36, 560


def groups(seen: View) -> tuple[Rate, str]:
    """The section; returns the rate and the way of comparing (difference, ratio) that were chosen."""
    known = words.rates_of(seen.favourable)
    with st.container(border=True, key="fairness_groups"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            first = next(iter(known))
            url.one_from_url("rate", "fair_rate", list(known), first)
            chosen: Rate = (
                st.segmented_control(
                    "Rate", list(known), key="fair_rate", required=True, format_func=lambda rate: known[rate][0]
                )
                or first
            )
            url.one_to_url("rate", "fair_rate", chosen, first)
            usual = next((one.limit.of for one in seen.judged), "difference")
            url.one_from_url("compare", "fair_of", ["difference", "ratio"], usual)
            of = st.segmented_control(
                "Compare by", ["difference", "ratio"], key="fair_of", required=True, format_func=str.capitalize
            )
            url.one_to_url("compare", "fair_of", of, usual)
        of = of or usual
        found = fairness_view.rates(seen, chosen, of)
        if not found.rows:
            st.info(words.no_labels(seen), icon=":material/hourglass_empty:")
            return chosen, of
        left, right = st.columns(2, gap="medium")
        with left:
            _rates(seen, found, of, known[chosen])
        with right:
            _gaps(seen, found, of)
        _small(found)
        _table(found)
    return chosen, of


def calibration(seen: View) -> None:
    """Whether scores mean the same in every group."""
    if not seen.calibration:
        return
    told = [one for one in seen.calibration if one.in_the_large.value is not None]
    if not told:
        return
    marks = [
        Mark(name=one.group, value=one.in_the_large.value, low=one.in_the_large.low, high=one.in_the_large.high,
             outcome="no limit", told=f"{words.number(one.in_the_large.value, 'difference')} points "
             f"({words.number(one.in_the_large.low, 'difference')} to "
             f"{words.number(one.in_the_large.high, 'difference')}), n = {one.in_the_large.n:,}")
        for one in told
    ]  # fmt: skip
    off = [one for one in told if (one.in_the_large.low or 0) > 0 or (one.in_the_large.high or 0) < 0]
    said = f"In all {len(told)} groups the mean score fits the share that came true, as far as the intervals tell."
    if off:
        each = [f"{plain(one.group, 40)} (too {'low' if (one.in_the_large.value or 0) > 0 else 'high'})" for one in off]
        more = f" and {len(off) - 4} more" if len(off) > 4 else ""
        said = f"Scored off by more than their intervals allow: {', '.join(each[:4])}{more}, of {len(told)} groups."
    data = pd.DataFrame(
        {
            "group": [one.group for one in told], "n": [one.in_the_large.n for one in told],
            "in_the_large": [one.in_the_large.value for one in told], "low": [one.in_the_large.low for one in told],
            "high": [one.in_the_large.high for one in told], "against": [one.against for one in told],
            "difference": [one.difference.value for one in told], "binned_gap": [one.gap.value for one in told],
            "binned_gap_by_chance": [one.gap_by_chance for one in told],
        }
    )  # fmt: skip
    complete = seen.complete
    with st.container(border=True, key="fairness_calibration"):
        figure(
            charts.groups(marks, title="Share that came true − mean score", percent=True, equal=0.0), data,
            key="calibration", title="Calibration by group", said=said,
            about=About(
                what="The share of rows whose label is positive, less the mean score, in each group. 0 is calibrated.",
                here="Right of 0 the group is scored too low, left of it too high. The policy has no limit on it.",
                todo="Where one group is far from 0 and others are not, look at its training rows first.",
            ),
            footing=words.footing(
                seen, sum(one.in_the_large.n for one in told), len(complete.starts) if complete else 0,
                seen.complete_span,
            ) + ". All labels of these windows are complete.",
            alt="Calibration of every group with its interval",
        )  # fmt: skip


def _rates(seen: View, found: Rates, of: str, about: tuple[str, str]) -> None:
    marks = [_rate_mark(row, found, of) for row in found.rows]
    told = [row for row in found.rows if row.measured.value is not None]
    values = [f"{plain(row.group, 40)} {words.share(row.measured.value)}" for row in told[:4]]
    more = f" and {len(told) - 4} more" if len(told) > 4 else ""
    figure(
        charts.groups(marks, title=about[0], percent=True), _frame(found), key="rates", title=about[0],
        about=About(
            what=about[1] + " With its 95 % interval (Wilson).",
            here="The grey band of a group is where its rate would be within the policy's limit, given the estimate of "
            "those it is compared with." if found.limit else "The policy has no limit on this rate compared this way.",
            todo="Judge by the verdict and the intervals, not by which mark lies furthest out.",
        ),
        said=f"{about[0]} by {plain(seen.title)}: {', '.join(values)}{more}.",
        footing=words.footing(seen, found.n, found.windows, found.span),
        alt=f"{about[0]} of every group with its interval",
    )  # fmt: skip


def _gaps(seen: View, found: Rates, of: str) -> None:
    marks = [_gap_mark(row, of) for row in found.rows if row.gap]
    if not marks:
        st.caption("There is no other group to compare with.")
        return
    counts = {word: sum(mark.outcome == outcome for mark in marks) for outcome, (word, _, _) in charts.MARKS.items()}
    told = ", ".join(f"{count} {word.lower()}" for word, count in counts.items() if count)
    limit = found.limit
    figure(
        charts.groups(
            marks, title=f"{of.capitalize()} to {'all others' if not seen.against else seen.against[:40]}",
            percent=of == "difference", zone=(limit.low, limit.high) if limit else None,
            equal=0.0 if of == "difference" else 1.0,
        ),
        _frame(found), key="gaps", title=f"{of.capitalize()} to {words.against(seen.against)}",
        about=About(
            what=f"The {of} of each group's rate to that of {words.against(seen.against)}. "
            f"{'0' if of == 'difference' else '1'} is equal treatment.",
            here="The shaded zone is within the limit. Bars are one-sided 95 % bounds where the policy has a limit: a "
            "group passes when its whole bar is inside. Without a limit they are 95 % intervals.",
            todo="For a fail, look for the cause (features, threshold, missing values of that group) and answer the "
            "finding. For not enough data, wait for the rows named or judge more windows together.",
        ),
        said=f"Of {len(marks)} comparisons: {told}.",
        footing=words.footing(seen, found.n, found.windows, found.span)
        + (f" · limit: {words.limit(limit)}" if limit else " · no limit in the policy"),
        alt=f"{of} of every group to those it is compared with, with the limits",
    )  # fmt: skip


def _rate_mark(row: GroupFigure, found: Rates, of: str) -> Mark:
    allowed = None
    if found.limit and row.gap and row.other is not None:
        low, high = found.limit.low, found.limit.high
        ends = [
            None if end is None else row.other + end if of == "difference" else row.other * end for end in (low, high)
        ]
        allowed = (max(ends[0] or 0.0, 0.0), 1.0 if ends[1] is None else min(ends[1], 1.0))
    outcome = "reference" if row.gap is None else row.verdict.outcome if row.verdict else "no limit"
    return Mark(
        name=row.group, value=row.measured.value, low=row.measured.low, high=row.measured.high, outcome=outcome,
        told=_told(row), allowed=allowed,
    )  # fmt: skip


def _gap_mark(row: GroupFigure, of: str) -> Mark:
    if row.gap is None:
        return Mark(name=row.group, value=None, low=None, high=None, outcome="reference", told=_told(row))
    number = row.gap.ratio if of == "ratio" else row.gap.difference
    low, high = (row.verdict.low, row.verdict.high) if row.verdict else (number.low, number.high)
    said = (
        f"{of} {words.number(number.value, of)}{words.unit(of)} ({words.number(low, of)} to {words.number(high, of)})"
    )
    return Mark(
        name=row.group, value=number.value, low=low, high=high,
        outcome=row.verdict.outcome if row.verdict else "no limit", told=f"{said}; {_told(row)}",
    )  # fmt: skip


def _told(row: GroupFigure) -> str:
    if row.measured.value is None:
        return row.measured.why
    return (
        f"{words.share(row.measured.value)} ({words.interval(row.measured.low, row.measured.high)}), "
        f"n = {row.measured.n:,}"
    )


def _small(found: Rates) -> None:
    """Groups that are too small to judge, by name, with what they lack."""
    judged = found.judged
    if judged is None:
        return
    lack = [
        row.verdict for row in found.rows
        if row.verdict and row.verdict.outcome == "not enough data"
        and (row.verdict.needed is None or row.verdict.rows < row.verdict.needed)
    ]  # fmt: skip
    if not lack:
        return
    told = [f"- **{plain(part.gap.group, 60)}**: {lacking(judged, part)}; {SIDES[part.side]}." for part in lack]
    with st.expander(
        f"Too few rows to judge: {len(lack)} of {len(found.rows)} groups", icon=":material/hourglass_empty:",
        expanded=len(lack) <= 4,
    ):  # fmt: skip
        st.markdown("\n".join(told))
        st.caption("They stay in the judgement: nobody is left out for being few.")


def _table(found: Rates) -> None:
    data = _frame(found)
    config = {
        "group": st.column_config.TextColumn("Group", width=220, pinned=True),
        "n": st.column_config.NumberColumn("n", format="localized"),
        **{
            name: st.column_config.NumberColumn(title, format="percent")
            for name, title in (("rate", "Rate"), ("rate_low", "From"), ("rate_high", "To"))
        },
        **{
            name: st.column_config.NumberColumn(title, format="%.3f")
            for name, title in (
                ("difference", "Difference"), ("difference_low", "From"), ("difference_high", "To"),
                ("ratio", "Ratio"), ("ratio_low", "From"), ("ratio_high", "To"),
            )
        },
        "verdict": st.column_config.MultiselectColumn(
            "Verdict", options=[word for word, _, _ in VERDICTS.values()],
            color=[colour for _, _, colour in VERDICTS.values()], width=140,
        ),
        "rows_lacking": st.column_config.NumberColumn("Rows lacking", format="localized"),
    }  # fmt: skip
    shown = data.drop(columns=["against", "rate_name"])
    shown["verdict"] = [
        [word] if word in {each for each, _, _ in VERDICTS.values()} else [] for word in data["verdict"]
    ]
    st.dataframe(
        shown, key="fair_table", hide_index=True, row_height=ROW, height=min(ROW * len(shown) + 38, TALLEST),
        column_config=config, placeholder="", alt="Rates, differences and ratios of every group",
    )  # fmt: skip
    st.caption("From and To are ends of 95 % intervals; verdicts go by one-sided 95 % bounds.")


def _frame(found: Rates) -> pd.DataFrame:
    """What the charts and the table show, unrounded."""
    rows = []
    for row in found.rows:
        gap, verdict = row.gap, row.verdict
        needed = verdict.needed if verdict else None
        rows.append(
            {
                "group": row.group, "rate_name": found.rate, "n": row.measured.n, "rate": row.measured.value,
                "rate_low": row.measured.low, "rate_high": row.measured.high,
                "against": gap.against if gap else "", "difference": gap.difference.value if gap else None,
                "difference_low": gap.difference.low if gap else None,
                "difference_high": gap.difference.high if gap else None, "ratio": gap.ratio.value if gap else None,
                "ratio_low": gap.ratio.low if gap else None, "ratio_high": gap.ratio.high if gap else None,
                "verdict": VERDICTS[verdict.outcome][0] if verdict else "No limit" if gap else "Reference",
                "rows_lacking": needed - verdict.rows if verdict and needed and needed > verdict.rows else None,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
