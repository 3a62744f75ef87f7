"""Runs on a validation table -> the best for each observation, as one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lingula.documents import Document
from lingula.errors import InputError
from lingula.images.films import FilmTable, read_films
from lingula.images.model import FilmModel, load_model, model_folder, save_selection
from lingula.images.predict import predict_films
from lingula.images.select import Candidates, choose, selection_document


def select_runs(
    table: FilmTable,
    runs: Sequence[Path],
    folder: Path,
    *,
    device: torch.device,
    skip_broken: bool = False,
    resamples: int = 1000,
    seed: int = 1,
) -> tuple[Document, list[dict[str, Any]]]:
    """Score studies with every run, choose, and write the selection.

    Args:
        table: Films with labels, that no run was trained on.
        runs: Run or model folders, of different names.
        folder: To write.
        device: Where the runs score.
        skip_broken: Leave out pictures that cannot be read.
        resamples: Of the paired bootstrap.
        seed: Of the resamples.

    Returns:
        What people read, and the same as plain values.

    Raises:
        InputError: If runs have one name, differ in what blank means, or share no observation.
    """
    names = [run.resolve().name for run in runs]
    if len(set(names)) < len(names):
        raise InputError("two runs have the same folder name; rename one")
    models = [load_model(run, device) for run in runs]
    first = models[0]
    if not all(isinstance(model, FilmModel) for model in models):
        raise InputError("a selection cannot be a part of another; name the runs themselves")
    blanks = {model.recipe.blank for model in models}
    if len(blanks) > 1:
        raise InputError("the runs differ in what blank counts as; choose among those that agree")
    shared = [name for name in first.schema.names if all(name in m.schema for m in models)]
    if not shared:
        raise InputError("the runs share no observation")
    films = read_films(table, first.schema).of_view(first.recipe.views)
    labeled = () if films.labels is None else films.labels.schema.names
    schema = first.schema.restrict([name for name in shared if name in labeled])
    scores = []
    for model in models:
        found = predict_films(model, films, skip_broken=skip_broken)
        scores.append(found.study_scores.select(schema.names).values)
    studies = found.studies
    whole = np.stack(scores)
    if np.isnan(whole).any():
        kept = ~np.isnan(whole).any(axis=(0, 2))
        whole = whole[:, kept]
    else:
        kept = np.ones(len(studies), dtype=np.bool_)
    own = [list(labeled).index(name) for name in schema.names]
    patients = films.patients[studies.first][kept]
    candidates = Candidates(
        tuple(names),
        schema,
        whole,
        studies.classes(films.classes[:, own])[kept],
        patients if all(patients) else None,
        first.recipe.blank,
    )
    choices, undefined = choose(candidates, resamples=resamples, seed=seed)
    best = {choice.observation: choice.best for choice in choices}
    parts = [
        (name, model_folder(run), tuple(item for item, who in best.items() if who == name))
        for name, run in zip(names, runs, strict=True)
        if name in best.values()
    ]
    save_selection(folder, schema.restrict(tuple(best)), parts)
    document = selection_document(choices, undefined, int(kept.sum()), resamples)
    return document, [{**asdict(choice), "by_luck": choice.by_luck} for choice in choices]
