"""What a browser shows at the door opens it only as long, and only as far, as it was given for."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core.ledger import people, sessions
from core.ledger.schema import audit_events
from core.services import accounts, identity, signing_in
from core.services.house import House, now_ms
from core.services.signing_in import Where
from tests.security.conftest import PASSWORD, own
from tests.security.knocking import Here

Knock = Callable[..., Here]


def token_of(house: House, login: str, which: str = "own", expires_ms: int | None = None, **values: object) -> str:
    """A fresh API token that may do all its person may."""
    secret = f"gh.{identity.fresh_secret(which)}"
    with house.ledger_of(which).transaction(actor="system", now_ms=now_ms()) as tx:
        row = people.by_login(tx.connection, login)
        tx.connection.execute(
            sa.insert(sessions.tokens).values(
                id=people.new_id("k"), digest=sessions.digest(secret), person=row["id"], name="t",
                scopes='["view", "operate"]', created_ms=0, expires_ms=expires_ms or now_ms() + 60_000, **values,
            )
        )  # fmt: skip
    return secret


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_nobody_gets_in_and_a_person_does(knock: Knock) -> None:
    browser = knock()
    assert not browser.gets_in()
    assert not browser.streams()
    assert browser.client.get("/media/x.png").status_code == 401
    answer = browser.login("admin", PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.gets_in()
    assert browser.streams()


def test_a_forged_cut_or_changed_cookie_opens_nothing(knock: Knock) -> None:
    browser = knock()
    browser.enter()
    good = browser.secret
    last = "A" if good[-1] != "A" else "B"
    other = good.replace("demo.", "own.")
    forged = ["", "demo", "demo.", "own.", ".", "x", good[:-1], good[:-1] + last, good + "A", other,
              f"gh.{good}", good.upper(), f"own.{other}", "demo." + "A" * 43, "A" * 4_000, "demo.%00",
              "' OR 1=1 --", "é"]  # fmt: skip
    for secret in forged:
        stranger = knock(cookie=f"gatehouse_session={secret}".encode().decode("latin-1"))
        assert not stranger.gets_in(), secret
        assert not stranger.streams(), secret
        assert stranger.client.get("/api/v1/sources").status_code == 401, secret
    assert browser.gets_in()


def test_a_cookie_is_worth_nothing_after_signing_out(knock: Knock) -> None:
    browser, thief = knock(), knock()
    browser.enter()
    thief.secret = browser.secret
    assert thief.gets_in()
    browser.post("/logout")
    assert not thief.gets_in()
    assert not thief.streams()
    assert not browser.secret


def test_a_cookie_is_worth_nothing_after_its_time(house: House, knock: Knock) -> None:
    browser = knock()
    browser.enter()
    with house.ledger_of("demo").transaction(actor="system", now_ms=now_ms()) as tx:
        tx.connection.execute(sa.update(sessions.sessions).values(expires_ms=now_ms() - 1))
    assert not browser.gets_in()
    assert not browser.streams()


def test_the_disabled_are_out_at_once(house: House, knock: Knock) -> None:
    accounts.add(own(house), login="vera", name="Vera", roles=("viewer",))
    first = accounts.reset(own(house), "vera")
    browser = knock()
    browser.login("vera", first)
    browser.change_password(first, "eleven green herons")
    assert browser.gets_in()
    token = token_of(house, "vera")
    assert browser.client.get("/api/v1/sources", headers=bearing(token)).status_code == 200
    accounts.disable(own(house), "vera")
    assert not browser.gets_in()
    assert browser.client.get("/api/v1/sources", headers=bearing(token)).status_code == 401


def test_a_cookie_that_was_there_before_is_never_the_session(knock: Knock) -> None:
    planted = "own." + "A" * 43
    browser = knock()
    browser.secret = planted
    browser.login("admin", PASSWORD)
    assert browser.secret != planted
    fresh = browser.secret
    attacker = knock()
    attacker.secret = planted
    assert not attacker.gets_in()
    browser.login("admin", PASSWORD)
    assert browser.secret != fresh, "each sign-in has a secret of its own"
    attacker.secret = fresh
    assert not attacker.gets_in(), "the session before ends"


def test_an_attackers_own_session_does_not_become_the_victims(knock: Knock) -> None:
    attacker, victim = knock(), knock()
    attacker.enter("t.moreau")
    victim.secret = attacker.secret
    victim.login("admin", PASSWORD)
    assert not attacker.gets_in()
    assert victim.gets_in()


def test_tokens_that_are_forged_over_or_revoked_are_refused(house: House, knock: Knock) -> None:
    client = knock().client
    good = token_of(house, "admin")
    assert client.get("/api/v1/sources", headers=bearing(good)).status_code == 200
    bad = [good[:-1], good + "x", good.removeprefix("gh."), good.replace("own", "demo"), "", "gh.", "null",
           token_of(house, "admin", expires_ms=now_ms() - 1), token_of(house, "admin", revoked_ms=1)]  # fmt: skip
    for token in bad:
        assert client.get("/api/v1/sources", headers=bearing(token)).status_code == 401, token
    for scheme in ("Basic", "Token", "bearerx"):
        assert client.get("/api/v1/sources", headers={"Authorization": f"{scheme} {good}"}).status_code == 401


def test_the_demo_and_the_own_stores_stay_apart(house: House, knock: Knock) -> None:
    browser = knock()
    browser.enter("j.baumann")
    names = [item["name"] for item in browser.client.get("/api/v1/sources").json()["items"]]
    assert names == ["demo"]
    browser.login("admin", PASSWORD)
    assert browser.client.get("/api/v1/sources").json()["items"] == []
    theirs, own = token_of(house, "j.baumann", "demo"), token_of(house, "admin")
    assert browser.client.get("/api/v1/sources", headers=bearing(own)).json()["items"] == []
    for token, other in ((theirs, "own"), (own, "demo")):
        answer = browser.client.post("/api/v1/sync", json={"stores": other, "source": "demo"}, headers=bearing(token))
        assert answer.status_code == 403, other
    assert house.active == "demo", "nor is what is shown to all switched"


def test_the_first_password_must_be_changed_before_anything_else(house: House, knock: Knock) -> None:
    accounts.add(own(house), login="vera", name="Vera", roles=("administrator",))
    first = accounts.reset(own(house), "vera")
    browser = knock()
    answer = browser.login("vera", first, next="/sources?add=1")
    assert answer.headers["location"] == "/password?next=%2Fsources%3Fadd%3D1"
    assert browser.page("/models?x=1").headers["location"] == "/password?next=%2Fmodels%3Fx%3D1"
    assert not browser.streams()
    assert browser.client.get("/media/x").status_code == 401
    assert browser.client.get("/api/v1/sources").status_code == 403
    token = token_of(house, "vera")
    assert browser.client.get("/api/v1/sources", headers=bearing(token)).status_code == 401, "her tokens rest"
    assert browser.client.post("/api/v1/sync", json={}, headers=bearing(token)).status_code == 401
    for old, new in ((first, first), (first, "short"), (first, "vera vera vera"), ("wrong", "eleven green herons")):
        assert browser.change_password(old, new).status_code in (401, 422)
        assert not browser.streams()
    answer = browser.change_password(first, "eleven green herons", next="/sources?add=1")
    assert answer.headers["location"] == "/sources?add=1", "where one wanted to go is not lost"
    assert browser.gets_in()
    assert browser.streams()


def test_every_sign_in_is_an_event_and_every_attempt_in_the_log(house: House, knock: Knock) -> None:
    browser = knock()
    browser.login("admin", "wrong password")
    browser.login("nobody.here", "wrong password")
    browser.login("admin", PASSWORD)
    browser.post("/logout")
    ledger = house.ledger_of("own")
    outcomes = [
        row["outcome"] for row in ledger.rows(sa.select(sessions.sign_ins).order_by(sessions.sign_ins.c.time_ms))
    ]
    assert outcomes[-3:] == ["wrong", "nobody", "ok"]
    actions = [row["action"] for row in ledger.rows(sa.select(audit_events).order_by(audit_events.c.seq))]
    assert actions[-2:] == ["session.started", "session.ended"]


@pytest.mark.parametrize("path", ["/signin", "/password", "/login"])
def test_pages_of_the_door_are_kept_by_nobody_and_load_nothing_foreign(knock: Knock, path: str) -> None:
    browser = knock()
    if path == "/password":
        browser.login("admin", PASSWORD)
    answer = browser.login("admin", "wrong") if path == "/login" else browser.page(path)
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in answer.text


def test_cookies_are_for_the_server_alone(knock: Knock) -> None:
    browser = knock()
    for answer in (browser.page("/signin"), browser.enter()):
        for said in answer.headers.get_list("set-cookie"):
            assert "HttpOnly" in said
            assert "SameSite=lax" in said
            assert "Domain" not in said
            assert "Path=/" in said
    assert browser.enter().headers["cache-control"] == "no-store"


def test_a_session_made_elsewhere_cannot_be_ended_by_its_name(house: House) -> None:
    done = signing_in.by_password(house, "own", "admin", PASSWORD, Where())
    signing_in.end_replaced(house, done.session)
    assert identity.actor_of_session(house, done.secret).kind == "person"
