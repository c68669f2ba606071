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
import { generateText, streamText } from 'ai';
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

const plain = (value) => JSON.parse(JSON.stringify(value));
const messages = (content) => [{ role: 'user', content }];

const clients = {
  'openai chat': (base) => {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${base.openai}/v1` });
    return {
      plain: () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('sdk') }),
      stream: async () => all(await client.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('sdk'), stream: true })),
      tools: () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('sdk'),
        tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }] }),
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
    const request = { model: 'claude-sonnet-4-5', max_tokens: 10, messages: messages('sdk') };
    return {
      plain: () => client.messages.create(request),
      stream: async () => all(await client.messages.create({ ...request, stream: true })),
    };
  },
  'google genai': (base) => {
    const client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: base.gemini } });
    const request = { model: 'gemini-2.5-flash', contents: 'sdk' };
    const visible = (answer) => { const { sdkHttpResponse, ...rest } = plain(answer); return rest; };
    return {
      plain: async () => visible(await client.models.generateContent(request)),
      stream: async () => (await all(await client.models.generateContentStream(request))).map(visible),
    };
  },
  ollama: (base) => {
    const client = new Ollama({ host: base.ollama });
    const request = { model: 'llama3', messages: messages('sdk') };
    return {
      plain: () => client.chat(request),
      stream: async () => all(await client.chat({ ...request, stream: true })),
    };
  },
  'ai sdk': (base) => {
    const openai = createOpenAI({ apiKey: 'k', baseURL: `${base.openai}/v1` });
    return {
      plain: async () => (await generateText({ model: openai.chat('gpt-4o-mini'), prompt: 'ai sdk' })).text,
      stream: async () => all(streamText({ model: openai.chat('gpt-4o-mini'), prompt: 'ai sdk' }).textStream),
      responses: async () => (await generateText({ model: openai('gpt-4o-mini'), prompt: 'ai sdk' })).text,
    };
  },
};

for (const [name, make] of Object.entries(clients)) {
  const direct = () => make(Object.fromEntries(['openai', 'anthropic', 'gemini', 'ollama'].map((n) => [n, provider.url])));
  const cached = () => make(Object.fromEntries(['openai', 'anthropic', 'gemini', 'ollama'].map((n) => [n, `${url}/${n}`])));
  for (const kind of Object.keys(make({ openai: 'http://x', anthropic: 'http://x', gemini: 'http://x', ollama: 'http://x' }))) {
    test(`${name}, ${kind}: a miss and a hit equal the provider's answer`, async () => {
      const expected = plain(await direct()[kind]());
      const calls = provider.calls;
      assert.deepEqual(plain(await cached()[kind]()), expected);
      assert.equal(provider.calls, calls + 1);
      assert.deepEqual(plain(await cached()[kind]()), expected);
      assert.equal(provider.calls, calls + 1);
    });
  }
}

const openai = () => new OpenAI({ apiKey: 'k', baseURL: `${url}/openai/v1` });

test("the SDK's own retries see the upstream's errors", async () => {
  provider.failures = [429];
  const answer = await openai().chat.completions.create({ model: 'gpt-4o-mini', messages: messages('retried') });
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.equal(provider.calls, 2);
});

test('identical parallel requests are one call', async () => {
  provider.delay = 20;
  const answers = await Promise.all(Array.from({ length: 10 }, async () =>
    all(await openai().chat.completions.create({ model: 'gpt-4o-mini', messages: messages('parallel'), stream: true }))));
  for (const answer of answers) assert.deepEqual(plain(answer), plain(answers[0]));
  assert.equal(provider.calls, 1);
});

test('a stream that is cancelled is not stored, and its call ends', async () => {
  provider.delay = 50;
  const ask = () => openai().chat.completions.create({ model: 'gpt-4o-mini', messages: messages('cancelled'), stream: true });
  const stream = await ask();
  for await (const _ of stream) break;
  while (provider.closed === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal((await all(await ask())).length, 4);
  assert.equal(provider.calls, 2);
});

test('one of two followers may abort without any effect on the other', async () => {
  provider.delay = 50;
  const ask = () => openai().chat.completions.create({ model: 'gpt-4o-mini', messages: messages('aborted'), stream: true });
  const [first, second] = [await ask(), await ask()];
  first.controller.abort();
  assert.equal((await all(second)).length, 4);
  assert.equal(provider.calls, 1);
});
