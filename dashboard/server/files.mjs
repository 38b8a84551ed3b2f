// The page itself: a few files, read once.  A path that is not among them does not exist.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const TYPES = { '.css': 'text/css', '.html': 'text/html', '.mjs': 'text/javascript', '.svg': 'image/svg+xml' };
// the modules of the page are served as npm run build puts them together
const FOLDERS = { page: ['.css', '.html', '.svg'], build: ['.mjs'] };

export function files() {
  const found = new Map();
  for (const [folder, endings] of Object.entries(FOLDERS)) {
    const path = fileURLToPath(new URL(`../${folder}`, import.meta.url));
    for (const name of readdirSync(path).filter((one) => endings.includes(extname(one)))) {
      const body = readFileSync(join(path, name));
      found.set(name === 'index.html' ? '/' : `/${name}`, {
        body,
        packed: gzipSync(body),
        type: `${TYPES[extname(name)]}; charset=utf-8`,
        tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`,
      });
    }
  }
  return found;
}

export function send(file, request, response) {
  response.setHeader('etag', file.tag);
  response.setHeader('cache-control', 'no-cache');
  if (request.headers['if-none-match'] === file.tag) {
    response.writeHead(304).end();
    return;
  }
  const packed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  response
    .writeHead(200, {
      'content-type': file.type,
      vary: 'accept-encoding',
      ...(packed && { 'content-encoding': 'gzip' }),
    })
    .end(packed ? file.packed : file.body);
}
