"""Tables at addresses: fetched once, by fsspec, and from the web only with leave."""

import sys

import pytest
from click.testing import CliRunner

from lingula.cli import cli
from lingula.errors import InputError, MissingExtraError
from lingula.tables import remote
from lingula.tables.label_table import read_label_table
from lingula.tables.report_table import read_report_table

TEXT = "id,report,Edema\na,Mild edema.,1\nb,Clear.,0\n"


@pytest.fixture
def address():
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/reports.csv", TEXT.encode())
    yield "memory://bucket/reports.csv"
    store.rm("/bucket", recursive=True)
    remote._fetched.clear()


def test_reports_and_labels_at_an_address(address, tmp_path):
    assert read_report_table(address).texts == ("Mild edema.", "Clear.")
    assert read_label_table(address).labels.classes[:, 0].tolist() == [1, 2]
    out = tmp_path / "o.csv"
    arguments = ["label", address, "-o", str(out), "--labeler", "rules", "--suffix", "_found"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert read_report_table(out).ids == ("a", "b")
    outcome = CliRunner().invoke(cli, ["evaluate", address, address, "--quiet"])
    assert outcome.exit_code == 0, outcome.output


def test_a_file_by_its_address(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    assert read_report_table(path.as_uri()).ids == ("a", "b")


def test_what_cannot_be_fetched_is_one_line(address, monkeypatch):
    for wrong, message in (
        ("memory://bucket/none.csv", "memory://bucket/none.csv: cannot be read"),
        ("nostore://bucket/t.csv", r"nostore:// cannot be read here .*lingula\[urls\]"),
        ("https://example.org/t.csv", "LINGULA_FETCH=1"),
        ("there is no such: /file.csv", "there is no such"),
    ):
        with pytest.raises(InputError, match=message):
            read_label_table(wrong)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"lingula\[urls\]"):
        read_label_table("memory://bucket/other.csv")
