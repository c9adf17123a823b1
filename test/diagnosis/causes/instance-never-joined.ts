import test from 'ava';
import {instanceNeverJoined} from '../../../src/diagnosis/causes/instance-never-joined.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import type {PreAuthKeyFacts} from '../../../src/inventory/platform-types.ts';
import {aMachines, anInstanceView} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, isDown, someTime} from '../../helpers/scenes.ts';

const unknown = isDown(aLink({target: {peer: ''}}), 'resolve');
const {node: _node, ...outside} = anInstanceView({reach: 'never_joined', unreachableSince: someTime - 1_800_000});
const machines = () => aMachines(undefined, {instancesOutside: [outside]});
const keys: PreAuthKeyFacts = {
	...{usable: 1, expired: 0, usedUp: 0, areInUse: true, lasting: 0},
	...{ending: {count: 0}, unreplaced: {count: 0}},
};

test('a link to a machine that is rented and not in the tailnet names the machine and the usual reasons', t => {
	const {cause} = nameCauses(aScene([unknown], {machines}));

	t.like(cause, {id: 'instance-never-joined', effect: 'breaks', confidence: 'certain', about: 'instance 7000001'});
	t.regex(cause?.says ?? '', /has cost money for 30 min/);
	t.regex(cause?.says ?? '', /its key may have expired, it may have no TUN device, or a wrong login server/);
	t.is(cause?.next[0].run, 'vastai logs 7000001 --tail 100');
});

test('the reason that the evidence speaks for is named alone', t => {
	const without = () => aMachines(undefined, {instancesOutside: [{...outside, message: 'no /dev/net/tun'}]});
	const platform = (part: Partial<PreAuthKeyFacts>) => () => ({
		tailscaled: [],
		headscale: {preAuthKeys: {...keys, ...part}},
	});

	t.regex(says({machines: without}), /missing TUN device/);
	t.regex(says({machines, platform: platform({usable: 0, expired: 2})}), /no pre-auth key that can be used/);
	t.regex(says({machines, platform: platform({unreplaced: {count: 1}})}), /a reusable pre-auth key expired lately/);
	t.regex(
		says({machines, platform: () => ({tailscaled: [], headscale: {isControlKeyAnswered: false}})}),
		/the control server does not answer as one/,
	);
});

test('one that still has time to join is not blamed', t => {
	const joining = () => aMachines(undefined, {instancesOutside: [{...outside, reach: 'joining'}]});

	t.is(instanceNeverJoined.find(aScene([unknown], {machines: joining})), undefined);
});

function says(around: Parameters<typeof aScene>[1]): string {
	return instanceNeverJoined.find(aScene([unknown], around))?.says ?? '';
}
