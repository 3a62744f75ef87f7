"""Reading strata: offsets, blanks, what the columns hold together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.labels import Label
from lingula.strata import StrataReader, find_strata, strata
from lingula.strata.sections import hide_sections

EXAMPLES = [example.text for item in strata() for example in item.examples]


def test_an_empty_or_missing_text_has_blanks() -> None:
    found = find_strata([None, "", " \n", "Small left effusion."], evidence=True)
    assert [found.column("Pleural Effusion Size")[row] for row in range(4)] == [
        None,
        None,
        None,
        "small",
    ]
    assert found.evidence is not None
    assert found.evidence[:3] == ((), (), ())


def test_evidence_names_the_words_of_finding_and_detail() -> None:
    text = "Heart is normal. There is a moderate layering right pleural effusion."
    (items,) = find_strata([text], evidence=True).evidence or ()
    by_name = {item.stratum: item for item in items}
    size = by_name["Pleural Effusion Size"]
    assert (size.value, size.phrase, size.cue) == ("moderate", "pleural effusion", "moderate")
    assert text[size.start : size.end] == "pleural effusion"
    assert text[size.cue_start : size.cue_end] == "moderate"
    assert by_name["Pleural Effusion Side"].cue == "right"


def test_evidence_of_a_drained_pneumothorax_names_the_tube() -> None:
    text = "Left pneumothorax. A left chest tube is in place."
    (items,) = find_strata([text], evidence=True).evidence or ()
    (item,) = [x for x in items if x.stratum == "Pneumothorax Chest Tube"]
    assert (item.value, item.phrase, item.cue) == ("with chest tube", "pneumothorax", "chest tube")


def test_an_age_that_is_told_once_needs_no_unknown_beside_it() -> None:
    text = "Healed rib fracture. The fracture is seen again."
    found = find_strata([text], evidence=True)
    assert found.column("Fracture Age") == ["healed"]
    assert found.evidence is not None
    ages = [x.value for x in found.evidence[0] if x.stratum == "Fracture Age"]
    assert ages == ["healed"]


def test_a_device_that_is_removed_and_one_that_is_there_is_present() -> None:
    found = find_strata(["The right PICC was removed. New left PICC."])
    assert found.column("PICC") == [1.0]


def test_a_broken_sternal_wire_is_no_fracture() -> None:
    found = find_strata(["Fracture of the most superior sternotomy wire."])
    assert found.column("Sternal Wires Integrity") == ["broken"]
    assert found.column("Fracture Age") == [None]


def test_counts_and_arrow_agree_with_the_columns() -> None:
    texts = EXAMPLES * 2
    found = find_strata(texts)
    table = found.to_arrow()
    assert table.num_rows == len(texts)
    for name, values in found.columns().items():
        assert table.column(name).to_pylist() == values
        told = [value for value in values if value is not None]
        assert found.counts(name) == {value: told.count(value) for value in set(told)}
    with pytest.raises(KeyError):
        found.column("Cardiomegaly")


def test_the_cache_does_not_change_anything() -> None:
    reader = StrataReader()
    first = reader.read(EXAMPLES, evidence=True)
    again = reader.read(EXAMPLES, evidence=True)
    alone = [StrataReader().read([text], evidence=True) for text in EXAMPLES[:5]]
    assert first.columns() == again.columns()
    assert first.evidence == again.evidence
    assert [x.evidence[0] for x in alone if x.evidence] == list(first.evidence or ())[:5]


def test_every_value_has_evidence_and_only_known_values_occur() -> None:
    found = find_strata(EXAMPLES, evidence=True)
    known = {item.name: set(item.values) for item in strata()}
    words = {1.0: "present", 0.0: "absent", -1.0: "uncertain"}
    for name, values in found.columns().items():
        for text, value, items in zip(EXAMPLES, values, found.evidence or (), strict=True):
            told = {x.value for x in items if x.stratum == name}
            if isinstance(value, str):
                assert set(value.split(";")) <= known[name]
                assert told, (text, name)
            elif value is not None:
                assert words[value] in told
            else:
                assert not told


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(EXAMPLES),
            st.sampled_from(["left", "small", "effusion,", "and", "fracture", "old", "no", "\n"]),
            st.text(max_size=12),
        ),
        max_size=8,
    )
)
def test_offsets_point_at_the_words_in_any_text(parts: list[str]) -> None:
    text = " ".join(parts)
    found = find_strata([text], evidence=True)
    for item in (found.evidence or ((),))[0]:
        assert text[item.start : item.end] == item.phrase
        assert item.phrase.strip()
        assert item.label is not Label.BLANK
        if item.cue_start is not None:
            assert text[item.cue_start : item.cue_end] == item.cue


REPORT = """EXAMINATION:  PORTABLE CHEST

INDICATION:  Evaluate chest tube.

COMPARISON:  PA and lateral views of the day before.

FINDINGS:  Small left pneumothorax.

IMPRESSION:  Unchanged."""


def test_sections_that_tell_of_other_images_are_hidden_and_offsets_stay() -> None:
    shown = hide_sections(REPORT)
    assert len(shown) == len(REPORT)
    assert "PORTABLE" in shown
    assert "lateral" not in shown
    assert "chest tube" not in shown
    at = REPORT.index("pneumothorax")
    assert shown[at:].startswith("pneumothorax")


def test_named_sections_alone_are_kept() -> None:
    shown = hide_sections(REPORT, ("impression",))
    assert shown.split() == ["Unchanged."]
    assert len(shown) == len(REPORT)
    assert hide_sections(REPORT, None) == REPORT
