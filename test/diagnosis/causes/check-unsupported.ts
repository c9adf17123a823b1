import test from 'ava';
import {checkUnsupported} from '../../../src/diagnosis/causes/check-unsupported.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aTunnel, isUnknown, isUp} from '../../helpers/scenes.ts';

test('pings without a tunnel device cannot be sent, which says nothing of the target', t => {
	const ping = aLink({name: 'ping', type: 'icmp'});

	const {cause} = nameCauses(aScene([isUnknown(ping, 'unsupported', 'There is no tunnel device.'), isUp(aTunnel())]));

	t.like(cause, {id: 'check-unsupported', confidence: 'certain', about: 'icmp checks from cluster', effect: 'breaks'});
	t.is(cause?.next[0].run, 'tailprobe probe --check ping june-gpu-1');
});

test('a check that is denied could run there', t => {
	t.is(checkUnsupported.find(aScene([isUnknown(aLink(), 'denied')])), undefined);
});
