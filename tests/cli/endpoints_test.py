"""run -- curl against an HTTP server that answers as Gemini, Azure and Ollama do: each URL and each form has its own entry, and no
API key is written anywhere.

Usage: endpoints_test.py LLMCACHE
"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

LLMCACHE = sys.argv.pop(1)
SECRET = "sk-never-written-0123456789"


class Provider(http.server.BaseHTTPRequestHandler):
    calls = 0

    def do_POST(self):
        Provider.calls += 1
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()
        for piece in self.pieces(request, str(Provider.calls)):
            self.wfile.write(piece.encode())
            self.wfile.flush()

    def pieces(self, request, number):
        if "/api/chat" in self.path:
            whole = {"model": "m", "message": {"role": "assistant", "content": number}, "done": True, "done_reason": "stop"}
            if request.get("stream") is False:
                return [json.dumps(whole)]
            begun = {"model": "m", "message": {"role": "assistant", "content": number}, "done": False}
            ended = dict(whole, message={"role": "assistant", "content": ""})
            return [json.dumps(begun) + "\n", json.dumps(ended) + "\n"]
        if "countTokens" in self.path:
            return [json.dumps({"totalTokens": int(number)})]
        if "deployments" in self.path:
            choice = {"index": 0, "message": {"role": "assistant", "content": number}, "finish_reason": "stop"}
            return [json.dumps({"object": "chat.completion", "choices": [choice]})]
        candidate = {"content": {"parts": [{"text": number}], "role": "model"}}
        ended = json.dumps({"candidates": [dict(candidate, finishReason="STOP")]})
        if "streamGenerateContent" not in self.path:
            return [ended]
        return ["data: " + json.dumps({"candidates": [candidate]}) + "\r\n\r\n", "data: " + ended + "\r\n\r\n"]

    def log_message(self, *_):
        pass


class Endpoints(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]
        Provider.calls = 0
        self.directory = tempfile.TemporaryDirectory()
        self.home = pathlib.Path(self.directory.name)
        self.messages = b""

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.directory.cleanup()

    def llmcache(self, *arguments, request=b""):
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        ran = subprocess.run([LLMCACHE, *arguments], input=request, capture_output=True, env=environment, cwd=self.home)
        self.messages += ran.stderr
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def ask(self, path, body, host="127.0.0.1"):
        url = f"http://{host}:{self.port}{path}"
        request = json.dumps(body).encode()
        return self.llmcache("run", "-v", "--", "curl", "-sSN", "--noproxy", "*", "-4", url, "-d", "@-", request=request)

    def test_one_body_has_an_entry_for_each_url_and_no_api_key_is_written(self):
        models = "/v1beta/models/"
        azure = "/openai/deployments/d/chat/completions?api-version="
        urls = [(f"{models}{model}:{method}key={SECRET}", host)
                for model in ("gemini-2.0-flash", "gemini-2.5-pro")
                for method in ("generateContent?", "streamGenerateContent?alt=sse&", "countTokens?")
                for host in ("127.0.0.1", "localhost")]
        urls += [(f"{azure}{version}&api-key={SECRET}", "127.0.0.1") for version in ("2024-06-01", "2024-10-21")]
        body = {"contents": [{"parts": [{"text": "hi"}]}]}
        answers = [self.ask(path, body, host) for path, host in urls]
        self.assertEqual(len(set(answers)), len(urls))
        self.assertEqual(Provider.calls, len(urls))
        self.assertEqual([self.ask(path, body, host) for path, host in urls], answers)
        self.assertEqual(Provider.calls, len(urls))
        rows = [json.loads(line) for line in self.llmcache("ls", "--json").splitlines()]
        self.assertEqual(len({row["endpoint"] for row in rows}), len(urls))
        self.assertEqual({row["kind"] for row in rows if "alt=sse" in row["endpoint"]}, {"stream"})
        shown = b"".join(self.llmcache("show", *form, row["name"]) for row in rows for form in ([], ["--json"], ["--raw"]))
        listed = self.llmcache("ls", "--long") + json.dumps(rows).encode()
        self.assertNotIn(SECRET.encode(), shown + listed + self.messages)
        for file in self.home.rglob("*"):
            self.assertNotIn(SECRET, str(file))
            if file.is_file():
                self.assertNotIn(SECRET.encode(), file.read_bytes(), str(file))

    def test_ollama_without_stream_with_false_and_with_true_has_three_entries_each_of_its_kind(self):
        forms = [{}, {"stream": False}, {"stream": True}]
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        answers = [self.ask("/api/chat", {**body, **form}) for form in forms]
        self.assertEqual([self.ask("/api/chat", {**body, **form}) for form in forms], answers)
        self.assertEqual(Provider.calls, 3)
        self.assertEqual([answer.count(b"\n") for answer in answers], [2, 0, 2])
        rows = [json.loads(line) for line in self.llmcache("ls", "--json").splitlines()]
        self.assertEqual(sorted(row["kind"] for row in rows), ["response", "stream", "stream"])
        endpoint = f"http://127.0.0.1:{self.port}/api/chat"
        for form, answer in zip(forms, answers):
            request = json.dumps({**body, **form}).encode()
            self.assertEqual(self.llmcache("replay", "--endpoint", endpoint, request=request), answer)


if __name__ == "__main__":
    unittest.main()
