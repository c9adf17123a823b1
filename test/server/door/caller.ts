import test from 'ava';
import {placeOf} from '../../../src/server/door/caller.ts';

for (const [address, place] of [
	['127.0.0.1', '127.0.0.1'],
	['::ffff:100.64.0.7', '100.64.0.7'],
	['fd7a:115c:a1e0::1', 'fd7a:115c:a1e0::/64'],
	['fd7a:115c:a1e0:0:ab12:4843:cd96:626b', 'fd7a:115c:a1e0::/64'],
	['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
	['2001:db8:1:2::', '2001:db8:1:2::/64'],
	['2001:db8::6', '2001:db8::/64'],
	['::1', '::/64'],
	['::', '::/64'],
	['fe80::1%eth0', 'fe80::/64'],
	['1::2:3:4:5:6:7', '1:0:2:3::/64'],
	['nothing', 'unknown'],
	['', 'unknown'],
] as const)
	test(`"${address}" is in the place ${place}`, t => {
		t.is(placeOf(address), place);
	});
