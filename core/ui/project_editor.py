"""Making and changing a project, while seeing what its rule matches."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import GatehouseError, Invalid
from core.governance.attention import plural
from core.governance.projects import MOST_CLAUSES, PARTS, Clause, Rule, rule_from
from core.services import project_preview, projects
from core.services.house import House
from core.services.project_preview import Preview
from core.services.projects import Draft, Held, Project
from core.ui import project_view
from core.ui.plain import plain

HELP = {
    "sources": "Names of sources. None: all.",
    "experiments": "Names or patterns; * and ? stand for anything. With models alone stated, no experiment matches.",
    "models": "Names or patterns; * and ? stand for anything. With experiments alone stated, no model matches.",
    "tags": "key=value of the experiment's or the model's own tags; * and ? stand for anything.",
    "workspaces": "MLflow workspaces: what stands before the first / of a name; default for names without one.",
}
NAMED = 12


def editor(house: House, project: Project | None) -> None:
    """The form, the preview under it, and saving."""
    _start(project)
    st.title("New project" if project is None else f"Change {plain(project.name, 100)}", anchor=False)
    form, beside = st.columns([6, 5], gap="small")
    with form:
        name, about, owner = _about(house, project)
        stated = _clauses(project_preview.known(house))
    with beside, st.container(border=True, key="project_preview"):
        rule, shown = _preview(house, stated, project)
    with form:
        agreed = _agreed(shown)
        with st.container(horizontal=True):
            if st.button(
                "Save", type="primary", icon=":material/save:", key="save_project", disabled=rule is None or not agreed
            ):
                _save(house, project, Draft(name=name, description=about, rule=rule or Rule(), owner=owner))
            if st.button("Cancel", key="cancel_project"):
                _leave(project.id if project else None)


def _start(project: Project | None) -> None:
    """Puts a project's rule into the form when the form is opened."""
    opened = (project.id, project.revision) if project else ("", 0)
    if st.session_state.get("_project_form") == opened:
        return
    st.session_state["_project_form"] = opened
    clauses = project.rule.clauses if project and project.rule.clauses else (Clause(),)
    st.session_state["_clauses"] = list(range(len(clauses)))
    for number, clause in enumerate(clauses):
        for part in PARTS:
            st.session_state[f"clause_{number}_{part}"] = list(getattr(clause, part))
    st.session_state["project_name"] = project.name if project else ""
    st.session_state["project_about"] = project.description if project else ""
    st.session_state["project_owner"] = project.owner if project else None


def _about(house: House, project: Project | None) -> tuple[str, str, str | None]:
    teams = projects.teams(house)
    with st.container(border=True, key="project_about_box"):
        left, right = st.columns([3, 2], gap="small")
        name = left.text_input("Name", key="project_name", max_chars=projects.NAME_LONGEST, placeholder="Retail credit")
        options = list(teams) + ([project.owner] if project and project.owner and project.owner not in teams else [])
        owner = right.selectbox(
            "Owned by", options, index=None, key="project_owner", placeholder="No team",
            format_func=lambda team: teams.get(team, "A team that is gone")[:80],
            help="Teams are made on the page Access.",
        )  # fmt: skip
        about = st.text_area("What it is for", key="project_about", max_chars=projects.ABOUT_LONGEST, height=80)
    return name or "", about or "", owner


def _clauses(known: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The clauses as form rows. Returns the rule as JSON values, empty clauses left out."""
    numbers: list[int] = st.session_state["_clauses"]
    clauses = []
    for place, number in enumerate(numbers):
        with st.container(border=True, key=f"clause_{number}"):
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.markdown("**What belongs to it**" if not place else "**or**", width="content")
                if len(numbers) > 1:
                    st.button(
                        "Remove", icon=":material/close:", type="tertiary", key=f"drop_{number}", on_click=_drop,
                        args=(number,),
                    )  # fmt: skip
            columns = st.columns(2, gap="small")
            stated = {}
            for at, part in enumerate(("tags", "models", "experiments", "sources", "workspaces")):
                key = f"clause_{number}_{part}"
                options = list(dict.fromkeys([*st.session_state.get(key, []), *known[part]]))
                stated[part] = columns[at % 2].multiselect(
                    project_view.PART_NAMES[part], options, key=key, accept_new_options=True, help=HELP[part],
                    placeholder="Any",
                )  # fmt: skip
            if any(stated.values()):
                clauses.append({part: entries for part, entries in stated.items() if entries})
            else:
                st.caption("States nothing yet: it counts for nothing.")
    if len(numbers) < MOST_CLAUSES:
        st.button("Add an alternative", icon=":material/add:", key="add_clause", on_click=_add)
    return {"clauses": clauses}


def _add() -> None:
    st.session_state["_clauses"] = [*st.session_state["_clauses"], max(st.session_state["_clauses"], default=-1) + 1]


def _drop(number: int) -> None:
    st.session_state["_clauses"] = [kept for kept in st.session_state["_clauses"] if kept != number]


def _preview(house: House, stated: dict[str, Any], project: Project | None) -> tuple[Rule | None, Preview | None]:
    st.markdown("**Preview**")
    try:
        rule = rule_from(stated)
    except Invalid as mistake:
        st.error(f"**{plain(mistake.message, 1_000)}**  \n{plain(mistake.hint)}", icon=":material/error:")
        return None, None
    shown = project_preview.preview(house, rule, project=project.id if project else None)
    st.markdown(f":material/rule: {plain(shown.said, 1_000)}")
    st.markdown(
        f"**{plural(len(shown.models), 'model')}** with {plural(shown.versions, 'version')} · "
        f"**{plural(len(shown.experiments), 'experiment')}** with {plural(shown.runs, 'run')}"
    )
    if project:
        _list("Comes in", ":material/add_circle:", shown.comes)
        _list("Leaves", ":material/remove_circle:", shown.leaves)
        if not shown.comes and not shown.leaves:
            st.caption("Nothing comes in, nothing leaves.")
    _list("Matches now", ":material/check_circle:", shown.holds)
    if shown.overlaps:
        said = [
            f"{plain(o.name, 100)} ({plural(o.models, 'model')}, {plural(o.experiments, 'experiment')})"
            for o in shown.overlaps
        ]
        st.caption(f":material/join_inner: Also in {'; '.join(said[:NAMED])}")
    if shown.holds:
        st.caption(f":material/star: {len(shown.alone):,} of {len(shown.holds):,} are in no other project.")
    return rule, shown


def _list(title: str, icon: str, things: tuple[Held, ...]) -> None:
    if not things:
        return
    names = [f"{plain(thing.name, 80)} ({thing.kind})" for thing in things[:NAMED]]
    more = f" and {len(things) - NAMED:,} more" if len(things) > NAMED else ""
    st.markdown(f"{icon} {title}: {', '.join(names)}{more}")


def _agreed(shown: Preview | None) -> bool:
    """Whether whoever narrows a rule knows whom that hits."""
    said = project_view.losses(shown.losing) if shown else ""
    if not said:
        return True
    st.warning(f"{said}.", icon=":material/visibility_off:")
    return st.checkbox("I know, and mean it", key="agreed")


def _save(house: House, project: Project | None, draft: Draft) -> None:
    try:
        kept = projects.save(
            house, draft, project=project.id if project else None, revision=project.revision if project else 0
        )
    except GatehouseError as error:
        st.error(f"**{plain(error.message, 1_000)}** {plain(error.hint)}", icon=":material/error:")
        return
    _leave(kept)


def _leave(project: str | None) -> None:
    st.session_state.pop("_project_form", None)
    st.session_state.pop("agreed", None)
    st.query_params.from_dict({"project": project} if project else {})
    st.rerun()
