import test from 'ava';
import {findWayOut} from '../../src/vantages/way-out.ts';

test('loopback is reached by a device that runs', async t => {
	const {device, fault} = await findWayOut('127.0.0.1');

	t.is(fault, undefined);
	t.regex(device, /^lo/);
});
