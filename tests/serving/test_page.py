"""The page for people: a form from the signature, predictions with flags, many rows, the card."""

import codecs
import csv
import hashlib
import io
import json
import unicodedata

import httpx
import pytest

from ninefold.serving.limits import Limits
from ninefold.serving.model import read_model
from ninefold.serving.reading import sent_rows
from tests.browser import BROWSER, opened
from tests.serving.conftest import running
from tests.serving.models import CITY, NOTE, SIZE, build, example

PREDICT = "/v1/models/model/predict"


def test_the_page_is_one_file_that_asks_nobody_else(client):
    page = client.get("/")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_card_tells_what_export_wrote(client):
    card = client.get("/v1/models/model/card").json()
    assert card["name"] == "model"
    assert card["metrics"] is None
    assert client.get("/v1/models/moddel/card").status_code == 404


def flags(client, **changes):
    answer = client.post(PREDICT, json={"rows": [{**example(), **changes}]}).json()
    return answer["predictions"][0].get("flags", {})


@pytest.mark.parametrize(
    ("changes", "flagged"),
    [
        ({}, {}),
        ({CITY: "Ulm"}, {"unseen": [CITY]}),
        ({CITY: None}, {"missing": [CITY]}),
        ({SIZE: 90.5}, {"out_of_range": [SIZE]}),
        ({SIZE: 90}, {}),
        ({SIZE: None}, {"missing": [SIZE]}),
        ({SIZE: -3, CITY: "?"}, {"out_of_range": [SIZE], "missing": [CITY]}),
        ({"note, long": "never seen"}, {}),
    ],
)
def test_a_row_says_what_is_unusual_about_it(client, changes, flagged):
    assert flags(client, **changes) == flagged


def as_csv(rows, delimiter=","):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


ROWS = [
    {**example(), "signed up": "31.12.2013 14:05", "is.member": "TRUE"},
    {**example(), SIZE: "NA", CITY: "東京", "signed up": "", "is.member": "false"},
]
JSON_ROWS = [{**ROWS[0], "is.member": True}, {**ROWS[1], SIZE: None, "is.member": False}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_body_gives_what_its_rows_give(client, delimiter):
    want = client.post(PREDICT, json={"rows": JSON_ROWS}).json()
    body = as_csv(ROWS, delimiter)
    excel = f"\ufeffsep={delimiter}\r\n".encode() + body.removeprefix(codecs.BOM_UTF8)
    for content in (body, excel):
        got = client.post(PREDICT, content=content, headers={"Content-Type": "text/csv"})
        assert got.json() == want
    assert all("error" not in answer for answer in want["predictions"])


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-16", ""), ("cp1252", "; charset=windows-1252"), ("latin-1", '; charset="ISO-8859-1"')],
)
def test_a_csv_body_may_be_encoded_as_it_says(client, encoding, said):
    want = client.post(PREDICT, json={"rows": JSON_ROWS[:1]}).json()
    body = as_csv(ROWS[:1]).decode().encode(encoding)
    got = client.post(PREDICT, content=body, headers={"Content-Type": f"text/csv{said}"})
    assert got.json() == want


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "klingon"])
def test_a_charset_that_is_no_table_of_characters_is_refused(client, charset):
    type_ = {"Content-Type": f"text/csv; charset={charset}"}
    assert client.post(PREDICT, content=b"a\n1\n", headers=type_).status_code == 415


def test_text_that_is_not_utf_8_is_read_as_the_file_the_model_learnt_from(tmp_path):
    model = read_model(build(tmp_path / "model.onnx", encoding="cp1252"))
    for encoding in ("cp1252", "utf-8"):
        body = f"{SIZE},{CITY}\n1.5,Köln\n".encode(encoding)
        limits = Limits()
        sent = sent_rows(body, {b"content-type": b"text/csv"}, model.signature, limits)
        assert sent.rows == [{SIZE: 1.5, CITY: "Köln"}]


def test_names_may_have_their_letters_in_two_characters(client):
    """As macOS writes them."""
    apart = [{unicodedata.normalize("NFD", k): v for k, v in row.items()} for row in JSON_ROWS]
    assert SIZE not in apart[0]
    for rows, parts in ((JSON_ROWS, apart), (JSON_ROWS[:1], apart[:1])):
        want = client.post(PREDICT, json={"rows": rows}).json()
        assert client.post(PREDICT, json={"rows": parts}).json() == want
    names, _, rest = as_csv(ROWS[:1]).decode().partition("\n")
    body = f"{unicodedata.normalize('NFD', names)}\n{rest}".encode()
    got = client.post(PREDICT, content=body, headers={"Content-Type": "text/csv"}).json()
    assert got["predictions"] == want["predictions"]


def test_a_parquet_body_gives_what_its_rows_give(client):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    file = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(JSON_ROWS), file)
    type_ = {"Content-Type": "application/vnd.apache.parquet"}
    got = client.post(PREDICT, content=file.getvalue().to_pybytes(), headers=type_)
    assert got.json() == client.post(PREDICT, json={"rows": JSON_ROWS}).json()
    assert client.post(PREDICT, content=b"PAR1nope", headers=type_).status_code == 400


@pytest.mark.parametrize(
    ("cells", "status", "reason"),
    [
        (lambda pa: pa.array(["x" * 10**6] * 100).dictionary_encode(), 413, "bytes"),
        (lambda pa: pa.array([[0.5] * 10**5]).take(pa.array([0] * 50)), 413, "bytes"),
        (lambda pa: pa.array([10**12], pa.timestamp("s")), 400, "Parquet"),
        (lambda pa: pa.array([10**18 + 1], pa.timestamp("ns")), 400, "a number or null"),
    ],
)  # fmt: skip
def test_a_parquet_body_that_unpacks_to_much_or_to_no_time_is_refused(
    client, cells, status, reason
):
    """Gigabytes of one text, or of lists alike, lie in some kilobytes; nobody waits for them."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    file = pa.BufferOutputStream()
    pq.write_table(pa.table({SIZE: cells(pa)}), file, compression="zstd", store_schema=False)
    type_ = {"Content-Type": "application/vnd.apache.parquet"}
    got = client.post(PREDICT, content=file.getvalue().to_pybytes(), headers=type_)
    assert got.status_code == status
    assert reason in got.json()["error"]


def test_predictions_come_as_csv_for_who_asks(client):
    got = client.post(PREDICT, json={"rows": JSON_ROWS}, headers={"Accept": "text/csv"})
    assert got.headers["content-type"] == "text/csv"
    first = next(csv.DictReader(io.StringIO(got.text)))
    answer = client.post(PREDICT, json={"rows": JSON_ROWS}).json()["predictions"][0]
    assert first["label"] == answer["label"]
    assert float(first["probabilities_yes"]) == answer["probabilities"]["yes"]


def test_a_table_may_have_more_columns_than_the_model(client):
    def told(change):
        lines = [change(line) for line in as_csv(ROWS).decode().splitlines()]
        type_ = {"Content-Type": "text/csv"}
        return client.post(PREDICT, content="\n".join(lines).encode(), headers=type_).json()

    assert told(lambda line: f"more,{line}") == told(lambda line: line)
    lacking = told(lambda line: "more," + line.replace(SIZE, "Größe"))["error"]
    assert f"`Größe` (did you mean `{SIZE}`?)" in lacking
    assert f"`{SIZE}` is" in lacking


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "names"),
        (b"a,a\n1,2\n", "`a` stands twice"),
        (b"is.member\ntrue,1\n", "1 cells"),
        (b"is.member\n", "at least one row"),
        (b"\xff\xfa", "UTF-8"),
        (b"PK\x03\x04rows", "Excel workbook"),
        ("Größe (m²)\n12abc\n".encode(), "a number or null"),
        (b"membr\ntrue\n", "unknown column"),
    ],
)
def test_a_wrong_csv_is_refused_with_the_reason(client, body, reason):
    got = client.post(PREDICT, content=body, headers={"Content-Type": "text/csv; charset=utf-8"})
    assert got.status_code == 400
    assert reason in got.json()["error"]


WHY = "{ unit: 'u', expected: 1, answer: 2, contributions: [{ columns: ['a'], value: 1 }] }"
SAID = (
    ("brief('distances', { a: 3.5, b: 0.5 })", "distances: b 0.5 · a 3.5"),
    ("brief('probabilities', { a: 0.25, b: 0.75 })", "b 0.75 · a 0.25"),
    ("brief('quantiles', { a: { 0.1: 1, 0.9: 2 } })", "quantiles: a 1 … 2"),
    ("hint({ kind: 'text', minimum: 3, maximum: 80 })", "3 … 80 characters"),
    ("hint({ kind: 'sequence', format: JSON.stringify({ channels: ['a', 'b'] }) })",
     "steps of [a, b]"),
    ("bars('distances', { a: 0.5, b: 0.25 }).textContent", "distancesb0.25a0.5"),
    ("bars('quantiles', { a: { q1: 7, q2: 8 } }).textContent", "quantiles of aq17q28"),
    ("bars('reconstruction', { a: 'x', b: null }).textContent", "reconstructionaxb–"),
    (f"why({WHY}, {{ a: 5 }}, 'Why y').textContent",
     "Why yu: 1 on average, 2 here; the difference, by column:a = 5+1"),
    (f"worded(['unseen', [{json.dumps(CITY)}, {json.dumps(NOTE)}]]).join(' | ')",
     f"Never seen in training,{CITY} | Hardly a word is known of,{NOTE}"),
    ("card({ test_set: { metric: 'accuracy', chance_gain: { 10: 0.0123 } } });"
     "document.getElementById('card').innerText",
     "chance after ten looks at the test part a gain below 0.012 accuracy is chance"),
)  # fmt: skip


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
def test_people_fill_in_the_form_and_read_the_prediction(url, tmp_path):
    with opened(url, tmp_path / "profile") as page:
        page.until("document.querySelectorAll('#fields label').length == 5")
        assert page.run("document.getElementById('f0').value") == "31.5"
        page.run("document.getElementById('f1').value = 'Ulm'")
        page.press("#predict")
        text = page.until("document.querySelector('#result .flags') && result.innerText")
        assert "Never seen in training: city 'x'" in text
        row = {**example(), CITY: "Ulm"}
        with httpx.Client(base_url=url) as client:
            answer = client.post(PREDICT, json={"rows": [row]}).json()["predictions"][0]
        assert answer["label"] in text
        assert f"{100 * answer['probabilities']['yes']:.1f} %" in text
        (tmp_path / "rows.csv").write_bytes(as_csv(ROWS))
        page.choose_file("#file", tmp_path / "rows.csv")
        page.until("document.querySelectorAll('#many tr').length == 3")
        assert "2 rows" in page.run("many.innerText")
        more = [*ROWS, {**ROWS[0], CITY: "Ulm"}, {**ROWS[0], SIZE: "x"}]
        (tmp_path / "more.csv").write_bytes(as_csv(more))
        page.drop_file(tmp_path / "more.csv", "text/csv")
        page.until("document.querySelectorAll('#many tr').length == 5")
        assert f"unseen: {CITY}" in page.run("many.innerText")
        assert "4 rows, 1 of them wrong" in page.run("many.innerText")
        page.run("document.getElementById('f0').value = 'Infinity'")
        page.press("#predict")
        page.until("result.innerText.includes('a number or null')")
        assert "400" in page.complaints.pop()["entry"]["text"]  # the browser tells of it as well
        page.run("document.getElementById('f0').value = '31,5'")
        (tmp_path / "note.txt").write_text("a new note\n")
        page.drop_file(tmp_path / "note.txt", "text/plain")
        page.until("document.getElementById('f4').value == 'a new note'")
        (tmp_path / "note.png").write_bytes(b"a picture, for all the page knows")
        page.drop_file(tmp_path / "note.png", "image/png")
        page.until(
            "document.getElementById('result').innerText.includes('CSV or Parquet and texts')"
        )
        page.run(
            "(() => { const data = new DataTransfer(); data.setData('text/plain', 'pasted');"
            "document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data,"
            "bubbles: true, cancelable: true })); })()"
        )
        assert page.run("document.getElementById('f4').value") == "pasted"
        assert page.run("document.getElementById('explain').hidden")
        page.run(
            "const choice = document.getElementById('models'); choice.value = 'price';"
            "choice.dispatchEvent(new Event('change'))"
        )
        page.until("document.getElementById('title').innerText.includes('price')")
        assert page.run("document.querySelectorAll('#many tr').length") == 0
        page.run("document.getElementById('predict').click()")
        page.until("document.getElementById('result').innerText.includes('value')")
        for script, said in SAID:
            assert " ".join(str(page.run(script)).split()) == said
        assert page.run("aim({ target: 'species', task: 'clustering' })") == "clustering"
        page.run(
            "pixels(new File(['none'], 'note.png'), 'photo').catch(error => fail(error.message))"
        )
        page.until("result.innerText.includes('photo` must be a picture')")
        page.run(
            "signature = { inputs: [{ name: '__proto__', kind: 'number' }] };"
            "row().then(values => { window.sent = JSON.stringify(values); })"
        )
        assert page.until("window.sent").startswith('{"__proto__":')
        assert not page.complaints


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
def test_the_page_asks_for_the_key(tmp_path):
    build(tmp_path / "models" / "model.onnx")
    (tmp_path / "keys").write_text("k-0123456789abcdef\n")
    with (
        running("--api-keys", "keys", cwd=tmp_path) as (url, _),
        opened(url, tmp_path / "profile") as page,
    ):
        page.until("document.getElementById('locked')?.hidden === false")
        page.run("key.value = 'k-0123456789abcdef'; key.dispatchEvent(new Event('change'))")
        page.until("document.querySelectorAll('#fields label').length == 5")


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
def test_the_keyboard_is_enough(url, tmp_path):
    with opened(f"{url}/?model=many", tmp_path / "profile") as page:
        page.until("document.getElementById('title')?.innerText.includes('many')")
        page.until("document.querySelectorAll('#card dd').length > 0")
        order = []
        for _ in range(11):
            page.tab()
            order.append(page.run("document.activeElement.id || document.activeElement.innerText"))
            assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        form = [f"f{place}" for place in range(5)]
        assert order == ["models", "for programs", *form, "predict", "example", "Empty", "file"]
        page.run("document.getElementById('f0').focus(); f0.value = ''")
        page.send("Input.insertText", text="much")
        page.press("#f0")
        said = page.until("document.querySelector('[role=alert]')?.innerText")
        assert f"column `{SIZE}` must be a number" in said
        assert page.run("document.activeElement.id") == "f0"
        assert page.run("f0.getAttribute('aria-invalid')") == "true"
        page.run("f0.value = ''")
        page.send("Input.insertText", text="31.5")
        page.press("#f0")
        page.until("document.querySelectorAll('#result .bar').length == 3")
        assert page.run("document.querySelectorAll('[aria-invalid]').length") == 0
        assert page.run("location.search") == "?model=many"


def test_the_report_that_belongs_to_a_model_can_be_read(tmp_path):
    made = build(tmp_path / "models" / "model.onnx")
    build(tmp_path / "models" / "price.onnx", "regression")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "report.html").write_text("<h1>How it was made</h1>")
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    (tmp_path / "reports" / "receipt.json").write_text(json.dumps({"sha256": digest}))
    with running("models/model.onnx", "models/price.onnx", cwd=tmp_path) as (url, _):
        path = httpx.get(f"{url}/v1/models/model/card").json()["report"]
        report = httpx.get(url + path)
        assert (report.status_code, report.text) == (200, "<h1>How it was made</h1>")
        assert "script-src" not in report.headers["content-security-policy"]
        assert httpx.get(f"{url}/v1/models/price/card").json()["report"] is None
        assert httpx.get(f"{url}/v1/models/price/report").status_code == 404
