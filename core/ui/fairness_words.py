"""Fairness in words: rates, limits, outcomes, spans of windows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.analysis.group_rates import Favourable, Rate
from core.governance.attention import plural
from core.governance.policy import FairnessLimit
from core.services.fairness_view import Choices, View, selection
from core.ui.plain import plain

CRITERIA: dict[str, tuple[str, str]] = {
    "demographic_parity": ("Demographic parity", "Every group gets the favourable decision equally often."),
    "equal_opportunity": (
        "Equal opportunity",
        "Of those who deserve the favourable decision (by the label), every group gets it equally often.",
    ),
    "equalised_odds": (
        "Equalised odds",
        "Of those who deserve the favourable decision, and of those who do not, every group gets it equally often.",
    ),
    "predictive_parity": (
        "Predictive parity", "The favourable decision is equally often right in every group.",
    ),
}  # fmt: skip
RULE = (
    "**Pass** only when, for every group, both one-sided 95 % bounds lie within the limit. **Fail** only when, for "
    "some group, the bounds lie wholly beyond it; these are taken at 0.05 divided by the number of comparisons, so "
    "that many groups do not make a fail by chance. **Otherwise not enough data**: the estimate alone decides nothing. "
    "No group is left out for being small."
)
_RATES: dict[Rate, tuple[str, str]] = {
    "tpr": ("True positive rate", "Of rows whose label is positive, the share decided positive."),
    "fpr": ("False positive rate", "Of rows whose label is negative, the share decided positive."),
    "tnr": ("True negative rate", "Of rows whose label is negative, the share decided negative."),
    "fnr": ("False negative rate", "Of rows whose label is positive, the share decided negative."),
    "ppv": ("Precision", "Of rows decided positive, the share whose label is positive."),
    "npv": ("Negative predictive value", "Of rows decided negative, the share whose label is negative."),
    "accuracy": ("Accuracy", "The share of labelled rows that were decided as their label says."),
}


def rates_of(favourable: Favourable) -> dict[Rate, tuple[str, str]]:
    """The rates to choose from: title, what it is. Where negative is favourable also those that criteria compare."""
    first = f"Share of rows with the favourable decision, which is {favourable} here; labels are not needed."
    found: dict[Rate, tuple[str, str]] = {selection(favourable): ("Selection rate", first)}
    more: tuple[Rate, ...] = ("tpr", "fpr", "ppv", "accuracy")
    if favourable == "negative":
        more = ("tnr", "tpr", "fpr", "ppv", "npv", "accuracy")
    return found | {rate: _RATES[rate] for rate in more}


def limit(one: FairnessLimit) -> str:
    """Such as: difference within -5.0 to +5.0 points."""
    if one.low is not None and one.high is not None:
        return f"{one.of} within {number(one.low, one.of)} to {number(one.high, one.of)}{unit(one.of)}"
    if one.low is not None:
        return f"{one.of} at least {number(one.low, one.of)}{unit(one.of)}"
    return f"{one.of} at most {number(one.high, one.of)}{unit(one.of)}"


def number(value: float | None, of: str) -> str:
    """A ratio such as 0.82; a difference such as -4.1, in points (hundredths of a share)."""
    if value is None:
        return "–"
    if value == float("inf"):
        return "no end"
    return f"{value:.2f}" if of == "ratio" else f"{value * 100:+.1f}".replace("-", "−")


def unit(of: str) -> str:
    return " points" if of == "difference" else ""


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def interval(low: float | None, high: float | None) -> str:
    """Such as 6.5% to 8.2%; "–" for none."""
    return "–" if low is None or high is None else f"{low:.1%} to {high:.1%}"


def day(ms: int, zone: str) -> str:
    """The day in the monitor's zone, such as 18 Nov 2026."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%-d %b %Y")


def span(found: tuple[int, int] | None, zone: str) -> str:
    """First to last day; the end is excluded."""
    if found is None:
        return "no window"
    first, last = day(found[0], zone), day(found[1] - 1, zone)
    return first if first == last else f"{first} to {last}"


def windows(count: int, length: str) -> str:
    """Such as 28 windows of a day."""
    return f"{plural(count, 'window')} of {'an' if length == 'hour' else 'a'} {length}"


def against(name: str) -> str:
    """Markdown: who groups are compared with."""
    return plain(name, 60) if name else "all others together"


def footing(seen: View, n: int, count: int, found: tuple[int, int] | None) -> str:
    """Markdown: n, windows, reference of a figure."""
    return (
        f"n = {n:,} · {windows(count, seen.length)}, {span(found, seen.zone)} · version {plain(seen.version, 40)} · "
        f"threshold {seen.threshold:g} · each group against {against(seen.against)}"
    )


def no_labels(seen: View) -> str:
    """Markdown: why figures that need labels are not there, and when they will be."""
    if not seen.has_label:
        return "The monitor names no label, so nothing can be said of who was decided rightly. Name one in the monitor."
    if seen.first_complete_ms is None:
        return "The windows with complete labels hold no scores by these groups."
    return (
        f"No labels are complete yet. Those of the first window will be on "
        f"**{day(seen.first_complete_ms, seen.zone)}**; until then only selection rates can be told."
    )


def version_title(known: Choices, name: str) -> str:
    """A version for a menu, with its rows."""
    found = next((one for one in known.versions if one.name == name), None)
    live = " · live" if name == known.live else ""
    return f"{name}{live} · {found.rows:,} rows" if found else name
