"""One day on which the writer of the log was broken: rows were scored as they should, only their record suffered."""

from datetime import date

import numpy as np
import pyarrow as pa

DAY = date(2026, 11, 12)
TIMES = ("2026-11-12 25:61:00", "12/Nov/26 noon", "0000-00-00T00:00:00Z", "n/a", "", None)
TEXTS = ("n/a", "NT$ 3000", "12,000 ", "#REF!", "")
ENDLESS = (np.inf, -np.inf, np.nan)


def damaged(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    """The day's rows as written: times and PAY_AMT1 are text and partly nonsense, BILL_AMT1 has inf and NaN,
    LIMIT_BAL, AGE and education_group have gaps."""
    rows = table.num_rows

    def some(count: int) -> np.ndarray:
        return rng.choice(rows, size=count, replace=False)

    texts: dict[str, list[str | None]] = {
        "predicted_at": [moment.isoformat(timespec="milliseconds") for moment in table["predicted_at"].to_pylist()],
        "PAY_AMT1": [f"{value:.1f}" for value in table["PAY_AMT1"].to_pylist()],
    }
    for name, values in texts.items():
        wrong = TIMES if name == "predicted_at" else TEXTS
        for order, row in enumerate(some(12)):
            values[row] = wrong[order % len(wrong)]
        table = _put(table, name, pa.array(values, pa.string()))
    bills = table["BILL_AMT1"].to_numpy().copy()
    for order, row in enumerate(some(9)):
        bills[row] = ENDLESS[order % len(ENDLESS)]
    table = _put(table, "BILL_AMT1", pa.array(bills, pa.float64()))  # NaN stays NaN, it is not missing
    for name in ("LIMIT_BAL", "AGE", "education_group"):
        gaps = set(some(8).tolist())
        kept = [None if row in gaps else value for row, value in enumerate(table[name].to_pylist())]
        table = _put(table, name, pa.array(kept, table.schema.field(name).type))
    return table


def _put(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)
