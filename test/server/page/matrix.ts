import test from 'ava';
import {renderMatrix} from '../../../src/server/page/matrix.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aCheck} from '../../helpers/checks.ts';
import {aCheckView} from '../../helpers/fake-daemon.ts';

function views(vantages: readonly string[], targets: readonly string[], address = 'http://x:1/'): CheckView[] {
	return vantages.flatMap(vantage =>
		targets.map(name =>
			aCheckView({
				check: aCheck({
					key: `c/${vantage}/${name}`,
					name: 'c',
					vantage,
					target: {name, address, via: 'tailnet', peer: ''},
				}),
			}),
		),
	);
}

/** The texts of the head and of the first cell of each row. */
function shape(checks: readonly CheckView[]): {head: string[]; rows: string[]} {
	const {text} = renderMatrix(checks);
	const texts = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found ?? '');
	return {head: texts(/<th scope="col">([^<]*)<\/th>/g), rows: texts(/<th scope="row">([^<]*)<\/th>/g)};
}

const machines = Array.from({length: 6}, (_, at) => `june-gpu-${at + 1}`);

test('targets stand below each other, and the few vantages beside each other', t => {
	t.deepEqual(shape(views(['cluster', 'june-gpu-1'], ['livekit', 'tts'])), {
		head: ['target', 'from cluster', 'from june-gpu-1'],
		rows: ['livekit', 'tts'],
	});
});

test('many vantages that look at few targets stand below each other', t => {
	t.deepEqual(shape(views(machines, ['livekit'])), {head: ['from', 'livekit'], rows: machines});
});

test('a check by which each vantage looks at itself has one column', t => {
	const own = machines.flatMap(name => views([name], [name], 'self'));

	t.deepEqual(shape(own), {head: ['from', 'state'], rows: machines});
});
