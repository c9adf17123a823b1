import test from 'ava';
import {curlFailure, readCurl} from '../../../src/probes/shared/curl.ts';
import type {ShellOutput} from '../../../src/probes/types.ts';
import {CannotLookError, TargetDownError} from '../../../src/util/errors.ts';
import {testPlace} from '../../helpers/probing.ts';

const aim = {via: 'tailnet' as const, port: 80, secure: false};
const direct = {...testPlace, address: '100.64.0.9', timeoutMs: 5000};
const proxied = {...direct, socks5: '127.0.0.2:1055'};
const nothing = 'tailprobe 000 0 0.00004 0.000000 0.000000 0.000000 0.000000 0.100000 0\n';

function told(status: number, stderr: string, more: Partial<ShellOutput> = {}): ShellOutput {
	return {status, stdout: Buffer.alloc(0), stderr, timedOut: false, cut: false, ...more};
}

function wordOf(output: ShellOutput, place: typeof direct = direct, how = aim): string | undefined {
	const failure = curlFailure(readCurl(output, place, how), place, how);
	if (failure instanceof TargetDownError || failure instanceof CannotLookError) return failure.reason;
	return failure?.message;
}

const failures: [status: number, stderr: string, word: string][] = [
	[6, 'curl: (6) Could not resolve host: x\n', 'resolve'],
	[7, '* connect to 100.64.0.9 port 80 failed: Connection refused\n', 'refused'],
	[7, '* connect to 100.64.0.9 port 80 from 100.64.0.1 port 4 failed: No route to host\n', 'unreachable'],
	[7, '* connect to 100.64.0.9 port 80 failed: Connection timed out\n', 'timeout'],
	[7, '* connect to 100.64.0.9 port 80 failed: Cannot assign requested address\n', 'vantage'],
	[28, 'curl: (28) Connection timed out after 5000 milliseconds\n', 'timeout'],
	[35, 'curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to x:443\n', 'reset'],
	[35, 'curl: (35) error:0A00010B:SSL routines::wrong version number\n', 'tls'],
	[52, 'curl: (52) Empty reply from server\n', 'reset'],
	[56, 'curl: (56) Recv failure: Connection reset by peer\n', 'reset'],
	[56, 'curl: (56) Illegal or missing hexadecimal sequence in chunked-encoding\n', 'protocol'],
	[60, 'curl: (60) SSL certificate problem: certificate has expired\n', 'tls'],
	[77, 'curl: (77) error setting certificate verify locations:  CAfile: /x\n', 'vantage'],
	[58, 'curl: (58) could not load PEM client certificate\n', 'vantage'],
	[1, 'curl: (1) Received HTTP/0.9 when not allowed\n', 'protocol'],
	[1, 'curl: (1) Protocol "https" not supported or disabled in libcurl\n', 'unsupported'],
	[139, '', 'vantage'],
];

for (const [status, stderr, word] of failures) {
	test(`exit status ${status} with "${stderr.trim()}" is ${word}`, t => {
		t.is(wordOf(told(status, `${stderr}\n${nothing}`)), word);
	});
}

test('through a proxy the code of its answer decides, whichever exit status a version of curl has for it', t => {
	const words = (code: number) => `curl: (97) Can't complete SOCKS5 connection to 100.64.0.9. (${code})\n\n${nothing}`;

	for (const status of [7, 97])
		t.deepEqual(
			[1, 3, 4, 5, 7].map(code => wordOf(told(status, words(code)), proxied)),
			['proxy', 'unreachable', 'unreachable', 'refused', 'unsupported'],
		);
	t.is(wordOf(told(97, `curl: (97) connection to proxy closed\n\n${nothing}`), proxied), 'vantage');
	t.is(
		wordOf(
			told(7, `* connect to 127.0.0.1 port 1055 failed: Connection refused\ncurl: (7) Failed to connect\n\n${nothing}`),
			proxied,
		),
		'vantage',
	);
});

test('a curl that is missing, too old or ended tells nothing of the target', t => {
	t.throws(() => wordOf(told(127, 'timeout: failed to run command')), {
		instanceOf: CannotLookError,
		message: /no curl/,
	});
	t.throws(() => wordOf(told(2, 'curl: option --x: is unknown\n')), {instanceOf: CannotLookError, message: /too old/});
	t.throws(() => wordOf(told(0, '')), {instanceOf: CannotLookError, message: /7\.63/});
	t.throws(() => wordOf(told(143, '')), {instanceOf: CannotLookError});
	t.is(wordOf(told(124, '', {timedOut: true})), 'timeout');
});

test('phases are the differences of its times, and a headers line cannot pass for its report', t => {
	const log = '* Connected to x (100.64.0.9) port 80\n< tailprobe 500 1.1 9 9 9 9 9 9 9\n';
	const run = readCurl(told(0, `${log}\ntailprobe 200 1.1 0.001 0.003 0.000000 0.004 0.024 0.025 5\n`), direct, aim);

	t.like(run, {status: 200, httpVersion: '1.1', bodyBytes: 5, reached: 'transfer', connected: true});
	const rounded = Object.fromEntries(
		Object.entries(run.phases).map(([name, seconds]) => [name, Number(seconds.toFixed(6))]),
	);
	t.deepEqual(rounded, {connect: 0.002, processing: 0.02, transfer: 0.001});
});

test('numbers that cannot be are no measurement', t => {
	const log = '* Connected to x (100.64.0.9) port 80\n\n';
	const read = (report: string) =>
		readCurl(told(0, `${log}tailprobe ${report}\n`, {mostSeconds: 0.03}), direct, aim).totalSeconds;

	t.is(read('200 1.1 0.001 0.003 0.000000 0.004 0.024 0.025 5'), 0.025);
	for (const report of [
		'200 1.1 0.001 10000 0.000000 0.004 0.024 0.025 5',
		'200 1.1 0.001 0.003 0.000000 0.004 0.024 1e300 5',
		'200 1.1 0.001 -3 0.000000 0.004 0.024 0.025 5',
		'200 1.1 0.001 x 0.000000 0.004 0.024 0.025 5',
		'2e9 1.1 0.001 0.003 0.000000 0.004 0.024 0.025 5',
		'200 1e9 0.001 0.003 0.000000 0.004 0.024 0.025 5',
		'200 1.1 0.001 0.003 0.000000 0.004 0.024 0.025 Infinity',
	])
		t.like(
			t.throws(() => read(report)),
			{name: 'CannotLookError', reason: 'vantage'},
			report,
		);
});

test('what is answered is noted only when a connection to the target came about, not one to the proxy', t => {
	const log = `* Connected to 127.0.0.1 (127.0.0.1) port 1055\n* SOCKS5 connect to 100.64.0.9:80\ncurl: (28) timed out\n\n${nothing}`;

	t.is(readCurl(told(28, log), proxied, aim).facts.answered, undefined);
	t.is(readCurl(told(28, `* SOCKS5 request granted.\n${log}`), proxied, aim).facts.answered, 'true');
	t.is(readCurl(told(28, log), direct, aim).facts.answered, 'true');
});
