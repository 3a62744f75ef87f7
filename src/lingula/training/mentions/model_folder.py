"""The folder of a trained mention model, as the built-in labeler opens it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from lingula.builtin.joining import Joint
from lingula.builtin.mention_model import FIRST, REST, SETTINGS, TOKENIZER
from lingula.training.mentions.export import export_mentions
from lingula.training.mentions.network import MentionNetwork


def write_model(
    folder: Path,
    trained: tuple[MentionNetwork, Tokenizer],
    joints: Sequence[Joint],
    record: dict[str, Any],
) -> None:
    """A model folder: graphs, tokenizer and ``mentions.json``."""
    network, tokenizer = trained
    folder.mkdir(parents=True, exist_ok=True)
    export_mentions(network, folder)
    (folder / TOKENIZER).write_text(tokenizer.to_str(), encoding="utf-8")
    early, last = (
        {"temperature": joint.temperature.tolist(), "trust": joint.trust.tolist()}
        for joint in joints
    )
    settings = {
        "format": 1,
        "schema": "chexpert14",
        "heads": network.encoder.config.num_attention_heads,
        "joint": last,
        "early": early,
        "sure": record["sure"],
        "trained_with_rules": record["rules"],
        "new_sentences": record["new_sentences"]["all"],
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in (FIRST, REST, TOKENIZER)
        },
    }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
