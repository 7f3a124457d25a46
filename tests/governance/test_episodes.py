"""Episodes of broken windows, and findings that keep their id when data come late."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.governance.episodes import Episode, Known, State, episodes, finding_id, matched


def states(text: str) -> list[State]:
    """A letter a window of ten ms: x broken, . kept, ? cannot tell."""
    meant = {"x": True, ".": False, "?": None}
    return [State(start_ms=at * 10, end_ms=at * 10 + 10, broken=meant[letter]) for at, letter in enumerate(text)]


def spans(text: str) -> list[tuple[int, int, int | None, int]]:
    return [(one.first_ms, one.end_ms, one.cleared_ms, one.windows) for one in episodes(states(text))]


def known(text: str) -> list[Known]:
    return [
        Known(finding_id=finding_id("m", "c", "k", one.first_ms), first_ms=one.first_ms, end_ms=one.end_ms)
        for one in episodes(states(text))
    ]


def test_windows_in_a_row_are_one_episode_until_one_keeps_the_rule() -> None:
    assert spans("..xx.x") == [(20, 40, 50, 2), (50, 60, None, 1)]
    assert spans("....") == []


def test_a_window_that_cannot_tell_neither_opens_nor_clears() -> None:
    assert spans("?x??x?") == [(10, 50, None, 2)]
    assert spans("x?.") == [(0, 10, 30, 1)]


def test_an_episode_keeps_its_finding_when_labels_come_late() -> None:
    before = known(".xx.")
    later = matched("m", "c", "k", episodes(states("xxxx.")), before)
    assert later.ids == (before[0].finding_id,)
    assert later.gone == ()


def test_what_data_no_longer_show_is_gone_and_what_is_new_gets_an_id_of_its_own() -> None:
    before = known("xx......")
    later = matched("m", "c", "k", episodes(states("....xx..")), before)
    assert later.gone == (before[0].finding_id,)
    assert later.ids == (finding_id("m", "c", "k", 40),)


def test_an_episode_that_split_keeps_the_first_and_opens_another() -> None:
    (before,) = known(".xxxxx.")
    later = matched("m", "c", "k", episodes(states(".xx.xx.")), [before])
    assert later.ids[0] == before.finding_id
    assert later.ids[1] != before.finding_id


def test_ids_never_clash_with_one_that_began_elsewhere() -> None:
    taken = Known(finding_id=finding_id("m", "c", "k", 40), first_ms=0, end_ms=20)
    later = matched("m", "c", "k", episodes(states("xx..xx")), [taken])
    assert later.ids[0] == taken.finding_id
    assert later.ids[1] == finding_id("m", "c", "k", 40, again=1)


letters = st.text(alphabet="x.?", max_size=30)


@given(letters)
def test_episodes_hold_every_broken_window_once_and_in_order(text: str) -> None:
    found = episodes(states(text))
    assert sum(one.windows for one in found) == text.count("x")
    assert all(a.end_ms < b.first_ms + 1 and a.cleared_ms is not None for a, b in pairwise(found))
    assert all(text[one.first_ms // 10] == text[one.last_ms // 10] == "x" for one in found)


@given(letters, letters)
def test_every_episode_has_one_finding_and_every_old_finding_is_matched_or_gone(old: str, new: str) -> None:
    before, now = known(old), episodes(states(new))
    found = matched("m", "c", "k", now, before)
    assert len(found.ids) == len(now) == len(set(found.ids))
    ids = {one.finding_id for one in before}
    assert (set(found.ids) & ids) | set(found.gone) == ids
    assert not set(found.ids) & set(found.gone)


@given(letters)
def test_judging_the_same_again_changes_nothing(text: str) -> None:
    found = matched("m", "c", "k", episodes(states(text)), known(text))
    assert found.ids == tuple(one.finding_id for one in known(text))
    assert found.gone == ()


def test_episodes_overlap_when_they_share_time() -> None:
    episode = Episode(first_ms=10, last_ms=20, end_ms=30, cleared_ms=None, windows=2)
    assert episode.overlaps(0, 11)
    assert not episode.overlaps(0, 10)
    assert not episode.overlaps(30, 40)
