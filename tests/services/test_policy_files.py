"""Policy files: those that are shipped, and what is said of broken ones."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.governance.materiality import DataCategories, Materiality, Regimes
from core.services import policy_files
from core.services.house import House
from core.services.policy_files import SHIPPED, load

SHAPES = {"materiality.yaml": Materiality, "regimes.yaml": Regimes, "data_categories.yaml": DataCategories}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shipped_files_can_be_used(name: str) -> None:
    assert load(SHIPPED / name, SHAPES[name]).version >= 1


def test_the_regimes_say_when_their_duties_begin() -> None:
    regimes = {each.id: each for each in load(SHIPPED / "regimes.yaml", Regimes).regimes}
    assert str(regimes["eu_ai_act_annex_iii"].applies_from) == "2027-12-02"
    assert str(regimes["sr_26_2"].text_date) == "2026-04-17"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("matrix:", "matrixx:", "materiality.yaml: there is no key matrixx"),
        ("matrix:", "matrixx:", "Did you mean matrix?"),
        ("review_months: 12", "review_month: 12", "Did you mean review_months?"),
        ("review_months: 12", "review_months: 0", "tiers.1.review_months"),
        ("title: Internal", "titel: Internal", "exposure.1.titel"),
        ("critical: 2}", "critical: 4}", "matrix.exploration.critical"),
        ("exploration: {internal: 3, ", "exploration: {", "matrix.exploration says nothing of 'internal'"),
        ("  exploration: {internal", "  explore: {internal", "'explore', which is not listed above"),
        ("id: limited", "id: internal", "exposure has the id 'internal' twice"),
        ("version: 1", "version: [", "line "),
        ("title: Internal", "title: In;ternal", "exposure.1.title"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (SHIPPED / "materiality.yaml").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "materiality.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(broken, Materiality)
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.message.startswith("materiality.yaml")


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"a: b: c", b"- " * 300_000, b"1" * 1_100_000])
def test_what_is_no_policy_is_refused(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "regimes.yaml"
    broken.write_bytes(content)
    with pytest.raises(SettingsError, match=r"regimes\.yaml"):
        load(broken, Regimes)


def test_a_house_may_have_its_own_copy(demo: House) -> None:
    own = demo.settings.file.parent / "policy" / "materiality.yaml"
    own.parent.mkdir(exist_ok=True)
    text = (SHIPPED / "materiality.yaml").read_text(encoding="utf-8")
    try:
        own.write_text(text.replace("review_months: 12", "review_months: 6", 1), encoding="utf-8")
        assert policy_files.materiality(demo).tiers[1].review_months == 6
    finally:
        own.unlink()
    assert policy_files.materiality(demo).tiers[1].review_months == 12
