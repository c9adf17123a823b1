/**
 * What a Kubernetes cluster does to a short name: its DNS answers for it with a healthy service of its own. `node decoy.ts ADDRESS
 * NAME…` answers each name with the address, at which it serves HTTP. Prints `ready`, then each question and request.
 */

import {createServer} from 'node:http';
import {startDnsServer} from '../../helpers/dns-server.ts';

const [address = '', ...names] = process.argv.slice(2);
const dns = await startDnsServer(Object.fromEntries(names.map(name => [name, [address]])), {host: address, port: 53});
const server = createServer((request, response) => {
	process.stdout.write(`request ${request.headers.host}\n`);
	response.writeHead(200, {'content-type': 'application/json'}).end('{"status":"decoy"}');
});
server.listen(8080, address, () => process.stdout.write(`ready ${dns.address}\n`));
