"""What `llmcache serve` does with malformed, hostile and slow clients.

Usage: protocol_test.py LLMCACHE
"""
import json
import pathlib
import socket
import subprocess
import sys
import time

import support
from support import STREAM, request

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


class Malformed(support.ServeTest):
    arguments = ("--header-timeout", "1s", "--max-request", "64k")

    def status(self, data):
        return status_of(self.serve.raw(data))

    def test_shapes_of_request_smuggling_are_refused(self):
        for name, fields in (
            ("both lengths", b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            ("both lengths, the other order", b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n"),
            ("two lengths", b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!"),
            ("a signed length", b"content-length: +5\r\n\r\nhello"),
            ("a length in hex", b"content-length: 0x5\r\n\r\nhello"),
            ("a space before the colon", b"content-length : 5\r\n\r\nhello"),
            ("an odd chunk size", b"transfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
            ("a huge chunk size", b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
            ("a NUL in a field", b"x: a\0b\r\ncontent-length: 2\r\n\r\n{}"),
        ):
            with self.subTest(name):
                self.assertEqual(self.status(HEAD + fields), 400)
        self.assertEqual(self.calls(), 0)

    def test_trailers_and_chunk_extensions_are_limited_as_fields_are(self):
        body = b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
        for head in (HEAD, HEAD.replace(b"application/json", b"audio/x")):
            self.assertEqual(self.status(head + b"connection: close\r\n" + body + b"x: y\r\n\r\n"), 200)
            for trailer in (b"x: " + b"a" * 66_000, b"a" * 66_000 + b": x", b"x: y\r\n" * 20_000):
                self.assertIn(self.status(head + body + trailer + b"\r\n\r\n"), (400, 431))
            self.assertIn(self.status(head + b"transfer-encoding: chunked\r\n\r\n2;a=" + b"x" * 1_000_000), (400, 431))
        self.assertEqual(self.serve.call(path="/v1/x", body=b"{}")[0], 200)

    def test_what_is_not_http_is_refused(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/3.0\r\n\r\n", b"{}\r\n\r\n"):
            with self.subTest(data):
                self.assertEqual(self.status(data), 400)

    def test_targets_that_are_no_paths_are_refused(self):
        for target in (b"http://example.com/v1", b"*", b"example.com:443"):
            with self.subTest(target):
                self.assertIn(self.status(b"POST " + target + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
                                          b"content-length: 2\r\n\r\n{}"), (400, 404, 421))
        self.assertEqual(self.calls(), 0)

    def test_option_fields_that_cannot_be_part_of_a_key_are_malformed(self):
        for name, value in (("x-llmcache-session", "s" * 257), ("x-llmcache-session", "a\tb"), ("x-llmcache-ignore", "/a~2b"),
                            ("x-llmcache-ignore", "a"), ("x-llmcache-sample", "-1"), ("x-llmcache-ttl", "soon"), ("x-bf-cache-key", "")):
            with self.subTest(f"{name}: {value}"):
                status, _, body = self.serve.call(body=request(), headers={name: value})
                self.assertEqual((status, json.loads(body)["error"]["code"]), (400, "malformed_request"))
        for twice in (b"x-llmcache-ttl: 1h\r\nx-llmcache-ttl: 2h", b"x-llmcache-sample: 1\r\nx-llmcache-sample: 2",
                      b"x-llmcache-mode: off\r\nx-llmcache-mode: auto"):
            self.assertEqual(self.status(HEAD + twice + b"\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"), 400)
        self.assertEqual(self.calls(), 0)

    def test_large_header_fields_are_refused_without_reading_them_all(self):
        self.assertEqual(self.status(HEAD + b"x: " + b"a" * 100_000_000 + b"\r\n\r\n"), 431)

    def test_a_body_over_the_limit_is_refused(self):
        self.assertEqual(self.status(HEAD + b"content-length: 70000\r\n\r\n"), 413)
        self.assertEqual(self.status(HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"fff0\r\n" + b"a" * 0xfff0 + b"\r\nfff0\r\n"
                                     + b"a" * 0xfff0 + b"\r\n0\r\n\r\n"), 413)

    def test_a_request_that_does_not_arrive_is_given_up(self):
        for data in (b"", b"POST /v1", HEAD, HEAD + b"content-length: 10\r\n\r\n{"):
            with self.subTest(data):
                answer = self.serve.raw(data)
                self.assertEqual(status_of(answer), 408)
                self.assertIn(b'"type":"llmcache_error"', answer)

    def test_a_client_that_closes_after_half_a_request_is_no_problem(self):
        for data in (b"POST", HEAD, HEAD + b"content-length: 10\r\n\r\n{"):
            with socket.create_connection(("127.0.0.1", self.serve.port)) as client:
                client.sendall(data)
        self.assertEqual(self.serve.call(body=request())[0], 200)

    def test_an_upgrade_is_not_supported(self):
        self.assertEqual(self.status(b"GET /v1/realtime HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, close\r\n"
                                     b"upgrade: websocket\r\n\r\n"), 501)

    def test_folded_fields_do_not_reach_the_upstream_folded(self):
        self.serve.raw(HEAD + b"x-folded: a\r\n  b\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")
        for _, _, headers, _ in self.upstream.requests:
            self.assertNotIn("\n", headers["x-folded"] or "")


class Clients(support.ServeTest):
    def test_a_target_with_scheme_and_host_is_read_as_its_path(self):
        for target in (b"http://localhost/v1/x?a=1", b"HTTP://127.0.0.1:8090/v1/x?a=1"):
            answer = self.serve.raw(b"GET " + target + b" HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")
            self.assertEqual(status_of(answer), 200)
        self.assertEqual([path for _, path, *_ in self.upstream.requests], ["/v1/x?a=1"] * 2)
        self.assertEqual(status_of(self.serve.raw(b"GET http://evil.example/v1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")), 421)

    def test_empty_lines_before_a_request_are_skipped(self):
        health = b"GET /_llmcache/health HTTP/1.1\r\nhost: localhost\r\n"
        answer = self.serve.raw(b"\r\n\r\n" + health + b"\r\n\r\n\r\n" + health + b"connection: close\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 2)

    def test_pages_of_the_server_answer_other_methods_with_an_error(self):
        status, headers, body = self.serve.call("POST", "/_llmcache/health")
        self.assertEqual((status, headers["allow"], json.loads(body)["error"]["code"]), (405, "GET, HEAD", "method_not_allowed"))

    def test_pipelined_requests_are_answered_in_order(self):
        messages = [b"%scontent-length: %d\r\n\r\n%s" % (HEAD, len(body), body) for body in (request("one"), request("two"))]
        last = b"GET /_llmcache/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        answer = self.serve.raw(b"".join(messages) + last)
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 3)
        self.assertEqual([json.loads(body)["messages"][0]["content"] for *_, body in self.upstream.requests], ["one", "two"])

    def test_a_client_that_expects_100_continue_gets_it(self):
        body = request()
        with socket.create_connection(("127.0.0.1", self.serve.port), timeout=20) as client:
            client.sendall(HEAD + b"expect: 100-continue\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body))
            self.assertEqual(client.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            client.sendall(body)
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 200"))

    def test_a_client_of_http_1_0_gets_no_interim_answer(self):
        body = request()
        answer = self.serve.raw(HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        self.assertEqual(status_of(answer), 200)

    def test_the_connection_is_closed_if_any_of_its_fields_says_so(self):
        for fields in (b"connection: x-other\r\nconnection: close\r\n", b"connection: keep-alive\r\nconnection: x, Close\r\n"):
            answer = self.serve.raw(HEAD + fields + b"content-length: 2\r\n\r\n{}")
            self.assertIn(b"\r\nconnection: close\r\n", answer)

    def test_a_client_that_ends_its_own_side_still_gets_its_answer(self):
        def slow(handler, body):
            self.upstream.gate.wait(20)
            self.upstream.answer_chat(handler, body)
        self.upstream.answer = slow
        for body, end in ((request(), json.dumps(support.CHAT).encode()), (request(stream=True), b"\r\n0\r\n\r\n")):
            self.upstream.gate.clear()
            before = self.calls()
            with socket.create_connection(("127.0.0.1", self.serve.port), timeout=20) as client:
                client.sendall(HEAD + b"content-length: %d\r\n\r\n%s" % (len(body), body))
                client.shutdown(socket.SHUT_WR)
                while self.calls() == before:
                    time.sleep(0.01)
                self.assertEqual(client.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
                self.upstream.gate.set()
                answer = b"".join(iter(lambda: client.recv(65536), b""))
            self.assertEqual(status_of(answer), 200)
            self.assertIn(b"\r\nconnection: close\r\n", answer)
            self.assertTrue(answer.endswith(end))

    def test_curl_gets_the_same_answer_however_it_asks(self):
        body = pathlib.Path(self.home, "request")
        body.write_bytes(request(stream=True))
        for options in ((), ("--http1.0",), ("-H", "transfer-encoding: chunked"), ("-H", "expect: 100-continue"), ("--http2-prior-knowledge",)):
            done = subprocess.run(["curl", "-sSN", *options, "-H", "content-type: application/json", "--data-binary", f"@{body}",
                                   f"http://127.0.0.1:{self.serve.port}/v1/x"], capture_output=True, timeout=20, check=False)
            # HTTP/2 without TLS is not offered.
            self.assertEqual((options, done.stdout), (options, b"" if "--http2-prior-knowledge" in options else b"".join(STREAM)))
        self.assertEqual(self.calls(), 1)

    def test_a_chunked_request_is_the_same_request(self):
        body = request()
        self.serve.call(body=body)
        chunked = HEAD + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        self.assertIn(b"llmcache; hit", self.serve.raw(chunked))

    def test_a_client_that_reads_slowly_does_not_slow_another(self):
        big = support.event(support.delta("x" * 60_000))

        def long_answer(handler, _):
            handler.begin_chunks()
            for _ in range(200):
                handler.send_chunk(big)
            for piece in STREAM[2:] + [b""]:
                handler.send_chunk(piece)
        self.upstream.answer = long_answer
        body = request(stream=True)
        slow = socket.create_connection(("127.0.0.1", self.serve.port))
        slow.sendall(HEAD + b"content-length: %d\r\n\r\n%s" % (len(body), body))
        slow.recv(1)
        fast = self.serve.call(body=body)
        self.assertEqual(len(fast[2]), 200 * len(big) + len(b"".join(STREAM[2:])))
        slow.close()
        self.assertEqual(self.calls(), 1)

    def test_more_connections_than_allowed_are_turned_away(self):
        serve = self.start("--max-connections", "2")
        held = [socket.create_connection(("127.0.0.1", serve.port)) for _ in range(2)]
        time.sleep(0.2)
        answer = serve.raw(b"GET /_llmcache/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        self.assertEqual(status_of(answer), 503)
        for client in held:
            client.close()


if __name__ == "__main__":
    support.main(sys.argv)
