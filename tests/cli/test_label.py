import csv
import errno
import gzip
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lingula import load_schema
from lingula.cli import main
from lingula.defaults import DEFAULT_LABELER

HEADER = ",".join(load_schema("chexpert14").names)
NO_EDEMA = "There is no pulmonary edema."
FRACTURE = "Acute fracture of the left 5th rib."


@pytest.fixture
def lingula(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs the command line here, and gives its status and what it printed."""

    def call(*arguments: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lingula", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfd.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


@pytest.fixture
def refused(lingula: Any) -> Any:
    """Runs a command that must fail, and gives its one line of error."""

    def call(*arguments: str | Path, stdin: bytes = b"") -> str:
        status, out, err = lingula("label", *arguments, stdin=stdin)
        assert status == 2
        assert out == ""
        assert err.startswith("lingula: error: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        return str(err)

    return call


def make(path: Path, *rows: str, column: str = "impression") -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["id", column], *enumerate(rows)])
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


class TestWhatAUserGets:
    def test_the_table_with_its_labels_and_a_summary(self, lingula: Any, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", NO_EDEMA, "", FRACTURE, NO_EDEMA)
        status, out, err = lingula("label", source, "-o", tmp_path / "out.csv")
        assert (status, out) == (0, "")
        rows = read(tmp_path / "out.csv")
        assert ",".join(rows[0]) == f"id,impression,{HEADER}"
        assert [row["Edema"] for row in rows] == ["0.0", "", "", "0.0"]
        assert [row["Fracture"] for row in rows] == ["", "", "1.0", ""]
        lines = err.splitlines()
        assert lines[0] == f"{tmp_path / 'out.csv'}: 4 reports, text from impression"
        assert lines[1].startswith(f"  labeled by {DEFAULT_LABELER} (sha256 ")
        assert lines[2] == "  1 empty, 3 distinct texts"
        table = {line[:28].strip(): line[28:].split() for line in lines[2:]}
        assert table[""] == ["positive", "negative", "uncertain", "blank"]
        assert table["Edema"] == ["0", "2", "0", "2"]
        assert table["Fracture"] == ["1", "0", "0", "3"]

    def test_quiet(self, lingula: Any, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", NO_EDEMA)
        got = lingula("label", source, "-o", tmp_path / "out.csv", "--quiet")
        assert got == (0, "", "")

    @pytest.mark.parametrize("name", ["o.csv", "o.tsv", "o.parquet", "o.jsonl", "o.csv.gz"])
    def test_forms(self, lingula: Any, tmp_path: Path, name: str) -> None:
        first = tmp_path / name
        assert lingula("label", make(tmp_path / "in.csv", NO_EDEMA), "-o", first)[0] == 0
        if name.endswith(".parquet"):
            assert pq.read_table(first).column("Edema").to_pylist() == [0.0]
            return
        data = gzip.decompress(first.read_bytes()) if name.endswith(".gz") else first.read_bytes()
        text = data.decode()
        if name.endswith(".jsonl"):
            assert json.loads(text)["Edema"] == 0.0
        else:
            rows = csv.DictReader(io.StringIO(text), delimiter="\t" if "tsv" in name else ",")
            assert next(iter(rows))["Edema"] == "0.0"

    def test_standard_input(self, lingula: Any, tmp_path: Path) -> None:
        output = tmp_path / "out.csv"
        data = f"text\n{NO_EDEMA}\n".encode()
        assert lingula("label", "-", "-o", output, stdin=data)[0] == 0
        assert read(output)[0]["Edema"] == "0.0"
        data = json.dumps({"report": NO_EDEMA}).encode()
        options = ("--input-format", "jsonl", "--overwrite")
        status, _, err = lingula("label", "-", "-o", output, *options, stdin=gzip.compress(data))
        assert status == 0
        assert "text from report (sections findings, impression)" in err
        assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]

    def test_without_a_header(self, lingula: Any, tmp_path: Path) -> None:
        source = tmp_path / "in.csv"
        source.write_text(f"{NO_EDEMA}\n{FRACTURE}\n")
        assert lingula("label", source, "-o", tmp_path / "o.csv", "--no-header")[0] == 0
        assert [row["report"] for row in read(tmp_path / "o.csv")] == [NO_EDEMA, FRACTURE]

    def test_evidence(self, lingula: Any, tmp_path: Path) -> None:
        report = f"FINDINGS:\n{NO_EDEMA}\n\nIMPRESSION:\n{FRACTURE}"
        source = make(tmp_path / "in.csv", report, column="report")
        status, _, _ = lingula(
            "label", source, "-o", tmp_path / "o.csv", "--evidence", tmp_path / "e.jsonl",
            "--labeler", "rules",
        )  # fmt: skip
        assert status == 0
        rows = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
        found = {row["observation"]: row for row in rows}
        edema = found["Edema"]
        assert edema["label"] == 0.0
        assert report[edema["start"] : edema["end"]] == edema["phrase"]
        assert report[edema["cue_start"] : edema["cue_end"]] == edema["cue"] == "no"
        assert (edema["row"], edema["id"], edema["column"]) == (1, "0", "report")
        assert found["Fracture"]["label"] == 1.0

    def test_other_rules(self, lingula: Any, tmp_path: Path) -> None:
        source = make(tmp_path / "in.csv", NO_EDEMA)
        assert lingula("label", source, "-o", tmp_path / "o.csv", "--schema", "nih14")[0] == 0
        assert "Infiltration" in read(tmp_path / "o.csv")[0]

    def test_warnings(self, lingula: Any, tmp_path: Path) -> None:
        source = tmp_path / "in.csv"
        source.write_text(f"id,text\n7,{NO_EDEMA}\n\n7,{FRACTURE}\n8,a,b\n")
        options = ("--on-bad-row", "skip")
        status, _, err = lingula("label", source, "-o", tmp_path / "o.csv", *options)
        assert status == 0
        assert "warning: 1 row has the id of an earlier row, first '7'" in err
        assert "warning: 1 row cannot be read and was left out" in err
        assert "warning: blank lines, which are no rows: 1" in err
        assert read(tmp_path / "o.csv.rejects.csv")[0]["text"] == "8,a,b"

    def test_no_rows(self, lingula: Any, tmp_path: Path) -> None:
        (tmp_path / "in.csv").write_text("id,text\n")
        status, _, err = lingula("label", tmp_path / "in.csv", "-o", tmp_path / "o.csv")
        assert status == 0
        assert "warning: the input has no rows" in err
        assert (tmp_path / "o.csv").read_text() == f"id,text,{HEADER}\n"

    @pytest.mark.parametrize(
        "text",
        [
            "\x07\x1f\x0c\x85\x7f",
            "<html><body>No &lt;edema&gt;</body></html>",
            "Kein Erguß. 肺野清晰。 Нет отёка.",
            "no " * 5000,
            "x" * 1_000_000,
        ],
    )
    def test_text_that_is_no_report(self, lingula: Any, tmp_path: Path, text: str) -> None:
        source = make(tmp_path / "in.csv", text, column="report")
        assert lingula("label", source, "-o", tmp_path / "o.csv")[0] == 0
        csv.field_size_limit(2_000_000)
        assert read(tmp_path / "o.csv")[0]["report"] == text


class TestRefused:
    """Every case exits with 2, and one line."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        return make(tmp_path / "in.csv", NO_EDEMA)

    def test_input(self, refused: Any, tmp_path: Path) -> None:
        out = tmp_path / "o.csv"
        assert "no such file" in refused(tmp_path / "missing.csv", "-o", out)
        (tmp_path / "empty.csv").write_text("")
        assert "is empty" in refused(tmp_path / "empty.csv", "-o", out)
        assert "standard input: is empty" in refused("-", "-o", out)
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "a.png").write_text("x")
        assert "holds no .txt file" in refused(tmp_path / "folder", "-o", out)
        assert not out.exists()

    def test_columns(self, refused: Any, tmp_path: Path, source: Path) -> None:
        out = tmp_path / "o.csv"
        line = refused(source, "-o", out, "--text-column", "note")
        assert "has no column 'note'; the columns are 'id', 'impression'" in line
        assert "'id' holds numbers" in refused(source, "-o", out, "--text-column", "id")
        other = make(tmp_path / "other.csv", NO_EDEMA, column="words")
        assert "--text-column; the columns are 'id', 'words'" in refused(other, "-o", out)
        semicolons = tmp_path / "semicolons.csv"
        semicolons.write_text(f"id;words\n1;{NO_EDEMA}\n")
        assert "the columns are 'id', 'words'" in refused(semicolons, "-o", out)
        semicolons.write_text(f"number;words\n1;{NO_EDEMA}\n")
        assert "--delimiter ';'" in refused(semicolons, "-o", out)
        headless = tmp_path / "headless.csv"
        headless.write_text(f"{NO_EDEMA}\n")
        assert "--no-header" in refused(headless, "-o", out)
        taken = make(tmp_path / "taken.csv", NO_EDEMA, column="Edema")
        assert "--suffix" in refused(taken, "-o", out, "--text-column", "Edema")

    def test_rows(self, refused: Any, tmp_path: Path) -> None:
        source = tmp_path / "in.csv"
        source.write_bytes(b"id,text\n1,fine\n2,No \xe9.\n")
        line = refused(source, "-o", tmp_path / "o.csv")
        assert "row 2 (line 3) holds the byte 0xE9" in line
        assert "--encoding latin-1" in line
        source.write_text("Report Impression\nNo edema, no effusion.\n")
        assert "row 1 (line 2) has 2 cells" in refused(source, "-o", tmp_path / "o.csv")

    def test_output(self, refused: Any, tmp_path: Path, source: Path) -> None:
        assert "the same file" in refused(source, "-o", source)
        (tmp_path / "link.csv").symlink_to(source)
        assert "the same file" in refused(source, "-o", tmp_path / "link.csv", "--overwrite")
        assert "does not exist" in refused(source, "-o", tmp_path / "none" / "o.csv")
        assert "does not tell the form" in refused(source, "-o", tmp_path / "o.doc")
        (tmp_path / "there.csv").write_text("mine")
        assert "--overwrite" in refused(source, "-o", tmp_path / "there.csv")
        assert (tmp_path / "there.csv").read_text() == "mine"

    @pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
    def test_output_that_cannot_be_written(
        self, refused: Any, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
        if os.geteuid() == 0:
            # Permissions do not hold for the superuser.
            def denied(path: Path, *rest: Any, **options: Any) -> None:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

            monkeypatch.setattr(Path, "mkdir", denied)
        assert "Permission denied" in refused(source, "-o", folder / "o.csv")

    def test_a_full_disk(
        self, refused: Any, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from lingula.tables.output_file import OutputFile

        def full(file: OutputFile, data: Any) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(OutputFile, "write", full)
        assert "the disk is full" in refused(source, "-o", tmp_path / "o.csv")
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]

    def test_options(self, refused: Any, tmp_path: Path, source: Path) -> None:
        out = ("-o", tmp_path / "o.csv")
        assert "no schema 'chexpert15'" in refused(source, *out, "--schema", "chexpert15")
        assert "no labeler" in refused(source, *out, "--labeler", "magic")
        assert "no encoding 'utf-9'" in refused(source, *out, "--encoding", "utf-9")
        assert "no section 'beginning'" in refused(source, *out, "--sections", "beginning")
        rules = (*out, "--labeler", "rules")
        assert "device: no option of the labeler" in refused(source, *rules, "--device", "cpu")
        assert "no probabilities" in refused(source, *rules, "--probabilities")
        lexicon = tmp_path / "my.toml"
        assert "my.toml" in refused(source, *out, "--lexicon", lexicon)
        lexicon.write_text("[[mention]]\n")
        assert "my.toml" in refused(source, *out, "--lexicon", lexicon)
        lexicon.write_text("= no toml")
        assert "my.toml" in refused(source, *out, "--lexicon", lexicon)
        assert "--resume" not in refused(source, *out, "--text-column", "x", "--resume")
        assert not (tmp_path / "o.csv.partial").exists()

    def test_errors_of_usage(self, lingula: Any, source: Path) -> None:
        status, _, err = lingula("label", source)
        assert status == 2
        assert "'-o' / '--output'" in err


def write_many(path: Path, rows: int) -> Path:
    """Reports that are all different, in sentences that are all different."""
    parts = ["No pleural effusion", "Mild edema", "Possible pneumonia", "Rib fracture"]
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,text\n")
        for row in range(rows):
            text = " ".join(
                f"{parts[(row + n) % 4]} seen in image {row * 8 + n}." for n in range(8)
            )
            stream.write(f"{row},{text}\n")
    return path


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A table of 20,000 reports, and what an unbroken run by one process makes of it."""
    folder = tmp_path_factory.mktemp("many")
    source, whole = write_many(folder / "in.csv", 20_000), folder / "whole.parquet"
    command = [sys.executable, "-m", "lingula", "label", "--labeler", "rules", str(source)]
    subprocess.run([*command, "-o", str(whole), "--quiet", "--workers", "1"], check=True)
    return source, whole.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_and_resume(
    tmp_path: Path, sent: signal.Signals, many: tuple[Path, bytes]
) -> None:
    source, whole = many
    output = tmp_path / "o.parquet"
    command = [sys.executable, "-m", "lingula", "label", "--labeler", "rules", str(source)]
    command += ["-o", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    work = tmp_path / "o.parquet.partial"
    while len(list(work.glob("task-*.npz"))) < 1 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + sent
    assert f"finished work is kept in {work}; go on with --resume" in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["o.parquet.partial"]

    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "go on with --resume" in refused.stderr

    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=True)
    assert "labeled by the run that was interrupted" in done.stderr
    assert output.read_bytes() == whole
    assert pq.read_metadata(output).num_rows == 20_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
@pytest.mark.parametrize("quiet", [False, True])
def test_a_bar_on_a_terminal_unless_quiet(tmp_path: Path, quiet: bool) -> None:
    source = write_many(tmp_path / "in.csv", 3000)
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "lingula", "label", str(source), "--labeler", "rules"]
    options = ["-o", str(tmp_path / "o.csv"), *(["--quiet"] if quiet else [])]
    with subprocess.Popen(
        [*command, *options], stderr=terminal, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    ) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                data = os.read(screen, 65536)
            except OSError:
                # Linux ends a closed terminal so.
                break
            if not data:
                break
            shown += data
    os.close(screen)
    assert process.returncode == 0
    if quiet:
        assert shown == b""
    else:
        assert b"labeling" in shown
        assert b"rows/s" in shown
        assert b"3000/3000" in shown
        assert b"3,000 reports" in shown
