"""The trusted proxy header: read where it is set up, from this machine alone, and nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import SettingsError
from core.ledger import people, sessions
from core.services import accounts
from core.services.house import House
from core.settings import check_address, load
from tests.security.conftest import PASSWORD, AtTheDoor, furnished, own
from tests.security.knocking import Here

SETTINGS = """
[proxy]
header = "X-Forwarded-User"
name_header = "X-Forwarded-Name"
groups_header = "X-Forwarded-Groups"
groups = {leads = "ml_lead", auditors = "auditor"}
"""
NAME = "Lea R\u00f6th"
LEA = {
    "X-Forwarded-User": "Lea",
    "X-Forwarded-Name": NAME.encode().decode("latin-1"),
    "X-Forwarded-Groups": "x, leads",
}
Knock = Callable[..., Here]


@contextmanager
def proxied(folder: Path, settings: str = SETTINGS) -> Iterator[tuple[House, Knock]]:
    house = furnished(folder / "house", settings)
    with AtTheDoor(house) as knock:
        yield house, knock
    house.close()


def row_of(house: House, login: str) -> dict:
    with house.ledger_of("own").reading() as connection:
        row = people.by_login(connection, login)
        assert row is not None
        held = [grant["role"] for grant in people.grants_of(connection, row["id"], now_ms=0)]
    return {**row, "roles": held}


def test_whom_the_proxy_names_gets_in_with_the_role_of_the_groups(tmp_path: Path) -> None:
    with proxied(tmp_path) as (house, knock):
        browser = knock(**LEA)
        assert not browser.streams(), "a websocket needs the cookie as well"
        assert browser.client.get("/media/x").status_code == 401
        assert browser.gets_in()
        assert browser.secret.startswith("own.")
        assert browser.streams()
        lea = row_of(house, "lea")
        assert (lea["name"], lea["origin"], lea["roles"]) == (NAME, "proxy", ["ml_lead"])
        secret = browser.secret
        assert browser.gets_in()
        assert browser.secret == secret, "one session serves all requests"
        browser.client.headers["X-Forwarded-Groups"] = "auditors"
        browser.post("/logout")
        assert browser.gets_in()
        assert row_of(house, "lea")["roles"] == ["auditor"]


def test_a_session_belongs_to_the_one_who_is_named(tmp_path: Path) -> None:
    with proxied(tmp_path) as (_, knock):
        lea, tom = knock(**LEA), knock(**LEA | {"X-Forwarded-User": "tom"})
        assert lea.gets_in()
        stolen = lea.secret
        assert tom.gets_in()
        own = tom.secret
        tom.secret = stolen
        assert not tom.streams()
        assert tom.client.get("/api/v1/sources").status_code == 401
        assert tom.gets_in()
        assert tom.secret not in (own, stolen), "it is replaced"
        assert not lea.streams(), "and ends"
        past = knock()
        past.secret = tom.secret
        assert not past.gets_in(), "a session that began by the proxy needs it"
        assert not past.streams()


def test_an_account_that_was_there_is_not_taken_over(tmp_path: Path) -> None:
    with proxied(tmp_path) as (house, knock):
        browser = knock(**LEA | {"X-Forwarded-User": "admin"})
        assert browser.gets_in()
        assert row_of(house, "admin")["origin"] == "local"
        assert row_of(house, "admin-2")["roles"] == ["ml_lead"]


def test_without_a_role_or_disabled_nobody_gets_in(tmp_path: Path) -> None:
    with proxied(tmp_path) as (house, knock):
        browser = knock(**LEA | {"X-Forwarded-Groups": "cooks"})
        answer = browser.page()
        assert answer.status_code == 403
        assert "You have no role in Gatehouse" in answer.text
        assert browser.page("/signin").status_code == 303
        assert knock(**LEA).gets_in()
        accounts.disable(own(house), "lea")
        assert knock(**LEA).page().status_code == 403
        outcomes = [row["outcome"] for row in house.ledger_of("own").rows(sa.select(sessions.sign_ins))]
        assert outcomes.count("no role") == outcomes.count("disabled") == 1


def test_local_sign_in_stays_for_those_who_come_past_the_proxy(tmp_path: Path) -> None:
    with proxied(tmp_path) as (_, knock):
        browser = knock()
        assert not browser.gets_in()
        browser.login("admin", PASSWORD)
        assert browser.gets_in()
        assert browser.streams()


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_User": "lea", "X_Forwarded_Groups": "leads"}, {"X-Forwarded-Users": "lea"},
        {"Remote-User": "lea"}, {"X-Forwarded-User": "", "X-Forwarded-Groups": "leads"}, {"X-Forwarded-User": "  "},
        {"X-Forwarded-User": "a" * 9_000, "X-Forwarded-Groups": "leads"},
    ],
)  # fmt: skip
def test_only_the_very_header_counts(tmp_path: Path, headers: dict[str, str]) -> None:
    with proxied(tmp_path) as (_, knock):
        assert not knock(**headers).gets_in()


def test_a_header_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with proxied(tmp_path) as (_, knock):
        browser = knock()
        twice = [("X-Forwarded-User", "lea"), ("x-forwarded-user", "admin"), ("X-Forwarded-Groups", "leads")]
        answer = browser.client.get("/overview", headers=[*twice, ("Accept", "text/html")])
        assert answer.status_code == 422
        assert "stands twice" in answer.text
        assert browser.client.get("/media/x", headers=twice).status_code == 422
        assert not browser.secret


def test_over_another_address_the_header_is_nothing(tmp_path: Path) -> None:
    with proxied(tmp_path) as (_, knock):
        assert not knock("http://192.168.1.2:8501", **LEA).gets_in()


def test_without_the_setting_every_header_is_ignored(tmp_path: Path) -> None:
    with proxied(tmp_path, "") as (_, knock):
        for name in ("X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Auth-Request-User", "X-Forwarded-Email"):
            browser = knock(**{name: "admin", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Groups": "leads"})
            assert not browser.gets_in(), name
            assert not browser.streams(), name
            assert browser.client.get("/api/v1/sources").status_code == 401


def test_it_works_on_loopback_alone_and_its_names_are_plain(tmp_path: Path) -> None:
    (tmp_path / "gatehouse.toml").write_text(SETTINGS)
    env = {"GATEHOUSE_ADDRESS": "0.0.0.0", "GATEHOUSE_PUBLIC_URL": "https://gatehouse.example"}
    with pytest.raises(SettingsError, match=r"works on 127\.0\.0\.1 alone"):
        check_address(load(env, tmp_path))
    (tmp_path / "gatehouse.toml").write_text('[proxy]\nheader = "X_User"\n')
    with pytest.raises(SettingsError, match="header"):
        load({}, tmp_path)
