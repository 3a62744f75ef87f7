"""Bounds that are checked before anything is parsed, and addresses."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingula.errors import InputError
from lingula.web import Problem, Tokens, is_loopback, require_depth, require_safe_address
from lingula.web.log_lines import JsonLines

VALUES = st.recursive(
    st.none() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES, st.integers(0, 5), st.booleans())
def test_depth_is_that_of_the_parsed_value(value: object, limit: int, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    if depth(value) > limit:
        with pytest.raises(Problem):
            require_depth(body, limit)
    else:
        require_depth(body, limit)


@pytest.mark.parametrize("unit", [b'"', b'\\"', b'"\\"', b'"[', b"\\", b'"\\\\"['])
def test_hostile_bodies_take_time_in_proportion(unit: bytes) -> None:
    """A quadratic scan of these 4 MB would take hours."""
    try:
        require_depth(unit * (4_000_000 // len(unit)) + b"[" * 40, 32)
    except Problem as problem:
        assert problem.code == "too_deep"


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.8.8.8", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("hospital.example", False)],
)  # fmt: skip
def test_other_addresses_need_a_token(host: str, own: bool) -> None:
    assert is_loopback(host) == own
    if own:
        require_safe_address(host, has_tokens=False, insecure=False)
        return
    with pytest.raises(InputError, match="--insecure-no-token"):
        require_safe_address(host, has_tokens=False, insecure=False)
    require_safe_address(host, has_tokens=True, insecure=False)
    require_safe_address(host, has_tokens=False, insecure=True)


def test_token_files_are_read_strictly(tmp_path) -> None:
    path = tmp_path / "tokens"
    path.write_text("# ours\n\nward sha256:" + "0" * 64 + "\n")
    assert set(Tokens.read(path).digests) == {"ward"}
    path.write_text("a-plain-token\n")
    with pytest.raises(InputError, match="line 1"):
        Tokens.read(path)


def test_log_lines_hold_no_arguments() -> None:
    record = logging.LogRecord("x", 20, "f", 1, "got %s", ("a text",), None)
    record.fields = {"status": 200}
    line = json.loads(JsonLines().format(record))
    assert line["message"] == "got %s"
    assert line["status"] == 200
    assert "a text" not in str(line)
