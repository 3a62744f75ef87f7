"""Where a model looked, laid over the film: Grad-CAM (Selvaraju et al., ICCV 2017) by MONAI, and
occlusion (Zeiler and Fergus, ECCV 2014): how much a score falls when a patch is hidden.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
#: Pixels of an overlay's longer side: a small film is shown in larger dots.
_LEAST_PIXELS, _MOST_PIXELS = 512, 1024
#: A hidden patch is a square of this share of the image's side, at least of so many pixels; patches
#: overlap by half. Ours: a compromise of fineness and time (225 images for each network).
_PATCH = 8
_FEWEST_PIXELS = 4
_BATCH = 16

Method = Literal["grad-cam", "occlusion"]

_CAUTION = {
    "grad-cam": "Grad-CAM shows coarsely which places raise a score.",
    "occlusion": "Occlusion shows how much a score falls (in log-odds) when a patch of the film is "
    "hidden by the film's mean gray, so it is as coarse as the patch; what a patch shares with the "
    "rest of the film may go unseen.",
}


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
    model: FilmModel | SelectedModel,
    path: Path,
    observations: Sequence[str] = (),
    method: Method = "grad-cam",
) -> tuple[Gray, list[Heat]]:
    """A film, and the heat of some observations, the highest score first.

    The heat of an ensemble is the mean of its members'.

    Args:
        model: Scores the film.
        path: The picture.
        observations: All of the model's if not given.
        method: Grad-CAM, or occlusion, which any network allows.

    Raises:
        InputError: If the picture cannot be read.
        SchemaError: If an observation is unknown.
        RecipeError: If the network has no last layer of channels, which Grad-CAM needs.
    """
    gray = read_gray(path)
    scores = model.scores(HeldImages([gray]).at_size, 1)
    names = [model.schema.names[model.schema.index(name)] for name in observations]
    heats: list[tuple[str, Gray]] = []
    for part, own in _parts_for(model, names or model.schema.names):
        pictures = part.recipe.pictures
        pixels = torch.from_numpy(fit_size(gray, pictures).astype(np.float32))
        places = [part.schema.index(name) for name in own]
        means = np.mean([_HEATS[method](each, places, pixels) for each in part.networks], axis=0)
        heats += _laid_back(own, means, gray, pictures)
    by_name = {name: float(scores.values[0, at]) for at, name in enumerate(model.schema.names)}
    found = [Heat(name, by_name[name], values) for name, values in heats]
    return gray, sorted(found, key=lambda heat: -heat.score)


def _laid_back(
    names: Sequence[str], maps: npt.NDArray[np.float32], gray: Gray, pictures: PictureSettings
) -> Iterator[tuple[str, Gray]]:
    """Names, and their maps at the film's size, the largest value 1."""
    for name, values in zip(names, maps, strict=True):
        whole = unfit(values.astype(np.float32), gray.shape, pictures)
        top = float(whole.max())
        yield name, whole / top if top > 0 else whole


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
    """The film with the heat over it, as a PNG of 512 to 1,024 pixels on its longer side."""
    from PIL import Image

    film = np.repeat((gray * 255)[..., None], 3, axis=-1)
    cover = (heat.values * _COVER)[..., None]
    mixed = np.rint(film * (1 - cover) + _HEAT * cover).astype(np.uint8)
    image = Image.fromarray(mixed)
    image.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    larger = -(-_LEAST_PIXELS // max(image.size))
    image = image.resize((image.width * larger, image.height * larger), Image.Resampling.NEAREST)
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def explanation(
    path: Path, gray: Gray, heats: Sequence[Heat], method: Method = "grad-cam", most: int = 5
) -> Document:
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
        f"{_CAUTION[method]} It does not show that a place is ill, and a model that looks beside "
        "the lungs may have learned something else than the finding."
    )
    return Document(path.name, (Section("", (table, note, *pictures)),), form="Film explained")


def _parts_for(
    model: FilmModel | SelectedModel, names: Sequence[str]
) -> Iterator[tuple[FilmModel, list[str]]]:
    """Models, with those of the observations that each answers for."""
    parts = ((model, names),) if isinstance(model, FilmModel) else model.parts
    for part, held in parts:
        own = [name for name in names if name in held]
        if own:
            yield part, own


class _LogOdds(nn.Module):
    """A network as MONAI calls it: images with a channel in, one log-odds an observation out."""

    def __init__(self, network: FilmNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.network(images[:, 0])
        return found if self.network.outputs == 1 else found[..., 1] - found[..., 0]


def _grad_cam(
    network: FilmNetwork, places: Sequence[int], pixels: Tensor
) -> npt.NDArray[np.float32]:
    """Heat of one network, float32, shape (places, size, size), 0 and more."""
    from monai.visualize.class_activation_maps import GradCAM

    layer = "network.backbone.class_layers.relu"
    whole = _LogOdds(network.eval())
    if layer not in {name for name, _ in whole.named_modules()}:
        raise RecipeError(
            "Grad-CAM is made for DenseNets; this model's network is another kind: take "
            "--method occlusion"
        )
    cam = GradCAM(whole, target_layers=layer, postprocessing=lambda heat: heat)
    images = pixels.to(network.mean.device)[None, None]
    found = [cam(images, class_idx=place)[0, 0].detach().cpu().numpy() for place in places]
    heat: npt.NDArray[np.float32] = np.maximum(np.stack(found), 0)
    return heat


def _occlusion(
    network: FilmNetwork, places: Sequence[int], pixels: Tensor
) -> npt.NDArray[np.float32]:
    """How much log-odds fall where a patch is hidden, mean over patches; as of ``_grad_cam``.

    Ours, as MONAI's (1.6) indexes tensors in a way that torch is about to read otherwise.
    """
    whole, size = _LogOdds(network.eval()), pixels.shape[-1]
    side = max(_FEWEST_PIXELS, size // _PATCH)
    starts = [*range(0, size - side, side // 2), size - side]
    patches = [
        (slice(top, top + side), slice(left, left + side)) for top in starts for left in starts
    ]
    plain_image, gray = pixels.to(network.mean.device), pixels.mean()
    fall = np.zeros((len(places), size, size), dtype=np.float32)
    times = np.zeros((size, size), dtype=np.float32)
    with torch.inference_mode():
        plain = whole(plain_image[None, None]).cpu().numpy()[0, list(places)]
        for at in range(0, len(patches), _BATCH):
            part = patches[at : at + _BATCH]
            images = plain_image.repeat(len(part), 1, 1, 1)
            for row, patch in enumerate(part):
                images[row, 0][patch] = gray
            hidden = whole(images).cpu().numpy()[:, list(places)]
            for row, patch in enumerate(part):
                fall[:, patch[0], patch[1]] += (plain - hidden[row])[:, None, None]
                times[patch] += 1
    found: npt.NDArray[np.float32] = np.maximum(fall / times, 0)
    return found


_HEATS: dict[Method, Callable[[FilmNetwork, Sequence[int], Tensor], npt.NDArray[np.float32]]] = {
    "grad-cam": _grad_cam,
    "occlusion": _occlusion,
}
