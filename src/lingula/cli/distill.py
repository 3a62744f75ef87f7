"""``lingula distill``: a smaller student from a teacher, on unlabeled reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lingula.cli.command import Command
from lingula.errors import RecipeError

if TYPE_CHECKING:
    from lingula.training.after.distillation import Distilled


@click.command(cls=Command)
@click.argument("teacher", metavar="TEACHER")
@click.argument("reports", metavar="REPORTS")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Run folder to write.")
@click.option("--layers", type=int, help="Keep this many of the teacher's layers.")
@click.option("--student", metavar="FOLDER", help="Or begin with this encoder (a folder).")
@click.option(
    "--text-column", "text_columns", multiple=True, metavar="NAME", help="Column of the reports."
)
@click.option("--truth", metavar="TABLE", help="Labeled reports to measure both against.")
@click.option("--positive-only", is_flag=True, help="The truth says only what is there.")
@click.option("--epochs", type=int, default=3, show_default=True)
@click.option("--learning-rate", type=float, default=1e-4, show_default=True)
@click.option("--batch-tokens", type=int, default=2048, show_default=True)
@click.option(
    "--precision", type=click.Choice(["fp32", "bf16", "fp16"]), default="fp32", show_default=True
)
@click.option("--temperature", type=float, default=2.0, show_default=True, help="Of soft labels.")
@click.option(
    "--hidden-weight", type=float, default=1.0, show_default=True, help="Of the hidden states."
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--device", metavar="NAME", help="cpu, cuda:0 or mps; one GPU if there are any.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run stopped.")
@click.option("--quiet", is_flag=True, help="No progress bar and no table.")
def command(
    *,
    teacher: str,
    reports: str,
    output: str,
    layers: int | None,
    student: str | None,
    text_columns: tuple[str, ...],
    truth: str | None,
    positive_only: bool,
    epochs: int,
    learning_rate: float,
    batch_tokens: int,
    precision: str,
    temperature: float,
    hidden_weight: float,
    seed: int,
    device: str | None,
    resume: bool,
    quiet: bool,
) -> None:
    """Train a smaller student of TEACHER (a model folder or CheXbert .pth) on REPORTS."""
    from lingula.cli.train import StageProgress, require_training

    require_training()
    if (layers is None) == (student is None):
        raise RecipeError("give either --layers or --student")
    from typing import cast

    from lingula.bert import load_bert
    from lingula.training.after.distillation import Distillation, distill
    from lingula.training.data.sources import expert_examples, read_source
    from lingula.training.model.backbones import load_backbone
    from lingula.training.recipe import Backbone, Precision, Source, Stage

    folder = Path()
    schema = load_bert(teacher, device=device, runtime="torch").settings.schema
    source = Source("reports", path=reports, text_columns=text_columns)
    texts = read_source(source, schema, folder).texts
    examples = None
    if truth is not None:
        labeled = read_source(
            Source(
                "truth",
                path=truth,
                text_columns=text_columns,
                labels="positive-only" if positive_only else "full",
            ),
            schema,
            folder,
        )
        examples = expert_examples(labeled)
    with StageProgress(quiet) as progress:
        result = distill(
            Path(teacher),
            load_backbone(Backbone(student), schema, folder) if student else int(layers or 0),
            texts,
            Path(output),
            how=Distillation(
                Stage(
                    "distill",
                    epochs=epochs,
                    learning_rate=learning_rate,
                    head_learning_rate=learning_rate,
                    batch_tokens=batch_tokens,
                    precision=cast(Precision, precision),
                ),
                temperature=temperature,
                hidden_weight=hidden_weight,
                seed=seed,
                device=device,
                resume=resume,
            ),
            truth=examples,
            progress=progress.update,
        )
    if not quiet:
        _show(result, schema.names)


def _show(result: Distilled, names: Sequence[str]) -> None:
    """Teacher and student side by side."""
    rows = [
        ("parameters", *(f"{value:,}" for value in result.parameters)),
        ("float32 MB", *(f"{value:.1f}" for value in result.megabytes)),
        ("reports a second", *(f"{value:.0f}" for value in result.reports_per_second)),
        ("mean kappa to the teacher", "1.000", f"{result.agreement.mean_kappa:.3f}"),
    ]
    if result.truth is not None:
        rows += [
            ("mean kappa to the truth", *(f"{item.mean_kappa:.3f}" for item in result.truth)),
            ("macro F1 to the truth", *(f"{item.macro_f1:.3f}" for item in result.truth)),
        ]
    click.echo(f"{'':28}{'teacher':>14}{'student':>14}")
    for name, first, second in rows:
        click.echo(f"{name:28}{first:>14}{second:>14}")
    for name, kappa in zip(names, result.agreement.kappa, strict=True):
        click.echo(f"  kappa to the teacher, {name}: {kappa:.3f}")
    click.echo(f"model: {result.model}")
