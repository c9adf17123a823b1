import test from 'ava';
import {controlRung} from '../../../src/diagnosis/rungs/control.ts';
import {aFailingSource, aLink, aScene, aSource, aTunnel, isUp} from '../../helpers/scenes.ts';

test('a headscale that answers holds, with the age of its list', t => {
	const rung = controlRung.look(
		aScene([isUp(aLink()), isUp(aTunnel())], {sources: () => [aSource(), aSource({name: 'headscale-nodes'})]}),
	);

	t.like(rung, {state: 'holds', says: 'headscale answers and listed 1 node, 1 of them online, 4 s ago.'});
	t.true(rung?.evidence.some(({says}) => says === 'headscale-nodes is read.'));
});

test('a source that is down is shown with its age, and tunnels that live without it', t => {
	const rung = controlRung.look(
		aScene([isUp(aLink()), isUp(aTunnel())], {
			sources: () => [aFailingSource('headscale-health'), aFailingSource('headscale-nodes')],
		}),
	);

	t.like(rung, {state: 'broken', says: 'headscale-health has not been read for 5 min: It did not answer.'});
	t.true(rung?.evidence.some(({says}) => says === 'The list of nodes is 5 min old.'));
	t.true(rung?.evidence.some(({says}) => says.includes('1 of 1 tunnel')));
});

test('a headscale that says that it is not well is broken though it answers', t => {
	const rung = controlRung.look(
		aScene([isUp(aLink())], {
			sources: () => [aSource()],
			platform: () => ({headscale: {isHealthy: false}, tailscaled: []}),
		}),
	);

	t.is(rung?.state, 'broken');
	t.regex(rung?.says ?? '', /its database does not answer/);
});

test('what is not configured, or was not read yet, is not seen', t => {
	const without = controlRung.look(aScene([isUp(aLink())], {sources: () => []}));
	const young = controlRung.look(aScene([isUp(aLink())], {sources: () => [{name: 'headscale-health', ok: undefined}]}));

	t.like(without, {state: 'unseen', evidence: []});
	t.like(young, {state: 'unseen', says: 'headscale was not read yet.'});
});
