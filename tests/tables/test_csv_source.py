import csv
import gzip
import io
from pathlib import Path

import pytest

from lingula.errors import InputError
from lingula.tables.open_source import open_source
from lingula.tables.source import Reject, TableSource


def write(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rows(source: TableSource, rejects: list[Reject] | None = None) -> list[dict[str, object]]:
    on_reject = None if rejects is None else rejects.append
    return [row for batch in source.batches(on_reject) for row in batch.to_pylist()]


def fault(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        open_source(path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_cells_come_as_they_are(tmp_path: Path) -> None:
    text = 'id,text,n\r\n001,"Two\r\nlines, ""quoted""",NA\r\n1e5, null ,\r\n'
    source = open_source(write(tmp_path / "a.csv", text))
    assert source.rows == 2
    assert rows(source) == [
        {"id": "001", "text": 'Two\r\nlines, "quoted"', "n": "NA"},
        {"id": "1e5", "text": " null ", "n": ""},
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("compressed", [False, True])
def test_byte_order_mark_and_gzip(tmp_path: Path, mark: bytes, compressed: bool) -> None:
    data = mark + "text\nKein Erguss, größer\n".replace(",", ";").encode()
    path = tmp_path / ("a.csv.gz" if compressed else "a.csv")
    source = open_source(write(path, gzip.compress(data) if compressed else data))
    assert rows(source) == [{"text": "Kein Erguss; größer"}]


def test_tsv(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'id\ttext\n1\t"a\tb"\n2\tc, d\n\t\n')
    assert [row["text"] for row in rows(open_source(path))] == ["a\tb", "c, d", ""]


def test_other_delimiters(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id;text\n1;"No edema; no mass."\n2;Edema, mild.\n;\n')
    got = rows(open_source(path, delimiter=";"))
    assert [row["text"] for row in got] == ["No edema; no mass.", "Edema, mild.", ""]
    for delimiter in ("", ";;", '"', "\n"):
        assert "cannot separate cells" in fault(path, delimiter=delimiter)


def test_without_a_header(tmp_path: Path) -> None:
    one = write(tmp_path / "one.csv", '"No edema, no effusion."\nNo pneumothorax.\n')
    assert rows(open_source(one, header=False)) == [
        {"report": "No edema, no effusion."},
        {"report": "No pneumothorax."},
    ]
    two = write(tmp_path / "two.csv", "1,No edema.\n")
    assert rows(open_source(two, header=False)) == [{"column_1": "1", "column_2": "No edema."}]


def test_blank_lines_are_no_rows_as_in_pandas(tmp_path: Path) -> None:
    import pandas as pd

    text = 'text\n\nNo edema.\n  \t\n"  "\n""\n\n'
    path = write(tmp_path / "a.csv", text)
    source = open_source(path)
    assert [row["text"] for row in rows(source)] == ["No edema.", "  ", ""]
    assert source.blank_lines == 3
    assert len(pd.read_csv(io.StringIO(text), keep_default_na=False)) == source.rows


def test_batches_are_the_same_every_time(tmp_path: Path) -> None:
    lines = "".join(f"{n},Report {n}.\n" for n in range(25))
    source = open_source(write(tmp_path / "a.csv", "id,text\n" + lines), batch_rows=10)
    first = [batch.num_rows for batch in source.batches()]
    assert first == [10, 10, 5] == [batch.num_rows for batch in source.batches()]


def test_long_reports_make_short_batches(tmp_path: Path) -> None:
    line = "x" * 3_000_000
    source = open_source(write(tmp_path / "a.csv", "text\n" + f"{line}\n" * 7))
    assert [batch.num_rows for batch in source.batches()] == [3, 3, 1]


def test_a_report_of_10_mb(tmp_path: Path) -> None:
    report = "No edema.\n" * 1_000_000
    source = open_source(write(tmp_path / "a.csv", f'text\n"{report}"\nshort\n'))
    assert [len(str(row["text"])) for row in rows(source)] == [len(report), 5]


def test_nul_characters_come_through_or_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text\nNo\0 edema.\n")
    try:
        assert rows(open_source(path)) == [{"text": "No\0 edema."}]
    except InputError as error:
        assert "row 1 (line 2) holds a NUL character" in str(error)


class TestBadRows:
    BAD = 'id,text\n1,No edema.\n2,One, two.\n3,"Fine\nhere"\n4\n5,Good.\n'

    def test_the_message_counts_rows_and_lines(self, tmp_path: Path) -> None:
        message = fault(write(tmp_path / "a.csv", self.BAD))
        assert "a.csv: row 2 (line 3) has 3 cells, not 2" in message
        assert "--on-bad-row skip" in message
        assert "One" not in message, "the text of a report must not be in a message"

    def test_skipped_rows_are_told_in_full(self, tmp_path: Path) -> None:
        rejects: list[Reject] = []
        source = open_source(write(tmp_path / "a.csv", self.BAD), skip_bad_rows=True)
        assert source.rows == 3
        assert [row["id"] for row in rows(source, rejects)] == ["1", "3", "5"]
        assert rejects == [
            Reject(2, 3, "has 3 cells, not 2", "2,One, two."),
            Reject(4, 6, "has 1 cell, not 2", "4"),
        ]

    def test_an_unquoted_comma_in_a_one_column_table(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", "Report Impression\nNo edema, no effusion.\n")
        message = fault(path)
        assert "row 1 (line 2) has 2 cells, not 1" in message
        assert "double quotes" in message

    def test_a_quote_inside_a_quoted_cell(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", 'id,text\n1,"The 5" tube"\n2,Good.\n')
        assert "row 1 (line 2) has a lone double quote" in fault(path)
        rejects: list[Reject] = []
        source = open_source(path, skip_bad_rows=True)
        assert [row["id"] for row in rows(source, rejects)] == ["2"]
        assert rejects[0].text == '1,"The 5" tube"'

    def test_a_quote_that_is_never_closed_costs_one_row(self, tmp_path: Path) -> None:
        text = 'id,text\n1,"Open.\n2,Good.\n3,"Quoted, too."\n4,Good.\n'
        path = write(tmp_path / "a.csv", text)
        message = fault(path)
        assert "row 1 (line 2)" in message
        assert "not closed" in message
        rejects: list[Reject] = []
        source = open_source(path, skip_bad_rows=True)
        assert [row["id"] for row in rows(source, rejects)] == ["2", "3", "4"]
        assert [reject.row for reject in rejects] == [1]

    def test_open_at_the_end_of_the_file(self, tmp_path: Path) -> None:
        message = fault(write(tmp_path / "a.csv", 'id,text\n1,Good.\n2,"Open.\n3,x\n'))
        assert "row 2 (line 3) opens a double quote that is never closed" in message


class TestEncodings:
    def test_not_utf_8_names_row_and_byte(self, tmp_path: Path) -> None:
        data = b"id,text\n1,Fine.\n2,\xc9panchement.\n"
        message = fault(write(tmp_path / "a.csv", data))
        assert "row 2 (line 3) holds the byte 0xC9, which is not UTF-8" in message
        assert f"byte {data.index(0xC9)} of the text" in message
        assert "--encoding latin-1" in message

    def test_the_byte_is_counted_across_blocks(self, tmp_path: Path) -> None:
        data = b"text\n" + b"No edema \xc3\xa9.\n" * 200_000 + b"\xff\n"
        message = fault(write(tmp_path / "a.csv.gz", gzip.compress(data)))
        assert f"byte {data.index(0xFF)} of the text" in message
        assert "row 200001 " in message

    def test_such_rows_can_be_skipped(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", b"id,text\n1,Fine.\n2,\xc9panchement.\n")
        rejects: list[Reject] = []
        source = open_source(path, skip_bad_rows=True)
        assert source.rows == len(rows(source, rejects)) == len(rejects) == 1

    def test_other_encodings(self, tmp_path: Path) -> None:
        for encoding in ("latin-1", "cp1252", "utf-16"):
            path = write(tmp_path / "a.csv", "text\nÉpanchement.\n".encode(encoding))
            assert rows(open_source(path, encoding=encoding)) == [{"text": "Épanchement."}]

    def test_utf_16_is_recognized(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", "text\nNo edema.\n".encode("utf-16"))
        assert "--encoding utf-16" in fault(path)

    def test_cut_utf_16(self, tmp_path: Path) -> None:
        data = "text\nNo edema.\n".encode("utf-16")[:-1]
        assert "utf-16" in fault(write(tmp_path / "a.csv", data), encoding="utf-16")

    def test_unknown(self, tmp_path: Path) -> None:
        assert "no encoding 'latin-9x'" in fault(
            write(tmp_path / "a.csv", "text\n"), encoding="latin-9x"
        )


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "no such file" in fault(tmp_path / "missing.csv")
    assert "is empty" in fault(write(tmp_path / "a.csv", ""))
    assert "is empty" in fault(write(tmp_path / "b.csv", "\n \n"))
    assert "does not tell the form" in fault(write(tmp_path / "c.doc", "x"))
    damaged = gzip.compress(b"text\n" + b"No edema.\n" * 1000)[:-20]
    assert "damaged or cut short" in fault(write(tmp_path / "d.csv.gz", damaged))
    assert "holds no .txt file" in fault(tmp_path)


def test_a_header_without_rows(tmp_path: Path) -> None:
    source = open_source(write(tmp_path / "a.csv", "id,text\n"))
    assert source.rows == 0
    assert source.schema.names == ["id", "text"]
    assert rows(source) == []


def test_the_limit_of_the_parser_is_left_as_it_was(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    rows(open_source(write(tmp_path / "a.csv", "text\nNo edema.\n")))
    assert csv.field_size_limit() == limit
