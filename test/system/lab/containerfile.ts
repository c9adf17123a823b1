/** A Containerfile as steps, as far as ours goes: what is not known here is refused, so that nothing is passed over that an engine would do. */

export interface Stage {
	/** The image that it starts from. */
	from: string;
	name?: string;
	steps: Step[];
	/** What running it would be told: USER, EXPOSE, ENTRYPOINT and labels. */
	user?: string;
	ports: string[];
	entrypoint?: string[];
	labels: Record<string, string>;
}

export type Step =
	| {kind: 'workdir'; folder: string}
	| {kind: 'copy'; stage?: string; from: string[]; to: string}
	/** `mounts`: folders of the context by where they are seen. */
	| {kind: 'run'; mounts: {source: string; target: string}[]; command: string};

/** Throws with the line that is not understood. */
export function parseContainerfile(text: string): Stage[] {
	const stages: Stage[] = [];
	const variables: Record<string, string> = {};
	for (const line of linesOf(text)) {
		const [, word = '', rest = ''] = /^([A-Z]+)\s+(.+)$/s.exec(line) ?? [];
		if (word === 'ARG') {
			const [, name = '', value = ''] = /^(\w+)=(\S*)$/.exec(rest) ?? fail(line);
			variables[name] = value;
			continue;
		}
		const words = rest.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? fail(line));
		if (word === 'FROM') {
			const [, from = '', name] = /^(\S+)(?: AS (\S+))?$/.exec(words) ?? fail(line);
			stages.push({from, steps: [], ports: [], labels: {}, ...(name === undefined ? {} : {name})});
			continue;
		}
		add(stages.at(-1) ?? fail(line), word, words, line);
	}
	return stages;
}

function add(stage: Stage, word: string, words: string, line: string): void {
	if (word === 'WORKDIR') stage.steps.push({kind: 'workdir', folder: words});
	else if (word === 'COPY') stage.steps.push(copyOf(words, line));
	else if (word === 'RUN') stage.steps.push(runOf(words, line));
	else if (word === 'USER') stage.user = words;
	else if (word === 'EXPOSE') stage.ports.push(...words.split(' '));
	else if (word === 'ENTRYPOINT') stage.entrypoint = JSON.parse(words) as string[];
	else if (word === 'LABEL')
		for (const [, name = '', value = ''] of words.matchAll(/(\S+)="([^"]*)"/g)) stage.labels[name] = value;
	else fail(line);
}

function copyOf(words: string, line: string): Step {
	const [, stage, paths = ''] = /^(?:--from=(\S+) )?([^-].*)$/.exec(words) ?? fail(line);
	const from = paths.split(' ');
	const to = from.pop() ?? '';
	// Into a folder: otherwise it would depend on what is there.
	if (from.length === 0 || !to.endsWith('/')) fail(line);
	return {kind: 'copy', from, to, ...(stage === undefined ? {} : {stage})};
}

function runOf(words: string, line: string): Step {
	const mounts: {source: string; target: string}[] = [];
	let command = words;
	for (;;) {
		const [all, source = '', target = ''] = /^--mount=type=bind,source=(\S+),target=(\S+) /.exec(command) ?? [];
		if (all === undefined) break;
		mounts.push({source, target});
		command = command.slice(all.length);
	}
	if (command.startsWith('-')) fail(line);
	return {kind: 'run', mounts, command};
}

/** Without comments; a backslash continues a line. */
function linesOf(text: string): string[] {
	return text
		.replace(/^#.*\n/gm, '')
		.replace(/\\\n\s*/g, '')
		.split('\n')
		.filter(line => line.trim() !== '');
}

function fail(line: string): never {
	throw new Error(`This line of the Containerfile is not understood here: ${line}`);
}
