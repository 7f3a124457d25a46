"""Adding, changing and removing sources: what is asked of them, what is written down, and what never is."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.connectors import http
from core.errors import Busy, GatehouseError, NotFound, SettingsError, SourceUnavailable
from core.services import sources
from core.services.house import House, silent
from core.services.settings_file import HEADER, remove_source, write_source
from core.settings import Source, StageMap, StageRules, load, read_file
from tests.mlflow_population import populate

NOBODY = Source(url="http://127.0.0.1:9", interval_s=0)
BAD_ADDRESSES = [
    "ftp://host", "host:5000", "mlflow", "http://[::1", "http://", "http:///path", "http://host:abc", "http://host:99999",
    "sqlite:", "sqlite://", "sqlite:///", "sqlite:///nowhere/mlflow.db", "postgresql://h:port/db",
    "http://\u2603.\u2603:1", "javascript:alert(1)",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("GATEHOUSE_", "MLFLOW_TRACKING_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def newcomer(tmp_path: Path):
    """A house without sources, as a first start finds it: it shows the demo."""
    house = House(load({}, tmp_path))
    yield house
    house.close()


@pytest.fixture
def store(tmp_path: Path, empty_mlflow: Path) -> Path:
    path = tmp_path / "their.db"
    path.write_bytes(empty_mlflow.read_bytes())
    return path


@pytest.fixture
def filled(store: Path) -> Source:
    from mlflow import MlflowClient

    populate(MlflowClient(tracking_uri=f"sqlite:///{store}"))
    return Source(url=f"sqlite:///{store}", interval_s=0)


def _save(house: House, name: str, source: Source) -> None:
    job = house.jobs.wait(sources.save(house, name, source).id, 60)
    assert job.state == "done", job.error


# -- the form -------------------------------------------------------------------------------------------------------


def test_a_draft_leaves_out_empty_fields() -> None:
    draft = sources.draft(
        "mine", {"url": "http://127.0.0.1:5000", "token_env": "", "proxy": None, "interval_s": 0}, taken={}
    )
    assert draft == Source(url="http://127.0.0.1:5000", interval_s=0)


@pytest.mark.parametrize("name", ["", "Team", "my mlflow", "-a", "ä", "a" * 41, "../up", "a.b", "<b>"])
def test_a_bad_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=r"^Name: "):
        sources.draft(name, {"url": "http://host"}, taken={})


def test_a_name_in_use_is_refused() -> None:
    with pytest.raises(SettingsError, match="a source mine already"):
        sources.draft("mine", {"url": "http://host"}, taken={"mine": NOBODY})


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_a_bad_address_is_told_by_the_form_or_the_test(
    newcomer: House, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http.HttpClient, "_pause", lambda *_: None)
    with pytest.raises(GatehouseError) as told:
        sources.probe(newcomer, sources.draft("mine", {"url": url}, taken={}))
    assert told.value.hint


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [
        ("url", "ftp://host", "Address"),
        ("url", "http://u:hunter2@host", "Address"),
        ("proxy", "http://u:hunter2@host", "Proxy"),
        ("interval_s", -1, "Sync every"),
        ("interval_s", "soon", "Sync every"),
        ("token_env", "not a name", "Name of the variable"),
        ("password_env", "p@ss-word", "Name of the variable"),
    ],
)
def test_a_mistake_names_its_field_and_never_repeats_a_secret(field: str, value: object, label: str) -> None:
    with pytest.raises(SettingsError, match=f"^{label}: ") as told:
        sources.draft("mine", {"url": "http://host"} | {field: value}, taken={})
    assert "hunter2" not in told.value.message + told.value.hint
    assert "p@ss-word" not in told.value.message + told.value.hint


def test_an_unreadable_address_never_repeats_its_secret() -> None:
    with pytest.raises(SettingsError) as told:
        sources.draft("mine", {"url": "http://u:hunter2@exa\u2100mple"}, taken={})
    assert "hunter2" not in told.value.message + told.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@host/db?password=hunter2",
        "postgresql://host/db?user=u&sslpassword=hunter2",
    ],
)
def test_a_password_in_the_query_of_an_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="password"):
        sources.draft("mine", {"url": url}, taken={})


def test_a_token_and_a_password_exclude_each_other() -> None:
    with pytest.raises(SettingsError, match="exclude"):
        sources.draft("mine", {"url": "http://h", "token_env": "T", "username": "u", "password_env": "P"}, taken={})


def test_a_variable_name_that_starts_with_a_digit_is_refused() -> None:
    with pytest.raises(SettingsError, match="Name of the variable"):
        sources.draft("mine", {"url": "http://h", "token_env": "4f9a0c1b22d3"}, taken={})


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
def test_whatever_is_typed_is_a_source_or_a_named_error(name: str, url: str, variable: str) -> None:
    try:
        made = sources.draft(name, {"url": url, "token_env": variable}, taken={})
    except SettingsError as error:
        assert error.message
    else:
        assert made.url


# -- the test of a connection ---------------------------------------------------------------------------------------


def test_testing_a_connection_counts_what_is_there(newcomer: House, filled: Source) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient(tracking_uri=filled.url)
    ids = [e.experiment_id for e in client.search_experiments(view_type=ViewType.ALL)]
    info = sources.probe(newcomer, filled)
    assert (info.experiments, info.models) == (len(ids), len(client.search_registered_models()))
    assert info.runs == len(client.search_runs(ids, run_view_type=ViewType.ALL))


def test_testing_a_connection_to_nobody_is_told_with_a_next_step(
    newcomer: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http.HttpClient, "_pause", lambda *_: None)
    with pytest.raises(SourceUnavailable) as told:
        sources.probe(newcomer, NOBODY)
    assert told.value.hint


def test_testing_a_file_that_is_no_database_is_told(newcomer: House, tmp_path: Path) -> None:
    (tmp_path / "no.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(GatehouseError):
        sources.probe(newcomer, Source(url=f"sqlite:///{tmp_path / 'no.db'}"))


def test_testing_a_database_that_is_not_mlflows_is_told(newcomer: House, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (n INTEGER)")
    connection.close()
    with pytest.raises(GatehouseError):
        sources.probe(newcomer, Source(url=f"sqlite:///{tmp_path / 'shop.db'}"))


def test_a_missing_secret_is_told_by_its_variable(newcomer: House) -> None:
    with pytest.raises(SettingsError, match="variable MY_TOKEN is not set"):
        sources.probe(newcomer, Source(url="http://127.0.0.1:9", token_env="MY_TOKEN"))


# -- the preview of a stage map -------------------------------------------------------------------------------------


def test_a_registry_is_read_whole_and_newest_first_within_a_model(newcomer: House, filled: Source) -> None:
    found = sources.registry(newcomer, filled)
    assert found.models == 3
    assert [(v.model, v.version, v.newest) for v in found.versions] == [
        ("credit_risk", "3", True), ("credit_risk", "2", False), ("credit_risk", "1", False), ("prod.price", "1", True),
    ]  # fmt: skip
    assert found.versions[1].aliases == ("champion",)
    assert dict(found.versions[2].tags) == {"n": "0"}
    assert found.versions[3].registry_stage == "Production"


def test_a_preview_says_each_stage_and_the_rule_that_gave_it(newcomer: House, filled: Source) -> None:
    tried = sources.preview(sources.registry(newcomer, filled), StageMap())
    assert {(one.version.model, one.version.version): (one.stage, one.reason) for one in tried} == {
        ("credit_risk", "1"): ("development", ""),
        ("credit_risk", "2"): ("production", "alias champion"),
        ("credit_risk", "3"): ("staging", "alias challenger"),
        ("prod.price", "1"): ("production", "MLflow stage Production"),
    }


def test_a_preview_is_what_a_sync_then_stores(newcomer: House, filled: Source) -> None:
    rules = StageMap(
        production=StageRules(tags=("n=2",)), staging=StageRules(names=("credit*",)), archived=StageRules()
    )
    tried = sources.preview(sources.registry(newcomer, filled), rules)
    _save(newcomer, "mine", filled.model_copy(update={"stages": rules}))
    stored = {(row["model"], row["version"]): row["stage"] for row in newcomer.facts.rows("SELECT * FROM versions")}
    assert stored == {(one.version.model, one.version.version): one.stage for one in tried}
    assert set(stored.values()) == {"production", "archived", "development"}


def test_a_preview_of_an_empty_registry_is_empty(newcomer: House, store: Path) -> None:
    assert sources.preview(sources.registry(newcomer, Source(url=f"sqlite:///{store}")), StageMap()) == ()


# -- saving ---------------------------------------------------------------------------------------------------------


def test_saving_the_first_source_shows_the_own_stores_and_syncs_it(newcomer: House, filled: Source) -> None:
    assert newcomer.active == "demo"
    _save(newcomer, "mine", filled)
    assert newcomer.active == "own"
    assert list(newcomer.sources) == ["mine"]
    assert newcomer.facts.rows("SELECT DISTINCT source FROM runs") == [{"source": "mine"}]


def test_nothing_of_the_demo_is_in_the_own_stores_and_back_again(newcomer: House, filled: Source) -> None:
    newcomer.sync("demo", silent)
    of_demo = newcomer.facts.rows("SELECT count(*) AS n FROM runs")
    _save(newcomer, "mine", filled)
    sources.show(newcomer, "demo")
    assert newcomer.facts.rows("SELECT count(*) AS n FROM runs") == of_demo
    assert [status.name for status in sources.statuses(newcomer)] == ["demo"]
    sources.show(newcomer, "own")
    assert [status.name for status in sources.statuses(newcomer)] == ["mine"]


def test_a_saved_source_survives_a_restart(newcomer: House, filled: Source, tmp_path: Path) -> None:
    _save(newcomer, "mine", filled)
    again = load({}, tmp_path)
    assert again.sources == {"mine": filled}
    assert again.origin["sources.mine"] == "gatehouse.toml"


def test_no_secret_is_written_anywhere(newcomer: House, filled: Source, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MY_PASSWORD", "hunter2-in-the-environment")
    (tmp_path / "secret").write_text("hunter2-in-a-file")
    _save(newcomer, "one", filled.model_copy(update={"username": "ada", "password_env": "MY_PASSWORD"}))
    _save(newcomer, "two", filled.model_copy(update={"token_file": str(tmp_path / "secret")}))
    (tmp_path / "secret").unlink()
    stated = newcomer.settings.file.read_text()
    assert 'password_env = "MY_PASSWORD"' in stated
    newcomer.close()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path.name


def test_a_file_that_cannot_be_written_is_told_and_nothing_changes(newcomer: House, filled: Source) -> None:
    newcomer.settings.file.mkdir()
    with pytest.raises(SettingsError, match=r"gatehouse\.toml"):
        sources.save(newcomer, "mine", filled)
    assert newcomer.active == "demo"


def test_a_broken_file_is_told_and_left_as_it_is(newcomer: House, filled: Source) -> None:
    newcomer.settings.file.write_text("[sources.mine\n")
    with pytest.raises(SettingsError, match="not valid TOML"):
        sources.save(newcomer, "mine", filled)
    assert newcomer.settings.file.read_text() == "[sources.mine\n"


def test_changing_the_stage_map_changes_the_stages_at_once(newcomer: House, filled: Source) -> None:
    _save(newcomer, "mine", filled)
    before = newcomer.revision
    rules = StageMap(production=StageRules(aliases=("challenger",)), staging=StageRules(), archived=StageRules())
    sources.save_stages(newcomer, "mine", rules)
    assert newcomer.facts.rows("SELECT model, version FROM versions WHERE stage = 'production'") == [
        {"model": "credit_risk", "version": "3"}
    ]
    assert newcomer.settings.sources["mine"].stages == rules
    assert newcomer.revision > before


def test_removing_a_source_forgets_its_copies_and_keeps_what_was_observed(newcomer: House, filled: Source) -> None:
    _save(newcomer, "mine", filled)
    _save(newcomer, "other", filled)
    seen = newcomer.facts.rows("SELECT count(*) AS n FROM observations")
    sources.remove(newcomer, "mine")
    assert newcomer.facts.rows("SELECT DISTINCT source FROM runs") == [{"source": "other"}]
    assert newcomer.facts.rows("SELECT count(*) AS n FROM observations") == seen
    assert "mine" not in newcomer.settings.file.read_text()


@pytest.mark.parametrize("act", [lambda h: sources.remove(h, "x"), lambda h: sources.save_stages(h, "x", StageMap())])
def test_a_source_that_is_not_there_cannot_be_changed(newcomer: House, act) -> None:
    with pytest.raises(SettingsError, match="The source x is not stated"):
        act(newcomer)


def test_a_source_from_the_environment_is_changed_there(newcomer: House, filled: Source, monkeypatch) -> None:
    monkeypatch.setenv("GATEHOUSE_MLFLOW_URI", filled.url)
    newcomer.reload()
    newcomer.switch("own")
    (status,) = sources.statuses(newcomer)
    assert (status.name, status.origin, status.editable) == ("mlflow", "GATEHOUSE_MLFLOW_URI", False)
    with pytest.raises(SettingsError) as told:
        sources.remove(newcomer, "mlflow")
    assert "GATEHOUSE_MLFLOW_URI" in told.value.hint


def test_a_source_is_not_removed_while_it_is_synced(newcomer: House, filled: Source) -> None:
    import threading

    go = threading.Event()
    _save(newcomer, "mine", filled)
    job = newcomer.jobs.start("sync:own:mine", "Sync of mine", lambda report: {"waited": go.wait(30)})
    try:
        with pytest.raises(Busy, match="being synced"):
            sources.remove(newcomer, "mine")
        assert sources.start_sync(newcomer, "mine").id == job.id
        assert sources.statuses(newcomer)[0].state == "running"
    finally:
        go.set()
        newcomer.jobs.wait(job.id, 30)
    assert "mine" in newcomer.sources


def test_an_unknown_source_cannot_be_synced(newcomer: House) -> None:
    with pytest.raises(NotFound):
        sources.start_sync(newcomer, "nothing")


# -- how each stands ------------------------------------------------------------------------------------------------


def test_a_source_that_was_never_synced_stands_as_never(newcomer: House) -> None:
    (status,) = sources.statuses(newcomer)
    assert (status.name, status.state, status.runs, status.complete_ms, status.editable) == (
        "demo",
        "never",
        0,
        None,
        False,
    )


def test_a_synced_source_counts_its_copies(newcomer: House, filled: Source) -> None:
    began = int(time.time() * 1000)
    _save(newcomer, "mine", filled)
    (status,) = sources.statuses(newcomer)
    assert (status.state, status.error, status.stale, status.editable, status.rest) == ("ok", None, False, True, False)
    assert status.runs == newcomer.facts.rows("SELECT count(*) AS n FROM runs")[0]["n"] == status.runs_read
    assert status.models == 3
    assert began <= status.complete_ms


def test_a_failed_sync_is_told_and_the_copies_stay(newcomer: House, filled: Source, store: Path) -> None:
    _save(newcomer, "mine", filled)
    runs = sources.statuses(newcomer)[0].runs
    store.unlink()
    job = newcomer.jobs.wait(sources.start_sync(newcomer, "mine").id, 60)
    (status,) = sources.statuses(newcomer)
    assert (job.state, status.state, status.runs) == ("failed", "failed", runs)
    assert "no file" in status.error
    assert status.hint


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://ada@host:5000/ml?a=x", "http://host:5000/ml"),
        ("https://host", "https://host"),
        ("postgresql://ada@db/mlflow?sslmode=x", "postgresql://db/mlflow"),
        ("sqlite:////srv/mlflow.db", "sqlite:////srv/mlflow.db"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_an_address_is_shown_without_who_signs_in(url: str, shown: str) -> None:
    assert sources.address(Source(url=url)) == shown


@pytest.mark.parametrize("url", ["http://host:abc", "http://host:99999", "postgresql://h:port/db"])
def test_an_address_with_a_bad_port_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="port"):
        sources.draft("mine", {"url": url}, taken={})


# -- the file -------------------------------------------------------------------------------------------------------

WRITTEN = {
    "nothing": "",
    "a comment": "# ours\n",
    "settings": 'home = "var"  # here\nport = 8600\n',
    "a source": '[sources.a]\nurl = "http://a"  # keep me\n',
    "a source with stages": '[sources.a]\nurl = "http://a"\n[sources.a.stages.production]\naliases = ["live"]\n',
    "explicit parent": '[sources]\n[sources.a]\nurl = "http://a"\n',
    "inline": 'sources = { a = { url = "http://a" } }\n',
    "inline in parent": '[sources]\na = { url = "http://a", interval_s = 60 }\n',
    "dotted": 'sources.a.url = "http://a"\nsources.a.interval_s = 60\n',
    "dotted in parent": '[sources]\na.url = "http://a"\n',
    "out of order": '[sources.a]\nurl = "http://a"\n[sources.b]\nurl = "http://b"\n'
    '[sources.a.stages.production]\naliases = ["live"]\n',
    "no newline at the end": '[sources.a]\nurl = "http://a"',
    "windows": '[sources.a]\r\nurl = "http://a"\r\n',
    "same name": '[sources.new]\nurl = "http://old"\ntoken_env = "OLD"\n[sources.new.stages.staging]\nnames = ["x"]\n',
}
NEW = Source(
    url="http://new", interval_s=0, stages=StageMap(production=StageRules(), staging=StageRules(tags=("a=b", 'q"')))
)


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_writing_a_source_adds_it_and_changes_no_other(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gatehouse.toml"
    path.write_text(text, newline="")
    before = read_file(path)
    write_source(path, "new", NEW)
    after = read_file(path)
    assert after.sources == before.sources | {"new": NEW}
    assert (after.home, after.port) == (before.home, before.port)


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("name", ["a", "new"])
def test_removing_a_source_changes_no_other(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "gatehouse.toml"
    path.write_text(text, newline="")
    before = read_file(path)
    remove_source(path, name)
    assert read_file(path).sources == {known: source for known, source in before.sources.items() if known != name}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_changing_a_source_changes_no_other(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gatehouse.toml"
    path.write_text(text, newline="")
    before = read_file(path)
    write_source(path, "a", NEW)
    assert read_file(path).sources == before.sources | {"a": NEW}


def test_comments_and_spacing_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "gatehouse.toml"
    text = '# ours\nport = 8600  # not 8501\n\n[sources.a]\nurl = "http://a"  # keep me\n'
    path.write_text(text)
    write_source(path, "new", NEW)
    assert path.read_text().startswith(text.rstrip("\n"))


def test_a_new_file_says_that_it_holds_no_secret(tmp_path: Path) -> None:
    write_source(tmp_path / "gatehouse.toml", "new", NEW)
    assert all(f"# {line}" in (tmp_path / "gatehouse.toml").read_text() for line in HEADER)


def test_defaults_are_not_written_down(tmp_path: Path) -> None:
    write_source(tmp_path / "gatehouse.toml", "new", Source(url="http://h"))
    lines = [
        line for line in (tmp_path / "gatehouse.toml").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert lines == ["[sources.new]", 'url = "http://h"']


def test_the_files_rights_and_a_link_to_it_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("")
    real.chmod(0o640)
    (tmp_path / "gatehouse.toml").symlink_to(real)
    write_source(tmp_path / "gatehouse.toml", "new", NEW)
    assert (tmp_path / "gatehouse.toml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "new" in read_file(real).sources


def test_a_refused_change_leaves_no_file_behind(tmp_path: Path) -> None:
    path = tmp_path / "gatehouse.toml"
    path.write_text("# ours\n")
    with pytest.raises(SettingsError):
        write_source(path, "NOT A NAME", NEW)
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"gatehouse.toml": "# ours\n"}


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(str.strip)
_rules = st.builds(
    StageRules,
    aliases=st.lists(_texts, max_size=2).map(tuple),
    stages=st.lists(_texts, max_size=2).map(tuple),
    names=st.lists(_texts, max_size=2).map(tuple),
    tags=st.lists(_texts, max_size=2).map(tuple),
)
_sources = st.builds(
    Source,
    url=_texts.map(lambda text: f"sqlite:///x{text.replace('[', '').replace(']', '')}"),
    ca_file=st.none() | _texts,
    username=st.none() | _texts,
    interval_s=st.integers(0, 86_400),
    stages=st.builds(StageMap, production=_rules, staging=_rules, archived=_rules),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.none() | _sources), max_size=5))
def test_the_file_says_what_was_written_last(tmp_path: Path, steps: list[tuple[str, Source | None]]) -> None:
    path, expected = tmp_path / "gatehouse.toml", {}
    path.unlink(missing_ok=True)
    for name, source in steps:
        if source is None:
            remove_source(path, name)
            expected.pop(name, None)
        else:
            write_source(path, name, source)
            expected[name] = source
        assert read_file(path).sources == expected
