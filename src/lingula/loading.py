"""``lingula.load``: one door to every labeler; each is imported only when it is asked for."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from lingula.defaults import DEFAULT_LABELER
from lingula.errors import InputError
from lingula.labels import Labeler, Schema
from lingula.schemas import is_lexicon_file, load_schema

#: Options that only the rules know, and those that only BERT labelers know.
RULE_OPTIONS = frozenset({"lexicon", "aggregation"})
#: What the rules and the built-in labeler, which holds rules, know.
READING_OPTIONS = frozenset({"spelling", "cache"})
#: Where installed packages name labelers: classes that are called with ``schema`` and the options.
ENTRY_POINTS = "lingula.labelers"
#: What labelers with a server of their own know.
LLM_OPTIONS = frozenset(
    {"endpoint", "allow_remote", "concurrency", "unanswered", "answer_tokens", "asking"}
)
#: Stands before the name of a language model.
LLM = "llm:"
BERT_OPTIONS = frozenset({"batch_size", "device", "runtime", "precision", "threads", "long"})


def load(
    name: str | Path | None = None, *, schema: str | Path | Schema | None = None, **options: Any
) -> Labeler:
    """A labeler, by name or by path.

    Args:
        name: "rules" (the rule labeler), "builtin" (rules and a small model that ships), an
            installed package's entry point, a CheXbert checkpoint (``.pth``), a model folder, or
            "llm:NAME", a language model at a server of yours.
            If not given, ``DEFAULT_LABELER``, which every command takes too; the rules where a
            lexicon, an aggregation or another schema than chexpert14 asks for them.
        schema: A schema, its name, or a TOML file; the labeler's own if not given.
        options: Passed to the labeler: ``lexicon`` and ``aggregation`` for the rules;
            ``spelling`` and ``cache`` for the rules and the built-in labeler;
            ``device``, ``runtime``, ``precision``, ``batch_size``, ``threads`` and ``long`` for
            BERT labelers; ``endpoint``, ``allow_remote``, ``concurrency``, ``answer_tokens``
            and ``unanswered`` for language models.

    Raises:
        InputError: If there is no labeler of that name and no such file or folder, or it does not
            know an option.
        SchemaError: If the schema is unknown or does not fit the labeler.
        CheckpointError: If the model file is damaged or of another kind.
        MissingExtraError: If the labeler needs packages that are not installed.
    """
    if schema is not None and not isinstance(schema, Schema):
        by_rules = str(name) == "rules" or name is None
        if by_rules and "lexicon" not in options and is_lexicon_file(schema):
            options["lexicon"] = schema
        schema = load_schema(schema)
    if name is None:
        other = schema is not None and schema.name != "chexpert14"
        name = "rules" if other or not RULE_OPTIONS.isdisjoint(options) else DEFAULT_LABELER
    if str(name).startswith(LLM):
        return _language_model(str(name), schema, options)
    _refuse(options, LLM_OPTIONS, f"the labeler {str(name)!r}; they are for language models")
    if str(name) == "rules":
        from lingula.rules import RuleLabeler

        _refuse(options, BERT_OPTIONS, f"the labeler {str(name)!r}; they are for BERT labelers")
        return RuleLabeler(schema=schema, **options)
    _refuse(options, RULE_OPTIONS, f"the labeler {str(name)!r}; they are for the rules")
    if str(name) == "builtin":
        from lingula.builtin import BuiltinLabeler

        return BuiltinLabeler(schema=schema, **options)
    if (made := _installed(str(name))) is not None:
        options = {"schema": schema, **options}
        _refuse_unknown(made, options, str(name))
        labeler: Labeler = made(**options)
        return labeler
    _refuse(options, READING_OPTIONS, "BERT labelers; they are for the rules")
    path = Path(name)
    if not path.exists():
        installed = "".join(f', "{item.name}"' for item in installed_labelers())
        raise InputError(
            f'there is no labeler {str(name)!r}: name "rules", "builtin"{installed}, a CheXbert '
            ".pth file, or a model folder"
        )
    from lingula.bert import load_bert

    return load_bert(path, schema=schema, **options)


def _language_model(name: str, schema: Schema | None, options: dict[str, Any]) -> Labeler:
    from lingula.llm import LanguageModelLabeler

    foreign = RULE_OPTIONS | READING_OPTIONS | BERT_OPTIONS
    _refuse(options, foreign - {"cache"}, "language models")
    return LanguageModelLabeler(name.removeprefix(LLM), schema=schema, **options)


def installed_labelers() -> tuple[EntryPoint, ...]:
    """The entry points by which installed packages name labelers (docs/own-labeler.md)."""
    return tuple(entry_points(group=ENTRY_POINTS))


def _installed(name: str) -> Any:
    """The labeler class of an installed package's entry point, or None.

    Raises:
        InputError: If it cannot be imported.
    """
    for item in installed_labelers():
        if item.name == name:
            try:
                return item.load()
            except (ImportError, AttributeError) as error:
                raise InputError(
                    f"the labeler {name!r} of the package at {item.value} cannot be loaded: "
                    f"{error}; install it again"
                ) from None
    return None


def _refuse_unknown(made: Any, options: dict[str, Any], name: str) -> None:
    try:
        known = inspect.signature(made)
    except (TypeError, ValueError):  # made outside Python: it says itself what it does not know
        return
    takes_all = any(item.kind is item.VAR_KEYWORD for item in known.parameters.values())
    _refuse(
        options,
        frozenset() if takes_all else frozenset(options) - frozenset(known.parameters),
        f"the labeler {name!r}",
    )


def _refuse(options: dict[str, Any], foreign: frozenset[str], why: str) -> None:
    wrong = sorted(foreign & set(options))
    if wrong:
        raise InputError(f"{', '.join(wrong)}: no option of {why}")
