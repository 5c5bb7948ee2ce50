"""Answers what a terminal makes of bytes, with an independent emulator from PyPI (pyte).

Reads a JSON object a line, {"bytes": BASE64, "columns": N, "rows": N}, and writes one a line: "calls", what the emulator was
told to do beside drawing text, each call once; "drawn", whether text with control characters was drawn; "screen", the rows that were written to;
"title" and "icon"; "isPlain", whether modes, margins, character sets and the cursor are a new terminal's.
"""

import base64
import io
import json
import sys

import pyte


def state(screen):
    return [sorted(screen.mode), screen.margins, screen.charset, screen.g0_charset, screen.g1_charset, screen.cursor.hidden,
            sorted(screen.savepoints)]


def text(screen):
    """The rows that were written to; `Screen.display` would draw all of them."""
    return ["".join(line[column].data for column in range(screen.columns)).rstrip() for _, line in sorted(screen.buffer.items())]


def answer(data, columns, rows):
    # As a terminal's driver does (onlcr, termios(3)).
    data = data.replace(b"\n", b"\r\n")
    told = io.StringIO()
    pyte.ByteStream(pyte.DebugScreen(to=told)).feed(data)
    calls, drawn = set(), True
    for line in told.getvalue().splitlines():
        name, arguments, options = json.loads(line)
        if name == "draw":
            drawn = drawn and not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in "".join(arguments))
        else:
            calls.add(" ".join([name, *map(str, arguments)]))
    screen = pyte.Screen(columns, rows)
    pyte.ByteStream(screen).feed(data)
    return {
        "calls": sorted(calls),
        "drawn": drawn,
        "screen": text(screen),
        "title": screen.title,
        "icon": screen.icon_name,
        "isPlain": state(screen) == NEW,
    }


NEW = state(pyte.Screen(1, 1))

for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(answer(base64.b64decode(question["bytes"]), question["columns"], question["rows"])))
