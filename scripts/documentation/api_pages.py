"""Reference pages of the Python names, one a room, from their docstrings."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
#: Module -> what a reader looks for there. Its public names are those of its ``__all__``.
MODULES = {
    "lingula": "Labelers, labels, errors",
    "lingula.labels": "Labels, evidence, schemas",
    "lingula.scores": "Scores of image models",
    "lingula.rules": "The rule labeler",
    "lingula.builtin": "The built-in labeler",
    "lingula.bert": "BERT labelers",
    "lingula.llm": "Language models",
    "lingula.text": "Sections, sentences, decoding",
    "lingula.pipeline": "Labeling jobs",
    "lingula.engines": "Folders of partitions",
    "lingula.engines.spark": "Spark",
    "lingula.evaluation": "Evaluation",
    "lingula.score": "Scores of generated reports",
    "lingula.explain": "Reasons",
    "lingula.audit": "Audits",
    "lingula.strata": "Strata",
    "lingula.challenge": "Challenges",
    "lingula.documents": "Documents: tables, pages, files",
    "lingula.serve": "The service",
    "lingula.integrations.spacy": "Inside spaCy",
    "lingula.integrations.sklearn": "Inside scikit-learn",
    "lingula.integrations.huggingface": "For Hugging Face",
}
#: Rooms whose public names are those of their modules.
ROOMS = {"lingula.metrics": "Metrics"}
#: Characters of a value that is shown.
LONGEST = 100

_PAGE = """# {words}

```{{eval-rst}}
{directives}
```
"""
_PLAIN = """.. automodule:: {name}
   :members:
"""


def pages() -> dict[str, str]:
    """The text of each page by its name."""
    made: dict[str, str] = {}
    shown: set[int] = set()
    for module, words in MODULES.items():
        directives = [f".. automodule:: {module}\n", f".. currentmodule:: {module}\n"]
        for name in public(module):
            found = getattr(importlib.import_module(module), name)
            # What two modules name stands on the page of the first.
            if id(found) not in shown:
                directives.append(_directive(module, name, found))
                shown.add(id(found))
        made[_page(module)] = _PAGE.format(words=words, directives="\n".join(directives))
    for room, words in ROOMS.items():
        names = sorted(path.stem for path in (SOURCE / room.replace(".", "/")).glob("[a-z]*.py"))
        below = "\n".join(_PLAIN.format(name=f"{room}.{name}") for name in names)
        made[_page(room)] = _PAGE.format(words=words, directives=below)
    made["reference/python/index.md"] = "\n".join(
        [
            "# Python",
            "",
            "What is listed here is public; names of other modules may change without notice.",
            "",
            "```{toctree}",
            *(_page(module).rpartition("/")[2] for module in {**MODULES, **ROOMS}),
            "```",
        ]
    )
    return made


def public(module: str) -> list[str]:
    """The names of a module that users may rely on."""
    home = importlib.import_module(module)
    listed = getattr(home, "__all__", None)
    if listed is None:
        listed = [
            name
            for name, item in vars(home).items()
            if not name.startswith("_") and getattr(item, "__module__", None) == module
        ]
    return [name for name in listed if not name.startswith("__")]


def _directive(module: str, name: str, found: object) -> str:
    if inspect.isclass(found):
        kind = "autoexception" if issubclass(found, BaseException) else "autoclass"
        return f".. {kind}:: {module}.{name}\n   :members:\n"
    if inspect.isroutine(found):
        return f".. autofunction:: {module}.{name}\n"
    # A value has the docstring of its type: its value says more.
    value = repr(found)
    shown = f"   :value: {value}\n" if len(value) <= LONGEST else ""
    return f".. py:data:: {name}\n   :module: {module}\n{shown}"


def _page(module: str) -> str:
    return f"reference/python/{module}.md"
