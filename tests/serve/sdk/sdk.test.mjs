// Real SDKs through `llmcache serve`: what they get on a miss and on a hit equals what they get from the provider.
// LLMCACHE names the program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, test } from 'node:test';

import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { embed, generateText, jsonSchema, streamText, tool } from 'ai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

import { startProvider } from './provider.mjs';

let provider, server, url, home;

before(async () => {
  provider = await startProvider();
  home = await mkdtemp(join(tmpdir(), 'llmcache-sdk-'));
  const upstreams = ['openai', 'anthropic', 'gemini', 'ollama'].flatMap((name) => ['--upstream', `${name}=${provider.url}`]);
  server = spawn(process.env.LLMCACHE, ['serve', '--json', '--listen', '127.0.0.1:0', '--ttl', '1h', ...upstreams],
    { env: { ...process.env, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await new Promise((resolve) => createInterface(server.stdout).once('line', (...args) => resolve(args)));
  [url] = JSON.parse(line).urls;
});

after(async () => {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await ended;
  provider.server.closeAllConnections();
  provider.server.close();
  await rm(home, { recursive: true });
});

beforeEach(() => { Object.assign(provider, { calls: 0, closed: 0, delay: 0, failures: [] }); });

async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

// Without what the Google SDK adds about the connection.
const visible = ({ sdkHttpResponse, ...rest }) => rest;
// Without what the AI SDK makes up or measures: ids, times, durations and header fields.
const given = (value) => JSON.parse(JSON.stringify(value, (name, member) =>
  (/^(id|toolCallId|messageId|timestamp|headers|performance|.*Ms|.*TokensPerSecond)$/.test(name) ? undefined : member)));
const plain = (value) => JSON.parse(JSON.stringify(value));
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const messages = (content) => [{ role: 'user', content }];

const clients = {
  'openai chat': (base) => {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${base.openai}/v1` });
    return {
      plain: () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('sdk') }),
      stream: async () => all(await client.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('sdk'), stream: true })),
      tools: () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('sdk'),
        tools: [{ type: 'function', function: { name: 'weather', parameters } }] }),
      'tools, streamed': async () => all(await client.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('sdk'), stream: true,
        tools: [{ type: 'function', function: { name: 'weather', parameters } }] })),
      embeddings: () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'sdk', encoding_format: 'float' }),
    };
  },
  'openai responses': (base) => {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${base.openai}/v1` });
    return {
      plain: () => client.responses.create({ model: 'gpt-4o-mini', input: 'sdk' }),
      stream: async () => all(await client.responses.create({ model: 'gpt-4o-mini', input: 'sdk', stream: true })),
    };
  },
  anthropic: (base) => {
    const client = new Anthropic({ apiKey: 'k', baseURL: base.anthropic });
    const request = { model: 'claude-test', max_tokens: 10, messages: messages('sdk') };
    return {
      plain: () => client.messages.create(request),
      stream: async () => all(await client.messages.create({ ...request, stream: true })),
      tools: () => client.messages.create({ ...request, tools: [{ name: 'weather', input_schema: parameters }] }),
      'tools, streamed': async () => all(client.messages.stream({ ...request, tools: [{ name: 'weather', input_schema: parameters }] })),
    };
  },
  'google genai': (base) => {
    const client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: base.gemini } });
    const request = { model: 'gemini-2.5-flash', contents: 'sdk' };
    const tools = [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: parameters }] }];
    return {
      plain: async () => visible(plain(await client.models.generateContent(request))),
      stream: async () => plain(await all(await client.models.generateContentStream(request))).map(visible),
      tools: async () => visible(plain(await client.models.generateContent({ ...request, config: { tools } }))),
      embeddings: async () => visible(plain(await client.models.embedContent({ model: 'gemini-embedding-001', contents: 'sdk' }))),
    };
  },
  ollama: (base) => {
    const client = new Ollama({ host: base.ollama });
    const request = { model: 'llama3', messages: messages('sdk') };
    return {
      plain: () => client.chat(request),
      stream: async () => all(await client.chat({ ...request, stream: true })),
      tools: () => client.chat({ ...request, tools: [{ type: 'function', function: { name: 'weather', parameters } }] }),
      embeddings: () => client.embed({ model: 'embed', input: 'sdk' }),
    };
  },
  'ai sdk': (base) => {
    const openai = createOpenAI({ apiKey: 'k', baseURL: `${base.openai}/v1` });
    return {
      plain: async () => given(await generateText({ model: openai.chat('gpt-4o-mini'), prompt: 'ai sdk' })),
      stream: async () => given(await all(streamText({ model: openai.chat('gpt-4o-mini'), prompt: 'ai sdk' }).fullStream)),
      responses: async () => given(await generateText({ model: openai('gpt-4o-mini'), prompt: 'ai sdk' })),
      tools: async () => given(await generateText({ model: openai.chat('gpt-4o-mini'), prompt: 'ai sdk',
        tools: { weather: tool({ inputSchema: jsonSchema(parameters) }) } })),
      embeddings: async () => given(await embed({ model: openai.embedding('text-embedding-3-small'), value: 'ai sdk' })),
    };
  },
};

const names = ['openai', 'anthropic', 'gemini', 'ollama'];
const bases = (of) => Object.fromEntries(names.map((name) => [name, of(name)]));
const direct = (name) => clients[name](bases(() => provider.url));
const cached = (name) => clients[name](bases((upstream) => `${url}/${upstream}`));

for (const name of Object.keys(clients)) {
  for (const kind of Object.keys(clients[name](bases(() => 'http://unused')))) {
    test(`${name}, ${kind}: a miss and a hit equal the provider's answer`, async () => {
      const expected = plain(await direct(name)[kind]());
      const calls = provider.calls;
      assert.deepEqual(plain(await cached(name)[kind]()), expected);
      assert.equal(provider.calls, calls + 1);
      assert.deepEqual(plain(await cached(name)[kind]()), expected);
      assert.equal(provider.calls, calls + 1);
    });
  }
}

test('SDKs that read their base URL from the environment need no other change', async () => {
  Object.assign(process.env, { OPENAI_BASE_URL: `${url}/openai/v1`, ANTHROPIC_BASE_URL: `${url}/anthropic`, GOOGLE_GEMINI_BASE_URL: `${url}/gemini` });
  await new OpenAI({ apiKey: 'k' }).chat.completions.create({ model: 'm', messages: messages('environment') });
  await generateText({ model: createOpenAI({ apiKey: 'k' }).chat('m'), prompt: 'environment' });
  await new Anthropic({ apiKey: 'k' }).messages.create({ model: 'm', max_tokens: 10, messages: messages('environment') });
  await new GoogleGenAI({ apiKey: 'k' }).models.generateContent({ model: 'm', contents: 'environment' });
  // The first two ask the same.
  assert.equal(provider.calls, 3);
});

// What each SDK that retries by itself asks.
const asked = {
  openai: () => openai().chat.completions.create({ model: 'm', messages: messages('retried') }),
  anthropic: () => new Anthropic({ apiKey: 'k', baseURL: `${url}/anthropic` }).messages.create({ model: 'm', max_tokens: 10, messages: messages('retried') }),
  'ai sdk': () => generateText({ model: createOpenAI({ apiKey: 'k', baseURL: `${url}/openai/v1` }).chat('m'), prompt: 'retried by ai' }),
};
for (const [name, ask] of Object.entries(asked)) {
  test(`${name}: its own retries see the upstream's 429`, async () => {
    provider.failures = [429];
    await ask();
    assert.equal(provider.calls, 2);
    await ask();
    assert.equal(provider.calls, 2);
  });
}

// Each SDK's way to stop reading a stream after its first event.
const first = (iterable) => iterable[Symbol.asyncIterator]().next();
const cancelled = {
  openai: async () => {
    for await (const _ of await streamed('cancelled')) break;
  },
  anthropic: async () => {
    const client = new Anthropic({ apiKey: 'k', baseURL: `${url}/anthropic` });
    for await (const _ of await client.messages.create({ model: 'm', max_tokens: 10, messages: messages('cancelled'), stream: true })) break;
  },
  'google genai': async () => {
    const abort = new AbortController();
    const client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: `${url}/gemini` } });
    await first(await client.models.generateContentStream({ model: 'm', contents: 'cancelled', config: { abortSignal: abort.signal } }));
    abort.abort();
  },
  ollama: async () => {
    const stream = await new Ollama({ host: `${url}/ollama` }).chat({ model: 'm', messages: messages('cancelled'), stream: true });
    await first(stream);
    stream.abort();
  },
  'ai sdk': async () => {
    const abort = new AbortController();
    const model = createOpenAI({ apiKey: 'k', baseURL: `${url}/openai/v1` }).chat('m');
    await first(streamText({ model, prompt: 'cancelled by ai', abortSignal: abort.signal }).textStream);
    abort.abort();
  },
};
for (const [name, cancel] of Object.entries(cancelled)) {
  test(`${name}: a stream that is cancelled is not stored, and its call ends`, async () => {
    provider.delay = 50;
    await cancel();
    while (provider.closed === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await cancel();
    assert.equal(provider.calls, 2);
  });
}

test('identical parallel requests are one call', async () => {
  provider.delay = 20;
  const answers = await Promise.all(Array.from({ length: 10 }, async () => all(await streamed('parallel'))));
  for (const answer of answers) assert.deepEqual(plain(answer), plain(answers[0]));
  assert.equal(provider.calls, 1);
});

test('one of two followers may abort without any effect on the others', async () => {
  provider.delay = 50;
  const [leader, one, other] = [await streamed('aborted'), await streamed('aborted'), await streamed('aborted')];
  one.controller.abort();
  assert.deepEqual([(await all(leader)).length, (await all(other)).length], [4, 4]);
  assert.equal(provider.calls, 1);
  await all(await streamed('aborted'));
  assert.equal(provider.calls, 1);
});

function openai() {
  return new OpenAI({ apiKey: 'k', baseURL: `${url}/openai/v1` });
}

function streamed(content) {
  return openai().chat.completions.create({ model: 'm', messages: messages(content), stream: true });
}
