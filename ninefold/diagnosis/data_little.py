"""Too few rows to learn from."""

from ninefold.diagnosis.case import Case, Finding, Symptom

MOST_ROWS = 3_000
"""With more rows the question is left to the learning curve of the verdict."""
GAIN = 0.03
"""What doubling the rows must bring, of AUC, accuracy or R2."""


class DataLittle(Symptom):
    """A learning curve that still rises: twice the rows would bring much in every repetition."""

    kinds = ("data.too_little",)
    needs_rows_apart = True

    def look(self, case: Case) -> Finding | None:
        from ninefold.exploration.learning_curve import learning_curve

        rows, X = case.facts["train_rows"], case.train.X
        if rows > MOST_ROWS or not X.shape[1]:
            return None
        task = "classification" if case.is_classification else "regression"
        found = learning_curve(X, case.train.y, task, total=rows)
        if found is None or found["doubled"]["gain"] < GAIN or found["doubled"]["low"] <= 0:
            return None
        gain, metric = found["doubled"]["gain"], found["metric"]
        points = [[p["rows"], round(p["score"], 4)] for p in found["points"]]
        points.append([found["doubled"]["rows"], round(found["doubled"]["score"], 4)])
        return Finding(
            "data.too_little",
            f"A cheap learner's {metric} still rises with the rows: twice the {rows:,} train rows "
            f"would bring about {gain:.3f} more.",
            "Bring more rows; no setting replaces them.",
            {"rows": rows, "metric": metric, "gain_of_doubling": gain,
             "low": found["doubled"]["low"], "high": found["doubled"]["high"]},
            {"kind": "lines", "title": f"{metric} by train rows", "x": "train rows", "y": metric,
             "curves": [{"name": "cheap learner", "points": points}],
             "marked": [rows, "now"]},
        )  # fmt: skip
