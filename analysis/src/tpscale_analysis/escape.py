"""One escaping function a context. Values from files are hostile: nothing is put into a page without one."""

from __future__ import annotations

import json
import re

import markupsafe

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKDOWN = re.compile(r"([\\`*_\[\]|~$])")


def console(value: object) -> str:
    """One line of text without control characters: no terminal sequence, no line end."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value).replace("\n", " "))


def html(value: object) -> markupsafe.Markup:
    """For the text of an element and for an attribute's value between double quotes."""
    return markupsafe.escape(console(value))


def script_json(value: object) -> markupsafe.Markup:
    """For the body of <script type="application/json">: no end tag and no comment can be formed."""
    body = json.dumps(value, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        body = body.replace(character, f"\\u{ord(character):04x}")
    return markupsafe.Markup(body)


def markdown(value: object) -> str:
    """For inline text and table cells: no mark-up, no HTML, no cell or line end can be formed."""
    text = console(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", text)
