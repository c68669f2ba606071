// Sorts support tickets and drafts replies with a model.
import OpenAI from 'openai';

const client = new OpenAI(); // reads OPENAI_BASE_URL and OPENAI_API_KEY
const model = 'gpt-4o-mini';

export async function classify(ticket) {
  const answer = await client.chat.completions.create({
    model,
    messages: [
      { role: 'system', content: 'Answer with one word: bug, question or invoice.' },
      { role: 'user', content: ticket },
    ],
  });
  return answer.choices[0].message.content;
}

export async function* reply(ticket) {
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    messages: [
      { role: 'system', content: 'Draft a reply of one sentence.' },
      { role: 'user', content: ticket },
    ],
  });
  for await (const chunk of stream) yield chunk.choices[0].delta.content ?? '';
}
