"""Text that does something where it is shown as it is: in a terminal, Markdown, HTML, a spreadsheet, a log."""

from __future__ import annotations

import re

HOSTILE = {
    "closing markup": "[/red]",
    "markup": "[bold red]loud[/bold red]",
    "markup that links": "[link=https://evil.example]click[/link]",
    "emoji code": ":warning: :smile:",
    "colour": "\x1b[38;5;199mpink\x1b[0m",
    "clearing": "\x1b[2J\x1b[Hcleared",
    "title": "\x1b]0;owned\x07title",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07clip",
    "C1 controls": "\x9b31mred\x9d0;owned\x9c",
    "backspaces": "safe\b\b\b\bevil",
    "carriage return": "harmless\rERROR forged",
    "forged line": "first\n2026-11-26 10:00:00 ERROR forged",
    "line separators": "one\u2028two\u2029three\x85four",
    "override": "photo\u202egpj.exe",
    "isolates": "\u2066\u2067left open",
    "table": "a|b`c|\n|---|",
    "picture": "![](http://tracker.example/x.png)",
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "comment": "--><!-- ]]> <style>*{display:none}",
    "script link": "[click](javascript:alert(1))",
    "heading": "# big\n---\n> quote\n- item\n1. one",
    "formula": '=HYPERLINK("http://evil.example","click")',
    "formula of a tab": "\t@SUM(1+1)*cmd|' /C calc'!A0",
    "NUL": "before\x00after",
    "lone surrogate": "half \ud83d smile",
    "not UTF-8": "name\udcff",
    "right to left": "\u200fשלום\u200e",
    "empty": "",
    "long": "x" * 5000,
}
"""By what it does."""

URLS = {
    "script": "javascript:alert(document.domain)",
    "script in capitals": "JaVaScRiPt:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "file": "file:///etc/passwd",
    "no host": "https://",
    "bracket that is none": "https://[evil/",
    "attribute": 'https://a.example/"onmouseover=alert(1)',
    "line break": "https://a.example/\njavascript:alert(1)",
    "space": "https://a.example/a b",
    "control": "https://a.example/\x1b]0;x\x07",
    "override": "https://a.example/\u202egpj",
    "relative": "//evil.example/x",
    "nothing": "",
}
"""Addresses that are not linked to."""

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What no terminal and no log is given, but the line breaks between lines."""

OURS = re.compile(r"\x1b\[(?:\?25[lh]|2K|1?A|[0-9;]*m)|\r")
"""What bars and tables of ours are drawn with."""


def effects_in(printed: str) -> list[str]:
    """What in the text would do something in a terminal, tables and bars of ours aside."""
    forged = [name for name in ("38;5;199", "]8;", "]52", "]0;owned\x07") if f"\x1b[{name}" in printed]
    return [*forged, *CONTROLS.findall(OURS.sub("", printed))]
