"""A programmable upstream, a running `llmcache serve`, and a client that speaks raw HTTP."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHAT = {"id": "c1", "object": "chat.completion", "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Because."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}}


def event(data):
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def delta(text, finish=None):
    return {"id": "c1", "object": "chat.completion.chunk", "model": "gpt-4o-mini",
            "choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]}


STREAM = [event(delta("Be")), event(delta("cause")), event(delta("", "stop")), event(b"[DONE]")]


def request(text="Why is the sky blue?", **more):
    return json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}).encode()


class Upstream:
    """Answers with `self.answer(handler, body)`, which a test may replace, and reads bodies with `self.read_body(handler)`.
    Keeps every request that it has received."""

    def __init__(self):
        self.requests = []
        self.answer = self.answer_chat
        self.read_body = self.read_whole_body
        self.gate = threading.Event()  # a test opens it to let a waiting answer go on
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = upstream.read_body(self)
                upstream.requests.append((self.command, self.path, self.headers, body))
                try:
                    upstream.answer(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = serve

            def log_message(self, *_):
                pass

            def send(self, status, body, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def begin_chunks(self, content_type="text/event-stream", headers=()):
                self.send_response(200)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-type", content_type)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()

            def send_chunk(self, data):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                if not isinstance(sys.exc_info()[1], ConnectionError):  # a test may kill its server
                    super().handle_error(*_)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def read_whole_body(self, handler):
        if handler.headers.get("transfer-encoding") != "chunked":
            return handler.rfile.read(int(handler.headers.get("content-length") or 0))
        return b"".join(iter(lambda: self.read_chunk(handler), b""))

    @staticmethod
    def read_chunk(handler):
        chunk = handler.rfile.read(int(handler.rfile.readline() or b"0", 16))
        handler.rfile.readline()
        return chunk

    def answer_chat(self, handler, body):
        if body and json.loads(body).get("stream"):
            handler.begin_chunks()
            for piece in STREAM:
                handler.send_chunk(piece)
            handler.send_chunk(b"")
        else:
            handler.send(200, json.dumps(CHAT).encode(), [("content-type", "application/json"), ("x-request-id", "r1")])

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


class Serve:
    """`llmcache serve` on a free port, in a home of its own."""

    def __init__(self, program, home, *arguments, environment=None, prefix=()):
        self.home = pathlib.Path(home)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(self.home / "cache"),
                            "XDG_CONFIG_HOME": str(self.home / "config"), "XDG_STATE_HOME": str(self.home / "state"),
                            **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}, **(environment or {})}
        self.log = open(self.home / "serve.log", "a+b")
        self.process = subprocess.Popen([*prefix, program, "serve", "--json", "--listen", "127.0.0.1:0", *arguments],
                                        stdout=subprocess.PIPE, stderr=self.log, env=self.environment)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise AssertionError("serve did not start: " + self.messages())
        self.ready = json.loads(line)
        self.port = int(self.ready["urls"][0].rpartition(":")[2])

    def messages(self):
        self.log.flush()
        return (self.home / "serve.log").read_text(errors="replace")

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def call(self, method="POST", path="/v1/chat/completions", body=b"", headers=None):
        """The status, the headers and the body of one answer."""
        headers = {"content-type": "application/json", **(headers or {})} if body else headers or {}
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def raw(self, data):
        """Everything that the server sends after these bytes, until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            try:
                client.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            received = b""
            try:
                while piece := client.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=40)
        self.process.stdout.close()
        self.log.close()
        return code


def certificate(home):
    """The paths of a certificate for 127.0.0.1 and its key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", home + "/key", "-out", home + "/cert", "-days", "1"],
                   check=True, capture_output=True)
    return home + "/cert", home + "/key"


@contextlib.contextmanager
def nginx(home, server):
    """An nginx of the test's own, with one server: the port that it listens on. {port} in the configuration is replaced by it."""
    program = shutil.which("nginx") or str(pathlib.Path(__file__).resolve().parents[2] / ".deps/nginx/usr/sbin/nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = pathlib.Path(home, "nginx")
    folder.mkdir(exist_ok=True)
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "conf").write_text(f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}} "
                                 f"http {{ access_log off; {paths} {server.replace('{port}', str(port))} }}")
    process = subprocess.Popen([program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "conf")])
    try:
        wait_for_port(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for_port(process, port):
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextlib.contextmanager
def redis(home, *arguments):
    """A redis-server of the test's own: its URL and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", home, *arguments],
                               stdout=subprocess.DEVNULL)
    try:
        wait_for_port(process, port)
        yield f"redis://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


class ServeTest(unittest.TestCase):
    """A test with an upstream, and a server in front of it."""

    program = None
    arguments = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.serve = self.start(*self.arguments)

    def start(self, *arguments, **options):
        serve = Serve(self.program, self.home, "--upstream", self.upstream.url, *arguments, **options)
        self.addCleanup(serve.stop)
        return serve

    def calls(self):
        return len(self.upstream.requests)


def main(module_arguments):
    ServeTest.program = module_arguments[1]
    unittest.main(argv=module_arguments[:1])
