"""``lingula images``: image models that are trained on labels."""

from __future__ import annotations

import click

from lingula.cli.images.after import calibrate, export
from lingula.cli.images.explain import explain
from lingula.cli.images.groups import groups
from lingula.cli.images.predict import predict
from lingula.cli.images.select import select
from lingula.cli.images.train import train


@click.group()
def command() -> None:
    """Train image models on labels, score films, choose the best model, and explain."""


for _command in (train, predict, select, explain, groups, calibrate, export):
    command.add_command(_command)
