/** Failures that no lab here can bring about: what is known of them is given as evidence, and the diagnosis names them. */

import test, {type ExecutionContext} from 'ava';
import {nameCauses} from '../../src/diagnosis/explain.ts';
import type {Scene} from '../../src/diagnosis/scene.ts';
import {describeCause} from '../../src/server/diagnosis-json.ts';
import {assertNamed, namedIn} from '../helpers/diagnosis-runs.ts';
import {aNode, aNodeView, aVantage} from '../helpers/fake-daemon.ts';
import {aMachines, anInstanceView, listed} from '../helpers/machine-scenes.ts';
import {aLink, aScene, aSickVantage, aSource, aTunnel, isDown, isUnknown, isUp, someTime} from '../helpers/scenes.ts';

test('a machine that gives tailprobe no processor', t => {
	const vantages = () => [aSickVantage({latenessMs: 1800, facts: {backendState: 'Running', trouble: 'late'}})];

	assertRecorded(t, 'starved', aScene([isUnknown(aLink(), 'late'), isUnknown(aTunnel(), 'late')], {vantages}));
});

// The codes are those that tailscaled 1.102 has for it.
test('a network map that does not come', t => {
	const scene = aScene([isDown(aTunnel(), 'unreachable')], {
		sources: () => [aSource(), aSource({name: 'headscale-nodes'})],
		vantages: () => [aVantage({facts: {backendState: 'Running', online: 'false'}})],
		nodes: () => [aNodeView({node: aNode({name: 'june-gpu-1'})})],
		platform: () => ({
			tailscaled: [
				{
					vantage: 'cluster',
					online: false,
					warnings: [{code: 'mapresponse-timeout', severity: 'medium', says: 'Unable to connect', sinceMs: someTime}],
				},
			],
		}),
		fresh: {atMs: someTime, durationMs: 10, outcomes: new Map(), unasked: [], peer: {kind: 'missing'}},
	});

	assertRecorded(t, 'netmap', scene);
});

test('an instance that no pod stands for', t => {
	const machines = () => aMachines({instance: anInstanceView({withoutPod: true})});

	assertRecorded(t, 'instance-stray', aScene([isUp(aTunnel())], {...listed(), machines}));
});

function assertRecorded(t: ExecutionContext, failure: string, scene: Scene): void {
	const {cause, also} = nameCauses(scene);
	const verdict = scene.check?.verdict ?? 'unknown';
	const wanted = [cause, ...also].map(found => found?.id ?? '');
	const [first] = [cause, ...also].filter(found => found !== undefined);
	const named = namedIn(
		{verdict, also: also.map(describeCause), ...(cause ? {cause: describeCause(cause)} : {})},
		wanted,
	);

	assertNamed(t, {failure, lab: 'recorded', named, confidence: first?.confidence ?? '', also: wanted.slice(1)});
}
