/** Shows the OpenAPI document beside this page, and sends its requests. Nothing is loaded from elsewhere. */

const byId = (id) => document.getElementById(id);
const pretty = (value) => JSON.stringify(value, null, 2);

/**
 * @param {string} name of the element
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Shows a media type: its example, and its schema to unfold. */
function media(content = {}) {
  return Object.values(content).flatMap(({ schema, example }) => [
    ...(example === undefined ? [] : [element('pre', { textContent: pretty(example) })]),
    element(
      'details',
      {},
      element('summary', { textContent: 'schema' }),
      element('pre', { textContent: pretty(resolved(schema, 4)) }),
    ),
  ]);
}

let components = {};

/** Replaces references by what they name, a few levels deep. */
function resolved(schema, depth) {
  if (Array.isArray(schema)) {
    return schema.map((each) => resolved(each, depth));
  }
  if (schema === null || typeof schema !== 'object' || depth < 0) {
    return schema;
  }
  if (schema.$ref) {
    return resolved(components[schema.$ref.split('/').at(-1)], depth - 1);
  }
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, resolved(value, depth)]));
}

function field({ name, in: place, description, schema, example }) {
  const input = element('input', { name, value: example ?? '' });
  input.dataset.place = place;
  if (schema.pattern) {
    input.placeholder = schema.pattern;
  }
  const text = element('span', { className: 'text', textContent: description ?? '' });
  return element('label', { className: 'field' }, `${name} (${place}) `, input, text);
}

/** Builds a request from a form's inputs. */
function requestOf(path, method, form) {
  let target = path;
  const query = new URLSearchParams();
  const headers = { apikey: byId('key').value };
  for (const { name, value, dataset } of form.querySelectorAll('input')) {
    if (dataset.place === 'path') {
      target = target.replace(`{${name}}`, encodeURIComponent(value));
    } else if (value && dataset.place === 'query') {
      query.set(name, value);
    } else if (value) {
      headers[name] = value;
    }
  }
  const body = form.querySelector('textarea')?.value || undefined;
  if (body) {
    headers['Content-Type'] = 'application/json';
  }
  return [`${target}${query.size > 0 ? `?${query}` : ''}`, { method: method.toUpperCase(), headers, body }];
}

function tryForm(path, method, operation) {
  const form = element('form', {}, ...(operation.parameters ?? []).map(field));
  const body = operation.requestBody?.content['application/json'];
  if (body) {
    form.append(element('textarea', { rows: 8, spellcheck: false, value: pretty(body.example ?? {}) }));
  }
  const result = element('pre', { hidden: true });
  form.append(element('button', { textContent: 'Send' }), result);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    result.hidden = false;
    result.textContent = '…';
    try {
      const answer = await fetch(...requestOf(path, method, form));
      const text = await answer.text();
      const json = answer.headers.get('content-type')?.startsWith('application/json');
      result.textContent = `${answer.status}\n${json ? pretty(JSON.parse(text)) : text}`;
    } catch (error) {
      result.textContent = String(error);
    }
  });
  return form;
}

function shown(path, method, operation) {
  const summary = element(
    'summary',
    {},
    element('span', { className: `method ${method}`, textContent: method }),
    element('code', { textContent: path }),
    element('span', { className: 'text', textContent: operation.summary }),
  );
  const details = element('details', {}, summary);
  details.dataset.path = path.toLowerCase();
  details.addEventListener('toggle', () => fill(details, path, method, operation), { once: true });
  return details;
}

function fill(details, path, method, operation) {
  details.append(tryForm(path, method, operation));
  if (operation.requestBody) {
    details.append(element('h4', { textContent: 'Body' }), ...media(operation.requestBody.content));
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    const about = element('summary', {}, element('strong', { textContent: status }), ` ${response.description}`);
    details.append(element('details', {}, about, ...media(response.content)));
  }
}

const description = await (await fetch('/openapi.json')).json();
components = description.components.schemas;
byId('version').textContent = description.info.version;
byId('about').textContent = description.info.description;
for (const { name, description: about } of description.tags) {
  byId('operations').append(element('h2', { textContent: name }), element('p', { textContent: about }));
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.tags.includes(name)) {
        byId('operations').append(shown(path, method, operation));
      }
    }
  }
}
byId('find').addEventListener('input', ({ target }) => {
  for (const details of document.querySelectorAll('main > details')) {
    details.hidden = !details.dataset.path.includes(target.value.toLowerCase());
  }
});
