"""The worked example of docs/gradients.md runs as it stands there."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "gradients.md"


def test_the_worked_example(chexbert_pth, monkeypatch, capsys):
    monkeypatch.chdir(chexbert_pth.parent)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {"__name__": "example"})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "POSITIVE"
