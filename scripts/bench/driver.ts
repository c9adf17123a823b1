/**
 * Asks blackbox_exporter for a probe of each target in turn, spread evenly over the interval, as a Prometheus does: a process of its
 * own, so that its CPU time is nobody's. Answers are kept as text while it asks.
 */

import {Agent, get} from 'node:http';
import {readProbe} from './probe-answer.ts';
import type {RunCounts} from './probers.ts';
import type {ReportedRun} from './types.ts';

export type DriverCommand =
	/** `urls`: one /probe request each; the number of the request is put where `{n}` stands. */
	| {do: 'start'; requests: {path: string; url: string}[]; intervalMs: number; timeoutMs: number}
	| {do: 'pause' | 'resume'}
	/** Answers with the runs since the last time, and forgets them. */
	| {do: 'take'}
	/** Answers with RunCounts. */
	| {do: 'count'};

interface Answer {
	path: string;
	number: number;
	text: string;
}

if (import.meta.main) {
	const agent = new Agent({keepAlive: true, maxSockets: 1000});
	let answers: Answer[] = [];
	let paused = false;
	let lastNumber = 0;
	const counts: RunCounts = {runs: 0, succeeded: 0};
	process.on('disconnect', () => process.exit());
	process.on('message', (command: DriverCommand) => {
		if (command.do === 'start') start(command);
		if (command.do === 'pause' || command.do === 'resume') paused = command.do === 'pause';
		if (command.do === 'take') process.send?.(takeRuns());
		else process.send?.(command.do === 'count' ? counts : 'done');
	});

	function start({requests, intervalMs, timeoutMs}: DriverCommand & {do: 'start'}): void {
		const begunAt = performance.now();
		const stepMs = intervalMs / requests.length;
		let asked = 0;
		// One timer for all: whatever is due by now is asked for.
		setInterval(() => {
			const due = Math.floor((performance.now() - begunAt) / stepMs);
			// What fell due while the machine was elsewhere is not caught up in one burst.
			asked = Math.max(asked, due - 10);
			for (; asked < due; asked++) {
				const request = requests[asked % requests.length];
				if (request && !paused) ask(request.path, request.url, timeoutMs);
			}
		}, 1);
	}

	function ask(path: string, url: string, timeoutMs: number): void {
		const number = ++lastNumber;
		const headers = {'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutMs / 1000)};
		const request = get(url.replace('{n}', String(number)), {agent, headers}, response => {
			let text = '';
			response.setEncoding('utf8').on('data', (chunk: string) => {
				text += chunk;
			});
			response.once('end', () => {
				answers.push({path, number, text});
				counts.runs++;
				if (text.includes('\nprobe_success 1\n')) counts.succeeded++;
			});
		});
		request.on('error', () => void counts.runs++);
	}

	function takeRuns(): ReportedRun[] {
		const taken = answers;
		answers = [];
		return taken.flatMap(({path, number, text}) => {
			const run = readProbe(text);
			return run ? [{path, number, ...run}] : [];
		});
	}
}
