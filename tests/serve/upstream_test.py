"""How `llmcache serve` calls upstreams: where from it knows them, TLS, proxies, redirects, and calls whose client has gone.

Usage: upstream_test.py LLMCACHE
"""
import contextlib
import http.client
import json
import pathlib
import socket
import ssl
import sys
import threading
import time

import support
from support import CHAT, STREAM, delta, event, request

POST = {"content-type": "application/json"}


class Upstreams(support.ServeTest):
    def configured(self, upstreams, *arguments, environment=None):
        folder = pathlib.Path(self.home, "config/llmcache")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"upstreams": upstreams}))
        serve = support.Serve(self.program, self.home, *arguments, environment=environment)
        self.addCleanup(serve.stop)
        return serve

    def test_the_configuration_adds_upstreams_and_options_replace_them(self):
        serve = self.configured(["mine=" + self.upstream.url, "openai=http://127.0.0.1:9"], "--upstream", "openai=" + self.upstream.url)
        self.assertEqual(serve.call(path="/mine/v1/x?a=1", body=request())[0], 200)
        self.assertEqual(serve.call(path="/v1/y", body=request())[0], 200)
        self.assertEqual([path for _, path, *_ in self.upstream.requests], ["/v1/x?a=1", "/v1/y"])

    def test_an_upstream_for_every_request_stands_alone(self):
        named = "mine=" + self.upstream.url
        serve = self.configured(["http://127.0.0.1:9"], "--upstream", named)
        self.assertEqual(serve.call(path="/mine/v1/x", body=request())[0], 200)
        self.assertEqual(self.upstream.requests.pop()[1], "/v1/x")
        for configured, arguments in ((["mine=http://127.0.0.1:9"], [self.upstream.url]), ([], [self.upstream.url, "mine=http://127.0.0.1:9"]),
                                      ([], ["mine=http://127.0.0.1:9", self.upstream.url])):
            serve = self.configured(configured, "--store", "memory:", *(word for url in arguments for word in ("--upstream", url)))
            self.assertEqual(serve.call(path="/mine/v1/x", body=request())[0], 200)
            self.assertEqual(self.upstream.requests.pop()[1], "/mine/v1/x")

    def test_paths_without_a_name_belong_to_the_provider_that_has_them(self):
        names = ("openai", "anthropic", "gemini", "ollama")
        serve = self.configured([f"{name}={self.upstream.url}/{name}" for name in names])
        for path, name in (("/v1/chat/completions", "openai"), ("/v1/messages", "anthropic"), ("/v1/messages/count_tokens", "anthropic"),
                           ("/v1/messagesx", "openai"), ("/v1beta/models/m:generateContent", "gemini"), ("/api/chat", "ollama"),
                           ("/other", "openai")):
            serve.call(path=path, body=request())
            self.assertEqual(self.upstream.requests[-1][1], f"/{name}{path}")

    def test_an_answer_in_another_coding_is_passed_on_and_not_stored(self):
        for coding in ("gzip", "zstd", "br", "x-unknown"):
            self.upstream.answer = lambda handler, _, coding=coding: handler.send(
                200, b"coded " + coding.encode(), [("content-encoding", coding), ("content-type", "application/json")])
            for _ in range(2):
                status, headers, body = self.serve.call(body=request(coding))
                self.assertEqual((status, headers["content-encoding"], body), (200, coding, b"coded " + coding.encode()))
                self.assertIn(f'detail="content-encoding {coding}"', headers["cache-status"])
        self.assertEqual(self.calls(), 8)

    def test_the_reason_phrase_of_an_upstream_is_passed_on(self):
        for line, expected in ((b"HTTP/1.1 529 Site is overloaded", b"HTTP/1.1 529 Site is overloaded\r\n"),
                               (b"HTTP/1.1 529 ", b"HTTP/1.1 529 \r\n"), (b"HTTP/1.1 404 No such model", b"HTTP/1.1 404 No such model\r\n")):
            self.upstream.answer = lambda handler, _, line=line: handler.wfile.write(line + b"\r\ncontent-length: 0\r\n\r\n")
            answer = self.serve.raw(b"GET /v1/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            self.assertTrue(answer.startswith(expected), answer)

    def test_a_stream_is_alive_as_long_as_anything_comes(self):
        def drip(handler, _):
            handler.begin_chunks()
            for _ in range(5):
                time.sleep(0.5)
                handler.send_chunk(b"\n")
            handler.send_chunk(b"")

        self.upstream.answer = drip
        serve = self.start("--upstream-idle-timeout", "1s")
        self.assertEqual(serve.call(body=request(stream=True))[2], b"\n" * 5)

    def test_redirects_are_passed_on(self):
        self.upstream.answer = lambda handler, _: handler.send(307, b"", [("location", "http://127.0.0.1:9/elsewhere")])
        status, headers, _ = self.serve.call(body=request())
        self.assertEqual((status, headers["location"]), (307, "http://127.0.0.1:9/elsewhere"))

    def test_tls_is_verified_against_the_given_authorities(self):
        certificate, key = support.certificate(self.home)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.upstream.server.socket = context.wrap_socket(self.upstream.server.socket, server_side=True)
        url = self.upstream.url.replace("http:", "https:")
        trusting = self.start("--upstream", url, "--upstream-cacert", certificate)
        self.assertEqual(trusting.call(body=request(stream=True))[2], b"".join(STREAM))
        status, _, body = self.start("--upstream", url).call(body=request("another"))
        self.assertEqual((status, json.loads(body)["error"]["code"]), (502, "upstream_unreachable"))

    def test_http_2_is_used_where_offered_with_many_calls_on_one_connection(self):
        certificate, key = support.certificate(self.home)
        server = f"""server {{ listen 127.0.0.1:{{port}} ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key};
                     add_header x-protocol $server_protocol; add_header x-connection $connection;
                     location / {{ proxy_pass {self.upstream.url}; proxy_buffering off; proxy_http_version 1.1; }} }}"""
        answers = []

        def ask(text):
            answers.append(serve.call(body=request(text, stream=True)))

        with support.nginx(self.home, server) as port:
            serve = self.start("--upstream", f"https://127.0.0.1:{port}", "--upstream-cacert", certificate)
            ask("first")
            threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ask("first")
            hit = answers.pop()
            self.assertEqual({answer[2] for answer in answers + [hit]}, {b"".join(STREAM)})
            self.assertEqual({answer[1]["x-protocol"] for answer in answers}, {"HTTP/2.0"})
            self.assertEqual(len({answer[1]["x-connection"] for answer in answers}), 1)
            self.assertIn("hit", hit[1]["cache-status"])
            serve.stop()

    def test_a_kept_connection_that_the_upstream_has_closed_is_replaced(self):
        certificate, key = support.certificate(self.home)
        for protocol in ("ssl http2", "ssl"):
            server = f"""server {{ listen 127.0.0.1:{{port}} {protocol}; ssl_certificate {certificate}; ssl_certificate_key {key};
                         keepalive_timeout 300ms; location / {{ proxy_pass {self.upstream.url}; }} }}"""
            with support.nginx(self.home, server) as port:
                serve = self.start("--upstream", f"https://127.0.0.1:{port}", "--upstream-cacert", certificate)
                for number in range(4):
                    answer = serve.call(body=request(f"{protocol} {number}"))
                    self.assertEqual((answer[0], answer[2]), (200, json.dumps(CHAT).encode()), protocol)
                    time.sleep(0.25 + 0.1 * number)
                serve.stop()

    def test_bytes_that_nobody_asked_for_are_no_answer_to_the_next_request(self):
        chat = json.dumps(CHAT).encode()
        wrong = b'{"choices":[{"message":{"content":"wrong"},"finish_reason":"stop"}]}'

        def message(status, body):
            return b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)

        for unasked, closes in ((message(b"200 OK", wrong), False), (message(b"408 Request Timeout", b"{}"), True), (b"junk", False)):
            said = threading.Event()

            def answer(handler, _, unasked=unasked, closes=closes, said=said):
                handler.wfile.write(message(b"200 OK", chat))
                if not said.is_set():
                    time.sleep(0.1)
                    handler.wfile.write(unasked)
                    handler.close_connection = closes
                    said.set()
            self.upstream.answer = answer
            for text in ("first", "second"):
                for _ in range(2):
                    status, _, body = self.serve.call(body=request(f"{text} {unasked}"))
                    self.assertEqual((status, body), (200, chat))
                said.wait(10)
                time.sleep(0.1)

    def test_an_answer_whose_lengths_contradict_each_other_is_not_passed_on(self):
        for lengths in (("11", "5"), ("5", "11"), ("5, 11",), ("+5",)):
            fields = "".join(f"content-length: {length}\r\n" for length in lengths)
            self.upstream.answer = lambda handler, _, fields=fields: handler.wfile.write(
                f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n{fields}\r\nhello world".encode())
            for _ in range(2):
                status, _, body = self.serve.call(body=request(str(lengths)))
                self.assertEqual((status, json.loads(body)["error"]["code"]), (502, "upstream_unreachable"), lengths)
        self.upstream.answer = lambda handler, _: handler.wfile.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5, 5\r\n\r\nhello")
        self.assertEqual(self.serve.call(body=request())[2], b"hello")

    def test_fields_that_are_folded_or_contain_a_carriage_return_reach_the_client_on_one_line(self):
        self.upstream.answer = lambda handler, _: handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nx-folded: a\r\n  b\r\nx-cut: c\rset-cookie: d\r\ncontent-length: 2\r\n\r\n{}")
        answer = self.serve.raw(b"GET /v1/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        self.assertIn(b"\r\nx-folded: a b\r\n", answer)
        self.assertIn(b"\r\nx-cut: c set-cookie: d\r\n", answer)

    def test_a_client_that_reads_slowly_gets_all_that_came_before_an_answer_broke_off(self):
        pieces = 200 * [event(delta("x" * 5_000))]

        def cut_off(handler, _):
            handler.begin_chunks()
            for piece in pieces:
                handler.send_chunk(piece)
            handler.close_connection = True
        self.upstream.answer = cut_off
        client = self.serve.connection()
        client.request("POST", "/v1/x", body=request(stream=True), headers=POST)
        answer = client.getresponse()
        time.sleep(0.5)
        with self.assertRaises(http.client.IncompleteRead) as cut:
            answer.read()
        self.assertEqual(len(cut.exception.partial), len(b"".join(pieces)))

    def test_the_proxy_of_the_environment_is_used_but_not_for_exceptions(self):
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            serve = self.configured(["https://provider.invalid"],
                                    environment={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}", "NO_PROXY": "localhost"})
            client = serve.connection()
            client.request("POST", "/v1/x", body=request(), headers=POST)
            connection, _ = proxy.accept()
            self.assertTrue(connection.recv(1000).startswith(b"CONNECT provider.invalid:443 HTTP/1.1\r\n"))
            connection.close()
            self.assertEqual(client.getresponse().status, 502)
            client.close()
            direct = self.configured(["https://localhost:9"],
                                     environment={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}", "NO_PROXY": "localhost"})
            self.assertEqual(direct.call(body=request())[0], 502)
            proxy.setblocking(False)
            with self.assertRaises(BlockingIOError):
                proxy.accept()

    def test_an_upstream_that_sends_nothing_is_given_up(self):
        self.upstream.answer = lambda handler, _: self.upstream.gate.wait(20)
        serve = self.start("--upstream-idle-timeout", "1s")
        status, headers, body = serve.call(body=request())
        self.assertEqual((status, json.loads(body)["error"]["code"]), (504, "upstream_timeout"))
        self.assertNotIn("x-should-retry", headers)

    def test_a_client_that_goes_before_its_answer_begins_ends_the_call(self):
        ended = threading.Event()

        def wait_for_the_end(handler, _):
            handler.connection.settimeout(20)
            with contextlib.suppress(ConnectionResetError):
                if handler.connection.recv(1):
                    return
            ended.set()
        self.upstream.answer = wait_for_the_end
        next_request = b"GET /v1/next HTTP/1.1\r\nhost: localhost\r\n\r\n"
        for version, more in (("1.1", b""), ("1.0", b""), ("1.1", b"\r\n"), ("1.1", next_request)):
            ended.clear()
            before = self.calls()
            with socket.create_connection(("127.0.0.1", self.serve.port)) as client:
                client.sendall(b"POST /v1/x HTTP/%s\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}%s" % (version.encode(), more))
                while self.calls() == before:
                    time.sleep(0.01)
            self.assertTrue(ended.wait(20))
        self.assertNotIn("/v1/next", [path for _, path, *_ in self.upstream.requests])

    def test_a_client_that_goes_away_ends_its_call_over_http_2_at_once(self):
        ended = threading.Event()

        def answer(handler, _):
            handler.begin_chunks()
            handler.send_chunk(STREAM[0])
            handler.connection.settimeout(20)
            if not handler.connection.recv(1):
                ended.set()
        self.upstream.answer = answer
        certificate, key = support.certificate(self.home)
        server = f"""server {{ listen 127.0.0.1:{{port}} ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key};
                     location / {{ proxy_pass {self.upstream.url}; proxy_buffering off; proxy_http_version 1.1; }} }}"""
        with support.nginx(self.home, server) as port:
            serve = self.start("--upstream", f"https://127.0.0.1:{port}", "--upstream-cacert", certificate)
            with contextlib.closing(serve.connection()) as client:
                client.request("POST", "/v1/x", body=request(stream=True), headers=POST)
                self.assertEqual(client.getresponse().read1(), STREAM[0])
            self.assertTrue(ended.wait(5))
            serve.stop()

    def test_finish_abandoned_stores_an_answer_whose_client_has_gone(self):
        sent = threading.Event()

        def slow(handler, _):
            handler.begin_chunks()
            handler.send_chunk(STREAM[0])
            self.upstream.gate.wait(20)
            for piece in STREAM[1:] + [b""]:
                handler.send_chunk(piece)
            sent.set()
        self.upstream.answer = slow
        serve = self.start("--finish-abandoned")
        client = serve.connection()
        client.request("POST", "/v1/x", body=request(stream=True), headers=POST)
        answer = client.getresponse()
        answer.read1()
        answer.close()
        client.close()
        self.upstream.gate.set()
        self.assertTrue(sent.wait(20))
        # Either the call is still running, and this follows it, or its answer is stored.
        self.assertEqual(serve.call(path="/v1/x", body=request(stream=True))[2], b"".join(STREAM))
        self.assertEqual(self.calls(), 1)

    def test_a_hit_is_sent_at_the_recorded_pace_if_asked_to_and_the_time_saved_is_counted(self):
        def slow(handler, _):
            handler.begin_chunks()
            for piece in STREAM:
                time.sleep(0.1)
                handler.send_chunk(piece)
            handler.send_chunk(b"")
        self.upstream.answer = slow
        serve = self.start("--pace", "recorded")
        self.serve.call(body=request(stream=True))
        begin = time.monotonic()
        self.assertIn("hit", serve.call(body=request(stream=True))[1]["cache-status"])
        self.assertGreater(time.monotonic() - begin, 0.25)
        self.serve.call(body=request(stream=True))
        self.assertGreater(json.loads(self.serve.call("GET", "/_llmcache/stats")[2])["saved_ms"], 200)


class Addresses(support.ServeTest):
    def test_it_listens_on_several_addresses(self):
        path = self.home + "/socket"
        serve = self.start("--listen", "127.0.0.1:0", "--listen", "unix:" + path)
        urls = serve.ready["urls"]
        self.assertEqual((len(urls), urls[2]), (3, "unix:" + path))
        for url in urls[:2]:
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
                client.sendall(b"GET /_llmcache/health HTTP/1.0\r\nhost: localhost\r\n\r\n")
                self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200"))

    def test_it_listens_on_ipv6(self):
        serve = self.start("--listen", "[::1]:0")
        url = serve.ready["urls"][1]
        self.assertRegex(url, r"^http://\[::1\]:\d+$")
        for host, status in ((url[7:], 200), ("[::1]", 200), ("localhost", 200), ("[::2]", 421), ("evil.example", 421)):
            client = http.client.HTTPConnection("::1", int(url.rpartition(":")[2]), timeout=20)
            client.request("POST", "/v1/x", body=request(), headers={**POST, "host": host})
            answer = client.getresponse()
            self.assertEqual((host, answer.status), (host, status))
            client.close()


if __name__ == "__main__":
    support.main(sys.argv)
