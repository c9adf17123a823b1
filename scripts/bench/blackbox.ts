/** blackbox_exporter in the bench, with somebody who asks it. */

import {writeFileSync} from 'node:fs';
import {setPriority} from 'node:os';
import {join} from 'node:path';
import type {DriverCommand} from './driver.ts';
import {type AtWork, certificate, getText, type RunCounts, type Task, targetsOf} from './probers.ts';
import {type Helper, startHelper, startProgram, waitFor} from './processes.ts';
import {onProcessors} from './processors.ts';
import type {ReportedRun} from './types.ts';

const listen = '127.0.0.1:9115';

/** Starts it and its driver. */
export async function startBlackbox(program: string, task: Task): Promise<AtWork> {
	const configFile = join(task.scratch, 'blackbox.yml');
	const tls = {tls_config: {ca_file: certificate.authority, server_name: certificate.name}};
	const module = {
		prober: 'http',
		timeout: `${task.timeoutMs}ms`,
		http: {preferred_ip_protocol: 'ip4', ...(task.scheme === 'https' ? tls : {})},
	};
	writeFileSync(configFile, JSON.stringify({modules: {bench: module}}));
	const running = startProgram(
		onProcessors(task.processors, [
			program,
			`--config.file=${configFile}`,
			`--web.listen-address=${listen}`,
			'--log.level=error',
		]),
		{
			logFile: join(task.scratch, 'blackbox.log'),
		},
	);
	await waitFor('blackbox_exporter did not start', running, 20_000, () => getText(`http://${listen}/-/healthy`));
	const driver: Helper = startHelper('./driver.ts');
	// Its lateness moves nobody's latency; the record server's would.
	setPriority(driver.pid, 5);
	const tell = (command: DriverCommand) => driver.ask<unknown>(command);
	const requests = targetsOf('blackbox_exporter', task).map(({url}) => ({
		path: new URL(url).pathname,
		url: `http://${listen}/probe?module=bench&target=${encodeURIComponent(`${url}?n=`)}{n}`,
	}));
	// Half a second goes off for the way, as blackbox_exporter has it.
	await tell({do: 'start', requests, intervalMs: task.intervalMs, timeoutMs: task.timeoutMs + 500});
	return {
		running: {
			...running,
			async stop() {
				await driver.stop();
				await running.stop();
			},
		},
		// The driver asks no more; then there is nothing to do for it.
		pause: () => void tell({do: 'pause'}),
		resume: () => void tell({do: 'resume'}),
		begin: async () => void (await tell({do: 'take'})),
		scrape: async () => {},
		counts: () => driver.ask<RunCounts>({do: 'count'} satisfies DriverCommand),
		readings: () => driver.ask<ReportedRun[]>({do: 'take'} satisfies DriverCommand),
	};
}
