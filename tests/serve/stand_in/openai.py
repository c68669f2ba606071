"""As much of the openai package as examples/ci/python uses, with the HTTP library that the package itself uses."""
import json
import os
from types import SimpleNamespace

import httpx


class NotFoundError(Exception):
    pass


def as_object(text):
    return json.loads(text, object_hook=lambda members: SimpleNamespace(**members))


def create(**body):
    # An SDK's own header fields are no part of the key.
    headers = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    answer = httpx.post(os.environ["OPENAI_BASE_URL"] + "/chat/completions", json=body, headers=headers)
    if answer.status_code == 404:
        raise NotFoundError(answer.json()["error"]["message"])
    answer.raise_for_status()
    if not body.get("stream"):
        return as_object(answer.text)
    events = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
    assert events.pop().strip() == "[DONE]"
    return [as_object(event.replace('"delta": {}', '"delta": {"content": null}')) for event in events]


class OpenAI:
    chat = SimpleNamespace(completions=SimpleNamespace(create=create))
