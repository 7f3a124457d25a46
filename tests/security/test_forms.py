"""No other site can make a browser do anything here, and nobody is led away."""

from collections.abc import Callable, Iterator

import pytest

from core.api.gate import is_open, safe_next
from core.services.house import House
from tests.knocking import token_in
from tests.security.conftest import PASSWORD, furnished
from tests.security.knocking import Here

Knock = Callable[..., Here]
POSTS = ("/login", "/enter", "/logout", "/password")
FIELDS = {"login": "admin", "password": PASSWORD, "who": "a.lindqvist", "old": PASSWORD, "new": "eleven green herons",
          "again": "eleven green herons"}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests here: they change nothing in it."""
    made = furnished(tmp_path_factory.mktemp("forms"))
    yield made
    made.close()


@pytest.fixture
def browser(knock: Knock) -> Here:
    """Somebody who is signed in."""
    made = knock()
    made.login("admin", PASSWORD)
    return made


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_this_browsers_own_token_does_nothing(path: str, browser: Here, knock: Knock) -> None:
    mine = browser.secret
    stranger = knock()
    theirs = stranger.token()
    before = knock()
    early = before.token()  # from before signing in
    for token in ("", "0" * 64, theirs, early, "é"):
        answer = browser.client.post(path, data={**FIELDS, "form_token": token})
        assert answer.status_code == 422, token
    assert browser.client.post(path, data=FIELDS).status_code == 422
    assert browser.client.post(path, json=FIELDS).status_code == 422
    assert browser.client.post(path, content=b"x" * 30_000, headers={"content-type": FORM}).status_code == 422
    assert browser.client.post(path, content=b"\xff=%ff", headers={"content-type": FORM}).status_code == 422
    assert browser.secret == mine
    assert browser.gets_in()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "https://127.0.0.1:8501"},
        {"Origin": "http://127.0.0.1:9999"}, {"Origin": "http://127.0.0.1:8501.evil.example"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example", "Host": "evil.example"},
    ],
)  # fmt: skip
def test_a_form_from_another_site_does_nothing(path: str, headers: dict[str, str], browser: Here) -> None:
    form = "/password" if path in ("/password", "/logout") else "/signin?change=1"
    token = browser.token(form)
    answer = browser.client.post(path, data={**FIELDS, "form_token": token}, headers=headers)
    assert answer.status_code == 422
    assert "another site" in answer.text
    assert browser.gets_in()


def test_a_pair_of_cookie_and_token_from_elsewhere_does_not_fit_a_session(browser: Here, knock: Knock) -> None:
    attacker = knock()
    token = attacker.token()
    planted = attacker.client.cookies["gatehouse_form"]
    victim = knock(cookie=f"gatehouse_form={planted}; gatehouse_session={browser.secret}")
    assert victim.client.post("/logout", data={"form_token": token}).status_code == 422
    assert browser.gets_in()


@pytest.mark.parametrize("path", ["/api/v1/sync", "/api/v1/jobs"])
def test_the_api_takes_no_cookie_for_what_changes_something(path: str, browser: Here) -> None:
    assert browser.client.get("/api/v1/sources").status_code == 200
    assert browser.client.post(path, json={}).status_code == 401
    assert browser.client.post(path, data={"form_token": browser.token("/password")}).status_code == 401


ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "http://evil.example", "evil.example",
    "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
    " //evil.example", "/ /evil.example", "data:text/html,x", "/\x00/evil", "//evil.example/%2f..", "http:///evil.example",
    "/%0d%0aLocation:%20//evil.example\r\n", "/é", "//[::1", "/\x7f/x", "", "/logout", "/signin?next=/signin",
    "/" + "a" * 3_000, "/password",
]  # fmt: skip


@pytest.mark.parametrize("asked", ELSEWHERE)
def test_nobody_is_led_elsewhere(asked: str) -> None:
    assert safe_next(asked) == "/"


KEPT = ["/sources?add=1", "/experiments?q=a%20%3E%3D%20%2F%2Fb&x=http://a/b", "/run?id=a:b#c"]


@pytest.mark.parametrize("asked", KEPT)
def test_where_one_wanted_to_go_is_kept(asked: str) -> None:
    assert safe_next(asked) == asked


def test_every_way_in_looks_at_where_it_leads(knock: Knock) -> None:
    browser = knock()
    assert browser.enter(next="//evil.example").headers["location"] == "/"
    assert browser.client.get("/signin", params={"next": "/\\evil.example"}).headers["location"] == "/"
    assert browser.login("admin", PASSWORD, next="http://evil.example").headers["location"] == "/"
    turned = knock().page(KEPT[1]).headers["location"]
    token = token_in(browser.page(f"{turned}&change=1").text)
    answer = browser.client.post("/enter", data={"form_token": token, "who": "s.iyer", "next": KEPT[1]})
    assert answer.headers["location"] == KEPT[1]


def test_text_from_a_link_is_never_markup(knock: Knock) -> None:
    said = '"><img src=x onerror=alert(1)>'
    browser = knock()
    for answer in (
        browser.page(f"/signin?next=/{said}&told={said}"), browser.login(said, said, next=f"/{said}"),
        browser.enter(said),
        browser.page(f"/oidc/callback?error={said}&error_description={said}&state={said}"),
    ):  # fmt: skip
        assert "<img src=x" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/app/static/../../etc/passwd", "/static/../x", "/api/v1/../../x", "/static/..\\x", "/app/static/..", "/Signin",
     "/signin/", "/login/../overview", "//signin", "/app/staticx", "/api/v1", "/healthz/x", "/oidc/callback/x"],
)  # fmt: skip
def test_what_only_looks_like_an_open_path_is_closed(path: str) -> None:
    assert not is_open(path)


FORM = "application/x-www-form-urlencoded"
