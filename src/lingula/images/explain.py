"""Where a model looked: Grad-CAM (Selvaraju et al., ICCV 2017) by MONAI, laid over the film."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lingula.documents import Document, Kind, Note, Picture, Section, Table
from lingula.errors import RecipeError
from lingula.images.model import FilmModel, SelectedModel
from lingula.images.networks import FilmNetwork
from lingula.images.pictures import Gray, fit_size, read_gray
from lingula.images.predict import HeldImages
from lingula.images.recipe import PictureSettings

#: Colour of the strongest heat, red green blue; the film shows through where there is none.
_HEAT = np.array([255.0, 96.0, 0.0])
#: How much of the film the strongest heat hides.
_COVER = 0.55
_MOST_PIXELS = 1024


@dataclass(frozen=True, eq=False)
class Heat:
    """What one observation's score rests on.

    Attributes:
        observation: Its name.
        score: Of the film.
        values: float32, shape of the film, 0 to 1; the largest is 1 unless all are 0.
    """

    observation: str
    score: float
    values: Gray


def explain_film(
    model: FilmModel | SelectedModel, path: Path, observations: Sequence[str] = ()
) -> tuple[Gray, list[Heat]]:
    """A film, and the heat of some observations, the highest score first.

    The heat of an ensemble is the mean of its members'.

    Args:
        model: Scores the film.
        path: The picture.
        observations: All of the model's if not given.

    Raises:
        InputError: If the picture cannot be read.
        SchemaError: If an observation is unknown.
        RecipeError: If the network has no last layer of channels, which Grad-CAM needs.
    """
    gray = read_gray(path)
    scores = model.scores(HeldImages([gray]).at_size, 1)
    names = [model.schema.names[model.schema.index(name)] for name in observations]
    heats = []
    for name in names or model.schema.names:
        part = _part_for(model, name)
        place = part.schema.index(name)
        pictures = part.recipe.pictures
        pixels = torch.from_numpy(fit_size(gray, pictures).astype(np.float32))
        mean = np.mean([_heat(each, place, pixels) for each in part.networks], axis=0)
        values = unfit(mean.astype(np.float32), gray.shape, pictures)
        top = float(values.max())
        score = float(scores.values[0, model.schema.index(name)])
        heats.append(Heat(name, score, values / top if top > 0 else values))
    return gray, sorted(heats, key=lambda heat: -heat.score)


def unfit(values: Gray, shape: tuple[int, ...], settings: PictureSettings) -> Gray:
    """A map of the network's image laid back on the film: the inverse of ``pictures.fit_size``.

    Args:
        values: float32, shape (size, size).
        shape: Of the film, height and width.
        settings: How the film was fitted.

    Returns:
        float32, that shape; 0 where the film was cropped away.
    """
    from PIL import Image

    size = settings.size
    side = max(shape) if settings.fit == "pad" else min(shape)
    scale = side / size
    whole = max(1, round(size * scale))
    large = Image.fromarray(values).resize((whole, whole), Image.Resampling.BILINEAR)
    held = np.asarray(large)
    out = np.zeros(shape, dtype=np.float32)
    rows, columns = ((whole - extent) // 2 for extent in shape)
    top, left = max(rows, 0), max(columns, 0)
    down, right = max(-rows, 0), max(-columns, 0)
    part = held[top : top + shape[0] - down, left : left + shape[1] - right]
    out[down : down + part.shape[0], right : right + part.shape[1]] = part
    return out


def overlay(gray: Gray, heat: Heat) -> bytes:
    """The film with the heat over it, as a PNG of at most 1,024 pixels a side."""
    from PIL import Image

    film = np.repeat((gray * 255)[..., None], 3, axis=-1)
    cover = (heat.values * _COVER)[..., None]
    mixed = np.rint(film * (1 - cover) + _HEAT * cover).astype(np.uint8)
    image = Image.fromarray(mixed)
    image.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def explanation(path: Path, gray: Gray, heats: Sequence[Heat], most: int = 5) -> Document:
    """A page: the scores, and the film with the heat of the highest ones."""
    table = Table.of(
        "scores",
        "Scores",
        ("observation", "Observation", Kind.TEXT, [heat.observation for heat in heats]),
        ("score", "Score", Kind.FIGURE, [heat.score for heat in heats]),
    )
    pictures = [
        Picture(
            f"heat{place}",
            f"{heat.observation} ({heat.score:.3f})",
            overlay(gray, heat),
            f"The film with what the score of {heat.observation} rests on, in orange.",
        )
        for place, heat in enumerate(heats[:most])
    ]
    note = Note(
        "Grad-CAM shows coarsely which places raise a score. It does not show that they are ill, "
        "and a model that looks beside the lungs may have learned something else than the finding."
    )
    return Document(path.name, (Section("", (table, note, *pictures)),), form="Film explained")


def _part_for(model: FilmModel | SelectedModel, name: str) -> FilmModel:
    if isinstance(model, FilmModel):
        return model
    return next(part for part, names in model.parts if name in names)


class _LogOdds(nn.Module):
    """A network as Grad-CAM calls it: images with a channel in, one log-odds an observation out."""

    def __init__(self, network: FilmNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.network(images[:, 0])
        return found if self.network.outputs == 1 else found[..., 1] - found[..., 0]


def _heat(network: FilmNetwork, place: int, pixels: Tensor) -> npt.NDArray[np.float32]:
    """Heat of one network, float32, shape (size, size), 0 and more."""
    from monai.visualize.class_activation_maps import GradCAM

    layer = "network.backbone.class_layers.relu"
    whole = _LogOdds(network.eval())
    if layer not in {name for name, _ in whole.named_modules()}:
        raise RecipeError("Grad-CAM is made for DenseNets; this model's network is another kind")
    cam = GradCAM(whole, target_layers=layer, postprocessing=lambda heat: heat)
    images = pixels.to(network.mean.device)[None, None]
    found: npt.NDArray[np.float32] = cam(images, class_idx=place)[0, 0].detach().cpu().numpy()
    return np.maximum(found, 0)
