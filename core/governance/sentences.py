"""What an observation says, in a plain sentence."""

from dataclasses import dataclass

GONE = {"deleted": "was deleted", "active": "was restored"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One change in words.

    name: whom it concerns (untrusted).  text: what happened; may hold untrusted aliases and stages.
    model, version: which registered version it leads to, where it leads to one.
    sign: what it is a change of, for an icon: alias, stage, version, model, run, experiment, up, down, gone.
    """

    name: str
    text: str
    sign: str
    model: str | None = None
    version: str | None = None


def tell(
    kind: str,
    subject: str,
    before: str | None,
    after: str | None,
    *,
    name: str | None = None,
    many: int = 1,
    baseline: bool = False,
) -> Told:
    """kind, subject, before, after: as in Observation. name: what people call the subject, when it is known.

    many: how many subjects of the kind changed in this way at once.
    baseline: it was found so at the first sync, however old it may be.
    """
    if baseline and kind in ("alias", "stage") and after:
        return _found(kind, subject, after)
    if kind == "alias":
        return _alias(subject, before, after)
    if kind in ("stage", "version"):
        return _version(kind, subject, before, after)
    if kind == "source":
        said = "is reachable again" if after == "up" else "could not be reached"
        return Told(name=subject, text=said, sign="up" if after == "up" else "down")
    if kind == "model":
        said = "was registered" if after else "was deleted from the registry"
        return Told(name=subject, text=said, sign="model" if after else "gone", model=subject if after else None)
    return _counted(kind, name or subject, after, many)


def _alias(subject: str, before: str | None, after: str | None) -> Told:
    model, _, alias = subject.rpartition("@")
    if before and after:
        said = f"{alias} moved {before} → {after}"
    elif after:
        said = f"{alias} was given to version {after}"
    else:
        said = f"{alias} was taken from version {before}"
    return Told(name=model, text=said, sign="alias", model=model, version=after or before)


def _found(kind: str, subject: str, state: str) -> Told:
    model, _, what = subject.rpartition("@" if kind == "alias" else "/")
    if kind == "alias":
        return Told(
            name=model, text=f"{what} already pointed to version {state}", sign="alias", model=model, version=state
        )
    return Told(name=model, text=f"version {what} was already in {state}", sign="stage", model=model, version=what)


def _version(kind: str, subject: str, before: str | None, after: str | None) -> Told:
    model, _, version = subject.rpartition("/")
    if kind == "version":
        said = f"version {version} was registered" if after else f"version {version} was deleted"
        return Told(
            name=model, text=said, sign="version" if after else "gone", model=model, version=version if after else None
        )
    said = f"version {version} moved {before or 'None'} → {after or 'None'}"
    return Told(name=model, text=said, sign="stage", model=model, version=version)


def _counted(kind: str, name: str, after: str | None, many: int) -> Told:
    noun = "experiment" if kind == "experiment" else "run"
    if after is None:
        said = "gone from the source"
    elif after == "registered":
        said = "created"
    else:
        said = GONE.get(after, f"became {after}").removeprefix("was ")
    sign = "gone" if after in (None, "deleted") else noun
    if many > 1:
        return Told(name=f"{many:,} {noun}s", text=said if after is None else f"were {said}", sign=sign)
    verb = "is" if after is None else "was"
    return Told(name=f"{noun.capitalize()} {name}", text=f"{verb} {said}", sign=sign)
