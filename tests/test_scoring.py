"""`ninefold predict`: the same numbers from every file, flat memory, nothing half-written."""

import gzip
import json
import signal
import subprocess
import sys
import time
import unicodedata

import numpy as np
import onnxruntime as ort
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ninefold.errors import InputError
from ninefold.scoring import ScoreSpec, score
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows
from tests.monitoring.models import watched
from tests.serving.models import CITY, MEMBER, NOTE, SIZE, WHEN, build, example, feeds, table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scoring")
    for task in ("binary", "many", "regression"):
        build(folder / f"{task}.onnx", task)
    return folder


def written(rows, path, **options):
    """Write rows as a person's CSV: dates by day, missing as NA, one more column."""
    frame = pd.DataFrame(rows)
    frame[WHEN] = pd.to_datetime(frame[WHEN], unit="us").dt.strftime("%d.%m.%Y %H:%M")
    frame[CITY] = frame[CITY].fillna("NA")
    frame.insert(0, "customer id", range(len(rows)))
    frame.to_csv(path, index=False, **options)
    return path


def typed(rows, path):
    """Write rows as Parquet with types of their own."""
    columns = {
        "customer id": pa.array(range(len(rows))),
        SIZE: pa.array([row[SIZE] for row in rows], pa.float64()),
        CITY: pa.array([row[CITY] for row in rows]).dictionary_encode(),
        MEMBER: pa.array([row[MEMBER] for row in rows]),
        WHEN: pa.array([row[WHEN] for row in rows], pa.int64()).cast(pa.timestamp("us")),
        NOTE: pa.array([row[NOTE] for row in rows]),
    }
    pq.write_table(pa.table(columns), path)
    return path


def run(folder, source, sink, task="binary", **spec):
    return score(folder / f"{task}.onnx", source, sink, ScoreSpec(**spec))


def numbers(path):
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    return frame.filter(like="probability_").to_numpy(np.float32)


@pytest.mark.parametrize("rows_per_chunk", [1, 7, 4096])
def test_every_way_in_gives_the_same_bits(folder, tmp_path, rows_per_chunk):
    rows = table(40)
    session = ort.InferenceSession(folder / "binary.onnx")
    label, probabilities = session.run(None, feeds(rows))
    alone = np.concatenate([session.run(None, feeds([row]))[1] for row in rows])
    np.testing.assert_array_equal(alone, probabilities)
    sources = [
        written(rows, tmp_path / "a.csv"),
        written(rows, tmp_path / "a.tsv.gz", sep="\t"),
        written(rows, tmp_path / "b.csv", sep=";", encoding="utf-8-sig"),
        written(rows, tmp_path / "c.csv.zip", sep="|", encoding="utf-16"),
        typed(rows, tmp_path / "a.parquet"),
    ]
    for source in sources:
        for sink in (tmp_path / "out.csv", tmp_path / "out.csv.gz", tmp_path / "out.parquet"):
            assert run(folder, source, sink, rows_per_chunk=rows_per_chunk).rows == 40
            np.testing.assert_array_equal(numbers(sink), probabilities)
    assert pd.read_parquet(tmp_path / "out.parquet")["label"].tolist() == label.tolist()


def test_the_rows_endpoint_reads_a_row_as_predict_does(folder, tmp_path):
    rows = table(40)
    written(rows, tmp_path / "a.csv")
    texts = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False).to_dict("records")
    for text, row in zip(texts, rows, strict=True):
        text |= {SIZE: row[SIZE], MEMBER: row[MEMBER]}
    reader = Rows(read_model(folder / "binary.onnx"))
    batch = reader.read(texts)
    assert not batch.errors
    want = feeds(rows)
    for name, array in batch.feeds.items():
        np.testing.assert_array_equal(array, want[name])


def test_regression_and_many_classes(folder, tmp_path):
    rows = table(20)
    source = written(rows, tmp_path / "a.csv")
    run(folder, source, tmp_path / "value.csv", "regression")
    (value,) = ort.InferenceSession(folder / "regression.onnx").run(None, feeds(rows))
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "value.csv")["value"], value)
    run(folder, source, tmp_path / "many.parquet", "many", keep=("customer id",), prefix="p ")
    assert pd.read_parquet(tmp_path / "many.parquet").columns.tolist() == [
        "customer id",
        "p label",
        "p probability_low",
        "p probability_mid",
        "p probability_high",
    ]


def test_the_input_can_be_kept(folder, tmp_path):
    source = written(table(9), tmp_path / "a.csv")
    run(folder, source, tmp_path / "out.csv", with_input=True)
    before, after = (
        pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in (source, tmp_path / "out.csv")
    )
    pd.testing.assert_frame_equal(after[before.columns], before)


def test_a_bad_cell_stops_with_its_place_or_spares_the_others(folder, tmp_path):
    rows = table(30)
    good = tmp_path / "good.csv"
    run(folder, written(rows, tmp_path / "a.csv"), good)
    frame = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
    frame.loc[12, SIZE] = "12abc"
    frame.loc[20, MEMBER] = ""
    frame.loc[21, WHEN] = "31.02.2013 00:00"
    frame.to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(InputError, match=r"row 12 .*Größe.*a number, however: '12abc'"):
        run(folder, tmp_path / "bad.csv", tmp_path / "out.csv", rows_per_chunk=5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "bad.csv", "good.csv"]
    done = run(folder, tmp_path / "bad.csv", tmp_path / "out.csv", on_error="null")
    assert (done.rows, done.failed) == (30, 3)
    out, want = pd.read_csv(tmp_path / "out.csv"), pd.read_csv(good)
    assert out.index[out["error"].notna()].tolist() == [12, 20, 21]
    spared = out["error"].isna()
    pd.testing.assert_frame_equal(out[spared].drop(columns="error"), want[spared])
    assert out[~spared].drop(columns="error").isna().all(axis=None)


def test_text_is_read_as_ingest_reads_it(folder, tmp_path):
    rows = [{**row, CITY: "Köln"} for row in table(9)]
    text = written(rows, tmp_path / "a.csv").read_text()
    run(folder, tmp_path / "a.csv", tmp_path / "want.csv")
    build(tmp_path / "binary.onnx", encoding="cp1252")
    apart = unicodedata.normalize("NFD", SIZE)
    files = {
        "excel.csv": ("\ufeffsep=,\n" + text).encode(),
        "apart.csv": text.replace(SIZE, apart).encode(),
        "old.csv": text.encode("cp1252"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    typed(rows, tmp_path / "apart.parquet")
    table_ = pq.read_table(tmp_path / "apart.parquet")
    names = [apart if name == SIZE else name for name in table_.column_names]
    pq.write_table(table_.rename_columns(names), tmp_path / "apart.parquet")
    for name in (*files, "apart.parquet"):
        run(tmp_path, tmp_path / name, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "want.csv").read_bytes(), name


def test_a_bad_cell_of_a_masked_column_is_not_shown(tmp_path):
    model = watched(tmp_path / "model.onnx", rows=100, masked=(SIZE,))
    frame = pd.DataFrame([{**example(), SIZE: "12abc"}])
    frame[WHEN] = "2013-12-31"
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match="a number, however: a value that is masked") as caught:
        score(model, tmp_path / "a.csv", tmp_path / "out.csv", ScoreSpec())
    assert "12abc" not in str(caught.value)


def test_dates_are_read_as_training_had_them_or_as_iso(folder, tmp_path):
    """As the server reads them."""
    first = {**example(), WHEN: "31.12.2013 14:05"}
    rows = [first | {WHEN: when} for when in ("2013-12-31T14:05:00", "2013-12-31 15:05+01:00")]
    pd.DataFrame([first, *rows]).to_csv(tmp_path / "a.csv", index=False)
    run(folder, tmp_path / "a.csv", tmp_path / "out.csv")
    assert len(pd.read_csv(tmp_path / "out.csv").drop_duplicates()) == 1


def test_dates_that_count_other_units_are_no_microseconds(folder, tmp_path):
    pd.DataFrame([{**example(), WHEN: 1_388_498_700_000}]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="counts milliseconds if 2013-12-31T14:05:00"):
        run(folder, tmp_path / "a.parquet", tmp_path / "out.csv")


def test_a_place_that_cannot_be_is_told(folder, tmp_path):
    written(table(3), tmp_path / "a.csv")
    with pytest.raises(InputError, match="cannot be written"):
        run(folder, tmp_path / "a.csv", tmp_path / "a.csv" / "out.csv")


@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_no_rows_give_no_predictions(folder, tmp_path, end):
    source = written(table(3), tmp_path / "a.csv")
    header = source.read_text().splitlines()[0]
    (tmp_path / "none.csv").write_bytes((header + end).encode())
    assert run(folder, tmp_path / "none.csv", tmp_path / "out.csv").rows == 0
    assert pd.read_csv(tmp_path / "out.csv").columns.tolist()[0] == "label"


def test_mistakes_name_what_is_wrong(folder, tmp_path):
    source = written(table(3), tmp_path / "a.csv")
    text = source.read_text()
    files = {
        "empty.csv": b"",
        "latin.csv": text.encode("latin-1"),
        "ragged.csv": (text + "1,2\n").encode(),
        "broken.parquet": b"PAR1 nothing",
        "broken.csv.gz": gzip.compress(text.encode())[:-20],
        "renamed.csv": text.replace("city 'x'", "city x").encode(),
        "twice.csv": text.replace("customer id", SIZE).encode(),
        "a.json": b'[{"a": 1}]',
        "a.jsonl": b'{"a": 1}\n{"a": 2}\n',
        "named.csv": b"\x80\x04\x95\x01",
        "a.xlsx": b"PK\x03\x04\0",
        "orc.csv": text.replace("customer id", "ORC").replace("city 'x'", "city x").encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    out = tmp_path / "out.csv"
    for name, sink, reason in [
        ("nope.csv", out, "missing"),
        ("empty.csv", out, "empty"),
        ("latin.csv", out, "--encoding"),
        ("ragged.csv", out, "must have 6 cells"),
        ("broken.parquet", out, "cannot be read"),
        ("broken.csv.gz", out, "cannot be"),
        ("renamed.csv", out, "`city 'x'` (did you mean `city x`?)"),
        ("twice.csv", out, "must stand once"),
        ("a.json", out, '/a.json").to_parquet('),
        ("a.jsonl", out, '/a.jsonl", lines=True).to_parquet('),
        ("named.csv", out, "never is"),
        ("a.xlsx", out, "pandas.read_excel("),
        ("orc.csv", out, "did you mean"),
        ("a.csv", tmp_path / "out.xlsx", "must be a file that ends in"),
        ("a.csv", source, "must differ"),
    ]:
        with pytest.raises(InputError) as caught:
            run(folder, tmp_path / name, sink)
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)
    assert not out.exists()
    with pytest.raises(InputError, match="--keep are missing"):
        run(folder, source, out, keep=("customer",))
    assert run(folder, tmp_path / "latin.csv", out, encoding="latin-1").rows == 3


def test_the_command_says_what_it_wrote(folder, tmp_path):
    written(table(5), tmp_path / "a.csv")
    command = [sys.executable, "-m", "ninefold", "predict", str(folder / "binary.onnx")]
    for arguments, code, said in [
        (["a.csv", "b.csv", "--keep", "customer id"], 0, "wrote 5 rows to b.csv"),
        (["a.csv", "b.csv", "--rows-per-chunk", "0"], 2, "--rows-per-chunk"),
        (["a.csv"], 2, "OUTPUT"),
    ]:
        done = subprocess.run(
            [*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert said in done.stdout + done.stderr
    assert pd.read_csv(tmp_path / "b.csv")["customer id"].tolist() == list(range(5))


def test_kill_leaves_nothing_under_the_name(folder, tmp_path):
    source = written(table(2000), tmp_path / "a.csv")
    header, _, body = source.read_text().partition("\n")
    source.write_text(f"{header}\n{body * 150}")
    command = [sys.executable, "-m", "ninefold", "predict", str(folder / "binary.onnx")]
    child = subprocess.Popen([*command, str(source), str(tmp_path / "out.csv")])
    while child.poll() is None and not list(tmp_path.glob(".out.csv.*/out.csv")):
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (tmp_path / "out.csv").exists()
    small = written(table(5), tmp_path / "small.csv")
    run(folder, small, tmp_path / "out.csv")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"a.csv", "small.csv", "out.csv"}


def test_memory_does_not_grow_with_the_file(folder, tmp_path):
    program = (
        "import resource, sys, pathlib, json\n"
        "from ninefold.scoring import ScoreSpec, score\n"
        "p = [pathlib.Path(a) for a in sys.argv[1:]]\n"
        "score(p[0], p[1], p[2], ScoreSpec())\n"
        "print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))\n"
    )
    peaks: list[float] = []
    part = pq.read_table(typed(table(2000), tmp_path / "part.parquet"))
    part = part.set_column(2, CITY, part[CITY].combine_chunks().dictionary_decode())
    for times in (10, 100):
        source = tmp_path / f"{times}.parquet"
        pq.write_table(pa.concat_tables([part] * times), source, row_group_size=50_000)
        done = subprocess.run(
            [sys.executable, "-c", program, folder / "binary.onnx", source, tmp_path / "o.parquet"],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(json.loads(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 60
