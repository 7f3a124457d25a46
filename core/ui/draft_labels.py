"""Step 3 of Monitor a model: where labels come from, and how they fit the log."""

from dataclasses import replace

import streamlit as st

from core.errors import GatehouseError
from core.governance.attention import plural
from core.monitors.drafts import Draft, Role
from core.services import monitor_drafts, monitor_drafts_logs
from core.services.house import House
from core.services.monitor_drafts import LabelJoin
from core.services.monitor_drafts_kept import LabelsFrom
from core.ui import draft_frame, draft_values
from core.ui.draft_frame import Making
from core.ui.plain import bare, plain

WAYS: dict[LabelsFrom, str] = {"none": "There are none", "column": "A column of the log", "file": "Another file"}
NO_TIME = "No column: how late labels come is not known"


def step(house: House, made: Making) -> None:
    """The choice, what it needs, and a preview of the join."""
    with st.container(border=True, key="draft_labels"):
        way = st.segmented_control(
            "What came true, the label, is in", list(WAYS), default=made.kept.labels, required=True,
            format_func=WAYS.__getitem__, key="draft_labels_from",
        )  # fmt: skip
        _switch(made, way or made.kept.labels)
        try:
            if made.kept.labels == "column":
                _column(made)
            elif made.kept.labels == "file":
                _file(house, made)
            else:
                st.markdown(
                    "Without labels there are no accuracy, no AUC and no error rates by group. Drift, data quality, "
                    "latency and the share of positive decisions are still shown. Labels can be added later."
                )
                return
            _fit(house, made)
        except GatehouseError as error:
            draft_frame.mistake(error)


def _switch(made: Making, way: LabelsFrom) -> None:
    """A label of the log is left out of it when labels are elsewhere; it is no feature."""
    if way == made.kept.labels:
        return
    draft = made.draft
    if way != "column":
        draft = _with(draft, "label", "")
    if way != "file":
        draft = replace(draft, label_files="", label_column="", label_id="")
    made.put(replace(draft, complete_after_days=0), labels=way)


def _with(draft: Draft, role: Role, column: str) -> Draft:
    """The draft with this column alone in a role; what had it is left out. column: "" for none."""
    out: Role = "out"
    roles = {name: out if own == role else own for name, own in draft.roles.items()}
    return replace(draft, roles=roles | ({column: role} if column else {}))


def _column(made: Making) -> None:
    draft, choices = made.draft, made.kept.seen.choices
    left, middle, right = st.columns([3, 3, 2], gap="small")
    columns, now = list(draft.types), draft.one("label")
    label = left.selectbox(
        "Column", columns, index=columns.index(now) if now else None, key="draft_label_column",
        format_func=lambda name: bare(name, 120), placeholder="Choose the label",
    )  # fmt: skip
    if not label:
        return
    draft = _with(draft, "label", label)
    with middle:
        if draft.task == "binary":
            known = choices.get(label, ())
            if label != now and known and draft.positive not in known:
                draft = replace(draft, positive=known[-1])
            draft = draft_values.positive(draft, known, draft.types.get(label, ""), "draft_positive_column")
    with right:
        draft = _complete(draft, None)
    made.put(draft)


def _file(house: House, made: Making) -> None:
    draft = made.draft
    addresses = [log.address for log in monitor_drafts_logs.found(house).logs if log.place == "files"]
    addresses += [draft.label_files] if draft.label_files and draft.label_files not in addresses else []
    address = st.selectbox(
        "File with the labels", addresses, key="draft_label_files", accept_new_options=True,
        index=addresses.index(draft.label_files) if draft.label_files else None,
        format_func=lambda name: bare(name, 120), placeholder="Choose one, or type a path such as labels/*.parquet",
    )  # fmt: skip
    if not address:
        return
    table = draft_frame.remember(
        ("labels", address), lambda: monitor_drafts.label_table(house, address), "Looking at the labels"
    )
    if address != draft.label_files or not draft.label_column:
        key_there = table.id or next(iter(table.types))
        draft = replace(draft, label_files=address, label_column=table.label, label_id=key_there)
        known = table.choices.get(table.label, ())
        if draft.task == "binary" and known and draft.positive not in known:
            draft = replace(draft, positive=known[-1])
        made.put(draft, arrival=table.time)
    columns = list(table.types)
    key, label, id_there, time = st.columns(4, gap="small")
    own = list(draft.types)
    of_log = key.selectbox(
        "Id in the log", own, index=own.index(draft.one("id")) if draft.one("id") else None, key="draft_log_id",
        format_func=lambda name: bare(name, 120), placeholder="Choose",
        help="A value that names each prediction, in the log and beside its label.",
    )  # fmt: skip
    if of_log and of_log != draft.one("id"):
        draft = _with(draft, "id", of_log)
    chosen = label.selectbox("Label", columns, index=_at(columns, draft.label_column), key=f"draft_label_{address}",
                             format_func=lambda name: bare(name, 120))  # fmt: skip
    there = id_there.selectbox("Id beside the label", columns, index=_at(columns, draft.label_id),
                               key=f"draft_label_id_{address}", format_func=lambda name: bare(name, 120))  # fmt: skip
    times = ["", *columns]
    arrival = time.selectbox(
        "Time it arrived", times, index=_at(times, made.kept.arrival), key=f"draft_arrival_{address}",
        format_func=lambda name: bare(name, 120) if name else NO_TIME,
        help="Only for this preview: it tells how many days labels take.",
    )  # fmt: skip
    draft = replace(draft, label_column=chosen, label_id=there)
    if draft.task == "binary":
        draft = draft_values.positive(
            draft, table.choices.get(chosen, ()), table.types.get(chosen, ""), f"draft_positive_{address}"
        )
    made.put(draft, arrival=arrival)


def _fit(house: House, made: Making) -> None:
    """How many rows have a label, and what that means."""
    draft, arrival = made.draft, made.kept.arrival
    asked = (draft.address, draft.one("id"), draft.one("label"), draft.label_files, draft.label_id, draft.label_column)
    clock = draft.one("time"), draft.zone, draft.naive, draft.unit
    found = draft_frame.remember(
        ("join", asked, clock, arrival), lambda: monitor_drafts.label_join(house, draft, arrival), "Joining some rows"
    )
    if found is None:
        return
    join = found.join
    share = join.matched / join.rows if join.rows else 0.0
    first, second, third, fourth = st.columns(4, gap="small")
    first.metric("Rows with a label", f"{share:.1%}", border=True)
    first.caption(f"{join.matched:,} of {join.rows:,} rows looked at")
    if draft.label_files:
        second.metric("Ids with several labels", f"{join.duplicates:,}", border=True)
        second.caption(f"of {join.labels:,} rows of labels; {join.contradictions:,} of these ids say different things")
        if found.join.median is not None:
            third.metric("Half have come after", _days(join.median), border=True)
            third.caption(f"9 of 10 after {_days(join.p90)}, 99 of 100 after {_days(join.p99)}")
        with fourth:
            made.put(_complete(draft, found))
    _advise(share, found)


def _advise(share: float, found: LabelJoin) -> None:
    if not found.join.matched:
        st.error(
            "**No row found its label.**  \nIs the id the same value in both, written the same way? Choose other "
            "columns above.",
            icon=":material/link_off:",
        )
    elif share < 0.5:
        st.warning(
            "Fewer than half of the rows have a label. Numbers that need labels are of those that have one.",
            icon=":material/warning:",
        )
    if found.join.contradictions:
        st.warning(
            f"{plural(found.join.contradictions, 'id')} with labels that differ: such rows are counted as "
            "contradictions, and have no label.",
            icon=":material/warning:",
        )


def _complete(draft: Draft, found: LabelJoin | None) -> Draft:
    """After how many days labels are taken for complete; what the delays suggest, until somebody says otherwise."""
    proposed = found.complete_after_days if found else None
    taken = f"draft_proposed_{draft.label_files}"
    if proposed is not None and not draft.complete_after_days and not st.session_state.get(taken):
        draft = replace(draft, complete_after_days=proposed)
    st.session_state[taken] = True
    days = st.number_input(
        "Labels are complete after days", 0, 3_650, draft.complete_after_days, key=f"draft_days_{draft.label_files}",
        help="Until then a window's labels are maturing, and its numbers raise no alarm.",
    )  # fmt: skip
    if proposed is not None:
        st.caption(f"Proposed: {plain(proposed)}, when 99 of 100 labels had come")
    return replace(draft, complete_after_days=int(days))


def _at(columns: list[str], name: str) -> int:
    return columns.index(name) if name in columns else 0


def _days(days: float | None) -> str:
    return "–" if days is None else f"{days:.1f} days" if days < 10 else f"{days:.0f} days"
