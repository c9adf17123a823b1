import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';
import {listLandmarks} from '../../src/inventory/landmarks.ts';

function listOf(text: string) {
	const loaded = parseConfig(text, 'c.yaml');
	if (!loaded.ok) throw new Error(loaded.mistakes.join());
	return listLandmarks(loaded.config);
}

test('landmarks are the hosts of headscale and of its metrics, each once and in lower case, and the DNS server', t => {
	const text = (metrics: string) =>
		`headscale: {url: "https://Headscale.lab:8443/", api_key: {file: /run/key}, metrics_url: "http://${metrics}:9090/metrics"}`;

	t.like(listOf(text('10.77.0.2')), {
		headscale: ['headscale.lab', '10.77.0.2'],
		headscaleUrl: 'https://Headscale.lab:8443',
		dnsServer: '100.100.100.100',
	});
	t.deepEqual(listOf(text('headscale.lab')).headscale, ['headscale.lab']);
	const without = listOf('tailnet: {dns_server: "127.0.0.1:5353"}');
	t.like(without, {headscale: [], dnsServer: '127.0.0.1:5353'});
	t.is(without.headscaleUrl, undefined);
});
