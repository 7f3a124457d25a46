"""What administrators do with a person, each in a dialog."""

from functools import partial

import streamlit as st

from core.governance.rights import ROLES
from core.services import accounts, erasing
from core.services.accounts import Account
from core.ui import access_roles, asking
from core.ui.plain import plain
from core.ui.visit import current

TOLD = "Pass it on in person. It is shown this once, and must be changed at the first sign-in."


@st.dialog("Add a local account", icon=":material/person_add:", on_dismiss="rerun")
def add() -> None:
    """The form, then the first password."""
    if asking.told():
        return
    st.text_input("Login", key="new_login", max_chars=accounts.LOGIN_LONGEST, help="Without spaces.")
    st.text_input("Name", key="new_name", max_chars=accounts.NAME_LONGEST)
    st.text_input("Mail", key="new_mail", max_chars=accounts.NAME_LONGEST, placeholder="May stay empty")
    st.multiselect(
        "Roles, everywhere", ROLES, default=["viewer"], format_func=access_roles.title, key="new_roles",
        help="Roles in single projects are given afterwards.",
    )  # fmt: skip
    asking.make("Add", _added, icon=":material/check:", key="add_person_now")


def _added() -> asking.Told:
    login, name, mail, roles = (st.session_state[f"new_{field}"] for field in ("login", "name", "mail", "roles"))
    password = accounts.add(current(), login=login, name=name, mail=mail, roles=tuple(roles))
    said = f"{plain(name)} can sign in as {plain(login)} with this first password:"
    return asking.Told(said=said, secret=password, about=TOLD)


@st.dialog("Change a person", icon=":material/edit:")
def change(one: Account) -> None:
    """Name and mail."""
    name = st.text_input("Name", value=one.name, key=f"name_{one.id}", max_chars=accounts.NAME_LONGEST)
    mail = st.text_input("Mail", value=one.mail, key=f"mail_{one.id}", max_chars=accounts.NAME_LONGEST)
    if asking.buttons("Save", icon=":material/save:", key="change_person_now"):
        asking.finish(lambda: accounts.change(current(), one.login, name=name, mail=mail, read=(one.name, one.mail)))


@st.dialog("A new first password", icon=":material/password:", on_dismiss="rerun")
def reset(one: Account) -> None:
    """Asks, then shows it."""
    if asking.told():
        return
    st.markdown(
        f"The password of **{plain(one.name)}** stops working, all its sessions end, a lock is lifted, and its API "
        "tokens rest until the new password has been changed."
    )
    asking.make("Make a new one", partial(_was_reset, one), icon=":material/password:", key="reset_now")


def _was_reset(one: Account) -> asking.Told:
    password = accounts.reset(current(), one.login)
    return asking.Told(said=f"{plain(one.login)} can sign in with this first password:", secret=password, about=TOLD)


def lift(one: Account) -> None:
    """Hurts nobody, but wrong passwords may have been tried by somebody else: it says so."""
    asking.confirm(
        "Lift the lock?",
        f"**{plain(one.name)}** may try to sign in again at once. Look into the sign-in log first: the wrong passwords "
        "may have been somebody else's.",
        "Lift it", lambda house: accounts.lift(house, one.login), ":material/lock_open:",
    )  # fmt: skip


def disable(one: Account) -> None:
    asking.confirm(
        "Disable this person?",
        f"**{plain(one.name)}** is signed out everywhere at once and cannot sign in; its API tokens stop. It keeps its "
        "roles for the day it is enabled again.",
        "Disable", lambda house: accounts.disable(house, one.login), ":material/block:",
    )  # fmt: skip


def enable(one: Account) -> None:
    asking.confirm(
        "Enable this person?", f"**{plain(one.name)}** can sign in again, with the roles it has.", "Enable",
        lambda house: accounts.enable(house, one.login), ":material/person_check:",
    )  # fmt: skip


@st.dialog("Erase this person?", icon=":material/person_remove:")
def erase(one: Account) -> None:
    """Asks for the login once more."""
    st.markdown(
        f"Name, login, mail and password of **{plain(one.name)}** are deleted, with its texts, addresses, roles and "
        "mappings; sessions and tokens end. **This cannot be undone.** Events stay, under a number without a name; "
        "texts it signed stay as long as they must be kept. Backups made before still hold the name."
    )
    typed = st.text_input(f"Type {plain(one.login)} to confirm", key=f"typed_{one.id}", live=True)
    same = typed.strip().lower() == one.login
    wanted = asking.buttons("Erase for good", icon=":material/person_remove:", key="erase_now", disabled=not same)
    if wanted and asking.attempt(lambda: erasing.erase(current(), one.login, typed=typed)) is not None:
        st.query_params.pop("person", None)
        st.rerun()
