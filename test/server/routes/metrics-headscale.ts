import test from 'ava';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';

test('headscale’s text comes as it was, without the families of every Go program', t => {
	const kept = [
		'# HELP headscale_mapresponse_sent_total total count of mapresponses sent\n',
		'# TYPE headscale_mapresponse_sent_total counter\n',
		'headscale_mapresponse_sent_total{status="ok",type="full"} 4 1700000000000\n',
		'headscale_go_things 1\n',
		'# a comment about go_gc\n',
	];
	const dropped = [
		'# HELP go_gc_duration_seconds A summary.\n',
		'# TYPE go_gc_duration_seconds summary\n',
		'go_gc_duration_seconds{quantile="0"} 2.6e-05\n',
		'go_goroutines 70\n',
		'process_cpu_seconds_total 1\n',
		'# TYPE promhttp_metric_handler_requests_total counter\n',
		'promhttp_metric_handler_requests_total{code="200"} 3',
	];
	const text = [...kept.slice(0, 3), ...dropped.slice(0, 4), ...kept.slice(3), ...dropped.slice(4)].join('');
	return withServer(fakeDaemon({headscaleMetrics: () => text}), async ({get}) => {
		const {status, headers, body} = await get('/metrics/headscale');

		t.is(status, 200);
		t.is(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
		t.is(body, kept.join(''));
	});
});

test('after a read that failed there is nothing, and a sentence says so', t =>
	withServer(fakeDaemon({headscaleMetrics: () => undefined}), async ({get}) => {
		const {status, body} = await get('/metrics/headscale');

		t.is(status, 404);
		t.regex(body, /could not be read lately/);
	}));
