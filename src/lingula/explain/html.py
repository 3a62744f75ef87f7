"""Explanations as one self-contained HTML page without any script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lingula.explain.attribution import Attribution
from lingula.explain.lines import label_word, reason_text
from lingula.explain.reasons import Explanation
from lingula.explain.segments import segments
from lingula.labels import Label

#: Nothing may run or be fetched, whatever a report holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1b1f24; background: #fff;
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
section { border-top: 1px solid #c8ccd1; padding: 1rem 0; }
.report { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 1rem; padding: .75rem;
  background: #f6f7f8; border-radius: .3rem; }
mark { color: inherit; border-radius: .2rem; padding: 0 .1rem; }
mark.positive { background: #ffc9c4; } mark.negative { background: #bfe8c8; }
mark.uncertain { background: #ffe08a; } mark.blank { background: #cfe3f7; }
mark.cue { background: none; border-bottom: 2px solid; border-radius: 0; padding: 0; }
mark.cue.positive { border-color: #c0392b; } mark.cue.negative { border-color: #1e7b34; }
mark.cue.uncertain { border-color: #9a6b00; } mark.cue.blank { border-color: #2b6cb0; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid #e3e6e9; overflow-wrap: anywhere; }
td.why { font-size: .9rem; }
.word { font-weight: 600; border-radius: .2rem; padding: 0 .35rem; color: #1b1f24; }
.word.positive { background: #ffc9c4; } .word.negative { background: #bfe8c8; }
.word.uncertain { background: #ffe08a; } .word.blank { background: #e9ecef; }
.note { color: #4a5158; font-size: .9rem; }
.differs td { background: #fff6df; }
@media (max-width: 40rem) { td, th { display: block; border: 0; padding: 0; }
  tr { display: block; border-bottom: 1px solid #e3e6e9; padding: .4rem 0; } }
@media print { body { max-width: none; } section { break-inside: avoid; } }
"""

_LEGEND = (
    '<p class="note">Mentions: <mark class="positive">positive</mark> '
    '<mark class="uncertain">uncertain</mark> <mark class="negative">negative</mark>. '
    'Underlined: <mark class="cue negative">the cue</mark> that decided. '
    "Point at a word to see its rule.</p>"
)


def page(
    explanations: Sequence[Explanation],
    *,
    title: str = "Why these labels",
    attributions: Sequence[Attribution] = (),
) -> str:
    """An HTML page; it opens offline, and all text of reports in it is escaped.

    Args:
        explanations: Explanations by rules.
        title: Heading of the page.
        attributions: Token weights of a BERT labeler.
    """
    body = [f"<h1>{_escaped(title)}</h1>"]
    if explanations:
        body.append(_LEGEND)
    body += [_section(item) for item in explanations]
    body += [_attribution(item) for item in attributions]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _section(explanation: Explanation) -> str:
    heading = f"<h2>{_escaped(explanation.name)}</h2>" if explanation.name else ""
    rows = "".join(
        f'<tr{" class=differs" if reason.differs else ""}><th scope="row">'
        f"{_escaped(reason.observation)}</th><td>{_word(reason.label)}</td>"
        f'<td class="why">{_escaped(reason_text(reason))}</td></tr>'
        for reason in explanation.reasons
    )
    table = f"<table><tbody>{rows}</tbody></table>" if rows else "<p>No label.</p>"
    return f"<section>{heading}<p class=report>{_report(explanation)}</p>{table}</section>"


def _report(explanation: Explanation) -> str:
    parts = []
    for segment in segments(explanation):
        text = _escaped(segment.text)
        if segment.label is not None:
            kind = label_word(segment.label) + (" cue" if segment.is_cue else "")
            text = f'<mark class="{kind}" title="{_escaped(segment.note)}">{text}</mark>'
        parts.append(text)
    return "".join(parts)


def _attribution(item: Attribution) -> str:
    largest = max((abs(token.weight) for token in item.tokens), default=0.0) or 1.0
    parts, at = [], 0
    for token in item.tokens:
        share = token.weight / largest
        # Red speaks for the label, blue against it; both stay light enough for dark letters.
        colour = "255,120,110" if share > 0 else "110,160,255"
        parts.append(_escaped(item.text[at : token.start]))
        parts.append(
            f'<mark style="background:rgba({colour},{abs(share):.2f})" '
            f'title="{token.weight:+.4f}">{_escaped(item.text[token.start : token.end])}</mark>'
        )
        at = token.end
    parts.append(_escaped(item.text[at:]))
    heading = f"{item.name}: {item.observation}" if item.name else item.observation
    return (
        f"<section><h2>{_escaped(heading)} {_word(item.label)}</h2>"
        f'<p class="note">{_escaped(item.describe())}</p>'
        f"<p class=report>{''.join(parts)}</p></section>"
    )


def _word(label: Label) -> str:
    word = label_word(label)
    return f'<span class="word {word}">{word}</span>'


def _escaped(text: str) -> str:
    """Text for HTML; characters that no page may hold are shown as replacement characters."""
    clean = "".join(
        x if x in "\n\t\r" or (x >= " " and not "\ud800" <= x <= "\udfff") else "\ufffd"
        for x in text
    )
    return escape(clean, quote=True)
