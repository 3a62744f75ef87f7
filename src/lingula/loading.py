"""``lingula.load``: one door to every labeler; each is imported only when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lingula.errors import InputError
from lingula.labels import Labeler, Schema
from lingula.schemas import is_lexicon_file, load_schema

#: Options that only the rules know, and those that only BERT labelers know.
RULE_OPTIONS = frozenset({"lexicon", "aggregation", "cache"})
#: What the rules and the built-in labeler, which holds rules, know.
READING_OPTIONS = frozenset({"spelling"})
BERT_OPTIONS = frozenset({"batch_size", "device", "runtime", "precision", "threads", "long"})


def load(
    name: str | Path = "rules", *, schema: str | Path | Schema | None = None, **options: Any
) -> Labeler:
    """A labeler, by name or by path.

    Args:
        name: "rules" (the rule labeler), "builtin" (rules and a small model that ships), a
            CheXbert checkpoint (``.pth``), or a model folder.
        schema: A schema, its name, or a TOML file; the labeler's own if not given.
        options: Passed to the labeler: ``lexicon``, ``aggregation`` and ``cache`` for the rules;
            ``spelling`` for the rules and the built-in labeler;
            ``device``, ``runtime``, ``precision``, ``batch_size``, ``threads`` and ``long`` for
            BERT labelers.

    Raises:
        InputError: If there is no labeler of that name and no such file or folder, or it does not
            know an option.
        SchemaError: If the schema is unknown or does not fit the labeler.
        CheckpointError: If the model file is damaged or of another kind.
        MissingExtraError: If the labeler needs packages that are not installed.
    """
    if schema is not None and not isinstance(schema, Schema):
        if str(name) == "rules" and "lexicon" not in options and is_lexicon_file(schema):
            options["lexicon"] = schema
        schema = load_schema(schema)
    if str(name) == "rules":
        from lingula.rules import RuleLabeler

        _refuse(options, BERT_OPTIONS, f"the labeler {str(name)!r}; they are for BERT labelers")
        return RuleLabeler(schema=schema, **options)
    _refuse(options, RULE_OPTIONS, f"the labeler {str(name)!r}; they are for the rules")
    if str(name) == "builtin":
        from lingula.builtin import BuiltinLabeler

        return BuiltinLabeler(schema=schema, **options)
    _refuse(options, READING_OPTIONS, "BERT labelers; they are for the rules")
    path = Path(name)
    if not path.exists():
        raise InputError(
            f'there is no labeler {str(name)!r}: name "rules", "builtin", a CheXbert '
            ".pth file, or a model folder"
        )
    from lingula.bert import load_bert

    return load_bert(path, schema=schema, **options)


def _refuse(options: dict[str, Any], foreign: frozenset[str], why: str) -> None:
    wrong = sorted(foreign & set(options))
    if wrong:
        raise InputError(f"{', '.join(wrong)}: no option of {why}")
