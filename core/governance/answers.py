"""What people answer to findings, and the state a finding is in by its data, its answer and the policy's mode. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from core.governance.policy import Mode

Answered = Literal["open", "acknowledged", "snoozed", "resolved"]
State = Literal["open", "acknowledged", "snoozed", "observed", "cleared", "resolved", "withdrawn"]
Act = Literal["acknowledge", "snooze", "resolve", "reopen", "assign"]
Again = Literal["", "broken", "snooze over"]
STATES: tuple[State, ...] = get_args(State)
ACTS: tuple[Act, ...] = get_args(Act)
GIVES: Mapping[Act, Answered] = {
    "acknowledge": "acknowledged", "snooze": "snoozed", "resolve": "resolved", "reopen": "open",
}  # fmt: skip
EVENT: Mapping[Act, str] = {
    "acknowledge": "finding.acknowledged", "snooze": "finding.snoozed", "resolve": "finding.resolved",
    "reopen": "finding.reopened", "assign": "finding.assigned",
}  # fmt: skip
OVER: frozenset[State] = frozenset({"cleared", "resolved", "withdrawn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A state as people read it. title: a few words.  about: what it means, in a sentence."""

    title: str
    about: str


STATE: Mapping[State, Said] = {
    "open": Said(title="Open", about="Asks for an answer."),
    "acknowledged": Said(title="Acknowledged", about="Somebody has seen it and works on it. The rule is still broken."),
    "snoozed": Said(title="Snoozed", about="Asks again after a day that somebody chose."),
    "observed": Said(title="Observed only", about="The policy only observes this model here. Nobody is asked to act."),
    "cleared": Said(title="Resolved by data", about="The data keep the rule again."),
    "resolved": Said(title="Resolved by a person", about="Opens again if the rule is broken after that."),
    "withdrawn": Said(title="Withdrawn", about="Data read since then do not show it any more."),
}
AGAIN: Mapping[Again, str] = {
    "broken": "It was resolved, and the rule was broken again after that.",
    "snooze over": "It was snoozed, and that time is over.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The last answer. at_ms: when its state was given.  person: id of who gave it.  owner: a person's id, or None."""

    state: Answered
    owner: str | None
    snoozed_until_ms: int | None
    revision: int
    at_ms: int
    person: str


def state_of(
    *, last_ms: int, cleared_ms: int | None, withdrawn: bool, answer: Answer | None, mode: Mode, now_ms: int
) -> tuple[State, Again]:
    """The state of a finding, and why it is open again where it is.

    What data say goes before what a person said. A snooze ends with its last moment. Something resolved opens when a
    window that began after the answer breaks the rule. last_ms: start of the last window that broke it.
    """
    if withdrawn:
        return "withdrawn", ""
    if cleared_ms is not None:
        return "cleared", ""
    again: Again = ""
    if answer is not None:
        if answer.state == "acknowledged":
            return "acknowledged", ""
        if answer.state == "snoozed":
            if answer.snoozed_until_ms is not None and now_ms < answer.snoozed_until_ms:
                return "snoozed", ""
            again = "snooze over"
        if answer.state == "resolved":
            if last_ms <= answer.at_ms:
                return "resolved", ""
            again = "broken"
    return ("observed", "") if mode == "observe" else ("open", again)


def mode_of(stated: Mapping[str, str], category: str) -> Mode:
    """How far the policy acts on a category of a model. stated: category or "all" -> mode."""
    said = stated.get(category) or stated.get("all")
    return "warn" if said == "warn" else "enforce" if said == "enforce" else "observe"
