"""Answers questions about Dockerfiles with two independent programs from PyPI.

Reads a JSON object a line and writes one a line. {"parse": TEXT} is answered by `dockerfile` (the Go parser of BuildKit
0.12.5), {"word": TEXT, "escape": TOKEN, "environment": {…}} by `e2b-dockerfile-utils` (a port of BuildKit's shell lexer).
"""

import json
import sys

import dockerfile
from e2b_dockerfile_utils.lexer import ShellLex


def parse(text):
    try:
        commands = dockerfile.parse_string(text)
    except dockerfile.GoParseError as error:
        return {"error": str(error)}
    return {
        "nodes": [
            {
                "cmd": command.cmd,
                "sub": command.sub_cmd or "",
                "json": command.json,
                "original": command.original,
                "start": command.start_line,
                "end": command.end_line,
                "flags": list(command.flags),
                "args": list(command.value),
                "heredocs": [[doc.name, doc.file_descriptor, doc.content] for doc in command.heredocs],
            }
            for command in commands
        ]
    }


def expand(word, escape, environment):
    lexer = ShellLex(escape, env=environment, skip_unset_env=False)
    try:
        return {"text": lexer.process_word(word)}
    except Exception as error:  # Its errors have no type in common.
        return {"error": str(error)}


for line in sys.stdin:
    question = json.loads(line)
    if "parse" in question:
        answer = parse(question["parse"])
    else:
        answer = expand(question["word"], question["escape"], question["environment"])
    print(json.dumps(answer))
