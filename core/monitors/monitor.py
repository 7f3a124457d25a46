"""The types of a monitor file. One file describes one model's log, or, by patterns, those of many models."""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,79}$")]
Scalar = str | int | float | bool
Number = Annotated[float, Field(allow_inf_nan=False)]


class Unfit(ValueError):
    """Keys that do not fit together.

    key: path to the one to blame, from where it is raised.  got: its text.  known: what may stand there.
    """

    def __init__(self, message: str, *, key: tuple[str | int, ...], got: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.key = key
        self.got = got
        self.known = known


class Closed(BaseModel):
    """Refuses keys it does not know, and is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)  # texts are kept as written: "yes " is a value


class Sql(Closed):
    """A query read through SQLAlchemy. The watermark column only grows: later reads ask for rows above its last value.

    url: a SQLAlchemy URL without a password; password_env names its variable.
    """

    url: Text
    query: Text
    watermark: Text
    password_env: Text | None = None


class Table(Closed):
    """Where rows are: exactly one of the three.

    files: a glob of Parquet or CSV, on disk or object storage.  delta: folder of a Delta table.  sql: a query.
    """

    files: Text | None = None
    delta: Text | None = None
    sql: Sql | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "Table":
        if sum(place is not None for place in (self.files, self.delta, self.sql)) != 1:
            raise ValueError("needs exactly one of files, delta and sql")
        return self


class Timestamp(Closed):
    """The column that says when a prediction was made.

    naive: how times without a zone are meant: "utc", or "local" for the monitor's own zone.
    unit: of numbers: s, ms, us since 1970 UTC.
    """

    column: Text
    naive: Literal["utc", "local"] = "utc"
    unit: Literal["s", "ms", "us"] = "ms"


class Label(Closed):
    """What came true. In the log itself, or in a table of its own that is joined by id and may arrive late.

    table: None when the column is in the log.  id: the id's name in that table; the monitor's own id when left out.
    complete_after_days: labels of a window are taken for complete that many days after its end; until then, maturing.
    """

    column: Text
    table: Table | None = None
    id: Text | None = None
    complete_after_days: Annotated[int, Field(ge=0, le=3_650)] = 0


class Features(Closed):
    """Which columns are features. all: every column that no other key names, but `without`."""

    all: bool = False
    numeric: tuple[Text, ...] = ()
    categorical: tuple[Text, ...] = ()
    without: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _told_once(self) -> "Features":
        if both := [name for name in self.numeric if name in set(self.categorical)]:
            raise Unfit(f"{both[0]!r} is named both numeric and categorical", key=("numeric",))
        return self


class Attribute(Closed):
    """A protected attribute or a segment: the values of a column, or bands of numbers [edge, next edge).

    column: its name in the log.  bands: inner edges, increasing.  names: value -> what it is called.
    """

    column: Text
    bands: tuple[Number, ...] = ()
    names: dict[str, Text] = {}

    @field_validator("bands")
    @classmethod
    def _increase(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("bands must increase")
        return value


class Reference(Closed):
    """What is normal: a data set of its own, or a window of the log, from `since` up to but without `until` (dates)."""

    table: Table | None = None
    since: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    until: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None

    @field_validator("since", "until")
    @classmethod
    def _is_a_day(cls, value: str | None) -> str | None:
        try:
            return value if value is None else date.fromisoformat(value).isoformat()
        except ValueError as error:
            raise ValueError(f"is no day of the calendar: {value}; write it as 2026-01-31") from error

    @model_validator(mode="after")
    def _one_kind(self) -> "Reference":
        dated = self.since is not None and self.until is not None
        if (self.table is None) == (not dated) or (self.table is not None and (self.since or self.until)):
            raise ValueError("needs either table, or since and until")
        if self.since and self.until and self.since >= self.until:
            raise Unfit("until must be a later day than since", key=("until",))
        return self


class Status(Closed):
    """The column that says whether a request was served. errors: values that mean it was not."""

    column: Text
    errors: tuple[Scalar, ...] = ()


class KpiRule(Closed):
    """A business figure. figure, cost, value: columns of numbers (or true/false); arm: column of the variant shown."""

    figure: Text
    arm: Text | None = None
    cost: Text | None = None
    value: Text | None = None
    better: Literal["higher", "lower"] = "higher"


class MeasurementRule(Closed):
    """A number or yes/no that the log states itself: NDCG, a judge's score, a refusal.

    per: column naming the query when rows are parts of one; the first row of each query counts then.
    """

    column: Text
    kind: Literal["number", "yes_no"] = "number"
    per: Text | None = None
    better: Literal["higher", "lower"] = "higher"


class Monitor(Closed):
    """How one model's log is read.

    model: the registered model's name; a pattern (*, ?) stands for many, `{model}` in texts for each one's name.
    version: column of the log that names the version.  fixed_version: the one version all rows are of.
    positive: the label that counts as 1.  favourable: which decision is good for the person concerned.
    thresholds: a row is decided positive when its score is at least the threshold; the first one is deployed.
    classes: of a multiclass task; probabilities: class -> column of its score.
    """

    model: Annotated[str, Field(min_length=1, max_length=250)]
    source: Name | None = None
    log: Table
    task: Literal["binary", "multiclass", "regression", "other"] = "binary"
    timestamp: Timestamp
    zone: Text = "UTC"
    window: Literal["hour", "day", "week"] = "day"
    id: Text | None = None
    version: Text | None = None
    fixed_version: Text | None = None
    score: Text | None = None
    prediction: Text | None = None
    label: Label | None = None
    positive: Scalar = 1
    favourable: Literal["positive", "negative"] = "positive"
    thresholds: tuple[Number, ...] = (0.5,)
    classes: tuple[Scalar, ...] = ()
    probabilities: dict[str, Text] = {}
    features: Features = Features(all=True)
    protected: dict[Name, Attribute] = {}
    intersections: tuple[tuple[Name, ...], ...] = ()
    segments: dict[Name, Attribute] = {}
    reference: Reference
    latency: Text | None = None
    status: Status | None = None
    resources: dict[Name, Text] = {}
    kpis: dict[Name, KpiRule] = {}
    measurements: dict[Name, MeasurementRule] = {}

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"is no time zone: {value[:60]!r}; use a name such as Europe/Vienna or UTC") from error
        return value

    @model_validator(mode="after")
    def _fits(self) -> "Monitor":
        if self.task in ("binary", "multiclass", "regression") and not (self.score or self.prediction):
            raise ValueError(f"a {self.task} monitor needs score or prediction")
        if self.task == "multiclass" and not self.classes:
            raise ValueError("a multiclass monitor needs classes")
        if self.label and self.label.table and not (self.id or self.label.id):
            raise ValueError("labels in another table are joined by id: name the id column")
        for at, names in enumerate(self.intersections):
            unknown = [name for name in names if name not in self.protected]
            if unknown:
                message = f"intersections name {unknown[0]!r}, which is no protected attribute"
                raise Unfit(message, key=("intersections", at), got=unknown[0], known=tuple(self.protected))
        classes = tuple(str(name) for name in self.classes)
        if unknown := [name for name in self.probabilities if name not in classes]:
            message = f"probabilities name {unknown[0]!r}, which is none of the classes"
            raise Unfit(message, key=("probabilities", unknown[0]), got=unknown[0], known=classes)
        return self
