import test from 'ava';
import {noteOpenProxies} from '../../src/notes/open-proxy.ts';

test('a proxy that tailscaled opens to the tailnet is told, with the address that is not', t => {
	const notes = noteOpenProxies([{name: 'cluster', socks5: '127.0.0.1:1055'}]);

	t.is(notes.length, 1);
	t.regex(notes[0]?.says ?? '', /127\.0\.0\.1:1055 is open to every peer .* --socks5-server=127\.0\.0\.2:1055/);
});

test('no other proxy is told, nor a vantage without one', t => {
	t.deepEqual(noteOpenProxies([{name: 'cluster', socks5: '127.0.0.2:1055'}, {name: 'kernel'}]), []);
});
