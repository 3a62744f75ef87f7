"""``lingula explain``: why a report gets its labels."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lingula.cli.command import Command
from lingula.cli.options import labeler_options, load_labeler
from lingula.errors import InputError

if TYPE_CHECKING:
    from lingula.bert import BertLabeler
    from lingula.explain import Attribution, Explanation
    from lingula.explain.attribution import Method
    from lingula.labels import Labeler, Labels

#: Names of the methods in ``lingula.explain.attribution``, not imported for --help.
METHOD_NAMES = ("integrated-gradients", "cls-attention")


@click.command("explain", cls=Command)
@click.argument("text", required=False)
@click.option(
    "--file", "file", metavar="FILE", help="Read the report from a file; - is standard input."
)
@click.option("--table", metavar="FILE", help="Explain a sample of a table of reports instead.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="Reports to draw from the table.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--id",
    "wanted",
    multiple=True,
    metavar="ID",
    help="Explain this report of the table in place of a sample; may be repeated.",
)
@click.option(
    "--label-codes",
    type=click.Choice(["chexpert", "chexbert"]),
    default="chexpert",
    show_default=True,
    help="Numbers in the table's label columns are 1, 0, -1, or classes: 0 blank, 1 positive, "
    "2 negative, 3 uncertain.",
)
@click.option("--text-column", "text_columns", multiple=True, metavar="NAME", help="In the table.")
@click.option("--id-column", metavar="NAME", help="In the table.")
@labeler_options
@click.option(
    "--sections",
    default="auto",
    metavar="NAMES",
    help='Sections to label, such as "impression"; "none" for the text as it is. By default '
    "findings and impression, as lingula label does.",
)
@click.option(
    "--observation",
    "observations",
    multiple=True,
    metavar="NAME",
    help="For BERT labelers: explain this label; those that are not blank if not given.",
)
@click.option(
    "--method",
    type=click.Choice(METHOD_NAMES),
    default="integrated-gradients",
    show_default=True,
    help="For BERT labelers: what the weights of the tokens are.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option("--html", metavar="FILE", help="Write a self-contained HTML page.")
def command(
    *,
    text: str | None,
    file: str | None,
    table: str | None,
    sample: int,
    seed: int,
    wanted: tuple[str, ...],
    label_codes: str,
    text_columns: tuple[str, ...],
    id_column: str | None,
    labeler_name: str | None,
    schema: str | None,
    sections: str,
    observations: tuple[str, ...],
    method: Method,
    as_json: bool,
    html: str | None,
    **options: Any,
) -> None:
    """Show why a report gets its labels: which words, which cue, which rule.

    TEXT is the report, or the name of its file; or name a --file, or draw reports from a --table.
    In a terminal mentions and cues are coloured by label: red positive, yellow uncertain, green
    negative. CheXbert checkpoints and model folders have no rules; for them the weights of the
    tokens are shown.
    """
    if sum(value is not None for value in (text, file, table)) != 1:
        raise click.UsageError("name exactly one of TEXT, --file and --table")
    if wanted and table is None:
        raise click.UsageError("--id names a report of a --table")
    labeler = load_labeler(labeler_name, schema, **options)
    names: Sequence[str] | None = None
    given: Labels | None = None
    if table is not None:
        from lingula.explain.sample import draw_sample

        drawn = draw_sample(
            table,
            sample,
            labeler.schema,
            seed=seed,
            text_columns=text_columns,
            id_column=id_column,
            wanted=wanted,
            label_codes=label_codes,
        )
        texts, names, given = list(drawn.texts), drawn.names, drawn.labels
        chosen = _chosen_sections(sections, one_section=drawn.one_section)
    else:
        chosen = _chosen_sections(sections, one_section=False)
        if text is not None and _is_file(text):
            # As in ``lingula label``: the name of a file is no report.
            file = text
        texts = [_read(file) if file is not None else str(text)]
        if not texts[0].strip():
            raise InputError("the report has no text")
    if not _is_bert(labeler):
        from lingula.explain import explain

        reasons = explain(labeler, texts, sections=chosen, names=names, given=given)
        _show(reasons, (), as_json=as_json, html=html)
    else:
        read = _selected(texts, chosen)
        weights = _attributions(labeler, read, names, observations=observations, method=method)
        _show((), weights, as_json=as_json, html=html)


def _is_bert(labeler: Labeler) -> bool:
    """Whether a labeler has tokens to weigh rather than rules to name."""
    if getattr(labeler, "name", "") == "rules":
        return False
    from lingula.bert import BertLabeler

    return isinstance(labeler, BertLabeler)


def _is_file(text: str) -> bool:
    """Whether a text is the name of a file that is there; no report is one."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or with a NUL
        return False


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not UTF-8 at byte {error.start}; convert it first") from None


def _chosen_sections(sections: str, *, one_section: bool) -> tuple[str, ...] | None:
    """Sections to read; by default findings and impression of a whole report."""
    from lingula.text.sections import DEFAULT_SECTIONS, section_names

    named = section_names(sections)
    if named == "auto":
        return None if one_section else DEFAULT_SECTIONS
    return None if named is None else tuple(named)


def _selected(texts: Sequence[str], sections: tuple[str, ...] | None) -> list[str]:
    """What a BERT labeler reads of the texts; its weights are shown on just that."""
    from lingula.text.sections import select_sections

    return [text if sections is None else select_sections(text, sections).text for text in texts]


def _attributions(
    labeler: Labeler,
    texts: Sequence[str],
    names: Sequence[str] | None,
    *,
    observations: tuple[str, ...],
    method: Method,
) -> list[Attribution]:
    from typing import cast

    from lingula.explain import attribute_labels

    found = []
    for row, text in enumerate(texts):
        found += attribute_labels(
            cast("BertLabeler", labeler),
            text,
            observations=observations,
            method=method,
            name="" if names is None else names[row],
        )
    return found


def _show(
    explanations: Sequence[Explanation],
    attributions: Sequence[Attribution],
    *,
    as_json: bool,
    html: str | None,
) -> None:
    from lingula.cli.show import show
    from lingula.documents import to_html, write_text
    from lingula.explain import document
    from lingula.explain.values import as_values, weight_values

    shown = document(explanations, attributions=attributions)
    if html is not None:
        write_text(html, to_html(shown))
        click.echo(f"wrote {html}", err=True)
    if as_json:
        _echo_json([*map(as_values, explanations), *map(weight_values, attributions)])
    elif html is None:
        show(shown, width=None)


def _echo_json(values: list[dict[str, Any]]) -> None:
    import json

    # One report is one object; a sample is a list.
    click.echo(json.dumps(values[0] if len(values) == 1 else values, indent=2, ensure_ascii=False))
