"""Every service says which right it needs, and refuses every role without it before it does anything."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import core.services
from core.errors import NotAllowed, NotSignedIn
from core.governance.rights import NOBODY, RIGHTS, ROLE, ROLES, Actor, Grant
from core.services.house import House

EXPECTED = {
    "viewer": {"view"},
    "contributor": {"view", "annotate", "operate"},
    "ml_lead": {"view", "rows", "annotate", "operate", "inventory", "share"},
    "validator": {"view", "rows", "annotate", "audit"},
    "compliance": {"view", "rows", "annotate", "inventory", "share", "decide", "audit", "access_view"},
    "auditor": {"view", "rows", "audit", "access_view"},
    "administrator": {
        "view", "annotate", "operate", "inventory", "share", "audit", "projects", "sources", "access_view", "access",
    },
}  # fmt: skip
BEFORE_THE_DOOR = {
    # They decide who is let in, or furnish stores before anybody is: no actor stands before them yet.
    "identity", "passwords", "demo_people", "house", "guard", "sync", "jobs", "doctor", "remote", "arrivals",
    "oidc_sign_in", "proxy_sign_in",
}  # fmt: skip
ALSO = {
    "signing_in.by_password", "signing_in.start_session", "signing_in.end_replaced",  # likewise
    "oneself.require_oneself",  # is a guard itself
    "work.told",  # what a job, already begun by right, may say of itself
}  # fmt: skip


def _services() -> Iterator[tuple[str, Callable[..., Any]]]:
    for room in pkgutil.iter_modules(core.services.__path__):
        if room.name in BEFORE_THE_DOOR:
            continue
        module = importlib.import_module(f"core.services.{room.name}")
        for name, value in vars(module).items():
            if name.startswith("_") or not inspect.isfunction(value) or value.__module__ != module.__name__:
                continue
            first = next(iter(inspect.signature(value).parameters.values()), None)
            if first is not None and first.name == "house":
                yield f"{room.name}.{name}", value


SERVICES = dict(_services())


def _actor(role: str, *, project: str | None = None) -> Actor:
    return Actor(
        id="p_x", kind="person", name="X", premises="demo", session="s_x", grants=(Grant(role=role, project=project),)
    )


def test_there_are_services_to_look_at() -> None:
    assert len(SERVICES) > 40


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ALSO))
def test_a_service_says_what_it_needs(name: str) -> None:
    right, everywhere = SERVICES[name].needs  # type: ignore[attr-defined]
    assert right is None or right in RIGHTS
    assert isinstance(everywhere, bool)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_the_rights_it_is_meant_to_have(role: str) -> None:
    assert ROLE[role].rights == EXPECTED[role]
    assert {right for right in RIGHTS if _actor(role).may(right)} == EXPECTED[role]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ALSO))
@pytest.mark.parametrize("role", ROLES)
def test_a_role_without_the_right_is_refused_before_anything_happens(name: str, role: str, demo: House) -> None:
    right, _ = SERVICES[name].needs  # type: ignore[attr-defined]
    if right is None or right in EXPECTED[role]:
        assert right is None or _actor(role).may(right)
        return
    with pytest.raises(NotAllowed):
        _call(SERVICES[name], demo.by(_actor(role)))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ALSO))
def test_nobody_is_refused(name: str, demo: House) -> None:
    with pytest.raises(NotSignedIn):
        _call(SERVICES[name], demo.by(NOBODY))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ALSO))
def test_a_right_in_a_project_does_not_open_what_needs_it_everywhere(name: str, demo: House) -> None:
    right, everywhere = SERVICES[name].needs  # type: ignore[attr-defined]
    if right is None or not everywhere:
        return
    for role in ROLES:
        with pytest.raises(NotAllowed):
            _call(SERVICES[name], demo.by(_actor(role, project="j_1")))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ALSO))
def test_a_first_password_opens_nothing(name: str, demo: House) -> None:
    right, _ = SERVICES[name].needs  # type: ignore[attr-defined]
    actor = Actor(
        id="p_x", kind="person", premises="demo", grants=(Grant(role="administrator"),), must_change=True, session="s"
    )
    if right is not None:
        with pytest.raises(NotAllowed):
            _call(SERVICES[name], demo.by(actor))


def _call(service: Callable[..., Any], house: House) -> Any:
    """With arguments that would break anything that looked at them: the door must be first."""
    named, positional = {}, []
    for parameter in list(inspect.signature(service).parameters.values())[1:]:
        if parameter.default is not parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = _Untouchable()
        else:
            positional.append(_Untouchable())
    found = service(house, *positional, **named)
    return list(found) if inspect.isgenerator(found) else found


class _Untouchable:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked for before the right was.")

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("It was walked through before the right was asked for.")
