/**
 * Where Alertmanager sends to: `node sink-process.ts PORT FILE` answers each request with 200 and adds it to the file, a line of
 * JSON each. A program of its own, so that it can run inside a host of the lab.
 */

import {appendFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {text} from 'node:stream/consumers';

const [port, file = ''] = process.argv.slice(2);

createServer(async (request, response) => {
	const at = Date.now();
	const body: unknown = JSON.parse(await text(request));
	// One call per line: what is read meanwhile ends with a whole line, or is told apart by its missing end.
	appendFileSync(file, `${JSON.stringify({at, receiver: decodeURIComponent((request.url ?? '/').slice(1)), body})}\n`);
	response.end();
}).listen(Number(port), '127.0.0.1');
