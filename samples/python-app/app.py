"""Answers a greeting over HTTP; `--check` asks the running server, as a health check does."""
import os
import pathlib
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ.get("PORT", "8080"))
GREETINGS = pathlib.Path(__file__).parent / "greetings"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        language = self.path.strip("/") or "en"
        file = GREETINGS / language
        if not language.isalpha() or not file.is_file():
            self.send_error(404)
            return
        body = file.read_bytes() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5) as answer:
            sys.exit(0 if answer.status == 200 else 1)
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()
