import test from 'ava';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';
import {aLink, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

test('incidents are told once each, with their cause and the checks that fail for it', t => {
	const checks = [isUp(aTunnel()), isDown(aLink(), 'refused', '<b>It refused</b> the connection.')];
	return withServer(fakeDaemon({checks: () => checks}), async ({get}) => {
		const {status, body} = await get('/api/v1/incidents');

		t.is(status, 200);
		const {incidents} = JSON.parse(body);
		t.is(incidents.length, 1);
		t.like(incidents[0], {
			id: 'service-refused port 8000 on june-gpu-1',
			state: 'down',
			about: 'tts on june-gpu-1',
			since: '2023-11-14T22:12:20.000Z',
			checks: {count: 1, keys: ['tts/cluster/june-gpu-1']},
		});
		t.like(incidents[0].cause, {
			id: 'service-refused',
			rung: 'connect',
			confidence: 'certain',
			effect: 'breaks',
			runbook: 'docs/diagnosis.md#service-refused',
		});
	});
});

test('while nothing is wrong the list is empty', t =>
	withServer(fakeDaemon(), async ({get}) => {
		t.deepEqual(JSON.parse((await get('/api/v1/incidents')).body), {incidents: []});
	}));
