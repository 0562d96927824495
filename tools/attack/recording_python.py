"""A server of Python's http.server that records each request, a line of JSON each.

Usage: python3 recording_python.py PORT FILE
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RECORD = open(sys.argv[2], "a", buffering=1, encoding="ascii")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        body, complete = self.read_body()
        if self.path != "/heartbeat":
            seen = {"method": self.command, "target": self.path, "body": body, "complete": complete}
            RECORD.write(json.dumps(seen) + "\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.path)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.path.encode("latin-1"))
        self.close_connection = self.close_connection or not complete

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self.read_chunks()
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        return body.decode("latin-1"), len(body) == length

    def read_chunks(self):
        body = b""
        while True:
            line = self.rfile.readline()
            if not line.strip():
                return body.decode("latin-1"), False
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body.decode("latin-1"), True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, *_):
        pass


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
