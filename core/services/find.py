"""Finding anything by a few letters: pages, saved views, models, versions, features, experiments, runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import NotFound
from core.facts import finder
from core.governance.attention import plural
from core.governance.rights import Right
from core.services import features, views
from core.services.guard import needs
from core.services.house import House

Kind = Literal["page", "view", "model", "version", "feature", "experiment", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something found. title, subtitle: untrusted text.  page, params: where it opens."""

    kind: Kind
    title: str
    subtitle: str
    page: str
    params: tuple[tuple[str, str], ...] = ()


PAGES = (
    ("Overview", "overview", "The fleet at a glance", "home dashboard start changes attention"),
    ("Experiments", "experiments", "All runs: search, sort, group", "runs table search metrics params"),
    ("Compare runs", "compare_runs", "2 to 200 runs side by side", "difference curves baseline"),
    ("Models", "models", "Registered models, stages, lineage", "registry versions champion lineage"),
    (
        "Monitoring",
        "monitoring",
        "One model's verdicts and what stands behind them",
        "drift health performance latency errors kpi data quality alarms",
    ),
    (
        "Findings",
        "findings",
        "Rules that models broke, and what is done",
        "alarms alerts policy mode answer snooze",
    ),
    (
        "Fairness",
        "fairness",
        "Groups against limits, at any threshold",
        "bias parity disparate impact protected",
    ),
    ("Features", "features", "One feature in all models that use it", "drift columns monitoring effect alarms broken"),
    ("Projects", "projects", "What belongs together, and who sees it", "scope rule team rights members workspace tag"),
    ("Inventory", "inventory", "Models the organisation answers for", "owner validator tier gaps vendor review excel"),
    ("Audit", "audit", "Every decision: who, what, when", "trail log history events verify chain export who"),
    ("Sources", "sources", "What is connected, and its syncs", "connect mlflow add sync settings demo"),
    ("Monitor a model", "monitor_model", "From a log to its first numbers", "wizard inference log add new yaml drift"),
    ("Access", "access", "People, roles, sessions", "users teams deputies tokens sign-in log accounts authors erase"),
    ("My account", "account", "Own tokens, sessions, deputies", "password profile sign out api key"),
)
NEEDED: Mapping[str, tuple[Right, bool] | None] = {
    "access": ("access_view", True), "account": None, "audit": ("audit", True), "monitor_model": ("operate", True),
}  # fmt: skip
"""The right that a page needs, and whether it must hold everywhere; None: everybody may open it who is signed in.

A page that is not named here needs "view" somewhere.
"""


@needs(None)
def find(house: House, text: str, limit: int = 20) -> list[Hit]:
    """The best matches of all kinds, best first; pages alone when the text is empty, or the actor sees nothing else."""
    wanted = text.strip().lower()
    ranked = [found for found in _pages(wanted) if may_open(house, found[2].page)]
    if wanted and house.actor.may_somewhere("view"):
        ranked += _views(house, wanted) + _features(house, wanted)
        for kind in finder.KINDS:
            rows = finder.find(house.facts, kind, text, limit=limit)
            ranked += [(row["rank"], _ORDER[_HITS[kind](row).kind], _HITS[kind](row)) for row in rows]
    ranked.sort(key=lambda found: found[:2])
    return [hit for _, _, hit in ranked[:limit]]


@needs(None)
def may_open(house: House, page: str) -> bool:
    """Whether the one who looks may open a page."""
    needed = NEEDED.get(page, ("view", False))
    if needed is None:
        return True
    right, everywhere = needed
    return house.actor.may(right) if everywhere else house.actor.may_somewhere(right)


def has(page: str) -> bool:
    """Whether there is a page of that name."""
    return page in _PATHS


def link(page: str) -> str:
    """The path of a page that a hit names. Raises NotFound for any other."""
    if page not in _PATHS:
        raise NotFound(f"There is no page {page[:40]!r}.")
    return _PATHS[page]


_PATHS = {name: f"pages/{name}.py" for _, name, _, _ in PAGES} | {"run": "pages/run.py"}
_ORDER: dict[Kind, int] = {"page": 0, "view": 1, "model": 1, "version": 2, "feature": 3, "experiment": 4, "run": 5}


def _pages(wanted: str) -> list[tuple[int, int, Hit]]:
    found = []
    for title, name, about, words in PAGES:
        lower = title.lower()
        if wanted and not all(word in f"{lower} {about.lower()} {words}" for word in wanted.split()):
            continue
        rank = 0 if wanted == lower else 1 if lower.startswith(wanted) else 4
        found.append((rank, 0, Hit(kind="page", title=title, subtitle=about, page=name)))
    return found


def _views(house: House, wanted: str) -> list[tuple[int, int, Hit]]:
    found = []
    for view in views.listing(house):
        lower = view.name.lower()
        if all(word in lower for word in wanted.split()):
            rank = 0 if wanted == lower else 1 if lower.startswith(wanted) else 4
            about = f"{'Shared' if view.shared else 'Private'} view of {view.page} · {view.owner_name}"
            hit = Hit(kind="view", title=view.name, subtitle=about, page=view.page, params=(("view", view.id),))
            found.append((rank, _ORDER["view"], hit))
    return found


def _features(house: House, wanted: str) -> list[tuple[int, int, Hit]]:
    found = []
    for name, models in features.names(house):
        lower = name.lower()
        if all(word in lower for word in wanted.split()):
            rank = 0 if wanted == lower else 1 if lower.startswith(wanted) else 4
            hit = Hit(
                kind="feature", title=name, subtitle=f"Feature of {plural(models, 'model')}", page="features",
                params=(("feature", name),),
            )  # fmt: skip
            found.append((rank, _ORDER["feature"], hit))
    return found


def _model(row: dict[str, Any]) -> Hit:
    about = f"{plural(row['versions'], 'version')} · {row['source']}"
    return Hit(
        kind="model",
        title=row["name"],
        subtitle=about,
        page="models",
        params=(("model", f"{row['source']}:{row['name']}"),),
    )


def _version(row: dict[str, Any]) -> Hit:
    about = " · ".join([row["stage"], *row["aliases"], row["source"]])
    params = (("model", f"{row['source']}:{row['model']}"), ("version", row["version"]))
    return Hit(kind="version", title=f"{row['model']} v{row['version']}", subtitle=about, page="models", params=params)


def _experiment(row: dict[str, Any]) -> Hit:
    about = f"{plural(row['runs'], 'run')} · {row['source']}"
    params = (("experiment", f"{row['source']}:{row['experiment_id']}"),)
    return Hit(kind="experiment", title=row["name"], subtitle=about, page="experiments", params=params)


def _run(row: dict[str, Any]) -> Hit:
    about = " · ".join(
        part for part in (row["experiment"], (row["status"] or "").lower(), row["run_id"][:8], row["source"]) if part
    )
    params = (("id", f"{row['source']}:{row['run_id']}"),)
    return Hit(kind="run", title=row["name"] or row["run_id"], subtitle=about, page="run", params=params)


_HITS: dict[finder.Kind, Any] = {"models": _model, "versions": _version, "experiments": _experiment, "runs": _run}
