"""Broken and hostile files through every reader and command: an answer in words, or nothing lost.

    python benchmarks/fuzz.py [--inputs 20000] [--seed 0] [--command label]

Each input is a sound table (CSV, TSV, JSON Lines, JSON, Parquet, a folder of .txt files, compressed
or not) that is damaged: cut short, bits flipped, bytes put in, chunks doubled, cells made huge,
JSON made deep, columns made many, encodings named wrongly. One command is given it, with random
options.
Right is: exit status 0 or 2; one line of error without control characters and of at most 1,000
characters; no traceback; under 20 seconds of the processor and 1 GB more memory; and, where a table
is written, as many rows as the reader finds. Commands run in this process, so that many are tried
quickly.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import io
import json
import random
import resource
import sys
import tempfile
import time
import traceback
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import lingula
from lingula.cli import main as lingula_main
from lingula.errors import LingulaError
from lingula.tables.open_source import open_source

SECONDS = 20.0
KILOBYTES = 1 << 20
ERROR_CHARACTERS = 1000

TEXTS = (
    "FINDINGS: No pleural effusion. Possible pneumonia.\nIMPRESSION: Small pneumothorax.",
    "Mild cardiomegaly, é 👍. No edema.",
    'The lungs are "clear".',
    "",
    "n/a",
    "Rib fracture; line in place.",
    "Stable.",
)
OBSERVATIONS = ("Edema", "Pneumonia", "Pleural Effusion", "Fracture", "No Finding")
ENCODINGS = (
    *("utf-8", "latin-1", "utf-16", "utf-32", "utf-7", "idna", "base64", "undefined", "punycode"),
    *("rot13", "unicode_escape", "raw_unicode_escape", "cp037", "shift_jis", "hex", "zlib", "mbcs"),
    *("", "x" * 3000, "utf-8\0", "big5", "hz", "iso2022_jp", "utf-16-le", "charmap", "ascii"),
)
#: What is put among the bytes of a file, and into options.
ODD = (
    *(
        "\0",
        "\x1b[31m",
        '"',
        '""',
        ",",
        "\t",
        "\r",
        "\r\n",
        "\n\n",
        " \n",
        "\ufeff",
        "\x85",
        "\x0c",
    ),
    *("\u2028", "\ud800", "'", "\\", "{", "}", "[", "]", "null", "NaN", "1e999", "\x7f", "é", "👍"),
)


@dataclass
class Found:
    """Statuses, and failures by kind with the first seed of each."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[int]] = field(default_factory=dict)
    slowest: float = 0.0

    def fail(self, kind: str, seed: int) -> None:
        self.failures.setdefault(kind, []).append(seed)


def reports(chance: random.Random) -> list[dict[str, Any]]:
    rows = []
    for number in range(chance.randint(0, 9)):
        row: dict[str, Any] = {"study_id": f"s{number}", "report": chance.choice(TEXTS)}
        for name in OBSERVATIONS:
            row[name] = chance.choice([None, 1.0, 0.0, -1.0])
        rows.append(row)
    return rows


def as_bytes(rows: list[dict[str, Any]], form: str) -> bytes:
    names = ["study_id", "report", *OBSERVATIONS]
    if form in ("csv", "tsv"):
        import csv

        stream = io.StringIO()
        writer = csv.writer(stream, delimiter="," if form == "csv" else "\t")
        writer.writerow(names)
        writer.writerows([row[name] for name in names] for row in rows)
        return stream.getvalue().encode()
    if form == "jsonl":
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    if form == "json":
        return json.dumps(rows).encode()
    out = io.BytesIO()
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def strange_parquet(chance: random.Random) -> bytes:
    """Parquet of types that a report table seldom has."""
    text = pa.array(["No edema.", None, "Fracture."])
    odd = chance.choice(
        [
            lambda: {"report": text.dictionary_encode()},
            lambda: {"report": text.cast(pa.large_string())},
            lambda: {"report": pa.array([[{"a": 1}], None, []])},
            lambda: {"report": pa.array([{"findings": "x"}, None, {"findings": "y"}])},
            # Bytes that are not UTF-8 in a column of strings.
            lambda: {
                "report": pa.Array.from_buffers(
                    pa.string(),
                    3,
                    [
                        None,
                        pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0\5\0\0\0"),
                        pa.py_buffer(b"\xff\xfe\xc3\x28a"),
                    ],
                )
            },
            lambda: {"report": text.cast(pa.binary())},
            lambda: {"report": text, "n": pa.array([1, 2, 3], pa.decimal128(5, 2))},
            lambda: {"report": text, "t": pa.array([1, 2, 3], pa.timestamp("ns", "Asia/Tokyo"))},
            lambda: {"report": text, "m": pa.array([[("a", 1)], [], None], pa.map_("str", "int8"))},
            lambda: {"report": pa.nulls(3), "Edema": pa.array([True, None, False])},
            lambda: {"report": text, "d": pa.array([1, 2, None], pa.duration("s"))},
        ]
    )()
    out = io.BytesIO()
    pq.write_table(pa.table(odd), out)
    return out.getvalue()


def huge(chance: random.Random, form: str) -> bytes:
    """One thing of a table out of all proportion."""
    kind = chance.choice(["cell", "columns", "deep", "line", "bomb", "header", "number"])
    if kind == "cell":
        return b"report\n" + b"no edema " * 300_000 + b"\n"
    if kind == "columns":
        names = ",".join(f"c{n}" for n in range(chance.choice([3000, 20_000]))).encode()
        return names + b",report\n" + b"," * names.count(b",") + b",No edema\n"
    if kind == "deep":
        depth = chance.choice([900, 20_000])
        inner = (
            "[" * depth + "]" * depth
            if chance.random() < 0.5
            else '{"a":' * depth + "1" + "}" * depth
        )
        return f'{{"report": "No edema.", "x": {inner}}}\n'.encode()
    if kind == "line":
        return b'report\n"' + b"x" * 3_000_000
    if kind == "bomb":
        return gzip.compress(b"report\n" + b"no edema\n" * 100_000)
    if kind == "header":
        return b"h" * 200_000 + b",report\n1,No edema.\n"
    return f'{{"report": "No edema.", "x": {"9" * 5000}}}\n'.encode()


def damaged(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
        at = chance.randint(0, len(data))
        kind = chance.choice(["cut", "flip", "odd", "odd", "double", "drop", "random", "bytes"])
        if kind == "cut":
            data = data[:at]
        elif kind == "flip" and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        elif kind == "odd":
            data = data[:at] + chance.choice(ODD).encode("utf-8", "surrogatepass") + data[at:]
        elif kind == "double":
            data = data[:at] + data[max(0, at - chance.randint(1, 60)) :]
        elif kind == "drop":
            data = data[:at] + data[at + chance.randint(1, 30) :]
        elif kind == "random":
            data = chance.randbytes(chance.randint(0, 300))
        else:
            data = data[:at] + chance.randbytes(chance.randint(1, 4)) + data[at:]
    return data


def make_input(folder: Path, name: str, chance: random.Random) -> Path:
    """A file, or a folder of .txt files."""
    form = chance.choice(["csv", "csv", "tsv", "jsonl", "jsonl", "json", "parquet", "txt"])
    if form == "txt":
        path = folder / name
        path.mkdir()
        for number in range(chance.randint(0, 4)):
            text = damaged(chance.choice(TEXTS).encode(), chance)
            (path / f"{number}.txt").write_bytes(text)
        return path
    data = as_bytes(reports(chance), form)
    pick = chance.random()
    if pick < 0.03:
        data = huge(chance, form)
    elif pick < 0.08 and form == "parquet":
        data = strange_parquet(chance)
    if chance.random() < 0.1:
        data = data.decode("utf-8", "replace").encode(
            chance.choice(["utf-16", "latin-1"]), "replace"
        )
    data = damaged(data, chance)
    suffix = f".{form}"
    if form != "parquet" and chance.random() < 0.15:
        data = gzip.compress(data)
        suffix += chance.choice([".gz", ""])
        if chance.random() < 0.3:
            data = damaged(data, chance)
    path = folder / f"{name}{suffix}"
    path.write_bytes(data)
    return path


def odd_text(chance: random.Random) -> str:
    return "".join(
        chance.choice([*ODD, "report", "x" * 900, "Edema"]) for _ in range(chance.randint(0, 4))
    )


def reading_options(chance: random.Random) -> list[str]:
    options: list[str] = []
    for option, values in (
        ("--encoding", ENCODINGS),
        ("--delimiter", (";", "\t", "", "ab", "\0", '"', "é", "\n")),
        ("--text-column", ("report", "study_id", "Edema", odd_text(chance))),
        ("--id-column", ("study_id", odd_text(chance))),
        ("--input-format", ("csv", "tsv", "jsonl", "parquet")),
        ("--sections", ("none", "findings", "findings,impression", odd_text(chance))),
        ("--suffix", (" x", "\0", odd_text(chance))),
        ("--columns", ("id,labels", odd_text(chance))),
    ):
        if chance.random() < 0.05:
            options += [option, chance.choice(values)]
    options += [flag for flag in ("--no-header", "--no-text") if chance.random() < 0.05]
    if chance.random() < 0.3:
        options += ["--on-bad-row", "skip"]
    return options


def output_name(chance: random.Random) -> str:
    return "o" + chance.choice(
        [".csv", ".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz", ".jsonl.gz"]
    )


def writing_command(name: str) -> Callable[[Path, random.Random], list[str]]:
    def make(folder: Path, chance: random.Random) -> list[str]:
        source = make_input(folder, "in", chance)
        arguments = [name, str(source), "-o", str(folder / output_name(chance)), "--overwrite"]
        arguments += reading_options(chance)
        if name == "label":
            arguments += ["--labeler", "rules", "--workers", "1"]
            arguments += chance.choice([[], [], ["--format-like", "chexbert"]])
        if chance.random() < 0.3:
            arguments += ["--evidence", str(folder / f"e{chance.choice(['.csv', '.parquet'])}")]
        return arguments

    return make


def explain(folder: Path, chance: random.Random) -> list[str]:
    source = make_input(folder, "in", chance)
    return ["explain", "--table", str(source), "--labeler", "rules"]


def evaluate(folder: Path, chance: random.Random) -> list[str]:
    paths = [str(make_input(folder, name, chance)) for name in ("truth", "labels")]
    return ["evaluate", *paths, "--bootstrap", "0"]


def score(folder: Path, chance: random.Random) -> list[str]:
    paths = [str(make_input(folder, name, chance)) for name in ("refs", "hyps")]
    return ["score", *paths, "--labeler", "rules", "--bootstrap", "0"]


def audit(folder: Path, chance: random.Random) -> list[str]:
    return ["audit", str(make_input(folder, "in", chance)), "-o", str(folder / "audit"), "--quiet"]


def schema(folder: Path, chance: random.Random) -> list[str]:
    path = folder / "own.toml"
    path.write_bytes(
        damaged(
            b'name = "own"\n[[observation]]\nname = "Edema"\n[[mention]]\nphrases = ["x"]\n', chance
        )
    )
    return ["schema", "show", str(path)]


COMMANDS: dict[str, tuple[Callable[[Path, random.Random], list[str]], int]] = {
    "label": (writing_command("label"), 35),
    "strata": (writing_command("strata"), 25),
    "explain": (explain, 10),
    "evaluate": (evaluate, 15),
    "score": (score, 10),
    "schema": (schema, 3),
    "audit": (audit, 2),
}


@contextlib.contextmanager
def captured(arguments: list[str]) -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """The command line of this process, and what it prints, held."""
    held = sys.argv, sys.stdout, sys.stderr
    out, err = (
        io.TextIOWrapper(
            io.BytesIO(), encoding="utf-8", errors="surrogateescape", write_through=True
        )
        for _ in range(2)
    )
    sys.argv, sys.stdout, sys.stderr = ["lingula", *arguments], out, err
    try:
        yield out, err
    finally:
        sys.argv, sys.stdout, sys.stderr = held


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def try_one(seed: int, only: str | None, found: Found, *, tell: bool = False) -> None:
    chance = random.Random(seed)
    names = list(COMMANDS)
    name = only or chance.choices(names, [COMMANDS[item][1] for item in names])[0]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        folder = Path(place)
        arguments = COMMANDS[name][0](folder, chance)
        if tell:
            print([argument[:200] for argument in arguments])
        run_one(arguments, folder, name, found, seed, tell=tell)


def run_one(
    arguments: list[str], folder: Path, name: str, found: Found, seed: int, *, tell: bool = False
) -> None:
    """Give the arguments to the command line of this process, and judge how it ends."""
    # Of the processor: the machine may be busy with other things.
    start, before = time.process_time(), memory()
    status: object = None
    bug = ""
    with captured(arguments) as (_, err):
        try:
            lingula_main()
        except SystemExit as ended:
            status = ended.code or 0
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if "lingula" in frame.filename] or frames
            bug = f"{type(error).__name__} at {Path(own[-1].filename).name}:{own[-1].name}"
            if tell and sys.__stdout__ is not None:
                sys.__stdout__.write(traceback.format_exc())
        said = err.buffer.getvalue().decode("utf-8", "replace")  # type: ignore[attr-defined]
    seconds = time.process_time() - start
    if tell:
        print(status, said[:1500])
    found.slowest = max(found.slowest, seconds)
    found.statuses[f"{name} {status}"] += 1
    judge(Ended(name, arguments, folder, status, said, bug), found, seed)
    if seconds > SECONDS:
        found.fail(f"{name}: {seconds:.0f} seconds", seed)
    if memory() - before > KILOBYTES:
        found.fail(f"{name}: more than 1 GB", seed)


@dataclass(frozen=True)
class Ended:
    """How a command ended: what it was given, its status, what it said, a bug or nothing."""

    name: str
    arguments: list[str]
    folder: Path
    status: object
    said: str
    bug: str


def judge(ended: Ended, found: Found, seed: int) -> None:
    name, status, said, bug = ended.name, ended.status, ended.said, ended.bug
    folder, arguments = ended.folder, ended.arguments
    if bug:
        found.fail(f"{name}: {bug}", seed)
        return
    if status not in (0, 2):
        found.fail(f"{name}: status {status}", seed)
    if "Traceback" in said:
        found.fail(f"{name}: traceback in words", seed)
    if any(unicodedata.category(character) == "Cc" and character not in "\n" for character in said):
        found.fail(f"{name}: control characters", seed)
    if status == 2:
        if "Usage:" not in said and said.count("\n") != 1:
            found.fail(f"{name}: an error of {said.count(chr(10))} lines", seed)
        if len(said) > ERROR_CHARACTERS + len(str(folder)) * 4:
            found.fail(f"{name}: an error of {len(said):,} characters", seed)
    left = [
        path.name for path in folder.iterdir() if path.name.endswith((".new", ".partial", ".lock"))
    ]
    if left:
        found.fail(f"{name}: leaves {left}", seed)
    if status == 0 and name in ("label", "strata"):
        lost = rows_lost(arguments, folder)
        if lost:
            found.fail(f"{name}: {lost}", seed)


def rows_lost(arguments: list[str], folder: Path) -> str:
    """What is wrong with the rows of an output, or nothing."""

    def option(name: str) -> str | None:
        return arguments[arguments.index(name) + 1] if name in arguments else None

    form = option("--input-format")
    from lingula.tables.formats import format_named

    try:
        source = open_source(
            Path(arguments[1]),
            table_format=None if form is None else format_named(form),
            delimiter=option("--delimiter"),
            encoding=option("--encoding") or "utf-8",
            header="--no-header" not in arguments,
            skip_bad_rows=option("--on-bad-row") == "skip",
        )
        if not source.rows:
            return ""  # a file without a line is no table of JSON Lines
        written = open_source(Path(str(option("-o"))))
    except LingulaError as error:
        return f"cannot be read again ({type(error).__name__})"
    return "" if source.rows == written.rows else "other rows written than read"


@contextlib.contextmanager
def loaded_once() -> Iterator[None]:
    """Labelers are loaded once each: loading the rules anew would be most of the time."""
    load = lingula.load
    lingula.load = functools.lru_cache(maxsize=None)(load)  # type: ignore[misc]
    try:
        yield
    finally:
        lingula.load = load  # type: ignore[misc]


def fuzz(inputs: int, seed: int, only: str | None = None, *, progress: bool = False) -> Found:
    """Try so many inputs, numbered from a seed."""
    found = Found()
    with loaded_once():
        for number in range(seed, seed + inputs):
            try_one(number, only, found)
            if progress and (number - seed + 1) % 1000 == 0:
                print(f"{number - seed + 1:,} inputs, failures: {found.failures}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--command", choices=sorted(COMMANDS))
    parser.add_argument("--show", type=int, help="run the one input of this seed, and show all")
    arguments = parser.parse_args()
    if arguments.show is not None:
        try_one(arguments.show, arguments.command, Found(), tell=True)
        return
    start = time.perf_counter()
    found = fuzz(arguments.inputs, arguments.seed, arguments.command, progress=True)
    for status, count in sorted(found.statuses.items()):
        print(f"  {status}: {count:,}")
    print(
        f"{arguments.inputs:,} inputs in {time.perf_counter() - start:.0f} s, slowest "
        f"{found.slowest:.1f} s, most memory {memory() / 1024:.0f} MB"
    )
    for kind, seeds in sorted(found.failures.items(), key=lambda item: -len(item[1])):
        print(f"FAILURE {len(seeds)} times, first seeds {seeds[:3]}: {kind}")
    if found.failures:
        sys.exit(1)
    print("no failure")


if __name__ == "__main__":
    main()
