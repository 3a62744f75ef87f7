"""``lingula calibrate``: temperatures of a model folder, from labeled reports."""

from __future__ import annotations

from pathlib import Path

import click

from lingula.cli.command import Command


@click.command(cls=Command)
@click.argument("model", metavar="FOLDER")
@click.argument("table", metavar="TABLE")
@click.option(
    "--text-column", "text_columns", multiple=True, metavar="NAME", help="Column of the reports."
)
@click.option("--positive-only", is_flag=True, help="The labels say only what is there.")
@click.option("--device", metavar="NAME", help="cpu, cuda:0 or mps; one GPU if there are any.")
@click.option("--quiet", is_flag=True, help="No table.")
def command(
    *,
    model: str,
    table: str,
    text_columns: tuple[str, ...],
    positive_only: bool,
    device: str | None,
    quiet: bool,
) -> None:
    """Fit the temperatures of a model FOLDER to labeled reports that it was not trained on.

    They are stored in the folder; labels stay the same, probabilities change.
    """
    from lingula.bert import load_bert
    from lingula.bert.folder import update_settings
    from lingula.training.after.calibration import fit_temperatures
    from lingula.training.data.sources import expert_examples, read_source
    from lingula.training.recipe import Source

    labeler = load_bert(model, device=device)
    schema = labeler.settings.schema
    source = Source(
        "table",
        path=table,
        text_columns=text_columns,
        labels="positive-only" if positive_only else "full",
    )
    examples = expert_examples(read_source(source, schema, Path()))
    fitted = fit_temperatures(labeler.logits(examples.texts), examples)
    update_settings(Path(model), temperature=fitted.temperatures)
    if quiet:
        return
    click.echo(f"{'':28}{'temperature':>12}{'error before':>14}{'after':>8}")
    for name, value, own, before, after in zip(
        schema.names,
        fitted.temperatures,
        fitted.own,
        fitted.error_before,
        fitted.error_after,
        strict=True,
    ):
        shown = f"{value:.3f}" + (" " if own else "*")
        click.echo(f"{name:28}{shown:>12}{before:>14.4f}{after:>8.4f}")
    click.echo(
        f"mean expected calibration error of positive on {fitted.reports} reports: "
        f"{fitted.mean_error_before:.4f} before, {fitted.mean_error_after:.4f} after"
    )
    if not all(fitted.own):
        click.echo("* too few positives or others for a temperature of its own")
