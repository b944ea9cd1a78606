"""Text of others as people may see it: names of files, classes and columns, and what libraries say."""

from __future__ import annotations

import re

HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters, which begin escape sequences, and line breaks
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"  # what turns the order of words, or is not seen
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
    "\ud800-\udfff]"  # bytes of a name that are no UTF-8
)


def printable(words: str) -> str:
    """One line that does nothing to a terminal, and to its reader, but show its words.

    Characters that move the cursor, break or turn the line, or are not to be seen, stand as Python writes
    them.
    """
    return HARMFUL.sub(lambda found: ascii(found[0])[1:-1], words)
