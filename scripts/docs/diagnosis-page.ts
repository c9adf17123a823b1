/** docs/diagnosis.md: what was written by hand, then which failure was named how, and a section for each cause. */

import {causes} from '../../src/diagnosis/causes/registry.ts';
import {rungNames, rungTitles} from '../../src/diagnosis/types.ts';
import {failures} from './failures.ts';

/** So much of a recorded run as the table shows. */
export interface NamedRun {
	failure: string;
	lab: string;
	named: string;
	confidence: string;
	/** Wrong names that were given before; absent where it was not watched for. */
	wrongFirst?: readonly string[];
	afterSeconds?: number;
	tookSeconds?: number;
}

const marker = '<!-- Generated from here on by `npm run docs`. -->';

/** The page, with its hand-written beginning as it stands. */
export function diagnosisPage(before: string, runs: readonly NamedRun[]): string {
	const [head = ''] = before.split(marker, 1);
	return `${head.trimEnd()}\n\n${marker}\n\n${failureTable(runs)}\n${causeList()}`;
}

function failureTable(runs: readonly NamedRun[]): string {
	const rows = failures.flatMap(({id, says, cannot}) => {
		const own = runs.filter(({failure}) => failure === id);
		if (own.length === 0) return [`| ${says} | – | ${cannot ?? 'not tried'} | | | | |`];
		return own.map(
			({lab, named, confidence, wrongFirst, afterSeconds, tookSeconds}, at) =>
				`| ${at === 0 ? says : ''} | ${lab} | ${linkTo(named)} | ${confidence} | ${before(wrongFirst)} | ${seconds(afterSeconds)} | ${seconds(tookSeconds)} |`,
		);
	});
	return `## Failures, as they were named

Each was brought about and diagnosed by the tests: \`real\` with headscale, tailscaled and the Kubernetes API server, \`embedded\` in the lab of \`npm start\`, \`recorded\` where no lab can bring it about and a test gives what is known of it as evidence. *Named after* counts from the fault to the end of the first diagnosis that named it, checks having 2 to 10 s between their runs; *took* is that diagnosis alone. *Before that* are wrong names that were given in between; that nothing is wrong yet is none.

| what happened | lab | named | confidence | before that | named after | took |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function linkTo(cause: string): string {
	return `[${cause}](#${cause})`;
}

function before(wrongFirst: readonly string[] | undefined): string {
	if (!wrongFirst) return '';
	return wrongFirst.length === 0 ? 'nothing' : wrongFirst.map(linkTo).join(', ');
}

function seconds(value: number | undefined): string {
	return value === undefined ? '' : `${value} s`;
}

function causeList(): string {
	const byRung = Map.groupBy(causes, ({rung}) => rung);
	const sections = rungNames.flatMap(rung => {
		const own = byRung.get(rung) ?? [];
		if (own.length === 0) return [];
		const entries = own.map(({id, title, means}) => `#### ${id}\n\n**${title}.** ${means}\n`);
		return [`### Rung: ${rungTitles[rung]}\n\n${entries.join('\n')}`];
	});
	return `## Causes\n\nThe closed list, from the lowest rung up.\n\n${sections.join('\n')}`;
}
