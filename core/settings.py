"""Settings: environment variables GATEHOUSE_*, then gatehouse.toml, then defaults. Never a secret among them."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import SettingsError

FILE_NAME = "gatehouse.toml"
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
SCHEMES = ("http", "https", "sqlite", "postgresql")
SECRET_KEYS = {"password", "sslpassword", "passwd", "pwd", "token", "access_token", "secret"}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
STAGES = ("production", "staging", "archived", "development")
RoleName = Literal["viewer", "contributor", "ml_lead", "validator", "compliance", "auditor", "administrator"]
Stage = Literal["production", "staging", "archived", "development"]
_Text = Annotated[str, Field(max_length=2_000)]
# No "_": many servers take X_User for X-User, so that a browser could send what the proxy does not take away.
_Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,80}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class StageRules(_Closed):
    """What makes a version count as one stage. Any one match suffices; matching ignores case.

    aliases: alias names.  stages: MLflow's own stages.  tags: patterns "key=value" of version tags.
    names: patterns (*, ?) of registered model names; they speak of the newest version, older ones are archived.
    """

    aliases: tuple[_Text, ...] = ()
    stages: tuple[_Text, ...] = ()
    names: tuple[_Text, ...] = ()
    tags: tuple[_Text, ...] = ()


class StageMap(_Closed):
    """How one house says production, staging and archived; all else is development.

    The defaults read the common habits: the alias champion, MLflow's own stages, names like prod.*.
    """

    production: StageRules = StageRules(
        aliases=("champion", "production", "prod", "live"), stages=("Production",), names=("prod.*", "*.prod")
    )
    staging: StageRules = StageRules(
        aliases=("challenger", "candidate", "staging"), stages=("Staging",), names=("staging.*", "*.staging")
    )
    archived: StageRules = StageRules(aliases=("archived",), stages=("Archived",))


class Source(_Closed):
    """One place to read. Its key in gatehouse.toml is its name.

    url: http(s)://..., sqlite:///file, postgresql://user@host/database. Never with a password in it.
    token_env, token_file, username with password_env or password_file: where the secret is found.
    interval_s: seconds between two syncs by the scheduler; 0 syncs on demand only.
    """

    kind: Literal["mlflow"] = "mlflow"
    url: _Text
    token_env: _Text | None = None
    token_file: _Text | None = None
    username: _Text | None = None
    password_env: _Text | None = None
    password_file: _Text | None = None
    ca_file: _Text | None = None
    proxy: _Text | None = None
    interval_s: Annotated[int, Field(ge=0, le=86_400)] = 300
    stages: StageMap = StageMap()

    @field_validator("url", "proxy")
    @classmethod
    def _holds_no_secret(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            password = parts.password
            asked = {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
        except ValueError:  # its text repeats the address, with whatever secret that holds
            raise ValueError("is not a URL") from None
        if password is not None or asked & SECRET_KEYS:
            raise ValueError("holds a password; name its variable in password_env instead")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("has no valid port; a port is a number from 1 to 65535") from None
        return value

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, value: str) -> str:
        scheme = urlsplit(value).scheme.partition("+")[0]
        if scheme not in SCHEMES:
            raise ValueError(f"must start with http://, https://, sqlite:/// or postgresql://, got {value[:60]!r}")
        return value

    @model_validator(mode="after")
    def _one_secret(self) -> "Source":
        if self.token_env and self.token_file:
            raise ValueError("token_env and token_file exclude each other")
        if self.password_env and self.password_file:
            raise ValueError("password_env and password_file exclude each other")
        if (self.token_env or self.token_file) and (self.password_env or self.password_file):
            raise ValueError("a token and a password exclude each other")
        return self


class Oidc(_Closed):
    """Sign-in by an OpenID Connect provider, beside local accounts.

    issuer: its URL, as its discovery document says it.  client_secret_env, client_secret_file: where the secret is.
    groups_claim: the claim that lists groups (outer.inner for one inside another); groups: which role each one gives
    (everywhere).  default_role: of people whose groups give none; None: they may not enter.
    title: what the button says.  ca_file, proxy: of the way to the provider, where it needs them.
    """

    issuer: _Text
    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    client_secret_env: _Text | None = None
    client_secret_file: _Text | None = None
    scopes: tuple[_Text, ...] = ("openid", "profile", "email")
    groups_claim: _Text = "groups"
    groups: dict[str, RoleName] = {}
    default_role: RoleName | None = None
    title: Annotated[str, Field(min_length=1, max_length=80)] = "your organisation"
    ca_file: _Text | None = None
    proxy: _Text | None = None

    @field_validator("issuer")
    @classmethod
    def _safe(cls, value: str) -> str:
        if is_safe_url(value):
            return value
        raise ValueError("must start with https:// (http:// on this machine alone)")

    @field_validator("scopes")
    @classmethod
    def _asks_who(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("must hold openid, or the provider does not say who signed in")
        return value

    @model_validator(mode="after")
    def _one_secret(self) -> "Oidc":
        if self.client_secret_env and self.client_secret_file:
            raise ValueError("client_secret_env and client_secret_file exclude each other")
        return self


class Proxy(_Closed):
    """Trust in a sign-in that a reverse proxy on this machine has done. Off unless stated; loopback only.

    header: holds the login.  name_header, mail_header, groups_header (comma-separated): optional. The proxy must take
    all four away from what browsers send.  groups, default_role: as for OIDC.
    """

    header: _Header
    name_header: _Header | None = None
    mail_header: _Header | None = None
    groups_header: _Header | None = None
    groups: dict[str, RoleName] = {}
    default_role: RoleName | None = None


class _File(_Closed):
    home: _Text | None = None
    monitors: _Text | None = None
    address: _Text | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    public_url: _Text | None = None
    ledger: _Text | None = None
    ledger_password_file: _Text | None = None
    demo: bool | None = None
    session_hours: Annotated[float, Field(gt=0, le=24 * 90)] | None = None
    oidc: Oidc | None = None
    proxy: Proxy | None = None
    sources: dict[str, Source] = {}

    @field_validator("sources")
    @classmethod
    def _named(cls, value: dict[str, Source]) -> dict[str, Source]:
        for name in value:
            check_source_name(name)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one process.

    home: folder that the running app writes (data/var).  monitors: folder of the monitor files.
    public_url: how browsers reach the server, where that is not http://address:port.
    ledger: URL of the own stores' ledger.  ledger_password_file: holds its password.  demo: whether the demo is shown.
    session_hours: how long a sign-in lasts.  oidc, proxy: ways to sign in beside local accounts.
    file: the gatehouse.toml, which need not exist.
    origin: for each setting, where its value came from: "default", the variable's name, or the file's name.
    """

    home: Path
    monitors: Path
    address: str
    port: int
    sources: Mapping[str, Source]
    file: Path
    public_url: str = ""
    ledger: str = ""
    ledger_password_file: str = ""
    demo: bool = True
    session_hours: float = 12.0
    oidc: Oidc | None = None
    proxy: Proxy | None = None
    origin: Mapping[str, str] = field(default_factory=dict)

    def ledger_password(self) -> str | None:
        """The password of the ledger's database; None where no file is named. Raises SettingsError."""
        return secret_of("ledger_password_file", None, self.ledger_password_file or None)

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.address in LOOPBACK

    @property
    def is_https(self) -> bool:
        """Whether browsers reach this server by https alone."""
        return self.public_url.startswith("https://")

    @property
    def own_url(self) -> str:
        """Where browsers reach this server, without a slash at the end. Never taken from a request."""
        return self.public_url or self.local_url

    @property
    def local_url(self) -> str:
        """Where programs on this machine reach it."""
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.address, self.address)  # nosec B104: binds nothing
        return f"http://{f'[{address}]' if ':' in address else address}:{self.port}"


def is_safe_url(url: str) -> bool:
    """Whether what is sent there cannot be read on the way: https, or http that does not leave this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(parts.hostname)) or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def check_source_name(name: str) -> str:
    """Returns the name, or raises ValueError with the rule."""
    if not SOURCE_NAME.fullmatch(name):
        raise ValueError(
            "A source's name has 1 to 40 small letters, digits, - or _, and starts with a letter or digit, "
            f"got {name[:60]!r}."
        )
    return name


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Reads the settings of this process. Raises SettingsError, naming the key and the nearest known one."""
    env = os.environ if environ is None else environ
    folder = Path.cwd() if folder is None else folder
    path = Path(env.get("GATEHOUSE_CONFIG", folder / FILE_NAME))
    file = read_file(path)
    values: dict[str, Any] = {
        "home": folder / "data" / "var", "monitors": folder / "monitors", "address": "127.0.0.1", "port": 8501,
        "public_url": "", "ledger": "", "ledger_password_file": "", "demo": True, "session_hours": 12.0,
    }  # fmt: skip
    origin = dict.fromkeys(values, "default")
    for key in values:
        if (stated := getattr(file, key)) is not None:
            values[key], origin[key] = stated, path.name
        variable = f"GATEHOUSE_{key.upper()}"
        if env.get(variable):
            values[key], origin[key] = env[variable], variable
    sources = dict(file.sources)
    origin |= {f"sources.{name}": path.name for name in sources}
    if url := env.get("GATEHOUSE_MLFLOW_URI"):
        sources["mlflow"] = _from_environment(url, env)
        origin["sources.mlflow"] = "GATEHOUSE_MLFLOW_URI"
    for key in ("oidc", "proxy"):
        if getattr(file, key) is not None:
            origin[key] = path.name
    try:
        port = int(values["port"])
    except ValueError as error:
        raise SettingsError(f"GATEHOUSE_PORT must be a number, got {values['port']!r}.") from error
    try:
        hours = float(values["session_hours"])
    except ValueError as error:
        raise SettingsError(f"GATEHOUSE_SESSION_HOURS must be a number, got {values['session_hours']!r}.") from error
    home = Path(values["home"]).expanduser().absolute()
    return Settings(
        home=home,
        public_url=_public_url(str(values["public_url"])),
        ledger=_ledger_url(str(values["ledger"])) or f"sqlite:///{home / 'ledger.db'}",
        ledger_password_file=str(values["ledger_password_file"]),
        demo=_truth("GATEHOUSE_DEMO", values["demo"]),
        session_hours=hours,
        oidc=file.oidc,
        proxy=file.proxy,
        monitors=Path(values["monitors"]).expanduser().absolute(),
        address=str(values["address"]),
        port=port,
        sources=sources,
        file=path,
        origin=origin,
    )


def check_address(stated: Settings, address: str | None = None) -> None:
    """Raises SettingsError where the server would be reachable in a way that nobody could use or that is not safe.

    address: what it listens on, where that is not what the settings say.
    """
    listens = stated.address if address is None else address
    if listens in LOOPBACK:
        return
    if stated.proxy:
        raise SettingsError(
            f"A trusted proxy header works on 127.0.0.1 alone, got {listens}.",
            hint="Elsewhere anybody could send the header. Let the proxy reach Gatehouse on this machine's loopback.",
        )
    if not stated.public_url:
        raise SettingsError(
            f"To listen on {listens}, say how browsers reach it: public_url is missing.",
            hint='Such as public_url = "https://gatehouse.example.com" in gatehouse.toml, or GATEHOUSE_PUBLIC_URL.',
        )


def secret_of(what: str, variable: str | None, file: str | None) -> str | None:
    """A secret from the environment variable or the file that the settings name; None where neither is named."""
    if variable:
        if not os.environ.get(variable):
            raise SettingsError(f"{what}: the variable {variable} is not set.", hint="Set it where the server runs.")
        return os.environ[variable]
    if not file:
        return None
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{what}: {file} cannot be read.", hint="Check the path and its permissions.") from error


def _public_url(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        rest = parts.query or parts.fragment or parts.username is not None or parts.path not in ("", "/")
        good = parts.scheme in ("http", "https") and parts.hostname and not rest and text.isprintable()
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise SettingsError(
            f"public_url must be such as https://gatehouse.example.com, got {text[:80]!r}.",
            hint="Scheme, host and port alone.",
        )
    return text.rstrip("/").lower()


def _ledger_url(text: str) -> str:
    if not text:
        return ""
    scheme = text.partition(":")[0].partition("+")[0]
    if scheme not in ("sqlite", "postgresql"):
        raise SettingsError(
            f"ledger must start with sqlite:/// or postgresql://, got {text[:20]!r}.", hint="See README, Settings."
        )
    try:
        holds = urlsplit(text).password is not None
    except ValueError:
        holds = True
    if holds:
        raise SettingsError(
            "ledger holds a password.", hint="Name a file that holds it in ledger_password_file, or use ~/.pgpass."
        )
    return text


def _truth(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if str(value).lower() not in words:
        raise SettingsError(f"{name} must be true or false, got {str(value)[:20]!r}.")
    return words[str(value).lower()]


def read_file(path: Path) -> _File:
    """The contents of one gatehouse.toml; empty when there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _File()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path.name} cannot be read: {error}.", hint="Check its permissions and encoding."
        ) from error
    try:
        return _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path.name} is not valid TOML: {error}.", hint="Correct the line it names.") from error
    except ValidationError as error:
        message, hint = _explain(error, path.name)
        raise SettingsError(message, hint=hint) from error


def source_from(values: Mapping[str, Any]) -> Source:
    """A source from a form or a request. Raises SettingsError that names the field."""
    try:
        return Source.model_validate(values)
    except ValidationError as error:
        message, hint = _explain(error, "The source")
        raise SettingsError(message, hint=hint) from error


def _from_environment(url: str, env: Mapping[str, str]) -> Source:
    names = {"token_env": "MLFLOW_TRACKING_TOKEN"} if env.get("MLFLOW_TRACKING_TOKEN") else {}
    if env.get("MLFLOW_TRACKING_USERNAME") and not names:
        names = {"username": env["MLFLOW_TRACKING_USERNAME"], "password_env": "MLFLOW_TRACKING_PASSWORD"}
    return source_from({"url": url, **names})


def _explain(error: ValidationError, where: str) -> tuple[str, str]:
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        unknown = str(first["loc"][-1])
        known = {name for model in (_File, Source, StageMap, StageRules, Oidc, Proxy) for name in model.model_fields}
        near = get_close_matches(unknown, sorted(known), n=1)
        return (
            f"{where}: unknown key {key}.",
            f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(sorted(known))}.",
        )
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {key + ': ' if key else ''}{reason}.", "Correct it and try again."
