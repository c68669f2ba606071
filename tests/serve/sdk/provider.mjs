// A stand-in for the providers' endpoints that the SDKs call. Counts its calls; answers are the same for the same request.
import { createServer } from 'node:http';

const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
const words = ['Because ', 'of ', 'scattering.'];
const tool = { name: 'weather', arguments: '{"city":"Paris"}' };

const chat = (model, choices, more = {}) =>
  ({ id: 'chatcmpl-1', object: 'chat.completion', created: 1763769600, model, choices, usage, ...more });
const chunk = (model, delta, finish_reason = null) =>
  ({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1763769600, model, choices: [{ index: 0, delta, finish_reason }] });
const data = (value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
const named = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

function chatAnswer(body) {
  if (body.tools) {
    const call = { id: 'call_1', type: 'function', function: tool };
    if (!body.stream) return chat(body.model, [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }]);
    return [data(chunk(body.model, { role: 'assistant', tool_calls: [{ index: 0, ...call }] })), data(chunk(body.model, {}, 'tool_calls')), data('[DONE]')];
  }
  if (!body.stream) return chat(body.model, [{ index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }]);
  return [...words.map((content) => data(chunk(body.model, { content }))), data(chunk(body.model, {}, 'stop')), data('[DONE]')];
}

function responsesAnswer(body) {
  const message = { id: 'msg_1', type: 'message', status: 'completed', role: 'assistant',
    content: [{ type: 'output_text', text: words.join(''), annotations: [] }] };
  const response = { id: 'resp_1', object: 'response', created_at: 1763769600, status: 'completed', model: body.model, output: [message],
    usage: { input_tokens: 7, output_tokens: 3, total_tokens: 10, input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } } };
  if (!body.stream) return response;
  let sequence_number = 0;
  const at = (type, more) => named({ type, sequence_number: sequence_number++, ...more });
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  return [at('response.created', { response: { ...response, status: 'in_progress', output: [], usage: null } }),
    at('response.output_item.added', { output_index: 0, item: { ...message, status: 'in_progress', content: [] } }),
    at('response.content_part.added', { ...place, part: { type: 'output_text', text: '', annotations: [] } }),
    ...words.map((delta) => at('response.output_text.delta', { ...place, delta })),
    at('response.output_text.done', { ...place, text: words.join('') }),
    at('response.content_part.done', { ...place, part: message.content[0] }),
    at('response.output_item.done', { output_index: 0, item: message }),
    at('response.completed', { response })];
}

function messagesAnswer(body) {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: body.model, stop_sequence: null };
  if (body.tools) {
    const call = { type: 'tool_use', id: 'toolu_1', name: tool.name, input: JSON.parse(tool.arguments) };
    if (!body.stream) return { ...message, content: [call], stop_reason: 'tool_use', usage: { input_tokens: 7, output_tokens: 3 } };
    return [named({ type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: { input_tokens: 7, output_tokens: 1 } } }),
      named({ type: 'content_block_start', index: 0, content_block: { ...call, input: {} } }),
      named({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: tool.arguments } }),
      named({ type: 'content_block_stop', index: 0 }),
      named({ type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 3 } }),
      named({ type: 'message_stop' })];
  }
  if (!body.stream) {
    return { ...message, content: [{ type: 'text', text: words.join('') }], stop_reason: 'end_turn', usage: { input_tokens: 7, output_tokens: 3 } };
  }
  return [named({ type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: { input_tokens: 7, output_tokens: 1 } } }),
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...words.map((text) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    named({ type: 'content_block_stop', index: 0 }),
    named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 3 } }),
    named({ type: 'message_stop' })];
}

function geminiAnswer(path, body) {
  if (path.includes('mbedContent')) return { embeddings: [{ values: [0.25, -0.5] }] };
  const candidate = (text, finishReason) => ({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...(finishReason && { finishReason }) }],
    usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 }, modelVersion: 'gemini-2.5-flash' });
  if (body.tools) {
    const answer = candidate('', 'STOP');
    answer.candidates[0].content.parts = [{ functionCall: { name: tool.name, args: JSON.parse(tool.arguments) } }];
    return answer;
  }
  if (!path.includes('streamGenerateContent')) return candidate(words.join(''), 'STOP');
  return words.map((text, i) => data(candidate(text, i === words.length - 1 ? 'STOP' : undefined)).replaceAll('\n', '\r\n'));
}

function ollamaAnswer(body) {
  const line = (content, done) => ({ model: body.model, created_at: '2025-11-22T00:00:00Z', message: { role: 'assistant', content }, done,
    ...(done && { done_reason: 'stop', prompt_eval_count: 7, eval_count: 3 }) });
  if (body.tools) {
    const answer = line('', true);
    answer.message.tool_calls = [{ function: { name: tool.name, arguments: JSON.parse(tool.arguments) } }];
    return answer;
  }
  if (body.stream === false) return line(words.join(''), true);
  return [...words.map((text) => JSON.stringify(line(text, false)) + '\n'), JSON.stringify(line('', true)) + '\n'];
}

function answerOf(path, body) {
  if (path.includes('/chat/completions')) return [chatAnswer(body), 'text/event-stream'];
  if (path.endsWith('/embeddings')) {
    return [{ object: 'list', model: body.model, data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }], usage: { prompt_tokens: 2, total_tokens: 2 } }];
  }
  if (path.includes('/responses')) return [responsesAnswer(body), 'text/event-stream'];
  if (path.includes('/messages')) return [messagesAnswer(body), 'text/event-stream'];
  if (path.includes('enerateContent') || path.includes('mbedContent')) return [geminiAnswer(path, body), 'text/event-stream'];
  if (path.includes('/api/embed')) return [{ model: body.model, embeddings: [[0.25, -0.5]], total_duration: 1, prompt_eval_count: 2 }];
  if (path.includes('/api/chat')) return [ollamaAnswer(body), 'application/x-ndjson'];
  return [{ error: { message: `no such endpoint: ${path}` } }];
}

// `provider.delay` is the pause before each piece of a stream, in ms; `provider.failures` holds statuses to answer with first.
export async function startProvider() {
  const provider = { calls: 0, closed: 0, delay: 0, failures: [] };
  provider.server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    provider.calls += 1;
    response.on('close', () => { if (!response.writableFinished) provider.closed += 1; });
    const failure = provider.failures.shift();
    if (failure) {
      response.writeHead(failure, { 'content-type': 'application/json', 'retry-after-ms': '10', 'retry-after': '0' });
      return response.end('{"error":{"message":"slow down","type":"rate_limit"}}');
    }
    const [answer, type] = answerOf(request.url, JSON.parse(Buffer.concat(parts).toString() || '{}'));
    if (!Array.isArray(answer)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(answer));
    }
    response.writeHead(200, { 'content-type': type });
    for (const piece of answer) {
      if (provider.delay) await new Promise((resolve) => setTimeout(resolve, provider.delay));
      response.write(piece);
    }
    response.end();
  });
  await new Promise((resolve) => provider.server.listen(0, '127.0.0.1', resolve));
  provider.url = `http://127.0.0.1:${provider.server.address().port}`;
  return provider;
}
