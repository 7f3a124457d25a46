"""Nothing of what lies outside a person's projects reaches it: through no service, no route, no total, no message."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import core.services
from core.api.app import build
from core.api.visit import visited
from core.errors import GatehouseError, NotAllowed, NotFound
from core.facts.profiles import FOREVER
from core.governance.projects import Rule, rule_from
from core.governance.rights import Actor, Grant
from core.ledger import people
from core.services import (
    audit,
    authors,
    comparison,
    demo_inventory,
    demo_people,
    demo_projects,
    directory,
    evaluation,
    export,
    fairness_history,
    fairness_view,
    features,
    find,
    findings,
    findings_answer,
    fleet,
    fleet_health,
    health,
    histories,
    identity,
    inventory,
    inventory_excel,
    inventory_history,
    inventory_values,
    logs,
    measurements,
    models,
    monitored_feature,
    monitoring,
    monitoring_series,
    notes,
    policies,
    policy_modes,
    profile_book,
    profile_rows,
    profiling,
    projects,
    run_rows,
    runs,
    scope,
    sources,
    versions,
    views,
    watching,
    work,
)  # fmt: skip
from core.services.house import House, silent
from core.services.measurements import Wanted
from core.services.projects import Draft
from core.services.runs import RunQuery
from tests.houses import Bank
from tests.outside import Split, split, without

DAY = date(2026, 11, 25)
NOW = 1_795_573_948_789


@dataclass(frozen=True, slots=True)
class Case:
    """house: as the scoped person sees it.  parts: what is inside and outside."""

    house: House
    parts: Split


def member(house: House, rule: Rule, name: str) -> House:
    """The house as a contributor of a new project sees it."""
    project = projects.save(house, Draft(name=name, rule=rule))
    actor = Actor(id="p_scoped", kind="person", name="Scoped", premises=house.active,
                  grants=(Grant(role="contributor", project=project),))  # fmt: skip
    return house.by(actor)


@pytest.fixture(scope="module", params=["demo", "bank by tag", "bank by model alone"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    if request.param == "demo":
        house: House = request.getfixturevalue("glimpsed")
        demo_people.furnish(house.ledger)
        demo_projects.furnish(house.ledger)
        demo_inventory.furnish(house.ledger)
        with house.ledger.reading() as connection:
            row = people.by_login(connection, "n.haddad")
        mine = lambda r: r["tags"].get("team") == "retail-credit"  # noqa: E731
        parts = split(house, mine, mine)
        logins = {person.login for person in directory.everyone(house).values()}  # people are nobody's project
        parts = replace(parts, words=parts.words - logins)
        yield Case(house.by(identity.actor_of_person(house, row["id"], "demo")), parts)
        return
    bank: Bank = request.getfixturevalue("bank")
    if request.param == "bank by tag":
        rule = rule_from({"clauses": [{"tags": ["TEAM=risk"]}]})
        mine = lambda r: r["tags"].get("team") == "risk"  # noqa: E731
        yield Case(member(bank.house, rule, "By tag"), split(bank.house, mine, mine))
    else:
        rule = rule_from({"clauses": [{"models": ["credit_*"]}]})
        parts = split(bank.house, lambda r: False, lambda r: r["name"] == "credit_risk")
        yield Case(member(bank.house, rule, "By model"), parts)


def calls(parts: Split, side: str) -> dict[str, list[tuple[Callable[..., Any], tuple, dict]]]:
    """Service -> calls of it. side: whose refs are asked for: inside, outside, or nowhere (made up)."""
    rows = parts.inside if side == "inside" else parts.outside

    def pick(table: str, key: str, made_up: str) -> list[str]:
        found = sorted({f"{r['source']}:{r[key]}" for r in rows[table]})
        source = found[0].partition(":")[0] if found else "s"
        return [f"{source}:{made_up}"] if side == "nowhere" or not found else found[:3] + found[-3:]

    run_refs, model_refs = pick("runs", "run_id", "f" * 32), pick("models", "name", "no_such_model")
    experiments = tuple(pick("experiments", "experiment_id", "987654"))
    numbers = tuple(r["run_no"] for r in rows["runs"][:20]) if side != "nowhere" else (10**9,)
    names = [ref.partition(":")[2] for ref in model_refs]
    queries = [
        RunQuery(), RunQuery(experiments=experiments), RunQuery(deleted=True, experiments=experiments),
        RunQuery(text="metrics.loss < 100 and name like '%'", order="metrics.loss desc"), RunQuery(text="a"),
    ]  # fmt: skip
    words = {names[0], run_refs[0].partition(":")[2], names[0][:4], "a", "e 1", ""}
    found: dict[str, list[tuple[Callable[..., Any], tuple, dict]]] = {}

    def add(service: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        found.setdefault(f"{service.__module__.rpartition('.')[2]}.{service.__name__}", []).append(
            (service, args, kwargs)
        )

    for query in queries:
        add(runs.search, query, now_ms=NOW)
        add(runs.grouped, query, ("user", "experiment_id"), now_ms=NOW)
        add(runs.columns_of, query)
        add(runs.parts_found, query, now_ms=NOW)
        add(run_rows.page, query, page=1, size=1_000, now_ms=NOW)
        add(export.runs_table, query, now_ms=NOW)
        add(export.groups_table, query, ("user",), now_ms=NOW)
    for scope_of in ((), experiments):
        for deleted in (False, True):
            add(runs.keys, scope_of, deleted)
    add(runs.experiments)
    add(runs.sparks, numbers, "loss")
    add(runs.names, tuple(run_refs))
    add(comparison.compare, tuple(run_refs))
    add(histories.missing, run_refs)
    add(histories.loading, run_refs)
    for key in ("loss", "valid.auc", "valid.loss"):
        add(histories.curves, numbers, key)
    add(histories.keys, numbers)
    for ref in run_refs:
        add(runs.run, ref)
        add(runs.ref_of, ref.partition(":")[2])
        add(run_rows.whole, ref)
        add(scope.project_of, "run", ref, "operate")
    for ref in model_refs:
        add(versions.opened, ref)
        add(versions.version, ref, "1")
        add(scope.project_of, "model", ref, "operate")
        add(scope.may, "model", ref, "operate")
    add(models.fleet)
    add(models.listing)
    add(models.listing, text=names[0][:5])
    add(models.csv)
    add(fleet.glance, now_ms=NOW)
    add(fleet.changes, now_ms=NOW, limit=1_000)
    add(fleet.attention, now_ms=NOW)
    for text in words:
        add(find.find, text, limit=100)
    add(logs.statuses)
    add(logs.problems)
    for name in names:
        add(logs.schema_changes, name)
        add(profiling.start, name)
        add(profiling.profile_here, name, silent, engine="duckdb", since=None)
        add(measurements.page, Wanted(model=name, categories=("data_quality",)), offset=0, limit=5, as_of_ms=NOW)
        add(
            profile_rows.page, name, version="", role="", part="", name="", segment="", groups=True, from_ms=-1,
            to_ms=FOREVER, offset=0, limit=50,
        )  # fmt: skip
        ids = sorted({r["edges"] for r in rows["profiles"] if r["model"] == name}) or ["e_none"]
        add(profile_book.edges_of, name, ids[0])
        add(fairness_view.choices, name)
        for family in (("sex",), ("sex", "age")):
            add(fairness_view.seen_book, name, "3", family)
            add(fairness_view.last_change, name, "3", family, NOW)
            add(fairness_view.view, name, "3", family, 28, now_ms=NOW)
            add(fairness_view.explorer, name, "3", family, 28, now_ms=NOW)
            add(fairness_history.history, name, "3", family, 28, "positive_rate", "difference", "window", now_ms=NOW)
        add(evaluation.evaluate, name)
        add(evaluation.start, name)
        add(health.of_model, name)
        add(monitoring.opened, name, as_of_ms=NOW)
        add(profiling.monitor_of, name)
        add(monitoring.drift_map, name, "3", -1)
        add(monitoring.findings_of, name)
        add(monitored_feature.feature, name, "3", "AGE", -1)
        add(health.drift, name)
        for version in sorted({r["version"] for r in rows["profiles"] if r["model"] == name})[:3] or ["1"]:
            for metric in ("roc_auc", "mae", "label_coverage"):
                add(monitoring_series.performance, name, version, metric, as_of_ms=NOW)
            add(monitoring_series.estimated, name, version, "roc_auc")
            add(monitoring_series.label_rate, name, version, as_of_ms=NOW)
            add(monitoring_series.prediction, name, version)
            add(monitoring_series.served, name, version)
            add(monitoring_series.last_window, name, version, ("unseen_share",), -1)
        add(monitoring_series.weekly_kpis, name)
        add(monitoring_series.arms, name)
    for name in sorted({r["name"] for r in rows["profiles"] if r["name"]})[:5] or ["x0"]:
        add(health.drift_of_feature, name)
        add(features.opened, name, now_ms=NOW)
    add(features.watched, now_ms=NOW)
    add(features.listing, now_ms=NOW)
    add(features.names)
    add(fleet_health.standing)
    add(fleet_health.failing)
    add(watching.verdicts, model_refs)
    add(watching.maturity, names, now_ms=NOW)
    add(evaluation.unevaluated)
    add(health.fleet)
    add(monitoring.models)
    add(fairness_view.models)
    add(profile_rows.models)
    add(profiling.monitors)
    add(profiling.monitors, "own")
    add(profiling.unprofiled)
    add(sources.statuses)
    add(work.jobs)
    add(projects.listing)
    add(projects.listing, archived=True)
    add(projects.matched, rule_from({"clauses": [{"experiments": ["*"], "models": ["*"]}]}))
    for query in (inventory.Query(shown="all"), inventory.Query(text=names[0]), inventory.Query(gap="any")):
        add(inventory.listing, query, day=DAY)
        add(inventory.matching, query, day=DAY)
        add(inventory_excel.export, query, day=DAY)
    add(inventory.summary, day=DAY)
    add(inventory.entries, day=DAY)
    add(inventory.by_key, day=DAY)
    add(inventory_values.known, day=DAY)
    for ref in model_refs:
        for service in (inventory.entry, inventory.find, inventory.dependents, inventory_history.history):
            add(service, ref, day=DAY)
    for subject in (*(f"run:{ref}" for ref in run_refs), *(f"model:{ref}" for ref in model_refs)):
        add(notes.notes, subject)
        add(notes.tags, subject)
        add(notes.see, subject)
        add(audit.history, subject)
        add(notes.add, subject, " ")
        add(notes.set_tag, subject, "", "")
    add(notes.tags_of_models)
    add(views.listing)
    add(views.default, "experiments")
    add(authors.of, run_refs[0].partition(":")[0], "somebody")
    add(projects.of_models)
    add(projects.names)
    add(findings.listing, findings.Query(shown="all"), NOW)
    add(findings.groups, findings.Query(shown="all"), NOW)
    add(findings.states, NOW)
    add(findings.counts)
    add(policy_modes.modes)
    add(policies.known)
    made_up = [{"finding_id": "f_0000000000000000"}] * 5
    for row in made_up if side == "nowhere" else rows["findings"][:5] or made_up:
        add(findings.one, row["finding_id"], NOW)
        add(findings_answer.history, row["finding_id"])
        add(findings_answer.answer, [row["finding_id"]], "reopen", revisions={row["finding_id"]: 0})
    for name in names:
        add(policy_modes.mode, name, "fairness")
        add(policy_modes.set_mode, [name], "all", "observe")
    return found


ASIDE = {
    # people and the ways in, which projects do not scope
    "directory.everyone", "directory.name", "signing_in.sign_out", "signing_in.sign_out_everywhere",
    "signing_in.change_password", "sources.start_syncs",
    # looked at below, or writing: they narrow by what is called here
    "projects.one", "projects.contents", "projects.history", "projects.teams", "projects.holding", "scope.visible",
    "histories.load", "histories.start_loading", "histories.load_idle", "logs.read_all", "profiling.profile_all",
    "evaluation.evaluate_all",
    "sources.start_sync", "work.job",
    # one's own sessions, tokens and deputies; policies that everybody reads; names of people, teams and projects
    "deputies.own", "deputies.appoint", "deputies.end", "sessions.own", "sessions.revoke", "tokens.own",
    "tokens.scopes", "tokens.make", "tokens.revoke", "oidc_sign_in.sign_out", "find.may_open", "authors._mapping",
    "policy_files.materiality", "policy_files.regimes", "policy_files.data_categories", "policy_files.policy",
    "audit_names.names", "audit_names.namer", "inventory_values.projects",
    # a function that only parts of the page and other services call with what they were shown
    "audit.lines", "inventory.homes", "profile_book.book",
    # writing: what is not seen is not found, as test_inventory, test_notes and test_views look at
    "inventory_edits.edit", "inventory_edits.edit_many", "inventory_edits.add", "inventory_edits.write",
    "inventory_edits.plan", "inventory_edits.retire", "inventory_edits.restore", "inventory_import.preview",
    "inventory_import.apply", "inventory_tier.override_tier", "notes.edit", "notes.delete", "notes.remove_tag",
    "verification.verify", "views.view", "views.save", "views.rename", "views.update", "views.share",
    "policies.publish", "views.delete", "views.restore", "views.set_default", "views.hand_over",
}  # fmt: skip


def guarded() -> dict[str, Any]:
    """Every service with its need."""
    found = {}
    for room in pkgutil.iter_modules(core.services.__path__):
        module = import_module(f"core.services.{room.name}")
        for name, service in vars(module).items():
            if inspect.isfunction(service) and hasattr(service, "needs") and service.__module__ == module.__name__:
                found[f"{room.name}.{name}"] = service
    return found


def outcome(service: Callable[..., Any], house: House, args: tuple, kwargs: dict) -> Any:
    """What a service answers, or its error."""
    try:
        return service(house, *args, **kwargs)
    except GatehouseError as error:
        return type(error), error.message, error.hint


def test_every_service_is_called_here_or_needs_a_right_everywhere(case: Case) -> None:
    called = set(calls(case.parts, "outside"))
    services = guarded()
    for service in services.values():
        if service.needs[1]:
            with pytest.raises(NotAllowed):
                service(case.house)
    open_to_all = {name for name, service in services.items() if not service.needs[1]}
    assert open_to_all - called - ASIDE == set()


def test_no_service_tells_anything_of_the_outside(case: Case) -> None:
    assert len(case.parts.words) > 20
    for side in ("inside", "outside"):
        for name, found in calls(case.parts, side).items():
            for service, args, kwargs in found:
                told = outcome(service, case.house, args, kwargs)
                if side == "outside" and isinstance(told, tuple) and told and told[0] is NotFound:
                    continue  # it repeats what was asked for; the next test looks at how
                if side == "outside" and name in ("runs.names", "comparison.compare"):
                    told = told if name != "runs.names" else list(told.values())
                traces = case.parts.traces(told)
                assert traces == set(), (name, args, sorted(traces)[:5])


def test_what_is_outside_is_answered_as_what_is_nowhere(case: Case) -> None:
    outside, nowhere = calls(case.parts, "outside"), calls(case.parts, "nowhere")
    for name in outside:
        for (service, args, kwargs), (_, other, others) in _pairs(outside[name], nowhere[name]):
            if name in ("find.find", "models.listing", "runs.names"):
                continue
            told, same = outcome(service, case.house, args, kwargs), outcome(service, case.house, other, others)
            if isinstance(told, tuple) and told and isinstance(told[0], type):
                words = [word for word in (*_flat(args), *_flat(other)) if len(word) > 2]
                assert without(" ".join(map(str, told)), *words) == without(" ".join(map(str, same)), *words), name


def _pairs(outside: list, nowhere: list) -> Iterator[tuple[Any, Any]]:
    """Calls that ask for the same kind of thing."""

    def kind(call: Any) -> str:
        first = call[1][0] if call[1] else ""
        return first.partition(":")[0] if isinstance(first, str) and first.startswith(("run:", "model:")) else ""

    for each in dict.fromkeys(kind(call) for call in outside):
        yield from zip(
            [call for call in outside if kind(call) == each], [call for call in nowhere if kind(call) == each],
            strict=False,
        )  # fmt: skip


def _flat(args: Any) -> Iterator[str]:
    for arg in args:
        if isinstance(arg, str):
            yield arg
            yield arg.partition(":")[2]
            yield arg.rpartition(":")[2]
            yield arg[:80]
            source, _, rest = arg.partition(":")
            yield from (rest[:80], source)
        elif isinstance(arg, tuple | list):
            yield from _flat(arg)
        elif isinstance(arg, Wanted):
            yield arg.model


def test_totals_are_those_counted_by_hand(case: Case) -> None:
    house, inside = case.house, case.parts.inside
    active = [r for r in inside["runs"] if r["lifecycle_stage"] == "active"]
    assert runs.search(house, RunQuery()).total == len(active)
    assert runs.search(house, RunQuery(deleted=True)).total == len(inside["runs"])
    mine_now = {f"{e['source']}:{e['experiment_id']}" for e in inside["experiments"]}
    assert {e.ref for e in runs.experiments(house)} == mine_now
    assert set(runs.keys(house, (), False).metrics) == {key for r in active for key in r["metrics"]}
    seen = fleet.glance(house, now_ms=NOW)
    assert (seen.models, seen.versions, seen.runs) == (len(inside["models"]), len(inside["versions"]), len(active))
    assert seen.experiments == sum(e["lifecycle_stage"] == "active" for e in inside["experiments"])
    assert {m.ref for m in models.fleet(house)} == {f"{m['source']}:{m['name']}" for m in inside["models"]}
    status = sources.statuses(house)[0]
    assert (status.runs, status.models) == (len(inside["runs"]), len(inside["models"]))
    assert (status.runs_read, status.runs_removed) == (None, None)
    assert {row["model"] for row in profile_rows.models(house)} == {row["model"] for row in inside["profiles"]}
    mine = projects.listing(house)
    assert [(p.runs, p.versions) for p in mine] == [(len(active), len(inside["versions"]))]
    assert {t.ref for t in projects.contents(house, mine[0].id)} == {
        *(f"{e['source']}:{e['experiment_id']}" for e in inside["experiments"]),
        *(f"{m['source']}:{m['name']}" for m in inside["models"]),
    }


def test_no_route_tells_anything_of_the_outside(case: Case) -> None:
    app = build(lambda: case.house, lambda: "secret")
    app.dependency_overrides[visited] = lambda: case.house
    api = TestClient(app, base_url="http://localhost")
    others = {
        "run_id": [f"{r['source']}:{r['run_id']}" for r in case.parts.outside["runs"][:3]],
        "model": [f"{r['source']}:{r['name']}" for r in case.parts.outside["models"][:3]] + ["car_price"],
        "job_id": ["0" * 12],
        "entry": [f"{r['source']}:{r['name']}" for r in case.parts.outside["models"][:3]],
    }
    asked = 0
    for template, methods in app.openapi()["paths"].items():
        if "get" not in methods:
            continue
        named = [p for p in others if f"{{{p}}}" in template]
        for value in others[named[0]] if named else [""]:
            path = template.replace(f"{{{named[0]}}}", quote(value)) if named else template
            for query in ({}, {"model": "car_price"}, {"model": "credit_risk", "limit": 50}):
                answer = api.get(path, params=query)
                asked += 1
                assert answer.status_code in (200, 403, 404, 422), (path, answer.text[:200])
                if named:
                    assert answer.status_code == 404, path
                elif answer.status_code == 200:
                    assert case.parts.traces(answer.json()) == set(), path
    assert asked > 20


def test_work_on_what_is_outside_is_refused_as_not_found(case: Case) -> None:
    house = case.house
    refs = [f"{r['source']}:{r['run_id']}" for r in case.parts.outside["runs"][:3]]
    with pytest.raises(NotFound):
        histories.start_loading(house, refs)
    with pytest.raises(NotFound):
        sources.start_sync(house, "elsewhere")
    with pytest.raises(NotFound):
        projects.one(house, "pr_none")
