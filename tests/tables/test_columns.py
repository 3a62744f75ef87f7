import pyarrow as pa
import pytest

from lingula.errors import ColumnError
from lingula.tables.columns import choose_id_column, choose_text_columns, is_section_column
from lingula.tables.json_cells import json_field


def table(*names: str, **kinds: pa.DataType) -> pa.Schema:
    return pa.schema([*((name, pa.string()) for name in names), *kinds.items()])


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["id", "Report Impression"], [1]),
        (["TEXT", "Impression "], [1]),
        (["report", "text"], [0]),
        (["text", "report"], [1]),
        (["study", "impression", "findings", "comparison"], [2, 1]),
        (["findings", "Report Impression", "impression"], [1]),
        (["radiology report"], [0]),
        (["study", "impression", "findings", "last_paragraph", "comparison"], [2, 1, 3]),
        (["report", "section_findings", "section_impression"], [1, 2]),
    ],
)
def test_text_columns_are_found_by_name(names: list[str], chosen: list[int]) -> None:
    assert choose_text_columns(table(*names), (), "t.csv") == tuple(chosen)


def test_named_columns() -> None:
    schema = table("Text", "text", "Other")
    assert choose_text_columns(schema, ["text"], "t.csv") == (1,)
    assert choose_text_columns(schema, ["other", "Text"], "t.csv") == (2, 0)
    with pytest.raises(ColumnError, match="'TEXT' occurs 2 times"):
        choose_text_columns(schema, ["TEXT"], "t.csv")
    with pytest.raises(ColumnError, match="named twice"):
        choose_text_columns(schema, ["other", "OTHER"], "t.csv")
    with pytest.raises(ColumnError, match=r"no column 'x'; the columns are 'Text', 'text'"):
        choose_text_columns(schema, ["x"], "t.csv")


def test_when_none_is_found_the_columns_are_listed() -> None:
    with pytest.raises(ColumnError, match=r"--text-column.*'a', 'b'$"):
        choose_text_columns(table("a", "b"), (), "t.csv")
    with pytest.raises(ColumnError) as caught:
        choose_text_columns(table("No pneumothorax. Stable small left effusion."), (), "t.csv")
    assert "--no-header" in str(caught.value)
    assert "effusion" not in str(caught.value)


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.binary(), pa.list_(pa.string())])
def test_columns_without_text(kind: pa.DataType) -> None:
    with pytest.raises(ColumnError, match=r"'report' holds .* values, not text"):
        choose_text_columns(table("id", report=kind), (), "t.parquet")
    with pytest.raises(ColumnError, match="several kinds"):
        choose_text_columns(pa.schema([json_field("text")]), (), "t.jsonl")


def test_kinds_of_text() -> None:
    words = pa.dictionary(pa.int32(), pa.string())
    for kind in (pa.large_string(), words, pa.null()):
        assert choose_text_columns(table(report=kind), (), "t.parquet") == (0,)


def test_id_columns() -> None:
    assert choose_id_column(table("text", "study_id", "ID"), None, "t") == 2
    assert choose_id_column(table("text"), None, "t") is None
    assert choose_id_column(table("text", "key"), "KEY", "t") == 1
    with pytest.raises(ColumnError):
        choose_id_column(table("text"), "key", "t")


def test_section_columns() -> None:
    assert is_section_column(" Report Impression")
    assert not is_section_column("report")
