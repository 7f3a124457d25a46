"""Monitor files for the tests."""

from collections.abc import Mapping
from pathlib import Path

SHORT = """\
model: credit
log:
  files: logs/*.parquet
timestamp:
  column: ts
score: score
reference:
  since: 2026-01-01
  until: 2026-02-01
"""

FULL = """\
# How the log of one model is read.
model: credit_default            # the registered model's name; * and ? stand for many
source: main                     # which MLflow it is registered in
log:
  files: logs/credit/*.parquet   # or delta: a folder; or sql: url, query, watermark
task: binary
timestamp:
  column: scored_at
  naive: local                   # times without a zone are those of `zone`
zone: Europe/Vienna
window: day
id: request_id
version: model_version
score: p_default
label:
  column: defaulted
  table:
    files: labels/credit/*.parquet
  complete_after_days: 90
positive: 1
favourable: negative             # not to default is good for the person
thresholds: [0.4, 0.5]           # the first one is deployed
features:
  numeric: [income, debt]
  categorical: [purpose]
protected:
  sex:
    column: sex
    names: {1: men, 2: women}
  age:
    column: age
    bands: [25, 40, 60]
intersections: [[sex, age]]
segments:
  region:
    column: region
reference:
  since: 2026-01-01
  until: 2026-02-01
latency: latency_ms
status:
  column: http_status
  errors: [500, 503]
resources:
  memory: memory_mb
kpis:
  revenue:
    figure: revenue
    arm: variant
    better: higher
measurements:
  reason_given:
    column: has_reason
    kind: yes_no
"""


def folder(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files below root/monitors."""
    place = root / "monitors"
    place.mkdir(exist_ok=True)
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return place


def of(model: str, *, table: str = "logs/*.parquet", more: str = "") -> str:
    """A short monitor file for a model or pattern."""
    return SHORT.replace("model: credit", f"model: {model}").replace("logs/*.parquet", table) + more
