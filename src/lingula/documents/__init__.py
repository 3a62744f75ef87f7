"""The one room that draws: measuring rooms return exhibits, here they become what people see::

    table = Table("labels", "F1 by label", (Column("label", "Label"),
                  Column("f1", "F1", Kind.FIGURE)), (("Edema", Estimate(0.71, 0.65, 0.77)),))
    table = Table.of("counts", "Counts", ("label", "Label", Kind.TEXT, names),
                     ("positive", "Positive", Kind.COUNT, counts))       # from arrays
    document = Document("Evaluation", (Section("Figures", (table,)),), summary="uncertain=ones")
    to_html(document)           # one self-contained page (needs jinja2, the "report" extra)
    to_notebook(document)       # HTML for an output cell; a Document shows itself so
    to_markdown(document)       # for papers and pull requests
    to_terminal(document)       # what a rich console prints; also of a Section or some exhibits
    to_text(document, 120)      # the same without colours, for a pipe
    to_json(plain values)       # exhibit_values, measure_values, records give them
    to_csv(rows, columns)       # rows of plain values, one a figure
    write_text(path, text)      # whole or not at all

Exhibits: ``Table`` (figures with intervals), ``Curve`` (lines and points), ``Bars`` (figures with
intervals on one scale), ``Grid`` (confusion matrix, shares), ``Stack`` (a total in parts),
``Passage`` (a text with marked words), ``Picture`` (a PNG), ``Group`` (small curves or grids side
by side), ``Note``, ``Notes`` and ``Measures``. A page shows all of them, with the numbers of each
drawing behind it; a terminal and Markdown show those that are words and figures.
"""

from lingula.documents.exhibits import (
    Bars,
    Cell,
    Column,
    Curve,
    Document,
    Estimate,
    Exhibit,
    Grid,
    Group,
    Kind,
    Level,
    Line,
    Measure,
    Measures,
    Note,
    Notes,
    Passage,
    Picture,
    Point,
    Section,
    Span,
    Stack,
    Table,
    Tone,
)
from lingula.documents.files import write_text
from lingula.documents.html import to_html
from lingula.documents.markdown import to_markdown
from lingula.documents.notebook import to_notebook
from lingula.documents.plain import exhibit_values, measure_values, plain, records, to_csv, to_json
from lingula.documents.terminal import to_terminal, to_text
from lingula.documents.wording import percent, show

__all__ = [
    "Bars",
    "Cell",
    "Column",
    "Curve",
    "Document",
    "Estimate",
    "Exhibit",
    "Grid",
    "Group",
    "Kind",
    "Level",
    "Line",
    "Measure",
    "Measures",
    "Note",
    "Notes",
    "Passage",
    "Picture",
    "Point",
    "Section",
    "Span",
    "Stack",
    "Table",
    "Tone",
    "exhibit_values",
    "measure_values",
    "percent",
    "plain",
    "records",
    "show",
    "to_csv",
    "to_html",
    "to_json",
    "to_markdown",
    "to_notebook",
    "to_terminal",
    "to_text",
    "write_text",
]
