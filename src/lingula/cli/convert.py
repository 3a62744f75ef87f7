"""``lingula convert``: a CheXbert checkpoint to a model folder."""

from __future__ import annotations

from pathlib import Path

import click

from lingula.cli.command import Command

SOURCE = click.Path(exists=True, path_type=Path)
TARGET = click.Path(file_okay=False, path_type=Path)


@click.command(cls=Command)
@click.argument("source", type=SOURCE)
@click.argument("folder", type=TARGET)
@click.option("--onnx", is_flag=True, help="Add a float32 ONNX graph, for CPUs without torch.")
@click.option("--int8", is_flag=True, help="Add an 8-bit ONNX graph: several times faster.")
@click.option(
    "--weights/--no-weights",
    default=True,
    show_default=True,
    help="Keep the weights that torch needs (GPU, gradients).",
)
@click.option("--overwrite", is_flag=True, help="Replace a model folder that is there.")
def command(
    *, source: Path, folder: Path, onnx: bool, int8: bool, weights: bool, overwrite: bool
) -> None:
    """Convert a CheXbert checkpoint to a model FOLDER.

    SOURCE is a CheXbert checkpoint (.pth), or a model folder to which graphs are added in a copy.
    A folder with --onnx or --int8 is labeled with by the base install alone.
    """
    from lingula.bert.loading import require_torch

    require_torch("Converting a checkpoint")
    from lingula.bert.convert import convert

    made = convert(source, folder, onnx=onnx, int8=int8, weights=weights, overwrite=overwrite)
    for name in sorted(made.digests):
        size = (made.path / name).stat().st_size / 1e6
        click.echo(f"{size:9.1f} MB  {made.path / name}")
