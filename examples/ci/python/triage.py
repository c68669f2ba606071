"""Sorts support tickets and drafts replies with a model."""
from openai import OpenAI

client = OpenAI()  # reads OPENAI_BASE_URL and OPENAI_API_KEY
MODEL = "gpt-4o-mini"


def classify(ticket):
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "Answer with one word: bug, question or invoice."},
            {"role": "user", "content": ticket},
        ],
    )
    return answer.choices[0].message.content


def reply(ticket):
    stream = client.chat.completions.create(
        model=MODEL,
        stream=True,
        messages=[
            {"role": "system", "content": "Draft a reply of one sentence."},
            {"role": "user", "content": ticket},
        ],
    )
    for chunk in stream:
        yield chunk.choices[0].delta.content or ""
