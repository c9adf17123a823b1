import test from 'ava';
import {aVantage, fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';

const text = '# TYPE tailscaled_health_messages gauge\ntailscaled_health_messages{type="warning"} 0\n';

test('tailscaled’s text comes as it was, without the families of every Go program', t =>
	withServer(fakeDaemon({tailscaledMetrics: () => `go_goroutines 7\n${text}process_open_fds 3\n`}), async ({get}) => {
		const {status, headers, body} = await get('/metrics/tailscaled');

		t.is(status, 200);
		t.is(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
		t.is(body, text);
	}));

test('with several vantages one is named', t => {
	const daemon = fakeDaemon({
		vantages: () => [aVantage(), aVantage({name: 'edge'})],
		tailscaledMetrics: (vantage = 'cluster') => `tailscaled_of_${vantage} 1\n`,
	});
	return withServer(daemon, async ({get}) => {
		t.is((await get('/metrics/tailscaled')).body, 'tailscaled_of_cluster 1\n');
		t.is((await get('/metrics/tailscaled?vantage=edge')).body, 'tailscaled_of_edge 1\n');
	});
});

test('a vantage that is not there is named as such, whatever its name is', t =>
	withServer(fakeDaemon({tailscaledMetrics: () => text}), async ({get}) => {
		for (const query of ['vantage=nowhere', 'vantage=', 'vantage=cluster&vantage=cluster', 'vantage=__proto__']) {
			const {status, body} = await get(`/metrics/tailscaled?${query}`);

			t.is(status, 404);
			t.regex(body, /no vantage of this name/);
		}
	}));

test('after a read that failed there is nothing, and a sentence says so', t =>
	withServer(fakeDaemon({tailscaledMetrics: () => undefined}), async ({get}) => {
		const {status, body} = await get('/metrics/tailscaled');

		t.is(status, 404);
		t.regex(body, /could not be read lately/);
	}));
