import test from 'ava';
import {sayBlind, sayRefusedReload, sayUnsound} from '../../src/notes/own-troubles.ts';
import {aCheck, aCheckView, anOutcome, aVantage} from '../helpers/fake-daemon.ts';

test('of a reload that was refused only the places are told, and how many mistakes there are', t => {
	t.deepEqual(sayRefusedReload([]), []);

	const [said = '', ...others] = sayRefusedReload([
		'/etc/tailprobe/tailprobe.yaml:3:9: web.listen: expected an address, got "hunter2"',
		'web.config_file changed; restart tailprobe to use another web configuration',
	]);

	t.is(others.length, 0);
	t.regex(said, /refused for 2 mistakes \(\/etc\/tailprobe\/tailprobe\.yaml:3:9\), the old configuration is in force/);
	t.notRegex(said, /hunter2/);
});

test('our own vantage that cannot look is told with its reason, other machines only by name', t => {
	const said = sayUnsound([
		aVantage({condition: 'sick', detail: 'its tailscaled is gone'}),
		aVantage({name: 'june-gpu-1', group: 'gpu', condition: 'gone', detail: 'words of a stranger'}),
		aVantage({name: 'june-gpu-2', group: 'gpu'}),
	]);

	t.deepEqual(said, [
		'The vantage cluster is sick, its tailnet checks are unknown: its tailscaled is gone.',
		'1 machine that should look cannot: june-gpu-1.',
	]);
});

test('checks that a sound vantage cannot run are told once for each reason', t => {
	const unknown = (name: string, detail: string, reason: 'vantage' | 'unsupported' = 'vantage') =>
		aCheckView({check: aCheck({name}), verdict: 'unknown', last: anOutcome({verdict: 'unknown', reason, detail})});
	const views = [
		unknown('tts', 'No proxy listens'),
		unknown('stt', 'No proxy listens'),
		unknown('big', 'It cannot run here', 'unsupported'),
		aCheckView(),
	];

	t.deepEqual(sayBlind(views, [aVantage()]), ['Checks tts, stt cannot be looked at: No proxy listens.']);
	t.deepEqual(sayBlind(views, [aVantage({condition: 'sick'})]), []);
});
