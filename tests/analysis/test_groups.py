"""Groups from the finest cells, and where their scores are cut."""

import math

import numpy as np
import pytest

from core.analysis.group_families import families
from core.analysis.group_rates import cut_at
from tests.analysis.rows import output, with_thresholds
from tests.analysis.test_fairness import EDGES


def test_cuts() -> None:
    edges = with_thresholds([0.2, 0.7], (0.5,))
    assert cut_at(edges, 0.5).exact
    assert cut_at(edges, 0.5).at == 0.5
    near = cut_at(edges, 0.49)
    assert not near.exact
    assert near.at == 0.5
    assert cut_at(edges, -3).first == 1
    assert cut_at(edges, 3).first == 3
    with pytest.raises(ValueError, match="edges must not be empty"):
        cut_at([], 0.5)
    with pytest.raises(ValueError, match="threshold must be finite"):
        cut_at(edges, math.nan)


def test_families_roll_the_finest_cells_up() -> None:
    rng = np.random.default_rng(12)
    sex, age = rng.choice(["female", "male"], 500), rng.choice(["under_30", "30+"], 500)
    place = rng.choice(["Trinidad & Tobago", "x=y"], 500)
    scores, labels = rng.random(500), rng.integers(0, 2, 500)
    names = np.array([f"sex={s} & age={a} & place={p}" for s, a, p in zip(sex, age, place, strict=True)])
    cells = {str(name): output(scores[names == name], labels[names == name], EDGES) for name in np.unique(names)}
    found = families(cells, ("sex", "age", "place"), [("age", "sex")])
    assert list(found) == ["sex", "age", "place", "age & sex"]
    assert set(found["place"]) == {"place=Trinidad & Tobago", "place=x=y"}
    women = output(scores[sex == "female"], labels[sex == "female"], EDGES)
    np.testing.assert_array_equal(found["sex"]["sex=female"].counts, women.counts)
    np.testing.assert_allclose(found["sex"]["sex=female"].scores, women.scores, rtol=1e-12)
    young = (sex == "female") & (age == "under_30")
    np.testing.assert_array_equal(
        found["age & sex"]["age=under_30 & sex=female"].counts, output(scores[young], labels[young], EDGES).counts
    )
    for groups in found.values():
        assert sum(int(group.counts.sum()) for group in groups.values()) == 500
    with pytest.raises(ValueError, match="'race', which is none of sex, age"):
        families({}, ("sex", "age"), [("sex", "race")])
    with pytest.raises(ValueError, match="got 'age=30'"):
        families({"age=30": women}, ("sex", "age"))
