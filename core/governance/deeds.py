"""Audit events in plain sentences: one small registry by action, and a fallback that can be read as well. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.governance.rights import ROLE

LONGEST = 300
_PLACE = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)*)(?:\|([a-z]+))?\}")
SELF = "self:"

# Sentences by action, the most telling first; the first one is taken whose places can all be filled. {actor} and
# {subject} are names; {after.role|role} is a place of the payload, and how it is told. Those that begin with "self:"
# are for events whose actor is its own subject, or is the program itself.
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "person.added": ("{actor} added the person {subject}",),
    "person.changed": ("{actor} changed {subject}: {changed}",),
    "person.disabled": ("{actor} disabled {subject}",),
    "person.enabled": ("{actor} let {subject} sign in again",),
    "person.erased": ("{actor} erased a person: {subject}",),
    "person.locked": ("{subject} was locked after {failures} wrong passwords",),
    "person.unlocked": ("{actor} unlocked {subject}",),
    "person.password_reset": ("{actor} gave {subject} a new first password",),
    "person.password_changed": ("self:{subject} changed the own password", "{actor} changed the password of {subject}"),
    "role.given": (
        "{actor} gave {subject} the role {after.role|role} in {after.project|name}",
        "{actor} gave {subject} the role {after.role|role}",
    ),
    "role.taken": (
        "{actor} took the role {before.role|role} in {before.project|name} from {subject}",
        "{actor} took the role {before.role|role} from {subject}",
    ),
    "session.started": ("{subject} signed in ({method})", "{subject} signed in"),
    "session.ended": (
        "self:{subject} {why}", "{actor} ended sessions of {subject} ({why})", "{actor} ended sessions of {subject}",
    ),
    "team.member_added": ("{actor} took {after.person|name} into the team {subject}",),
    "team.member_removed": ("{actor} took {before.person|name} out of the team {subject}",),
    "deputy.appointed": (
        "{actor} made {after.deputy|name} deputy of {after.absent|name} until {after.until_ms|day}",
        "{actor} made {after.deputy|name} deputy of {subject} until {after.until_ms|day}",
    ),
    "token.made": ("{actor} made an API token",),
    "token.added": ("{actor} made an API token",),
    "token.revoked": ("{actor} revoked an API token",),
    "rows.viewed": ("{actor} looked at single rows of {subject}",),
    "monitor.saved": ("{actor} saved the monitor of {subject} ({file})",),
    "log.uploaded": ("{actor} uploaded a file to the log of {subject}",),
    "rows.exported": ("{actor} exported rows of {subject}",),
    "audit.exported": ("{actor} exported the audit trail as {format}",),
    "view.saved": ("{actor} saved the view {subject}",),
    "view.renamed": ("{actor} renamed the view {before.name} to {after.name}",),
    "view.changed": ("{actor} changed what the view {subject} shows",),
    "view.shared": ("{actor} shared the view {subject} with everybody",),
    "view.unshared": ("{actor} made the view {subject} private",),
    "view.deleted": ("{actor} deleted the view {subject}",),
    "view.restored": ("{actor} brought back the view {subject}",),
    "view.handed_over": ("{actor} handed the view {subject} over to {after.owner|name}",),
    "view.chosen": (
        "{actor} chose to begin with the view {after.view|name} on {page}",
        "{actor} chose to begin with no own view on {page}",
    ),
    "view.default_set": (
        "{actor} made {after.view|name} the view that everybody begins with on {page}",
        "{actor} took away the view that everybody begins with on {page}",
    ),
    "note.added": ("{actor} wrote a note on {on|thing}",),
    "note.edited": ("{actor} edited a note on {on|thing}",),
    "note.deleted": ("{actor} deleted a note on {on|thing}",),
    "tag.set": ("{actor} tagged {subject|thing} with {key}: {after.value}", "{actor} tagged {subject|thing}: {key}"),
    "tag.removed": ("{actor} took the tag {key} off {subject|thing}",),
    "author.assigned": (
        "{actor} said who a user of a source is: {after.person|name}",
        "{actor} said that a user of a source is unknown",
    ),
    "inventory.added": ("{actor} described {subject} in the inventory",),
    "inventory.changed": ("{actor} changed {subject} in the inventory: {changed}",),
    "inventory.retired": ("{actor} retired {subject}",),
    "inventory.restored": ("{actor} took {subject} up again",),
    "inventory.tier_overridden": ("{actor} set the tier of {subject}, and signed",),
    "finding.acknowledged": ("{actor} acknowledged a finding of {model}: {cause}",),
    "finding.snoozed": ("{actor} snoozed a finding of {model} until {after.snoozed_until_ms|day}: {cause}",),
    "finding.resolved": ("{actor} resolved a finding of {model}: {cause}",),
    "finding.reopened": ("{actor} reopened a finding of {model}: {cause}",),
    "finding.assigned": (
        "{actor} gave a finding of {model} to {after.owner|name}: {cause}",
        "{actor} gave a finding of {model} back to the owner of the model: {cause}",
    ),
    "policy.mode_changed": ("{actor} set the policy for {subject} to {mode} ({category|words})",),
    "policy.published": ("self:The policy {subject} judged for the first time",
                         "{actor} judged by the policy {subject} for the first time"),
    "ledger.created": ("self:The ledger was made",),
    "ledger.restored": ("{actor} restored the ledger from a backup",),
}  # fmt: skip


def sentence(
    action: str, subject: str, payload: Mapping[str, Any], *, actor: str, name: Callable[[str], str]
) -> str:  # fmt: skip
    """What happened, in words; untrusted text.

    payload: with sealed texts in their places, None for erased ones.  actor: id.
    name: the name of an id or subject (kind:id), the id itself where nothing better is known.
    """
    _, _, own = subject.partition(":")
    alone = actor in (own, "system")
    places: dict[str, Any] = {
        **payload, "actor": _for(name(actor), payload, name), "subject": name(subject),
        "changed": ", ".join(changed(payload)) or None,
    }  # fmt: skip
    for template in SENTENCES.get(action, ()):
        if template.startswith(SELF) and not alone:
            continue
        told = _filled(template.removeprefix(SELF), places, subject, name)
        if told is not None:
            return told[:LONGEST]
    return _fallback(action, subject, places)[:LONGEST]


def changed(payload: Mapping[str, Any]) -> list[str]:
    """Names of the fields that an event changed."""
    parts = [part for part in (payload.get("before"), payload.get("after")) if isinstance(part, Mapping)]
    return [str(key).replace("_", " ") for key in dict.fromkeys(key for part in parts for key in part)]


def family(action: str) -> str:
    """The first word of an action: role, of role.given."""
    return action.partition(".")[0]


def thing(subject: str, name: Callable[[str], str]) -> str:
    """A subject with its kind: the run night_12."""
    kind, _, own = subject.partition(":")
    return f"the {kind.replace('_', ' ')} {name(subject)}" if own else subject


def _fallback(action: str, subject: str, places: Mapping[str, Any]) -> str:
    kind, _, happened = action.partition(".")
    about, of = kind.replace("_", " "), subject.partition(":")[0].replace("_", " ")
    which = f"the {of}" if about == of else f"{about} of the {of}"
    said = f"{places['actor']} {happened.replace('_', ' ') or 'did'} {which} {places['subject']}"
    return f"{said}: {places['changed']}" if places["changed"] else said


def _for(actor: str, payload: Mapping[str, Any], name: Callable[[str], str]) -> str:
    absent = payload.get("on_behalf_of")
    return f"{actor}, for {name(absent)}," if isinstance(absent, str) and absent else actor


def _filled(template: str, places: Mapping[str, Any], subject: str, name: Callable[[str], str]) -> str | None:
    """The sentence; None when a place of it stays empty."""
    empty = False

    def fill(match: re.Match[str]) -> str:
        nonlocal empty
        path, manner = match.group(1), match.group(2)
        value: Any = subject if (path, manner) == ("subject", "thing") else places
        if value is places:
            for step in path.split("."):
                value = value.get(step) if isinstance(value, Mapping) else None
        if value is None or value == "":
            empty = True
            return ""
        return _told(value, manner, name)

    told = _PLACE.sub(fill, template)
    return None if empty else told


def _told(value: Any, manner: str | None, name: Callable[[str], str]) -> str:
    if manner == "role":
        return ROLE[value].title if value in ROLE else str(value)
    if manner == "name":
        return name(str(value))
    if manner == "thing":
        return thing(str(value), name)
    if manner == "words":
        return str(value).replace("_", " ")
    if manner == "day" and isinstance(value, int) and 0 <= value < 253_370_764_800_000:
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%-d %b %Y")
    return str(value)
