"""The way of a review through the command line: made, labeled, measured, exported, trained on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from made import judged, labeled, person

from lingula.cli import cli
from lingula.labels import Label
from lingula.review.folder import open_review
from lingula.schemas import CHEXBERT_ORDER, load_schema
from lingula.tables.label_table import read_label_table

EXAMPLES = Path(__file__).parents[3] / "examples" / "reports.csv"
NAMES = load_schema("chexpert14").names


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)], catch_exceptions=True)


def told(result: Result) -> str:
    return str(result.exception) if result.exception else result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "study.review"
    done = run(
        "review", EXAMPLES, "-o", made, "--readers", "ana, ben", "--adjudicators", "dora",
        "--practice", 3, "--no-serve", "--quiet",
    )  # fmt: skip
    assert done.exit_code == 0, told(done)
    assert "2 of 2 readers" in done.output
    return made


def read_everything(folder: Path) -> tuple[int, int]:
    """Both readers go through all reports; ben sees a fracture in every fifth."""
    differing = 0
    with open_review(folder) as store:
        for name in ("ana", "ben"):
            who, count = person(store, name), 0
            while (view := store.next_report(who)) is not None:
                count += 1
                odd = name == "ben" and view.report_id % 5 == 0
                odd &= (view.proposals or {})["Fracture"] == 0
                differing += odd and not view.practice
                store.record(who, labeled(view.report_id, **({"Fracture": 1} if odd else {})))
        return count, differing


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_from_a_table_to_expert_labels(folder: Path, tmp_path: Path) -> None:
    assert (folder.stat().st_mode & 0o77, (folder / "review.sqlite").stat().st_mode & 0o77) == (
        0,
        0,
    )
    count, differing = read_everything(folder)
    assert (count, differing > 3) == (47, True)
    out = tmp_path / "expert.csv"
    done = run("review", "export", folder, "-o", out)
    assert done.exit_code == 0, told(done)
    agreed = rows(out)
    assert len(agreed) == 44 - differing
    assert {row["labels_by"] for row in agreed} == {"agreed"}
    assert list(agreed[0])[:3] == ["id", "Report Impression", CHEXBERT_ORDER[0]]
    assert "are not settled" in done.stderr
    with open_review(folder) as store:
        dora = person(store, "dora")
        disputes = store.disputed(dora)
        assert len(disputes) == differing
        for item in disputes:
            view = store.dispute(dora, item.report_id)
            assert view is not None
            assert [cell.observation for cell in view.cells] == ["Fracture"]
            assert set(view.cells[0].votes) == {0, 1}
            store.record(dora, labeled(item.report_id, Fracture=3))
    assert "--overwrite" in told(run("review", "export", folder, "-o", out))
    done = run("review", "export", folder, "-o", out, "--overwrite")
    assert len(rows(out)) == 44
    decided = read_label_table(out)
    fractures = decided.labels.classes[:, decided.schema.index("Fracture")]
    assert (fractures == Label.UNCERTAIN).sum() == differing
    for whose, label in (("ana", Label.BLANK), ("ben", Label.POSITIVE)):
        own = tmp_path / f"{whose}.csv"
        assert run("review", "export", folder, "-o", own, "--labels", whose).exit_code == 0
        table = read_label_table(own)
        found = table.labels.classes[:, table.schema.index("Fracture")]
        assert (found == label).sum() >= differing
    beside = tmp_path / "readers.csv"
    assert run("review", "export", folder, "-o", beside, "--form", "readers").exit_code == 0
    adjudicated = [row for row in rows(beside) if row["labels_by"] == "adjudicated"]
    assert len(adjudicated) == differing
    for row in adjudicated:
        three = [row["Fracture"], row["Fracture (ana)"], row["Fracture (ben)"]]
        assert [cell and float(cell) for cell in three] == [-1.0, "", 1.0]


def test_what_is_exported_can_be_evaluated_against(folder: Path, tmp_path: Path) -> None:
    read_everything(folder)
    out = tmp_path / "expert.csv"
    assert run("review", "export", folder, "-o", out, "--labels", "ana").exit_code == 0
    labels = tmp_path / "labels.csv"
    assert run("label", EXAMPLES, "-o", labels, "--quiet").exit_code == 0
    figures = tmp_path / "figures.json"
    done = run(
        "evaluate", out, labels, "--json", figures, "--quiet", "--shared-ids",
    )  # fmt: skip
    assert done.exit_code == 0, told(done)
    assert json.loads(figures.read_text(encoding="utf-8"))


def test_long_form_and_trail(folder: Path, tmp_path: Path) -> None:
    with open_review(folder) as store:
        ana = person(store, "ana")
        view = store.next_report(ana)
        assert view is not None
        start = view.text.index(" ") + 1
        spans = f"0-{start - 1} {start}-{start + 2}"
        store.record(
            ana,
            [
                judged("label", view.report_id, "Edema", "2"),
                judged("mark", view.report_id, "Edema", spans),
                judged("comment", view.report_id, value="sure"),
                judged("submit", view.report_id, value="1"),
            ],
        )
    out = tmp_path / "long.csv"
    assert "nothing is complete" in told(
        run("review", "export", folder, "-o", out, "--form", "long")
    )
    assert not out.exists()
    done = run("review", "export", folder, "-o", out, "--form", "long", "--all", "--practice")
    assert done.exit_code == 0, told(done)
    found = {row["observation"]: row for row in rows(out)}
    assert len(rows(out)) == len(found) == 14
    edema, other = found["Edema"], found["Pneumonia"]
    assert (edema["label"], edema["answered"], edema["comment"]) == ("0.0", "answered", "sure")
    assert edema["marked"] == f"{view.text[: start - 1]} … {view.text[start : start + 2]}"
    assert float(edema["report_seconds"]) == 6.0
    assert edema["answered_at"]
    assert (other["answered"], other["answered_at"], other["marked"]) == ("taken", "", "")
    trail = tmp_path / "trail.csv"
    assert run("review", "export", folder, "-o", trail, "--form", "trail").exit_code == 0
    kinds = [row["kind"] for row in rows(trail)]
    assert kinds == ["label", "mark", "comment", "submit"]
    assert len(rows(trail)[-1]["classes"]) == 14


def test_flags_leave_the_table_and_open_a_dispute(folder: Path, tmp_path: Path) -> None:
    with open_review(folder) as store:
        for name in ("ana", "ben"):
            who = person(store, name)
            while (view := store.next_report(who)) is not None:
                both = view.report_id == 5
                flag = both or (view.report_id == 6 and name == "ana")
                first = [judged("flag", view.report_id, value="unreadable")] if flag else []
                store.record(who, [*first, judged("submit", view.report_id, value="1")])
        disputed = [item.report_id for item in store.disputed(person(store, "dora"))]
        practice = {5, 6} & {
            int(at)
            for at in store.collected().reports[np.array(store.collected().why) == "practice"]
        }
        assert set(disputed) == {6} - practice
    out = tmp_path / "expert.csv"
    assert run("review", "export", folder, "-o", out, "--practice").exit_code == 0
    with open_review(folder) as store:
        names = dict(zip(store.collected().reports.tolist(), store.collected().names, strict=True))
    held = {row["id"] for row in rows(out)}
    assert not {names[5], names[6]} & held
    assert len(held) == 45


def test_labels_made_elsewhere_come_in_once(folder: Path, tmp_path: Path) -> None:
    texts = {row["study_id"]: row["report"] for row in rows(EXAMPLES)}
    table = tmp_path / "cem.csv"
    assert run("label", EXAMPLES, "-o", table, "--quiet").exit_code == 0
    assert "--shared-ids" in told(run("review", "import", folder, table, "--reader", "cem"))
    cem = ("review", "import", folder, table, "--reader", "cem", "--shared-ids")
    done = run(*cem)
    assert done.exit_code == 0, told(done)
    assert "cem: 47 reports" in done.output
    assert "cem: 0 reports" in run(*cem).output
    assert "--reader" in told(run("review", "import", folder, table))
    doccano = tmp_path / "dan.jsonl"
    doccano.write_text(
        "".join(
            json.dumps({"id": at, "text": texts[name], "label": ["Edema", "Fracture: negative"]})
            + "\n"
            for at, name in enumerate(["s001", "s002"], start=9000)
        ),
        encoding="utf-8",
    )
    assert "dan: 2 reports" in run("review", "import", folder, doccano, "--reader", "dan").output
    spans = tmp_path / "eve.jsonl"
    spans.write_text(
        json.dumps({"id": 1, "text": texts["s003"], "label": [[0, 4, "Pneumonia"]]}) + "\n",
        encoding="utf-8",
    )
    assert "eve: 1 report" in run("review", "import", folder, spans, "--reader", "eve").output
    with open_review(folder) as store:
        data = store.collected()
        row = [one.name for one in data.people].index("dan")
        at = data.names.index("s001")
        found = dict(zip(NAMES, data.classes[row, at].tolist(), strict=True))
        assert {name: label for name, label in found.items() if label} == {
            "Edema": Label.POSITIVE,
            "Fracture": Label.NEGATIVE,
        }
        eve = person(store, "eve")
        number = int(data.reports[data.names.index("s003")])
        assert store.report(eve, number).marks == {"Pneumonia": "0-4"}  # type: ignore[union-attr]


def test_label_studio_there_and_back(folder: Path, tmp_path: Path) -> None:
    read_everything(folder)
    tasks = tmp_path / "tasks.json"
    done = run("review", "export", folder, "-o", tasks, "--form", "label-studio", "--all")
    assert done.exit_code == 0, told(done)
    interface = (tmp_path / "tasks.xml").read_text(encoding="utf-8")
    assert interface.count("<Choices ") == 15
    other = tmp_path / "other.review"
    made = run("review", EXAMPLES, "-o", other, "--readers", "nobody", "--no-serve", "--quiet")
    assert made.exit_code == 0, told(made)
    done = run("review", "import", other, tasks)
    assert done.exit_code == 0, told(done)
    with open_review(folder) as first, open_review(other) as second:
        mine, theirs = first.collected(), second.collected()
        for name in ("ana", "ben"):
            a = [one.name for one in mine.people].index(name)
            b = [one.name for one in theirs.people].index(name)
            labels = dict(zip(theirs.names, theirs.classes[b].tolist(), strict=True))
            for at, report in enumerate(mine.names):
                if mine.why[at] != "practice":
                    assert labels[report] == mine.classes[a, at].tolist()


BAD_FILES = [
    ("a.json", "{}", "no list of Label Studio"),
    ("a.json", "[", "no JSON"),
    ("a.json", '[{"x": 1}]', "task 1: has no 'data'"),
    ("a.jsonl", '{"text": "x", "label": ["Gout"]}', "line 1: 'Gout' is no observation"),
    ("a.jsonl", '{"text": "x"}', "no list 'label'"),
    ("a.jsonl", '{"text": "x", "label": ["Edema: maybe"]}', "'maybe' is no label"),
    ("a.jsonl", '{"text": "not there", "label": ["Edema"]}', "entry 1: its report is not"),
    ("a.csv", "id,Edema\ns999,1\n", "entry 1: its report is not"),
    ("a.csv", "name,Edema\ns001,1\n", "no column of report ids"),
]


def test_bad_files_are_refused_whole(folder: Path, tmp_path: Path) -> None:
    for name, text, said in BAD_FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
        done = run("review", "import", folder, tmp_path / name, "--reader", "x")
        assert done.exit_code != 0
        assert said in told(done)
    with open_review(folder) as store:
        assert "x" not in [one.name for one in store.people()]
        assert list(store.trail()) == []


def test_a_new_round_takes_others_and_weights_make_prevalence(tmp_path: Path) -> None:
    folder = tmp_path / "study.review"
    done = run(
        "review", EXAMPLES, "-o", folder, "--readers", "ana", "--take", 12, "--order", "rare",
        "--no-serve", "--quiet",
    )  # fmt: skip
    assert done.exit_code == 0, told(done)
    assert "not complete" in told(run("review", "prevalence", folder))
    with open_review(folder) as store:
        first = set(store.collected().names)
        assert len(first) == 12
    done = run("review", "round", folder, "--take", 10, "--labeler", "builtin", "--quiet")
    assert done.exit_code == 0, told(done)
    with open_review(folder) as store:
        data = store.collected()
        assert len(set(data.names)) == 22
        assert (data.rounds == 2).sum() == 10
        ana = person(store, "ana")
        assert store.progress(ana)[0].assigned == 22
        while (view := store.next_report(ana)) is not None:
            store.record(ana, [judged("submit", view.report_id, value="1")])
    done = run("review", "prevalence", folder)
    assert done.exit_code == 0, told(done)
    assert "Pleural Effusion" in done.output
    assert run("review", "round", folder, "--take", 99, "--order", "random").exit_code == 0
    done = run("review", "round", folder, "--take", 1)
    assert "none is left" in told(done)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([EXAMPLES], "--readers"),
        ([EXAMPLES, "--readers", "a,a"], "there is a 'a' already"),
        ([EXAMPLES, "--readers", "a", "--readers-per-report", "2"], "2 readers a report"),
        ([EXAMPLES, "--readers", "a", "--practice", "47"], "leaves nothing"),
        ([EXAMPLES, "--readers", "a", "--database", "mysql://x/y"], "PostgreSQL"),
        (["missing.csv", "--readers", "a"], "missing.csv"),
    ],
)
def test_a_review_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, arguments: list[object], said: str
) -> None:
    out = tmp_path / "x.review"
    done = run("review", *arguments, "-o", out, "--no-serve", "--quiet")
    assert done.exit_code != 0
    assert said in told(done)
    assert not out.exists()


def test_a_folder_that_is_there_is_not_touched(folder: Path) -> None:
    before = (folder / "review.sqlite").read_bytes()
    done = run("review", EXAMPLES, "-o", folder, "--readers", "a", "--no-serve", "--quiet")
    assert "is there already" in told(done)
    assert (folder / "review.sqlite").read_bytes() == before


def test_ids_that_occur_twice_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "reports.csv"
    table.write_text("id,report\n1,No edema.\n1,Edema.\n", encoding="utf-8")
    done = run("review", table, "--readers", "a", "-o", tmp_path / "r", "--no-serve")
    assert "row 2: the id '1' stands in row 1 too" in told(done)


def test_another_schema(tmp_path: Path) -> None:
    folder, out = tmp_path / "study.review", tmp_path / "expert.csv"
    done = run(
        "review", EXAMPLES, "-o", folder, "--readers", "ana", "--schema", "nih14", "--blind",
        "--no-serve", "--quiet",
    )  # fmt: skip
    assert done.exit_code == 0, told(done)
    with open_review(folder) as store:
        ana = person(store, "ana")
        view = store.next_report(ana)
        assert view is not None
        assert view.proposals is None
        store.record(ana, labeled(view.report_id, Hernia=1))
    assert run("review", "export", folder, "-o", out, "--schema", "x").exit_code == 2
    assert run("review", "export", folder, "-o", out).exit_code == 0
    table = read_label_table(out, schema="nih14")
    assert table.labels["Hernia"].tolist() == [1.0]
