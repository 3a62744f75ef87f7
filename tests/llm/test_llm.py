"""A language model as a labeler, against a real server of the protocol."""

from __future__ import annotations

import csv
import datetime
import ipaddress
import json
import pickle
import re
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import lingula
from lingula.cli import cli
from lingula.errors import InputError, MissingExtraError, NetworkError
from lingula.labels import Label, Labels
from lingula.llm import LanguageModelLabeler, find_endpoint
from lingula.llm.addresses import is_private
from lingula.llm.answers import UnusableAnswerError, read_answer
from lingula.llm.client import Asking
from lingula.llm.prompt import answer_schema
from tests.llm.server import MODEL, Server, rules_answer, running

SCHEMA = lingula.load_schema("chexpert14")
QUICK = Asking(tries=3, first_wait=0.001)
TEXTS = [
    "No pneumothorax. Possible right basilar pneumonia.",
    None,
    "Small left pleural effusion. Heart size is normal.",
    "Normal chest. No acute cardiopulmonary abnormality.",
    "No pneumothorax. Possible right basilar pneumonia.",
]


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def labeler(server: Server, **options: object) -> LanguageModelLabeler:
    made = lingula.load(f"llm:{MODEL}", endpoint=server.url, asking=QUICK, **options)
    assert isinstance(made, LanguageModelLabeler)
    return made


def test_labels_and_quotes(server: Server) -> None:
    labels = labeler(server).label(TEXTS, evidence=True)
    assert Labels(SCHEMA, labels.classes) == lingula.load("rules").label(TEXTS)
    assert len(server.asked) == 3  # the empty one is not sent, the repeated one once
    body = server.asked[0]
    assert body["model"] == MODEL and body["temperature"] == 0
    form = body["response_format"]["json_schema"]
    assert form["strict"] and form["schema"] == answer_schema(SCHEMA)
    assert labels.evidence is not None
    for text, found in zip(TEXTS, labels.evidence, strict=True):
        for item in found:
            assert item.rule == f"llm:{MODEL}"
            assert (text or "")[item.start : item.end] == item.phrase
    quotes = {item.observation: item.phrase for item in labels.evidence[0]}
    assert quotes == {
        "Pneumothorax": "No pneumothorax",
        "Pneumonia": "Possible right basilar pneumonia",
    }


def test_an_invented_quote_is_dropped_and_counted(server: Server) -> None:
    def change(answer: dict, count: int) -> str:
        answer["Fracture"] = {"label": "positive", "quote": "old rib fracture"}
        answer["Edema"] = {"label": "negative", "quote": ""}
        return json.dumps(answer)

    server.change = change
    made = labeler(server)
    labels = made.label(TEXTS[:1], evidence=True)
    assert labels.classes[0, SCHEMA.index("Fracture")] == Label.BLANK
    assert labels.classes[0, SCHEMA.index("Edema")] == Label.BLANK
    assert {item.observation for item in labels.evidence[0]} == {"Pneumothorax", "Pneumonia"}
    assert made.invented == 2
    assert any("2 labels were left blank" in line for line in made.remarks)


def test_a_quote_may_be_written_otherwise() -> None:
    text = "Heart’s size  is\nNormal – no pleural\u00a0effusion."
    answer = {name: {"label": "blank", "quote": ""} for name in SCHEMA.names}
    answer["Cardiomegaly"] = {"label": "negative", "quote": "heart's size is normal"}
    answer["Pleural Effusion"] = {"label": "negative", "quote": " no pleural effusion. "}
    found = read_answer(json.dumps(answer), text, SCHEMA, "x")
    assert [item.phrase for item in found.evidence] == [
        "Heart’s size  is\nNormal", "no pleural\u00a0effusion."
    ]  # fmt: skip
    assert found.invented == 0


@given(st.text(max_size=40), st.data())
def test_every_part_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    quote = text[start:end]
    answer = {name: {"label": "blank", "quote": ""} for name in SCHEMA.names}
    answer["Edema"] = {"label": "positive", "quote": quote.upper()}
    found = read_answer(json.dumps(answer), text, SCHEMA, "x")
    if quote.strip() and quote.upper().casefold() == quote.casefold():
        assert found.invented == 0
        item = found.evidence[0]
        assert item.phrase.casefold().split() == quote.casefold().split() or item.phrase in text
    for item in found.evidence:
        assert text[item.start : item.end] == item.phrase


def test_no_finding_does_not_stand_beside_a_finding() -> None:
    answer = {name: {"label": "blank", "quote": ""} for name in SCHEMA.names}
    answer["No Finding"] = {"label": "positive", "quote": ""}
    answer["Support Devices"] = {"label": "positive", "quote": "Port"}
    kept = read_answer(json.dumps(answer), "Port. Edema.", SCHEMA, "x")
    assert kept.classes[SCHEMA.index("No Finding")] == Label.POSITIVE
    answer["Edema"] = {"label": "uncertain", "quote": "Edema"}
    gone = read_answer(json.dumps(answer), "Port. Edema.", SCHEMA, "x")
    assert gone.classes[SCHEMA.index("No Finding")] == Label.BLANK


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no JSON"),
        ("[]", "no JSON object"),
        ("{}", "is missing"),
        (json.dumps(rules_answer("Edema.") | {"Edema": {"label": "maybe", "quote": ""}}), "Edema"),
        (json.dumps(rules_answer("Edema.") | {"Edema": {"label": ["x"], "quote": ""}}), "Edema"),
        (json.dumps(rules_answer("Edema.") | {"No Finding": {"label": "negative", "quote": ""}}),
         "cannot be negative"),
    ],
)  # fmt: skip
def test_answers_of_another_form(content: str, why: str) -> None:
    with pytest.raises(UnusableAnswerError, match=why):
        read_answer(content, "Edema.", SCHEMA, "x")


def test_a_busy_server_is_asked_again(server: Server) -> None:
    server.trouble = [503, 0]
    assert labeler(server).label(["Edema."])["Edema"] == [1]
    assert len(server.asked) == 3
    server.trouble = [429, 500, 503]
    with pytest.raises(InputError, match=r"refuses: status 503$"):
        labeler(server).label(["Edema."])


def test_no_report_is_in_an_error(server: Server) -> None:
    for status in (400, 401, 404, 422):
        server.trouble = [status]
        with pytest.raises(InputError, match=f"status {status}: ") as error:
            labeler(server).label(["Unrepeatable edema."])
        assert "Unrepeatable" not in str(error.value)


def test_an_unusable_answer_is_asked_again_then_an_error(server: Server) -> None:
    server.change = lambda answer, count: "{" if count == 1 else json.dumps(answer)
    assert labeler(server).label(["Edema."])["Edema"] == [1]
    assert [body["seed"] for body in server.asked] == [0, 1]
    server.change = lambda answer, count: "Unrepeatable"
    with pytest.raises(InputError, match="report of 6 characters cannot be used after 3 tries"):
        labeler(server).label(["Edema."])
    made = labeler(server, unanswered="blank")
    assert not made.label(["Edema.", None]).classes.any()
    assert made.unanswered_reports == 1
    server.change, server.finish = (lambda answer, count: json.dumps(answer)), "length"
    with pytest.raises(InputError, match="it is no JSON"):
        labeler(server).label(["Edema."])


def test_many_at_once_and_in_order(server: Server) -> None:
    server.pause = 0.02
    texts = [f"Edema. Film {n}." if n % 3 else f"No edema. Film {n}." for n in range(40)]
    labels = labeler(server, concurrency=8).label(texts)
    np.testing.assert_array_equal(labels["Edema"], [1.0 if n % 3 else 0.0 for n in range(40)])
    assert 2 <= server.most <= 8


def test_provenance_and_pickle(server: Server) -> None:
    made = labeler(server)
    assert made.provenance["model_digest"] == f"weights sha256 {'d' * 64}"
    assert made.provenance["temperature"] == 0
    assert len(made.provenance["prompt_sha256"]) == 64
    others = labeler(server, schema="nih14"), labeler(server, answer_tokens=9000)
    assert len({made.sha256, *(other.sha256 for other in others)}) == 3
    others[1].label(["Edema."])
    assert server.asked[-1]["max_tokens"] == 9000
    made.label(["Edema."])
    copy = pickle.loads(pickle.dumps(made))
    assert copy.sha256 == made.sha256 and "Edema." not in pickle.dumps(made).decode("latin-1")
    server.tags = False
    first, again = labeler(server), labeler(server)
    # What changes with each answer of the server is no part of it.
    assert first.sha256 == again.sha256 != made.sha256
    assert first.provenance["model_digest"].startswith("description sha256 ")


def test_a_redirect_is_not_followed(server: Server) -> None:
    with running() as other:
        server.trouble, server.where = [307], other.url + "/v1/chat/completions"
        with pytest.raises(InputError, match=r"sends elsewhere \(status 307\)"):
            labeler(server).label(["Edema."])
        assert other.asked == []


def test_no_proxy_of_the_environment_is_taken(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setenv("LINGULA_ENDPOINT_KEY", "sesame")
        labeler(server).label(["Edema."])
        assert proxy.asked == [] and len(server.asked) == 1
    assert server.heads[0]["Authorization"] == "Bearer sesame"
    assert server.heads[0]["Host"] == server.url.removeprefix("http://")


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("172.16.0.1", True), ("192.168.7.7", True),
        ("::1", True), ("fd00::1", True), ("::ffff:10.0.0.1", True),
        ("8.8.8.8", False), ("172.32.0.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("0.0.0.0", False), ("2001:db8::1", False),
        ("::ffff:8.8.8.8", False), ("fe80::1", False), ("::", False),
    ],
)  # fmt: skip
def test_private_addresses(address: str, private: bool) -> None:
    assert is_private(ipaddress.ip_address(address)) is private


def test_addresses_are_looked_at_after_they_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"model.example": ["10.0.0.5"], "two.example": ["10.0.0.5", "93.184.216.34"]}

    def look_up(host: str, port: int, **_: object) -> list:
        if host not in answers:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in answers[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    found = find_endpoint("http://model.example:8000/v1/chat/completions")
    assert (found.base, found.named) == ("http://10.0.0.5:8000/v1", "model.example:8000")
    with pytest.raises(NetworkError, match=r"two\.example stands at 93.184.216.34"):
        find_endpoint("https://two.example")
    allowed = find_endpoint("https://two.example", allow_remote=True)
    assert (allowed.port, allowed.path) == (443, "/v1")
    with pytest.raises(InputError, match=r"host 'none.example' is not known"):
        find_endpoint("http://none.example")
    for wrong in ("localhost:8000", "ftp://localhost", "http://", "http://a:x/"):
        with pytest.raises(InputError, match="URL"):
            find_endpoint(wrong)
    with pytest.raises(InputError, match="holds a user") as error:
        find_endpoint("http://me:secret@localhost/")
    assert "secret" not in str(error.value)


def test_what_is_not_there_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=f"has no model 'other'; it has {MODEL}"):
        lingula.load("llm:other", endpoint=server.url)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(InputError, match=r"does not answer .* is the server running"):
        lingula.load("llm:x", endpoint=f"http://127.0.0.1:{port}", asking=QUICK)
    with pytest.raises(InputError, match="endpoint: no option of the labeler 'rules'"):
        lingula.load("rules", endpoint=server.url)
    with pytest.raises(InputError, match="needs a name"):
        lingula.load("llm:", endpoint=server.url)
    import sys

    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lingula\[llm\]'"):
        lingula.load("llm:x", endpoint=server.url)


def test_the_commands(server: Server, tmp_path: Path) -> None:
    source, target = tmp_path / "reports.csv", tmp_path / "labeled.csv"
    reasons = tmp_path / "reasons.csv"
    source.write_text("id,report\n1,No pneumothorax. Possible pneumonia.\n2,\n3,Edema.\n")
    server.trouble = [200, 0, 0, 0, 0]

    def run(*words: object) -> tuple[int, str]:
        labeler = ("--labeler", f"llm:{MODEL}", "--endpoint", server.url, "--concurrency", "1")
        outcome = CliRunner().invoke(cli, [str(word) for word in (*words, *labeler)])
        return outcome.exit_code, f"{outcome.output}{outcome.exception or ''}"

    words = ("label", source, "-o", target, "--evidence", reasons)
    status, told = run(*words)
    assert status == 1 and "does not answer" in told and not target.exists()
    server.trouble = []
    status, told = run(*words, "--resume")
    assert status == 0, told
    assert f"labeled by llm:{MODEL}" in told and "prompt sha256" in told
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Edema"] for row in rows] == ["", "", "1.0"]
    assert "Possible pneumonia" in reasons.read_text()
    status, told = run("explain", "No pneumothorax.")
    assert status == 0 and "No pneumothorax" in told
    other = tmp_path / "generated.csv"
    other.write_text(source.read_text())
    status, told = run("score", source, other)
    assert status == 0 and f"Labeler: llm:{MODEL}, sha256" in told


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of its own for the name localhost."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


def test_a_certificate_is_held_against_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, secret = _certificate(tmp_path)
    with running(certificate=(pem, secret)) as found:
        port = found.url.rpartition(":")[2]
        with pytest.raises(InputError, match="does not answer"):
            labeler(found)  # nobody vouches for the certificate
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        found.url = f"https://localhost:{port}"
        assert labeler(found).label(["Edema."])["Edema"] == [1]
        assert found.heads[0]["Host"] == f"localhost:{port}"
        found.url = f"https://127.0.0.1:{port}"
        with pytest.raises(InputError, match="does not answer"):
            labeler(found)  # it is another name's


def test_the_page_in_python(server: Server) -> None:
    page = (Path(__file__).parents[2] / "docs" / "llm.md").read_text("utf-8")
    found = re.search(
        r"(?:^    .*\n|^\n)*^    import lingula\n(?:^    .*\n|^\n)*", page, re.MULTILINE
    )
    code = textwrap.dedent(found[0])
    code = code.replace("llama3.1:8b", MODEL).replace("http://localhost:11434", server.url)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["labels"]["Pneumonia"] == [-1]
