import assert from 'node:assert/strict';
import { test } from 'node:test';

import { classify, reply } from './triage.mjs';

test('a crash is a bug', async () => {
  assert.equal(await classify('The app closes when I open a photo.'), 'bug');
});

test('a question is a question', async () => {
  assert.equal(await classify('Can I use the app on two phones?'), 'question');
});

test('a reply arrives in pieces', async () => {
  const pieces = [];
  for await (const piece of reply('Can I use the app on two phones?')) pieces.push(piece);
  assert.ok(pieces.length > 1);
  assert.match(pieces.join(''), /^Yes, /);
});
