"""Step 1 of Monitor a model: which log, and of which model."""

from dataclasses import replace

import streamlit as st

from core.errors import GatehouseError, Invalid
from core.services import monitor_drafts, monitor_drafts_logs, monitor_drafts_upload
from core.services.house import House, now_ms
from core.services.monitor_drafts_kept import Kept, LabelsFrom
from core.services.monitor_drafts_logs import ENDINGS, FoundLog, FoundLogs, Place
from core.ui import draft_frame, moments
from core.ui.draft_frame import Making
from core.ui.plain import bare, plain

FILES: Place = "files"
PLACES = {"found": "In the working folder", "upload": "Upload a file", "address": "Another address", "sql": "SQL"}
KINDS: dict[Place, str] = {"files": "Files", "delta": "Delta"}
SQL = (
    "A query is described by a file, since it can name passwords' places and a watermark. Write `monitors/NAME.yaml` "
    "where the server runs, with `log: {sql: {...}}` as the README shows; the log then appears on the page Sources."
)


def step(house: House, made: Making | None) -> None:
    """Model and log, and a look at it."""
    with st.container(border=True, key="draft_log"):
        model = _model(house, made)
        offered = monitor_drafts_logs.found(house)
        known = [log.address for log in offered.logs]
        first = "found" if known and (made is None or made.draft.address in known) else "address"
        how = st.segmented_control(
            "Where the log is", list(PLACES), default=first, required=True, format_func=PLACES.__getitem__,
            key=draft_frame.fresh("where"),
        )  # fmt: skip
        address, place = "", FILES
        try:
            if how == "found":
                address, place = _found(house, offered, made)
            elif how == "upload":
                address = _upload(house, model)
            elif how == "address":
                address, place = _address(house, made)
            else:
                st.info(SQL, icon=":material/database:")
        except GatehouseError as error:
            draft_frame.mistake(error)
        label = "Look at the log" if made is None else "Look at the log again"
        if how != "sql" and st.button(label, icon=":material/search:", type="primary", key="draft_look"):
            _look(house, model, address, place, made)


def _model(house: House, made: Making | None) -> str:
    known = monitor_drafts.offered(house)
    names = [*known.new, *known.monitored]
    now = made.draft.model if made else ""
    names += [now] if now and now not in names else []
    chosen = st.selectbox(
        "Model", names, index=names.index(now) if now else None, key=draft_frame.fresh("model"),
        accept_new_options=True, format_func=lambda name: bare(name, 120),
        placeholder="Choose a registered model, or type a name",
        help="The name under which its numbers are shown. That of a registered model ties them to its versions.",
    )  # fmt: skip
    if chosen and chosen in known.monitored:
        st.caption(
            f":material/edit_document: {plain(chosen)} has a monitor, `{plain(known.monitored[chosen])}`. Its choices "
            "are taken over, and the last step shows what would change."
        )
    return chosen or ""


def _found(house: House, offered: FoundLogs, made: Making | None) -> tuple[str, Place]:
    base = monitor_drafts_logs.base_of(house)
    if not offered.logs:
        st.info(
            f"No Parquet file, CSV file or Delta table was found in `{plain(base)}`. Put one there, upload one, or "
            "name another address.",
            icon=":material/folder_off:",
        )
        return "", FILES
    logs = {log.address: log for log in offered.logs}
    now = made.draft.address if made and made.draft.address in logs else None
    chosen = st.selectbox(
        "Log", list(logs), index=list(logs).index(now) if now else None, key=draft_frame.fresh("found"),
        format_func=lambda address: _told(logs[address]), placeholder=f"{len(logs)} found: choose one",
    )  # fmt: skip
    more = "" if offered.whole else " The folder holds more than is listed: name others as another address."
    st.caption(f"Found below {plain(base)}. A line with * stands for all files of a folder together.{more}")
    return (chosen, logs[chosen].place) if chosen else ("", FILES)


def _told(log: FoundLog) -> str:
    kind = "Delta table" if log.place == "delta" else f"{log.files} files" if log.files > 1 else "1 file"
    parts = [bare(log.address, 120), kind, draft_frame.size(log.size) if log.size else ""]
    return " · ".join([*(part for part in parts if part), f"changed {moments.ago(log.newest_ms, now_ms())}"])


def _upload(house: House, model: str) -> str:
    file = st.file_uploader(
        "File", type=[ending.removeprefix(".") for ending in ENDINGS], key=draft_frame.fresh("file"),
        max_upload_size=monitor_drafts_upload.BIGGEST // 1_000_000,
        help="It is kept in the folder logs/ of the working folder, under the model's name.",
    )  # fmt: skip
    if file is None:
        return ""
    if not model.strip():
        st.caption(":material/arrow_upward: Name the model first: the file is kept under its name.")
        return ""
    name = monitor_drafts.checked_model(model)
    return draft_frame.remember(
        ("upload", name, file.file_id), lambda: monitor_drafts_upload.upload(house, name, file.name, file.getvalue()),
        "Keeping the file",
    )  # fmt: skip


def _address(house: House, made: Making | None) -> tuple[str, Place]:
    left, right = st.columns([4, 1], gap="small", vertical_alignment="bottom")
    address = left.text_input(
        "Address", made.draft.address if made else "", key=draft_frame.fresh("address"), max_chars=1_000,
        autocomplete="off", placeholder="logs/credit/*.parquet   or   s3://bucket/logs/*.parquet",
        help="A path, with * for any letters and ** for any folders, or an address in object storage.",
    )  # fmt: skip
    place = right.segmented_control(
        "Kind", list(KINDS), default=made.draft.place if made else "files", required=True,
        key=draft_frame.fresh("kind"), format_func=KINDS.__getitem__,
    )  # fmt: skip
    st.caption(
        f"Paths start at {plain(monitor_drafts_logs.base_of(house))}, and do not lead out of it. Object storage is "
        "read with the sign-in of the machine on which the server runs."
    )
    return address.strip(), place or FILES


def _look(house: House, model: str, address: str, place: Place, made: Making | None) -> None:
    """Looks, and takes over what was chosen before: of this draft, or in the file of a monitor that is there."""
    try:
        name = monitor_drafts.checked_model(model)
        if not address:
            raise Invalid("No log is chosen.", field="address", hint="Choose one above.")
        with st.spinner("Looking at the log"):
            seen = monitor_drafts.looked(house, name, address, place)
            there = monitor_drafts.existing(house, name)
    except GatehouseError as error:
        draft_frame.mistake(error)
        return
    before = made.draft if made else there.draft if there else None
    draft = seen.draft
    if before:
        roles = {column: before.roles.get(column, role) for column, role in draft.roles.items()}
        draft = replace(
            before, model=name, place=draft.place, address=address, types=draft.types, roles=roles,
            class_of={column: of for column, of in before.class_of.items() if column in roles},
        )  # fmt: skip
    labels: LabelsFrom = "file" if draft.label_files else "column" if draft.one("label") else "none"
    draft_frame.forget_answers()
    draft_frame.begin(
        house,
        Kept(
            draft=draft, seen=seen, there=there, labels=labels,
            reference="file" if draft.reference_files else "days", arrival=made.kept.arrival if made else "",
        ),
    )  # fmt: skip
