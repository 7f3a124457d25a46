"""Rarer questions about a log's values: what counts as positive, thresholds, classes, errors, age bands, crossings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import streamlit as st

from core.monitors.drafts import Draft
from core.monitors.monitor import Scalar
from core.monitors.seen import kind_of
from core.ui.plain import bare, plain

FAVOURABLE = {"positive": "Positive", "negative": "Negative"}


def more(draft: Draft, choices: Mapping[str, Sequence[Scalar]]) -> Draft:
    """Asks what the task and the roles ask for. choices: column -> all its values, where they are few."""
    if draft.task == "binary":
        draft = _binary(draft, choices)
    elif draft.task == "multiclass":
        draft = _classes(draft, choices)
    if status := draft.one("status"):
        draft = _errors(draft, status, choices)
    draft = _bands(draft)
    return _crossed(draft)


def value_of(text: object, type_text: str) -> Scalar:
    """What was typed as a value of a column's type: 1 for a column of numbers, "1" for one of texts."""
    if not isinstance(text, str):
        return text if isinstance(text, int | float | bool) else str(text)
    kind = kind_of(type_text) if type_text else "number"
    if kind == "yes_no" and text.strip().casefold() in ("true", "false"):
        return text.strip().casefold() == "true"
    if kind == "number":
        try:
            number = float(text)
        except ValueError:
            return text
        return int(number) if number.is_integer() else number
    return text


def positive(draft: Draft, known: Sequence[Scalar], type_text: str, key: str) -> Draft:
    """Which label counts as positive: one of its values where they are few, else typed."""
    options = [*known, *([] if draft.positive in known else [draft.positive])]
    said = st.selectbox(
        "Label that counts as positive", options, index=options.index(draft.positive), key=key,
        accept_new_options=True, format_func=lambda value: bare(value, 80),
        help="A score says how likely this label is.",
    )  # fmt: skip
    return replace(draft, positive=value_of(said, type_text)) if said not in (None, "") else draft


def _binary(draft: Draft, choices: Mapping[str, Sequence[Scalar]]) -> Draft:
    left, middle, right = st.columns(3, gap="small")
    label = draft.one("label")
    with left:
        draft = positive(draft, choices.get(label, ()), draft.types.get(label, ""), "draft_positive")
    if draft.having("score"):
        threshold = middle.number_input(
            "Positive from a score of", value=float(draft.thresholds[0]), step=0.05, key="draft_threshold",
            help="The threshold that is in use.",
        )  # fmt: skip
        draft = replace(draft, thresholds=(float(threshold), *draft.thresholds[1:]))
    good = right.segmented_control(
        "Good for the person concerned", list(FAVOURABLE), default=draft.favourable, required=True,
        format_func=FAVOURABLE.__getitem__, key="draft_favourable",
        help="For fairness: of a model that predicts default, negative is good; of one that grants, positive is.",
    )  # fmt: skip
    return replace(draft, favourable=good or draft.favourable)


def _classes(draft: Draft, choices: Mapping[str, Sequence[Scalar]]) -> Draft:
    column = draft.one("prediction") or draft.one("label")
    known = list(dict.fromkeys([*draft.classes, *choices.get(column, ())]))
    said = st.multiselect(
        "Classes", known, default=list(draft.classes), key="draft_classes", accept_new_options=True,
        format_func=lambda value: bare(value, 80), help="All labels that there are.",
    )  # fmt: skip
    return replace(draft, classes=tuple(value_of(value, draft.types.get(column, "")) for value in said))


def _errors(draft: Draft, status: str, choices: Mapping[str, Sequence[Scalar]]) -> Draft:
    known = list(dict.fromkeys([*draft.errors, *choices.get(status, ())]))
    said = st.multiselect(
        "Status values that mean an error", known, default=list(draft.errors), key="draft_errors",
        accept_new_options=True, format_func=lambda value: bare(value, 80),
    )  # fmt: skip
    return replace(draft, errors=tuple(value_of(value, draft.types.get(status, "")) for value in said))


def _bands(draft: Draft) -> Draft:
    """Groups of protected attributes and segments that are numbers: ages, amounts."""
    columns = [*draft.having("protected"), *draft.having("segment")]
    bands = {column: draft.bands[column] for column in columns if column in draft.bands}
    for place, column in enumerate(columns):
        if kind_of(draft.types.get(column, "")) != "number":
            continue
        text = st.text_input(
            f"Groups of {plain(column, 60)} begin at",
            ", ".join(f"{edge:g}" for edge in bands.get(column, ())), key=f"draft_bands_{place}", max_chars=200,
            placeholder="25, 40, 60", help="Numbers with commas between them. Empty: every value is a group.",
        )  # fmt: skip
        try:
            edges = tuple(sorted({float(part) for part in text.replace(";", ",").split(",") if part.strip()}))
        except ValueError:
            st.caption(":material/error: These are no numbers with commas between them; the ones before are kept.")
            continue
        bands = {**{name: each for name, each in bands.items() if name != column}, **({column: edges} if edges else {})}
    return replace(draft, bands=bands)


def _crossed(draft: Draft) -> Draft:
    columns = draft.having("protected")
    if len(columns) < 2:
        return replace(draft, crossed=())
    pairs = [tuple(pair) for pair in combinations(columns[:8], 2)]
    before = [pair for pair in pairs if set(pair) in [set(each) for each in draft.crossed]]
    said = st.multiselect(
        "Groups looked at together", pairs, default=before, key="draft_crossed",
        format_func=lambda pair: " with ".join(bare(column, 60) for column in pair),
        help="Such as women over 60: unfairness can hide where two attributes meet.",
    )  # fmt: skip
    return replace(draft, crossed=tuple(said))
