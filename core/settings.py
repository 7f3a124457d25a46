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
STAGES = ("production", "staging", "archived", "development")
Stage = Literal["production", "staging", "archived", "development"]
_Text = Annotated[str, Field(max_length=2_000)]


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


class _File(_Closed):
    home: _Text | None = None
    monitors: _Text | None = None
    address: _Text | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
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
    file: the gatehouse.toml, which need not exist.
    origin: for each setting, where its value came from: "default", the variable's name, or the file's name.
    """

    home: Path
    monitors: Path
    address: str
    port: int
    sources: Mapping[str, Source]
    file: Path
    origin: Mapping[str, str] = field(default_factory=dict)


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
    try:
        port = int(values["port"])
    except ValueError as error:
        raise SettingsError(f"GATEHOUSE_PORT must be a number, got {values['port']!r}.") from error
    return Settings(
        home=Path(values["home"]).expanduser().absolute(),
        monitors=Path(values["monitors"]).expanduser().absolute(),
        address=str(values["address"]),
        port=port,
        sources=sources,
        file=path,
        origin=origin,
    )


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
        known = {name for model in (_File, Source, StageMap, StageRules) for name in model.model_fields}
        near = get_close_matches(unknown, sorted(known), n=1)
        return (
            f"{where}: unknown key {key}.",
            f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(sorted(known))}.",
        )
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {key + ': ' if key else ''}{reason}.", "Correct it and try again."
