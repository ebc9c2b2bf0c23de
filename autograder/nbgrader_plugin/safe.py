"""What of a student's notebook may be shown in formgrader and in feedback: plain text and plain pictures."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from nbformat.v4 import new_output

LABEL = "From the student's run, not re-executed:"
LONGEST_TEXT = 4000
LARGEST_PICTURE = 2 * 2**20
MOST_OUTPUTS = 6
LINK = re.compile(r"\](?=:|\((?!https?://))")
"""The bracket before the target of a link, or before a definition that links may refer to."""
PNG = b"\x89PNG\r\n\x1a\n"
TEX_THAT_ACTS = re.compile(
    r"\\(href|url|style|class|cssId|require|unicode|mmlToken|toggle|begingroup|gdef|def|newcommand)(?![a-zA-Z])"
)
ANSI = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_]|\][^\x07\x1b]*(\x07|\x1b\\)?)")


def safe_markdown(source: str) -> str:
    """A student's markdown without a way to carry markup or script.

    `<` and `&` become entities; MathJax commands that do more than typeset become text, and so do pictures, which would
    be fetched from elsewhere or be missing, and links to anything but http: nbconvert lets `javascript:` through.
    html.unescape gives back what was typed, but for the commands.
    """
    escaped = source.replace("&", "&amp;").replace("<", "&lt;").replace("![", "!&#91;")
    return TEX_THAT_ACTS.sub(r"\\text{\1}", LINK.sub("&#93;", escaped))


def safe_text(text: str) -> str:
    """Text without escape sequences and other control characters, cut to a length one can read."""
    plain = "".join(char for char in ANSI.sub("", text) if char in "\n\t" or char.isprintable())
    return plain if len(plain) <= LONGEST_TEXT else plain[:LONGEST_TEXT] + "\n[cut]"


def safe_outputs(outputs: list[Any]) -> list[Any]:
    """The text and the PNG pictures among a cell's stored outputs, with a label in front; everything else is dropped."""
    kept = []
    for output in outputs[: 10 * MOST_OUTPUTS]:
        made = _safe_output(output)
        if made is not None:
            kept.append(made)
        if len(kept) == MOST_OUTPUTS:
            break
    return [new_output("stream", name="stdout", text=LABEL + "\n"), *kept] if kept else []


def _safe_output(output: Any) -> Any:
    if not isinstance(output, dict):
        return None
    if output.get("output_type") == "stream":
        text = safe_text(_joined(output.get("text")))
        return new_output("stream", name="stdout", text=text) if text.strip() else None
    if output.get("output_type") == "error":
        text = safe_text(f"{output.get('ename', '')}: {output.get('evalue', '')}")
        return new_output("stream", name="stdout", text=text + "\n")
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    picture = _picture(data.get("image/png"))
    if picture:
        return new_output("display_data", data={"image/png": picture})
    text = safe_text(_joined(data.get("text/plain")))
    return new_output("stream", name="stdout", text=text + "\n") if text.strip() else None


def _joined(text: Any) -> str:
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""


def _picture(encoded: Any) -> str | None:
    """A PNG, encoded anew; None for anything else."""
    text = _joined(encoded)
    if not text or len(text) > LARGEST_PICTURE * 4 // 3:
        return None
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        return None
    return base64.b64encode(raw).decode() if raw.startswith(PNG) else None
