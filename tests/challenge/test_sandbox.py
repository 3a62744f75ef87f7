"""Hostile programs: each ends scored or refused, sees nothing of the truth, leaves nothing."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from pathlib import Path

import pytest
from conftest_challenge import NOON, World

from lingula.challenge import verify
from lingula.challenge.executing import Program, run
from lingula.challenge.sandbox import Limits, bubblewrap, cgroups, limits
from lingula.challenge.submitting import Entrant
from lingula.cli.challenge_run import run_program
from lingula.errors import ChallengeError

MB = 1 << 20
SMALL = Limits(seconds=10, memory_bytes=64 * MB, processes=24, scratch_bytes=8 * MB)
TEAM = Entrant("Team")
#: A submission of the names in the form, in awk, which every Debian has.
HONEST = r"""awk -F, 'NR == 1 {print; next} {print $1 "," NR % 7 "," NR % 5}' "$LINGULA_FORM" """


def works() -> bool:
    """Whether this machine lets bubblewrap build its walls at all."""
    import subprocess

    if shutil.which("bwrap") is None:
        return False
    root = os.getuid() == 0
    line = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(
        line, capture_output=True, check=False, user=65534 if root else None, cwd="/",
    )  # fmt: skip
    return done.returncode == 0


pytestmark = pytest.mark.skipif(not works(), reason="bubblewrap is missing or not allowed here")


@pytest.fixture(scope="module")
def held(alone):
    """A challenge with images, below a folder that other users may enter as a system's are."""
    with tempfile.TemporaryDirectory(prefix="lingula-test-") as name:
        world = World(Path(name), n=20)
        challenge = world.create(refused_limit=1000)
        images = Path(name) / "images"
        for text in world.ids:
            path = images / f"{text}.png"
            path.parent.mkdir(parents=True)
            path.write_bytes(f"film of {text}".encode())
        yield challenge, images


def ran(held, command, limits=SMALL, **more):
    challenge, images = held
    before, folders = alive(), runs()
    done = run(challenge, Program(command, images, limits=limits, **more), TEAM, now=NOON)
    assert alive() <= before, "processes are left"
    assert runs() <= folders
    assert verify(challenge) == ()
    output, errors, _ = (path.read_bytes() for path in done.logs)
    truth = (challenge.private / "truth.csv").read_bytes()
    seen = output + errors
    assert not any(line in seen for line in truth.splitlines()[:5])
    return done.entry.record, output.decode("utf-8", "replace")


def runs() -> set[Path]:
    """Folders and control groups that runs use while they last."""
    found = set(Path(tempfile.gettempdir()).glob("lingula-run-*"))
    for controller in ("memory", "pids", ""):
        own = cgroups._own().get(controller, "")
        for base in (cgroups.ROOT / controller, cgroups.ROOT / controller / own):
            found |= set(base.glob("lingula-*"))
    return found


def alive() -> set[str]:
    """Processes of the sandbox's user, or in a group of ours."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                "lingula-" in (folder / "cgroup").read_text()
                or b"bwrap" in (folder / "cmdline").read_bytes().split(b"\0", 1)[0]
            ):
                found.add(folder.name)
        except OSError:
            continue
    return found


def test_an_honest_program_is_scored_and_sees_images_under_chance_names(held):
    record, output = ran(
        held,
        f"{HONEST} > $LINGULA_ANSWER; id -u; cd $LINGULA_IMAGES; ls; cat *.png; env; pwd",
    )
    assert record.kind == "scored", record.reason
    assert "65534" in output
    assert output.count("film of patient") == 20
    assert "case0000020.png" in output
    assert "patient00001.png" not in output
    by_name = [line for line in output.splitlines() if "film of" in line]
    assert str(held[0].path) not in output
    assert by_name


def test_other_users_of_the_machine_do_not_see_the_copies(held, monkeypatch):
    from lingula.challenge import executing

    seen = []
    confined = executing.run_confined

    def look(what):
        seen.append(what.shown[0][0].parent.stat())
        return confined(what)

    monkeypatch.setattr(executing, "run_confined", look)
    record, output = ran(held, "cat /images/*.png")
    assert "film of" in output and record.kind == "refused"
    assert seen[0].st_mode & 0o077 == 0
    assert seen[0].st_uid == (65534 if os.getuid() == 0 else os.getuid())


def test_the_images_cannot_be_changed(held):
    _, output = ran(
        held, "touch /images/case0000001.png /usr/x /x /dev/x 2>&1; unshare -Ur id 2>&1"
    )
    assert output.count("Read-only") + output.count("Permission denied") == 4
    if "--disable-userns" in bubblewrap._options("bwrap"):
        assert "uid=0" not in output


@pytest.mark.parametrize(
    "command",
    [
        "cat {private}/truth.csv {folder}/ledger.sqlite; ls {folder}; find / -name truth.csv",
        "cat /proc/*/root{private}/truth.csv /proc/*/cwd/truth.csv; ls /proc/1/root; "
        "cat /proc/*/environ | tr '\\0' '\\n' | grep -v LINGULA; ls -l /proc/*/fd",
        "ln -s {private}/truth.csv $LINGULA_ANSWER",
        "mkdir /tmp/a; ln -s {private} /tmp/a/b; cat /tmp/a/b/truth.csv; "
        "ln {private}/truth.csv $LINGULA_ANSWER",
    ],
    ids=["by path", "by proc", "by link", "by folder link"],
)
def test_the_truth_is_not_there(held, command):
    challenge, _ = held
    line = command.format(private=challenge.private.resolve(), folder=challenge.path.resolve())
    record, output = ran(held, line)
    assert record.kind in ("refused", "failed")
    assert "patient0" not in output


def test_no_network_and_no_loopback_of_this_machine(held):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    port = listener.getsockname()[1]
    _, output = ran(
        held,
        f"bash -c 'echo hello > /dev/tcp/127.0.0.1/{port}' 2>&1; cat /proc/net/dev; "
        "cat /proc/net/route",
    )
    assert "refused" in output or "unreachable" in output or "No such" in output
    assert "eth" not in output
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()


def test_forks_without_end(held):
    record, _ = ran(held, "f() { sleep 30 & f & f; }; f; f; f")
    assert record.kind in ("refused", "failed")


def test_takes_all_memory(held):
    record, _ = ran(held, "exec 2>/dev/null; head -c 300000000 /dev/zero | tail -c 299999999 | wc")
    assert record.kind in ("failed", "refused")
    group = cgroups.make_group(SMALL)
    if group is not None:
        group.end()
        assert "64" in record.reason or "67,108,864 bytes of memory" in record.reason


@pytest.mark.parametrize(
    "command",
    [
        "for d in /tmp /output /dev/shm /; do head -c 10000000000 /dev/zero > $d/big; done",
        "cd /tmp; i=0; while [ $i -lt 100000 ] && echo > $i; do i=$((i+1)); done",
        "head -c 1000000000 /dev/zero; head -c 100000000 /dev/zero >&2",
    ],
    ids=["10 GB", "100,000 files", "prints 1 GB"],
)
def test_fills_everything(held, command):
    free = shutil.disk_usage(tempfile.gettempdir()).free
    record, output = ran(held, command, Limits(10, 64 * MB, 24, 8 * MB, log_bytes=MB))
    assert record.kind in ("refused", "failed")
    assert len(output) <= MB
    assert shutil.disk_usage(tempfile.gettempdir()).free > free - 500 * MB


def test_sleeps_for_ever(held):
    record, _ = ran(held, "trap '' TERM INT HUP; sleep 1000", Limits(1, 64 * MB, 24, 8 * MB))
    assert record.reason == "ran longer than 1 seconds"


def test_closes_its_outputs_and_stays(held):
    record, _ = ran(held, "exec >&- 2>&-; sleep 1000", Limits(1, 64 * MB, 24, 8 * MB))
    assert record.reason == "ran longer than 1 seconds"


def test_leaves_a_daemon(held):
    record, _ = ran(held, f"setsid sh -c 'sleep 1000' & {HONEST} > $LINGULA_ANSWER")
    assert record.kind == "scored" or "had this file scored before" in record.reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("ln -s /etc/passwd $LINGULA_ANSWER", "the answer is a link"),
        ("mkfifo $LINGULA_ANSWER", "no regular file"),
        ("mkdir $LINGULA_ANSWER", "no regular file"),
        ("true", "there is no answer"),
        ("exit 3", "ended with status 3"),
        ("rm -rf /output 2>/dev/null; mv /output /x 2>/dev/null; true", "there is no answer"),
        (
            "sed 's/case/kase/; s/,,/,1,2/' $LINGULA_FORM > $LINGULA_ANSWER",
            "ids that are not asked for; ids that are missing",
        ),
        ("sed '2d' $LINGULA_FORM > $LINGULA_ANSWER", "ids that are missing"),
        ("cat /images/*.png > $LINGULA_ANSWER", "there is no column of ids"),
        (
            'f=$(cat /images/case0000001.png); sed "2s|case[0-9]*|$f|; s|,,|,$f,$f|" '
            "$LINGULA_FORM > $LINGULA_ANSWER",
            "cells are no number",
        ),
    ],
)
def test_wrong_answers_are_refused_with_their_reason(held, command, reason):
    record, _ = ran(held, command)
    assert reason in record.reason
    assert "film" not in record.reason


def test_details_of_a_wrong_answer_are_for_the_organizer_alone(held):
    challenge, images = held
    line = 'f=$(cat /images/case0000001.png); sed "2s|case[0-9]*|$f|" $LINGULA_FORM'
    line += " > $LINGULA_ANSWER"
    done = run(challenge, Program(line, images, limits=SMALL), TEAM, now=NOON)
    assert "not asked for: row 1 (a text of 27 characters)" in done.logs[2].read_text()
    assert done.logs[2].is_relative_to(challenge.private)
    assert "film" not in done.entry.record.reason
    assert "ids that are missing" in done.entry.record.reason


def test_without_bubblewrap_nothing_is_run(held, monkeypatch, tmp_path):
    challenge, images = held
    entries = len(challenge.ledger.entries())
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    with pytest.raises(ChallengeError, match=r"bubblewrap|util-linux"):
        run(challenge, Program("true", images), TEAM, now=NOON)
    monkeypatch.undo()
    monkeypatch.setattr(bubblewrap, "require_bubblewrap", lambda: "/bin/false")
    with pytest.raises(ChallengeError, match="was not run"):
        run(challenge, Program("true", images), TEAM, now=NOON)
    assert len(challenge.ledger.entries()) == entries


def test_without_control_groups_each_process_is_limited(held, monkeypatch):
    from lingula.challenge.sandbox import running

    monkeypatch.setattr(running, "make_group", lambda _: None)
    record, _ = ran(held, "f() { sleep 30 & f & f; }; f", Limits(5, 256 * MB, 20, 8 * MB))
    assert record.kind in ("failed", "refused")
    record, _ = ran(held, "head -c 400000000 /dev/zero | tail -c 399999999", SMALL)
    assert record.kind in ("failed", "refused")
    assert limits.own_processes(os.getuid()) >= 1


def test_folders_that_show_the_challenge_are_refused(held):
    challenge, images = held
    for folder in (challenge.path, challenge.private, challenge.path.parent, Path("/")):
        with pytest.raises(ChallengeError, match="would see the challenge"):
            run(challenge, Program("true", images, folder), TEAM, now=NOON)
    with pytest.raises(ChallengeError, match="20 images are missing"):
        run(challenge, Program("true", challenge.private), TEAM, now=NOON)


def test_the_command(held):
    from click.testing import CliRunner

    challenge, images = held
    line = HONEST.replace("% 7", "% 9") + " > $LINGULA_ANSWER; echo secret film"
    arguments = [str(challenge.path), "--command", line, "--images", str(images), "--team", "B"]
    done = CliRunner().invoke(run_program, [*arguments, "--memory-gb", "0.1", "--seconds", "10"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "mean auroc: " in done.stdout
    assert "limits held by" in done.stderr
    assert "secret film" not in done.output
    assert threading.active_count() < 20
