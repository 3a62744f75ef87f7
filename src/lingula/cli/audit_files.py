"""The files that ``lingula audit`` writes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pyarrow as pa

    from lingula.audit import Audit
    from lingula.audit.reading import AuditedTable

#: The files, inside the output folder.
PAGE, FIGURES, SHEET, SHEET_PAGE = "audit.html", "audit.json", "datasheet.md", "datasheet.html"
#: The list of cells that --fill-parents changed, in the same folder.
CHANGES = "filled-parents.csv"


def write_audit(result: Audit, folder: Path) -> list[tuple[Path, str]]:
    """Write all files; without jinja2 those that are no pages, and say so."""
    from lingula.audit.datasheet import datasheet
    from lingula.audit.document import audit_document
    from lingula.audit.values import audit_values
    from lingula.documents import to_html, to_json, to_markdown, write_text
    from lingula.errors import InputError, MissingExtraError

    sheet = datasheet(result)
    made = {
        FIGURES: (to_json(audit_values(result)), "every figure"),
        SHEET: (to_markdown(sheet), "a data sheet to complete"),
    }
    try:
        made = {
            PAGE: (to_html(audit_document(result)), "the page"),
            **made,
            SHEET_PAGE: (to_html(sheet), "the data sheet as a page"),
        }
    except MissingExtraError as error:
        click.echo(f"no pages are written: {error}", err=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror or error}") from None
    for name, (text, _) in made.items():
        write_text(folder / name, text)
    return [(folder / name, what) for name, (_, what) in made.items()]


def corrected_tables(
    audited: AuditedTable,
    result: Audit,
    fill_parents: Path | None,
    drop: Path | None,
    *,
    folder: Path,
    only_blanks: bool,
) -> list[tuple[Path, pa.Table, str]]:
    """The corrected tables that were asked for: where to, what, and in words."""
    from lingula.audit.rewriting import with_parents, without_rows
    from lingula.audit.wording import count_of
    from lingula.errors import InputError

    tables: list[tuple[Path, pa.Table, str]] = []
    if fill_parents is not None:
        table, changes = with_parents(audited, only_blanks=only_blanks)
        before = Counter(changes.column("before").to_pylist())
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in before.most_common())
        what = f"parents filled in ({count_of(len(changes), 'cells')}{': ' * bool(kinds)}{kinds})"
        tables.append((fill_parents, table, what))
        tables.append((folder / CHANGES, changes, "each cell that was filled in"))
    if drop is not None:
        check = result.check("references")
        if check.rows is None:
            raise InputError(f"--drop: {check.missing}; give the reports (--reports)")
        what = f"without reports that only compare ({count_of(len(check.rows), 'rows')})"
        tables.append((drop, without_rows(audited, check.rows), what))
    return tables


def keep_apart(targets: list[Path], inputs: list[Path | None]) -> None:
    """No output may replace an input or another output."""
    from lingula.errors import InputError

    taken = {path.resolve() for path in inputs if path is not None}
    for target in targets:
        if target.resolve() in taken:
            raise InputError(f"{target}: is an input or another output; write to another file")
        taken.add(target.resolve())


def refuse_existing(folder: Path, targets: list[Path]) -> None:
    """Refuse to replace what an earlier audit, or anything else, has written.

    Raises:
        InputError: If one of the files is there.
    """
    from lingula.errors import InputError

    names = (PAGE, FIGURES, SHEET, SHEET_PAGE, CHANGES)
    for target in (*(folder / name for name in names), *targets):
        if target.exists():
            raise InputError(
                f"{target}: is there already; add --overwrite to replace it, or write elsewhere"
            )
