import test from 'ava';
import {sourceUnreadable} from '../../../src/diagnosis/causes/source-unreadable.ts';
import {aSceneWithoutCheck, someTime} from '../../helpers/scenes.ts';

const failing = (name: string) => ({name, ok: false, detail: 'It did not answer within 5 s.', lastTriedAt: someTime});

test('a system that does not tell is told with its sources', t => {
	const sources = () => [failing('kubernetes-nodes'), failing('kubernetes-pods')];

	const found = sourceUnreadable.find(aSceneWithoutCheck('cluster', '', {sources}));

	t.like(found, {effect: 'beside', confidence: 'certain', about: 'kubernetes'});
	t.is(found?.evidence.length, 2);
	t.is(found?.next[0].run, 'kubectl get nodes');
});

test('the command is one of the system that fails', t => {
	const run = (name: string) =>
		sourceUnreadable.find(aSceneWithoutCheck('cluster', '', {sources: () => [failing(name)]}))?.next[0].run;

	t.is(run('headscale-nodes'), 'headscale nodes list');
	t.is(run('vast-instances'), 'vastai show instances');
	t.is(run('tailscaled-status'), 'tailscale status');
});

test('sources that are read, or not tried yet, are no fault', t => {
	const sources = () => [
		{name: 'headscale-nodes', ok: true},
		{name: 'vast-instances', ok: undefined},
	];

	t.is(sourceUnreadable.find(aSceneWithoutCheck('cluster', '', {sources})), undefined);
});
