/** `tailprobe agent` of a GPU machine in the lab, where loopback is the tailnet. It ends with the process that started it. */

import {startAgent} from '../agent/agent.ts';

const [, , configPath] = process.argv;
if (configPath === undefined) throw new TypeError('the lab names the configuration of its agent');

const end = () => process.exit(0);
process.on('disconnect', end);
process.on('SIGTERM', end);
// Ctrl-C reaches every process of the terminal; the one that started us decides.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
// The starter may have died while we were loading.
if (!process.connected) end();

await startAgent({configPath, allowLoopback: true});
