// An MCP server made of the official TypeScript SDK, with the tools, resources and prompts that the conformance suite
// asks for, sessions and resumable streams. Listens on a free port of 127.0.0.1 and prints it.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as types from '@modelcontextprotocol/sdk/types.js';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const SOUND = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const text = (text) => ({ type: 'text', text });
const image = { type: 'image', data: PIXEL, mimeType: 'image/png' };
const resource = (uri, text) => ({ type: 'resource', resource: { uri, mimeType: 'text/plain', text } });
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

const tools = {
  test_simple_text: () => [text('This is a simple text response for testing.')],
  test_image_content: () => [image],
  test_audio_content: () => [{ type: 'audio', data: SOUND, mimeType: 'audio/wav' }],
  test_embedded_resource: () => [resource('test://embedded-resource', 'This is an embedded resource content.')],
  test_multiple_content_types: () => [
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', '{"test":"data","value":123}'),
  ],
  test_tool_with_logging: async (_, extra) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
      await pause();
    }
    return [text('Tool with logging executed successfully')];
  },
  test_error_handling: () => {
    throw new Error('This tool intentionally returns an error for testing');
  },
  test_tool_with_progress: async (_, extra) => {
    const progressToken = extra._meta?.progressToken ?? 0;
    for (const progress of [0, 50, 100]) {
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      await pause();
    }
    return [text(String(progressToken))];
  },
  test_sampling: async ({ prompt }, extra) => {
    const params = { messages: [{ role: 'user', content: text(prompt ?? '') }], maxTokens: 100 };
    const answer = await extra.sendRequest({ method: 'sampling/createMessage', params }, types.CreateMessageResultSchema);
    return [text(`LLM response: ${answer.content?.text}`)];
  },
  test_elicitation: async ({ message }, extra) => {
    const requestedSchema = { type: 'object', properties: { response: { type: 'string' } }, required: ['response'] };
    const params = { message: message ?? '', requestedSchema };
    const answer = await extra.sendRequest({ method: 'elicitation/create', params }, types.ElicitResultSchema);
    return [text(`User response: ${JSON.stringify(answer)}`)];
  },
  test_reconnection: async (_, extra) => {
    extra.closeSSEStream?.();
    await pause();
    return [text('Reconnection test completed successfully')];
  },
};

const prompts = {
  test_simple_prompt: () => [text('This is a simple prompt for testing.')],
  test_prompt_with_arguments: ({ arg1, arg2 }) => [text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  test_prompt_with_embedded_resource: ({ resourceUri }) => [resource(resourceUri, 'Embedded resource content'), text('Process it.')],
  test_prompt_with_image: () => [image, text('Please analyze the image above.')],
};

function serve() {
  const capabilities = { tools: {}, resources: { subscribe: true }, prompts: {}, logging: {}, completions: {} };
  const server = new Server({ name: 'doorward-test-server', version: '1.0.0' }, { capabilities });
  const on = (schema, answer) => server.setRequestHandler(schema, answer);
  const schema = { type: 'object', properties: {} };
  on(types.ListToolsRequestSchema, () => ({
    tools: Object.keys(tools).map((name) => ({ name, description: name, inputSchema: schema })),
  }));
  on(types.CallToolRequestSchema, async ({ params }, extra) => {
    try {
      return { content: await tools[params.name](params.arguments ?? {}, { ...extra, _meta: params._meta }) };
    } catch (error) {
      return { content: [text(error.message)], isError: true };
    }
  });
  on(types.ListPromptsRequestSchema, () => ({
    prompts: Object.keys(prompts).map((name) => ({ name, description: name, arguments: [] })),
  }));
  on(types.GetPromptRequestSchema, ({ params }) => ({
    messages: prompts[params.name](params.arguments ?? {}).map((content) => ({ role: 'user', content })),
  }));
  on(types.ListResourcesRequestSchema, () => ({
    resources: [
      { uri: 'test://static-text', name: 'text', description: 'text', mimeType: 'text/plain' },
      { uri: 'test://static-binary', name: 'binary', description: 'binary', mimeType: 'image/png' },
    ],
  }));
  on(types.ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' }],
  }));
  on(types.ReadResourceRequestSchema, ({ params: { uri } }) => {
    if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: PIXEL }] };
    const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
    const said = id ? JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) : 'This is the content of the static text resource.';
    return { contents: [{ uri, mimeType: id ? 'application/json' : 'text/plain', text: said }] };
  });
  on(types.SubscribeRequestSchema, () => ({}));
  on(types.UnsubscribeRequestSchema, () => ({}));
  on(types.SetLevelRequestSchema, () => ({}));
  on(types.CompleteRequestSchema, () => ({ completion: { values: [], total: 0, hasMore: false } }));
  return server;
}

/** Events of all streams, so that a client can go on where it stopped. */
class Events {
  kept = [];

  async storeEvent(stream, message) {
    const id = `${stream}_${this.kept.length}`;
    this.kept.push({ id, stream, message });
    return id;
  }

  async replayEventsAfter(last, { send }) {
    const from = this.kept.findIndex(({ id }) => id === last);
    const stream = this.kept[from]?.stream ?? '';
    for (const { id, message } of this.kept.slice(from + 1).filter((event) => event.stream === stream)) await send(id, message);
    return stream;
  }
}

const sessions = new Map();

const http = createServer(async (request, response) => {
  let transport = sessions.get(request.headers['mcp-session-id']);
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new Events(),
      retryInterval: 100,
      onsessioninitialized: (id) => sessions.set(id, transport),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await serve().connect(transport);
  }
  await transport.handleRequest(request, response);
});

http.listen(0, '127.0.0.1', () => console.log(http.address().port));
