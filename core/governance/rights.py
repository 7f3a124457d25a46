"""Who may do what: rights, the roles that hold them, and an actor with its grants. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from core.settings import RoleName

Right = Literal[
    "view",        # what sources, profiles and numbers say
    "rows",        # single rows of people's data: samples, examples; every look is audited
    "annotate",    # notes, tags, answers to findings, views of one's own
    "operate",     # syncs, profiling
    "inventory",   # what the organisation answers for
    "share",       # views for everybody
    "decide",      # overrides and other decisions that are signed
    "audit",       # the audit trail
    "projects",    # projects, teams
    "sources",     # what is connected
    "access_view", # people, roles, sessions: to see
    "access",      # people, roles, sessions: to change
]  # fmt: skip
RIGHTS: tuple[Right, ...] = get_args(Right)
ROLES: tuple[RoleName, ...] = get_args(RoleName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A right as people read it. title: a few words.  about: what it allows, in a sentence."""

    title: str
    about: str


RIGHT: Mapping[str, Named] = {
    "view": Named(title="See runs and models", about="Runs, models, numbers, profiles and the inventory."),
    "rows": Named(title="See single rows", about="Samples and examples of people's data; every look is audited."),
    "annotate": Named(
        title="Take notes, answer findings", about="Notes, tags, answers to findings, and views of one's own."
    ),
    "operate": Named(title="Sync and profile", about="Starts syncs and profiles logs."),
    "inventory": Named(title="Keep the inventory", about="Says who answers for a model, and what it is for."),
    "share": Named(title="Share views", about="Makes views that everybody sees."),
    "decide": Named(title="Decide and sign", about="Overrides and other decisions that bear a signature."),
    "audit": Named(title="Read the audit trail", about="Every event, its proof, and exports of the trail."),
    "projects": Named(title="Manage projects", about="Makes, changes and archives projects."),
    "sources": Named(title="Connect sources", about="Adds, changes and removes what is connected."),
    "access_view": Named(title="See who has access", about="People, roles, tokens, sessions and sign-ins, to read."),
    "access": Named(title="Manage access", about="Adds people, gives roles, ends sessions and tokens."),
}
READING: frozenset[Right] = frozenset({"view", "rows", "audit", "access_view"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role. title: as people read it.  about: what it is for, in a sentence.  rights: what it may do."""

    title: str
    about: str
    rights: frozenset[Right]


ROLE: Mapping[str, Role] = {
    "viewer": Role(title="Viewer", about="Sees runs, models and numbers.", rights=frozenset({"view"})),
    "contributor": Role(
        title="Contributor", about="Works on models: syncs, profiles, takes notes.",
        rights=frozenset({"view", "annotate", "operate"}),
    ),
    "ml_lead": Role(
        title="ML lead", about="Answers for models: keeps the inventory, shares views, looks at rows.",
        rights=frozenset({"view", "rows", "annotate", "operate", "inventory", "share"}),
    ),
    "validator": Role(
        title="Validator", about="Checks models independently of those who built them.",
        rights=frozenset({"view", "rows", "annotate", "audit"}),
    ),
    "compliance": Role(
        title="Compliance officer", about="Decides, and signs with a name.",
        rights=frozenset({"view", "rows", "annotate", "inventory", "share", "decide", "audit", "access_view"}),
    ),
    "auditor": Role(title="Auditor", about="Reads everything, changes nothing.", rights=READING),
    "administrator": Role(
        title="Administrator", about="Runs the house: people, projects, sources. Signs nothing.",
        rights=frozenset(
            {"view", "annotate", "operate", "inventory", "share", "audit", "projects", "sources", "access_view",
             "access"}
        ),
    ),
}  # fmt: skip

# What a deputy does not gain: an administrator would give roles by it, and an auditor's independence is its own.
NOT_PASSED_ON: frozenset[str] = frozenset({"administrator", "auditor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role in force. project: its id; None: everywhere.  on_behalf_of: whom the actor stands in for; None: itself."""

    role: str
    project: str | None = None
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who stands before a service.

    id: of a person; or "local" (a command of the user who owns the files), "system" (the program itself), "nobody".
    kind: person (a browser), token (a program), local, system, nobody.
    premises: the stores this actor sees, "demo" or "own"; None: those that are shown by default.
    scopes: what a token is limited to; None: no such limit.
    must_change: nothing but changing the password is possible.
    """

    id: str
    kind: Literal["person", "token", "local", "system", "nobody"]
    login: str = ""
    name: str = ""
    premises: Literal["demo", "own"] | None = None
    grants: tuple[Grant, ...] = ()
    session: str = ""
    scopes: frozenset[str] | None = None
    must_change: bool = False

    def may(self, right: Right, project: str | None = None) -> bool:
        """Whether this actor has a right: in that project, or, with None, everywhere."""
        return self.grant_for(right, project) is not None

    def may_somewhere(self, right: Right) -> bool:
        """Whether this actor has a right everywhere or in any project."""
        return self.may(right) or any(self.may(right, grant.project) for grant in self.grants if grant.project)

    def places(self, right: Right) -> frozenset[str] | None:
        """Ids of the projects in which this actor has a right; None: everywhere."""
        if self.may(right):
            return None
        return frozenset(g.project for g in self.grants if g.project and self.may(right, g.project))

    def grant_for(self, right: Right, project: str | None = None) -> Grant | None:
        """The grant that gives a right there; one's own before one of somebody this actor stands in for."""
        if right not in RIGHTS:
            raise ValueError(f"right must be one of {', '.join(RIGHTS)}, got {right!r}.")
        if self.kind in ("local", "system"):
            return Grant(role="administrator")
        if self.kind == "nobody" or self.must_change or (self.scopes is not None and right not in self.scopes):
            return None
        holding = [
            g for g in self.grants
            if g.role in ROLE and right in ROLE[g.role].rights and g.project in (None, project)
        ]  # fmt: skip
        return min(holding, key=lambda grant: grant.on_behalf_of is not None, default=None)

    def roles(self) -> tuple[str, ...]:
        """Role names held everywhere, in the order of ROLES, then those held in projects only."""
        everywhere = {g.role for g in self.grants if g.project is None}
        somewhere = {g.role for g in self.grants if g.project} - everywhere
        return tuple([r for r in ROLES if r in everywhere] + [r for r in ROLES if r in somewhere])


NOBODY = Actor(id="nobody", kind="nobody")
LOCAL = Actor(id="local", kind="local", name="Command line")
SYSTEM = Actor(id="system", kind="system", name="Gatehouse")
