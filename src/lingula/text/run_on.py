"""Statements whose full stops were lost: "tip in SVC No pneumothorax"."""

from __future__ import annotations

import re

from lingula.text.list_items import OPEN_END

#: A capitalized word that opens statements, in the middle of a line and without a stop before it.
_RUN_ON = re.compile(
    r" (?<=[a-z0-9)\]] ) *(?=[A-Z])(?=(?:No|There|The|This|These|Heart|Cardiac|Cardiomediastinal|"
    r"Mediastinum|Mediastinal|Lungs?|Pleural|Bilateral|Right|Left|Small|Large|Mild|Moderate|Minimal|Minor|"
    r"Stable|Unchanged|Patchy|Hazy|Expected|Old|Remote|Healed|Multiple|Bones|Osseous|Imaged|"
    r"Visualized|Surgical|Median|Status|Interval|New|Persistent|Increased|Decreased|Improved|"
    r"Improving|Worsening|Normal|Pneumothorax|Effusions?|Consolidation|Edema|Oedema|Atelectasis|"
    r"Pneumonia|Cardiomegaly|Opacity|Opacities|Biapical|Bibasilar|Bibasal|Basilar|Trachea|Aorta|"
    r"Degenerative|Calcified|Tip|Endotracheal|Nasogastric|Enteric|Pacemaker|Sternotomy|Epicardial|"
    r"Trace|Tiny|Possible|Probable|Likely|Findings|Given|Further|Follow|Recommend|Again|Otherwise|"
    r"Limited|Low|Hyperinflated|Scattered|Focal|Diffuse|Mitral|Rib|Fracture|Scarring|Slight|"
    r"Slightly|Mildly|Severe|Extensive|Support|Two|Three|Several|Negative|Bony|Emphysema|"
    r"Emphysematous|Nodular|Nodules?|Mass|Airspace|Streaky|Interstitial|Vascular|Pulmonary|Hilar|"
    r"Postsurgical|Postoperative|Overlying|Dense|Round|Rounded|Thoracic|Scoliosis|Kyphosis|Central|"
    r"Blunting|Elevation|Clear|Air|Hyperinflation|Chronic|Acute|Overall|Compared|Both|All|Some|"
    r"Suspected|Questionable|Volume|Sternal|Vertebral|Compression|Granulomas?|Prominent|Enlarged|"
    r"Tortuous|Atherosclerotic|Faint|Subtle|Subsegmental|Linear|Please|Correlate|Consider|Suggest|"
    r"Clinical|Previous|Previously|Flowing|Frontal|Does|Is)"
    r",? [a-z])"
)
#: The last piece of a check box, before the label that belongs to it.
_CHECK_BOXES = frozenset({"]", ")", "[]", "()", "[x]", "(x)", "x]", "x)"})


def divided(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sentences of a text, those that hold several statements divided."""
    spaced = text.replace("\t", " ") if "\t" in text else text
    if _RUN_ON.search(spaced) is None:
        return spans
    return [piece for span in spans for piece in _pieces(spaced, *span)]


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The statements of one sentence."""
    pieces = []
    for match in _RUN_ON.finditer(text, start, end):
        words = text[max(start, match.start() - 20) : match.start()].split()
        last = words[-1].lower() if words else ""
        if last and last.lstrip("(") not in OPEN_END and last not in _CHECK_BOXES:
            pieces.append((start, match.start()))
            start = match.end()
    return [*pieces, (start, end)]
