"""Reading versioned policy files: the house's own copy, else the shipped one; mistakes are told with their key."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from core.errors import SettingsError
from core.governance.materiality import DataCategories, Materiality, Regimes
from core.governance.policy import Policy
from core.monitors.near import choice, near, show
from core.services.guard import needs
from core.services.house import House

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "policy"
BIGGEST = 1_000_000
T = TypeVar("T", bound=BaseModel)


@needs(None)
def materiality(house: House) -> Materiality:
    """Exposure x purpose -> tier. Raises SettingsError."""
    return _read(house, "materiality.yaml", Materiality)


@needs(None)
def regimes(house: House) -> Regimes:
    """Laws and standards. Raises SettingsError."""
    return _read(house, "regimes.yaml", Regimes)


@needs(None)
def data_categories(house: House) -> DataCategories:
    """Kinds of data. Raises SettingsError."""
    return _read(house, "data_categories.yaml", DataCategories)


@needs(None)
def policy(house: House) -> Policy:
    """What models are judged by. Raises SettingsError."""
    return _read(house, "default.yaml", Policy)


def load(path: Path, shape: type[T]) -> T:
    """One policy file. Raises SettingsError naming the file, the key and the nearest known one."""
    try:
        raw = path.read_bytes()
        if len(raw) > BIGGEST:
            raise SettingsError(f"{path.name} is longer than {BIGGEST:,} bytes.", hint="A policy is a page or two.")
        said = yaml.safe_load(raw.decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}.", hint="Check its rights.") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(f"{path.name}{where}: it cannot be read as YAML in UTF-8.", hint="Check it.") from error
    try:
        return shape.model_validate(said)
    except ValidationError as error:
        raise _explained(path.name, shape, error, said) from error


def _read(house: House, name: str, shape: type[T]) -> T:
    own = house.settings.file.parent / "policy" / name
    path = own if own.is_file() else SHIPPED / name
    stat = path.stat()
    found: T = _kept(path, shape, stat.st_mtime_ns, stat.st_size)
    return found


@lru_cache(maxsize=32)
def _kept(path: Path, shape: type[T], _changed: int, _size: int) -> T:
    return load(path, shape)


def _explained(file: str, shape: type[BaseModel], error: ValidationError, said: Any) -> SettingsError:
    found = error.errors(include_url=False)
    # A misspelt key is also a missing one: what was written says more.
    each = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    loc = [part for part in each["loc"] if part != "[key]"]
    name = ".".join(_written(said, loc[:at], part) for at, part in enumerate(loc))
    if each["type"] == "extra_forbidden":
        known = _keys(shape, loc[:-1])
        close = near(str(loc[-1]), known)
        meant = f"Did you mean {close[0]}? " if close else ""
        return SettingsError(f"{file}: there is no key {name}.", hint=f"{meant}Known here: {choice(known)}.")
    if each["type"] == "missing":
        beside = [key for key in _at(said, loc[:-1]) if key not in _keys(shape, loc[:-1])]
        close = near(str(loc[-1]), beside)
        meant = f"Is {close[0]} meant for it?" if close else "Write it."
        return SettingsError(f"{file}: the key {name} is missing.", hint=meant)
    told = str(each["msg"]).removeprefix("Value error, ")
    got = "" if each["type"] == "value_error" else f", got {show(each['input'])}"
    return SettingsError(f"{file}: {name + ': ' if name else ''}{told}{got}.", hint="Correct the file.")


def _written(said: Any, before: list[Any], part: object) -> str:
    """A part of a path as people count: the items of a list from 1 on."""
    for step in before:
        said = said[step] if isinstance(said, dict | list) else None
    return str(part + 1) if isinstance(part, int) and isinstance(said, list) else str(part)[:60]


def _at(said: Any, loc: list[Any]) -> Mapping[str, Any]:
    for part in loc:
        try:
            said = said[part]
        except (KeyError, IndexError, TypeError):
            return {}
    return said if isinstance(said, dict) else {}


def _keys(shape: Any, loc: list[Any]) -> list[str]:
    """The keys that a model has at a path."""
    from typing import get_args

    for part in loc:
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            field = shape.model_fields.get(str(part))
            shape = field.annotation if field else None
        else:
            models = [each for each in get_args(shape) if each is not Ellipsis]
            shape = models[-1] if models else None
    return list(shape.model_fields) if isinstance(shape, type) and issubclass(shape, BaseModel) else []
