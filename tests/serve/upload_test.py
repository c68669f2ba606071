"""How `llmcache serve` passes on bodies of requests that are not cached: while they arrive.

Usage: upload_test.py LLMCACHE
"""
import contextlib
import http.client
import socket
import sys
import threading
import time

import support

BINARY = {"content-type": "application/octet-stream"}
HEAD = b"POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\n"


def answer_size(handler, body):
    handler.send(200, str(len(body)).encode())


class Uploads(support.ServeTest):
    arguments = ("--max-request", "4M", "--header-timeout", "2s")

    def setUp(self):
        super().setUp()
        self.upstream.answer = answer_size

    @contextlib.contextmanager
    def client(self, sent=b""):
        with socket.create_connection(("127.0.0.1", self.serve.port), timeout=20) as client:
            client.sendall(sent)
            yield client

    def watch_for_the_end(self):
        """An event that is set when the upstream's connection ends while it reads a body."""
        ended = threading.Event()

        def read_to_the_end(handler):
            handler.connection.settimeout(20)
            while handler.rfile.read(1):
                pass
            ended.set()
            return b""
        self.upstream.read_body = read_to_the_end
        return ended

    def answer_to(self, client):
        received = b""
        while b"\r\n\r\n" not in received and (piece := client.recv(65536)):
            received += piece
        return received

    def test_each_piece_reaches_the_upstream_before_the_next_is_sent(self):
        arrived = []
        changed = threading.Condition()

        def read_chunks(handler):
            while chunk := self.upstream.read_chunk(handler):
                with changed:
                    arrived.append(chunk)
                    changed.notify()
            return b"".join(arrived)
        self.upstream.read_body = read_chunks
        with self.client(HEAD + b"transfer-encoding: chunked\r\n\r\n") as client:
            for number in range(3):
                client.sendall(b"4\r\nab%d\n\r\n" % number)
                with changed:
                    self.assertTrue(changed.wait_for(lambda: len(arrived) == number + 1, timeout=20))
            client.sendall(b"0\r\n\r\n")
            answer = self.answer_to(client)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
        self.assertEqual(b"".join(arrived), b"ab0\nab1\nab2\n")

    def test_bodies_arrive_unchanged_with_their_length(self):
        for method, path in (("POST", "/v1/files"), ("PUT", "/v1/x"), ("PATCH", "/v1/x"), ("DELETE", "/v1/x")):
            for size in (1, 5000, 3_000_000):
                with self.subTest(f"{method} {size}"):
                    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
                    status, headers, _ = self.serve.call(method, path, body, BINARY)
                    self.assertEqual((status, "fwd=bypass" in headers["cache-status"]), (200, True))
                    sent = self.upstream.requests[-1]
                    self.assertEqual((sent[0], sent[2]["content-length"], sent[3] == body), (method, str(size), True))

    def test_one_connection_carries_uploads_and_other_requests_in_turn(self):
        with contextlib.closing(self.serve.connection()) as connection:
            for number in range(3):
                connection.request("POST", "/v1/files", body=b"x" * (100_000 + number), headers=BINARY)
                self.assertEqual(connection.getresponse().read(), b"%d" % (100_000 + number))
                connection.request("POST", "/v1/files", body=iter([b"ab", b"c" * number]), headers=BINARY, encode_chunked=True)
                self.assertEqual(connection.getresponse().read(), b"%d" % (2 + number))
                connection.request("GET", "/v1/models")
                self.assertEqual(connection.getresponse().read(), b"0")
        requests = (HEAD + b"content-length: 3\r\n\r\nabc") * 3
        with self.client(requests) as client:
            received = b""
            while received.count(b"HTTP/1.1 200 OK") < 3:
                received += client.recv(65536)

    def test_a_request_follows_an_upload_whose_last_chunk_came_with_its_end(self):
        upload = HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        with self.client() as client:
            for _ in range(3):
                for sent, size in ((upload, b"3"), (b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n", b"0")):
                    client.sendall(sent)
                    answer = http.client.HTTPResponse(client)
                    answer.begin()
                    self.assertEqual(answer.read(), size)

    def test_a_client_that_expects_to_continue_is_told_to_when_its_body_is_wanted(self):
        with self.client(HEAD + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n") as client:
            self.assertEqual(client.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            client.sendall(b"abc")
            self.assertIn(b"200 OK", self.answer_to(client))
        with self.client(HEAD.replace(b"localhost", b"evil.example") + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n") as client:
            self.assertTrue(self.answer_to(client).startswith(b"HTTP/1.1 421"))

    def test_a_body_that_is_too_large_is_refused_also_if_its_size_is_known_only_at_its_end(self):
        calls = self.calls()
        status, *_ = self.serve.call("POST", "/v1/files", b"x" * 5_000_000, BINARY)
        self.assertEqual((status, self.calls()), (413, calls))
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        answer = self.serve.raw(HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk * 5 + b"0\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer[:200])
        self.assertEqual(self.serve.call("GET", "/v1/models")[0], 200)

    def test_a_body_that_stops_or_is_malformed_is_refused_and_ends_the_call(self):
        ended = self.watch_for_the_end()
        for status, body in ((b"408", b"content-length: 10\r\n\r\nabc"), (b"400", b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")):
            ended.clear()
            with self.client(HEAD + body) as client:
                self.assertTrue(self.answer_to(client).startswith(b"HTTP/1.1 " + status))
            self.assertTrue(ended.wait(20))
        _, _, metrics = self.serve.call("GET", "/_llmcache/metrics")
        self.assertNotIn(b"upstream_errors_total{", metrics)

    def test_a_client_that_goes_away_while_it_sends_ends_the_call(self):
        ended = self.watch_for_the_end()
        with self.client(HEAD + b"content-length: 10\r\n\r\nabc"):
            time.sleep(0.1)
        self.assertTrue(ended.wait(20))

    def test_a_client_that_goes_away_after_its_upload_ends_the_call(self):
        ended = threading.Event()

        def wait_for_the_end(handler, _):
            handler.connection.settimeout(20)
            with contextlib.suppress(ConnectionResetError):
                handler.connection.recv(1)
            ended.set()
        self.upstream.answer = wait_for_the_end
        for body in (b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"content-length: 3\r\n\r\nabc"):
            ended.clear()
            calls = self.calls()
            with self.client(HEAD + body):
                while self.calls() == calls:
                    time.sleep(0.01)
            self.assertTrue(ended.wait(15))

    def test_an_upstream_may_answer_before_the_body_ends(self):
        def answer_at_once(handler):
            handler.send(413, b"too much")
            return b""
        self.upstream.read_body = answer_at_once
        self.upstream.answer = lambda handler, body: setattr(handler, "close_connection", True)
        with self.client(HEAD + b"content-length: 2000000\r\n\r\nabc") as client:
            answer = self.answer_to(client)
        self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer)
        self.assertIn(b"connection: close", answer.lower())

    def test_a_slow_upstream_slows_the_client_down(self):
        size = 60_000_000  # more than the kernel keeps
        serve = self.start()
        self.upstream.read_body = lambda handler: self.upstream.gate.wait(30) and self.upstream.read_whole_body(handler)
        with socket.create_connection(("127.0.0.1", serve.port), timeout=1) as client:
            client.sendall(HEAD + b"content-length: %d\r\n\r\n" % size)
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < size:
                    sent += client.send(b"x" * min(65536, size - sent))
            self.assertLess(sent, size)
            self.upstream.gate.set()
            client.settimeout(20)
            client.sendall(b"x" * (size - sent))
            self.assertIn(b"200 OK", self.answer_to(client))

    def test_over_http_2_too(self):
        certificate, key = support.certificate(self.home)
        server = f"""server {{ listen 127.0.0.1:{{port}} ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key};
                     location / {{ proxy_pass {self.upstream.url}; proxy_request_buffering off; proxy_http_version 1.1; }} }}"""
        with support.nginx(self.home, server) as port:
            serve = self.start("--upstream", f"https://127.0.0.1:{port}", "--upstream-cacert", certificate)
            for _ in range(2):
                status, _, size = serve.call("POST", "/v1/files", b"x" * 1_000_000, BINARY)
                self.assertEqual((status, size), (200, b"1000000"))
            serve.stop()


if __name__ == "__main__":
    support.main(sys.argv)
