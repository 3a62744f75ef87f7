"""``lingula schema``: which observations there are, and by which rules they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lingula.cli.command import Command
from lingula.errors import LexiconError
from lingula.labels import Label, Schema
from lingula.rules.lexicon import load_lexicon, shipped_lexicons
from lingula.rules.lexicon_model import Cue, Lexicon, Mention
from lingula.schemas import load_schema, schema_to_dict, shipped_schemas


@click.group()
def command() -> None:
    """List schemas, or show one with its rules and examples."""


@command.command("list", cls=Command)
def list_schemas() -> None:
    """List the schemas that ship."""
    for name in shipped_schemas():
        schema = load_schema(name)
        rules = "with rules" if name in shipped_lexicons() else "without rules"
        click.echo(f"{name}  {len(schema)} observations, {rules}")


@command.command("show", cls=Command)
@click.argument("name", default="chexpert14")
@click.option("--lexicon", type=click.Path(path_type=Path), help="A rule file to show instead.")
@click.option("--observation", help="Show the rules of this observation only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, phrases written out.")
def show_schema(name: str, lexicon: Path | None, observation: str | None, as_json: bool) -> None:
    """Show a schema: its observations, and every rule with its source and examples."""
    rules: Lexicon | None = None
    if lexicon is not None or name in shipped_lexicons():
        rules = load_lexicon(lexicon or name)
    schema = load_schema(name) if rules is None else rules.schema
    if observation is not None:
        observation = schema.names[schema.index(observation)]
    if as_json:
        click.echo(json.dumps(_as_dict(schema, rules, observation), indent=2))
        return
    _print_observations(schema, observation)
    if rules is None:
        return
    for mention in rules.mentions:
        if observation in (None, mention.observation):
            _print_mention(mention)
    if observation is None:
        for cue in rules.cues:
            _print_cue(cue)


@command.command("check", cls=Command)
@click.argument("lexicon", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Also those of the lexicon it extends.")
def check_schema(lexicon: Path, everything: bool) -> None:
    """Run the examples of a rule file: each sentence must get its label.

    LEXICON is a .toml file, or the name of a lexicon that ships. Exit status 2 if one does not
    hold.
    """
    from lingula.rules.examples import check_examples

    checked = check_examples(lexicon, everything=everything)
    wrong = [item for item in checked if not item.holds]
    for item in wrong:
        rules = "; ".join(reason.rule for reason in item.reasons) or "no rule"
        click.echo(
            f"{item.rule}: {item.example.text!r}: {item.example.observation} should be "
            f"{item.example.label.name.lower()}, is {item.found.name.lower()} ({rules})"
        )
    if wrong:
        raise LexiconError(f"{lexicon}: {len(wrong)} of {len(checked)} examples do not hold")
    click.echo(f"{lexicon}: all {len(checked)} examples hold")


def _print_observations(schema: Schema, observation: str | None) -> None:
    click.echo(f"{schema.name}: {len(schema)} observations")
    for item in schema.observations:
        if observation not in (None, item.name):
            continue
        parts = [item.name, "/".join(label.name.lower() for label in item.labels)]
        if item.aliases:
            parts.append(f"also called {', '.join(item.aliases)}")
        if item.parents:
            parts.append(f"under {', '.join(item.parents)}")
        click.echo(f"  {'; '.join(parts)}")


def _print_mention(mention: Mention) -> None:
    kind = "structure" if mention.structure else "mention"
    click.echo(f"\n{kind} {mention.name!r} -> {mention.observation}  ({mention.source})")
    for title, phrases in (
        ("phrases", mention.phrases),
        ("not in", mention.not_in),
        ("not with", mention.not_with),
        ("only with", mention.only_with),
    ):
        if phrases:
            click.echo(f"  {title}: {_shortened(phrases)}")
    if mention.implies is not None:
        click.echo(f"  gives {mention.implies.name.lower()} unless denied")
    _print_examples(mention)


def _print_cue(cue: Cue) -> None:
    click.echo(f"\ncue {cue.name!r}: {cue.category.value}, {cue.direction.value}  ({cue.source})")
    click.echo(f"  phrases: {_shortened(cue.phrases)}")
    _print_examples(cue)


def _print_examples(rule: Mention | Cue) -> None:
    for example in rule.examples:
        label = "blank" if example.label is Label.BLANK else example.label.name.lower()
        click.echo(f"  {label:9} {example.observation}: {example.text}")


def _shortened(phrases: tuple[str, ...], most: int = 12) -> str:
    shown = ", ".join(phrases[:most])
    return shown if len(phrases) <= most else f"{shown}, and {len(phrases) - most} more"


def _as_dict(schema: Schema, rules: Lexicon | None, observation: str | None) -> dict[str, Any]:
    result = schema_to_dict(schema)
    if rules is None:
        return result
    result["sha256"] = rules.digest
    result["mention"] = [
        {
            "name": mention.name,
            "observation": mention.observation,
            "source": mention.source,
            "phrases": list(mention.phrases),
            "not_in": list(mention.not_in),
            "structure": mention.structure,
            "examples": _examples(mention),
        }
        for mention in rules.mentions
        if observation in (None, mention.observation)
    ]
    result["cue"] = [
        {
            "name": cue.name,
            "category": cue.category.value,
            "direction": cue.direction.value,
            "source": cue.source,
            "phrases": list(cue.phrases),
            "examples": _examples(cue),
        }
        for cue in rules.cues
    ]
    return result


def _examples(rule: Mention | Cue) -> list[list[str]]:
    return [[item.label.name.lower(), item.observation, item.text] for item in rule.examples]
