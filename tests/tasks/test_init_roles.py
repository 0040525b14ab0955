"""Roles that init proposes: entities, late columns, horizon; asked in a terminal, safe without."""

import os
import pty
import select
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ninefold.availability import sounds_late
from ninefold.columns import Column
from ninefold.config import load_params
from tasks.drafting.proposals import propose
from tasks.drafting.roles import propose_horizon, propose_roles
from tests.tasks.test_init import here, init, sections  # noqa: F401

CTRL_C = "\x03"
HOUR = np.timedelta64(1, "h")


def orders(rows=900, seed=0):
    """Orders of 150 customers; what becomes known late says so in its name."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2022-01-01T00:00:00") + rng.integers(0, 500 * 24, rows) * HOUR
    return pd.DataFrame(
        {
            "customer_id": [f"C{n:04d}" for n in rng.integers(0, 150, rows)],
            "store": rng.integers(0, 3, rows),
            "carrier": rng.choice(["AA", "BB", "CC"], rows),
            "num_users": rng.integers(0, 90, rows),
            "opened at": start,
            "closed at": start + rng.integers(1, 70, rows) * HOUR,
            "amount": rng.normal(size=rows).round(3),
            "churn_reason": rng.choice(["price", "service"], rows),
            "churned": rng.choice(["yes", "no"], rows),
        }
    )


def roles_of(table, target="churned"):
    kinds = {"f": "number", "i": "number", "M": "datetime", "b": "bool"}
    columns = [Column(n, kinds.get(table[n].dtype.kind, "category")) for n in table.columns]
    free = [name for name in table.columns if name != target]
    return propose_roles(pa.Table.from_pandas(table), columns, target, free), columns


def test_an_entity_is_told_by_its_name_and_by_how_it_repeats():
    roles, _ = roles_of(orders())
    assert roles.group == ("customer_id",)
    assert roles.perhaps_group == ()
    assert roles.perhaps_after == ("closed at", "churn_reason")


def test_how_long_it_was_until_a_late_date_is_known_no_earlier():
    table = orders()
    opened, closed = table["opened at"], table["closed at"]
    table["open_h"] = (closed - opened) / HOUR
    table["fee"] = 3.5 * table["open_h"] + 0.01 * table["amount"]
    table["born"] = np.datetime64("1960-01-01") + 30 * (closed - closed.min())[::-1].to_numpy()
    table["years"] = (opened - table["born"]) / HOUR
    roles, _ = roles_of(table)
    assert roles.perhaps_after == ("closed at", "churn_reason", "open_h", "fee")


def test_a_date_that_most_rows_lack_orders_no_table():
    table = orders().drop(columns=["opened at", "closed at"])
    date = np.datetime64("2022-01-01") + np.arange(len(table))
    for lacking, proposed in ((0.1, "visit date"), (0.6, None)):
        gone = np.arange(len(table)) < lacking * len(table)
        table["visit date"] = pd.Series(date).mask(gone)
        columns = roles_of(table)[1]
        found = propose(pa.Table.from_pandas(table), columns, ("churned",), ())
        assert (found.time, found.times) == (proposed, ("visit date",))


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("patientId", lambda rng: rng.integers(0, 200, 900), "group"),
        ("device nr", lambda rng: rng.integers(0, 200, 900), "group"),
        ("user", lambda rng: np.char.add("u", rng.integers(0, 99, 900).astype(str)), "group"),
        ("product_id", lambda rng: rng.integers(0, 200, 900), "perhaps_group"),
        ("store", lambda rng: rng.integers(0, 100, 900), "perhaps_group"),
        ("id", lambda rng: np.repeat(np.arange(450), 2), "perhaps_group"),
        ("id", lambda rng: np.arange(900), None),
        ("store", lambda rng: rng.integers(0, 3, 900), None),
        ("state", lambda rng: rng.integers(0, 50, 900), None),
        ("customer_age", lambda rng: rng.integers(0, 90, 900), None),
        ("students", lambda rng: rng.integers(0, 200, 900), None),
        ("num_users", lambda rng: rng.integers(0, 90, 900), None),
        ("customer_id", lambda rng: rng.permutation(900), None),
        ("customer_id", lambda rng: rng.normal(size=900), None),
        ("customer_id", lambda rng: np.where(rng.random(900) < 0.5, 0, rng.integers(0, 200, 900)),
         None),
        ("subject", lambda rng: np.repeat(["how are you today", "see you soon, bye"], 450), None),
    ],
)  # fmt: skip
def test_what_is_no_entity_is_not_taken_for_one(name, values, expected):
    table = orders()[["amount", "churned"]]
    table[name] = values(np.random.default_rng(1))
    roles, _ = roles_of(table)
    places = [place for place in ("group", "perhaps_group") if name in getattr(roles, place)]
    assert places == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("name", "target", "late"),
    [
        ("balance_after", "y", True),
        ("outcome", "y", True),
        ("resolutionDate", "y", True),
        ("cancel_date", "y", True),
        ("CLOSED_AT", "y", True),
        ("arr_time", "arr_delay", True),
        ("dep_delay", "late", True),
        ("air_time", "is_delayed", True),
        ("default_date", "default", True),
        ("deathdate", "death", True),
        ("deathdate", "status", True),
        ("closingdate", "y", True),
        ("birthdate", "death", False),
        ("update", "status", False),
        ("sched_arr_time", "arr_delay", False),
        ("arr_time", "price", False),
        ("loan_amount", "loan_status", False),
        ("afternoon", "y", False),
        ("age", "y", False),
    ],
)
def test_a_late_column_is_told_by_its_name(name, target, late):
    assert sounds_late(name, target) is late


@pytest.mark.parametrize(
    ("name", "target", "late"),
    [
        ("futime", "death", True),
        ("time", "status", True),
        ("follow_up", "any event", True),
        ("time of day", "status", False),
        ("time", "price", False),
    ],
)
def test_how_long_somebody_was_followed_is_known_late_unless_it_is_a_clock(name, target, late):
    table = orders().drop(columns=["opened at", "closed at"]).rename(columns={"churned": target})
    table[name] = np.random.default_rng(1).integers(1, 900, len(table))
    assert (name in roles_of(table, target)[0].perhaps_after) is late
    table[name] = np.sort(table[name])
    assert name not in roles_of(table, target)[0].perhaps_after


@pytest.mark.parametrize(
    ("target", "late", "said"),
    [
        ("churned_30d", (), ("30d", True)),
        ("readmitted within 12 hours", (), ("12h", True)),
        ("churned_900_days", (), ("900d", False)),
        ("churned", ("closed at",), ("3d", False)),
        ("churned", (), (None, False)),
        ("x2 detected", (), (None, False)),
    ],
)
def test_a_horizon_stands_in_the_target_or_is_the_lag_of_a_late_date(target, late, said):
    table = orders().rename(columns={"churned": target})
    _, columns = roles_of(table, target)
    found = propose_horizon(pa.Table.from_pandas(table), columns, target, "opened at", late)
    assert (found[0], found[2]) == said
    assert propose_horizon(pa.Table.from_pandas(table), columns, target, None, late)[0] is None


def test_yes_takes_what_is_safe_and_leaves_the_rest_as_a_comment(tmp_path, capsys):
    orders().drop(columns=["opened at", "closed at"]).to_csv("d.csv", index=False)
    said = init("d.csv", "--target", "churned", "--into", "a", capsys=capsys).out
    problem = sections(tmp_path / "a")["problem"]
    assert problem.group == ("customer_id",)
    assert problem.available_at == {}
    assert '"churn_reason": after' in (tmp_path / "a" / "params.yaml").read_text()
    assert "perhaps churn_reason" in said


def test_yes_takes_no_entity_beside_a_time_or_a_split_file(tmp_path):
    orders().to_csv("d.csv", index=False)
    init("d.csv", "--target", "churned", "--into", "a")
    problem = sections(tmp_path / "a")["problem"]
    assert (problem.time, problem.group, problem.horizon) == ("opened at", (), None)
    text = (tmp_path / "a" / "params.yaml").read_text()
    assert '["customer_id"]' in text
    assert "# horizon: 3d" in text
    pd.DataFrame({"row": range(900), "part": ["train", "train", "test"] * 300}).to_csv(
        "p.csv", index=False
    )
    init("d.csv", "--target", "churned", "--split", "p.csv", "--into", "b")
    assert sections(tmp_path / "b")["problem"].group == ()


def test_several_columns_name_an_entity(tmp_path):
    orders().to_csv("d.csv", index=False)
    init("d.csv", "--target", "churned", "--group", "store", "--group", "carrier", "--into", "a")
    assert sections(tmp_path / "a")["problem"].group == ("store", "carrier")


def in_terminal(answers, *options):
    """Answer init's questions in a terminal of its own; return exit code and what was shown."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ninefold", "init", "d.csv", "--target", "churned", *options],
        stdin=side, stdout=side, stderr=side, close_fds=True, start_new_session=True,
        preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(side)
    shown, waiting, last = "", list(answers), ""
    while True:
        if not select.select([main], [], [], 2.0)[0]:
            if last == CTRL_C:  # one that comes just before readline listens is not noticed
                os.write(main, CTRL_C.encode())
            continue
        try:
            piece = os.read(main, 4096).decode()
        except OSError:
            break
        shown += piece
        if shown.rstrip(" ").endswith("]:") or shown.rstrip(" ").endswith("none:"):
            last = waiting.pop(0)
            os.write(main, last.encode())
            shown += "⏎"
        if not piece:
            break
    os.close(main)
    return process.wait(), shown


def test_questions_are_asked_in_a_terminal_and_answers_are_checked(tmp_path):
    orders().to_csv("d.csv", index=False)
    (tmp_path / ".dvc").mkdir()
    answers = ["clasification\n", "\n", "\n", "opend at\n", "opened at\n", "\n", "a week\n", "7d\n",
               "customer_id\n", "closed at\n"]  # fmt: skip
    code, shown = in_terminal(answers)
    assert code == 0, shown
    problem = load_params(tmp_path, ["problem"])["problem"]
    assert problem.task == "classification"
    assert (problem.time, problem.horizon) == ("opened at", "7d")
    assert problem.group == ("customer_id",)
    assert problem.available_at == {"closed at": "after", "churn_reason": "before"}
    for said in ("did you mean `classification`", "did you mean `opened at`", "12h, 7d or 2w",
                 "no column to choose: 'customer_id'"):  # fmt: skip
        assert said in shown


def test_what_no_proposal_stands_out_for_is_mentioned(tmp_path):
    table = orders().rename(columns={"customer_id": "station"})
    table[["station", "opened at", "churned"]].to_csv("d.csv", index=False)
    (tmp_path / ".dvc").mkdir()
    code, shown = in_terminal(["\n"] * 6)
    assert code == 0, shown
    assert "a customer; perhaps station [none]: " in shown


def test_no_question_is_asked_for_what_an_option_said(tmp_path):
    orders().to_csv("d.csv", index=False)
    (tmp_path / ".dvc").mkdir()
    options = ["--task", "classification", "--time", "opened at", "--group", "store", "--id",
               "customer_id", "--horizon", "2d", "--available-after", "closed at"]  # fmt: skip
    code, shown = in_terminal([], *options)
    assert code == 0, shown
    assert load_params(tmp_path, ["problem"])["problem"].horizon == "2d"


@pytest.mark.parametrize(
    ("key", "code", "said"), [("\x04", 2, "the input ended"), (CTRL_C, 130, "interrupted")]
)
def test_leaving_is_one_line_and_writes_nothing(key, code, said, tmp_path):
    orders().to_csv("d.csv", index=False)
    ended, shown = in_terminal(["\n", key])
    assert ended == code
    last = [line for line in shown.splitlines() if "ninefold: " in line]
    assert len(last) == 1
    assert said in last[0]
    assert "Traceback" not in shown
    assert not (tmp_path / "params.yaml").exists()
