import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';

const fileWith = (lines: string) => `headscale:\n  url: https://headscale.example.com\n${lines}`;
const mistakesOf = (lines: string) => {
	const loaded = parseConfig(fileWith(lines), 'f.yaml');
	return loaded.ok ? [] : loaded.mistakes;
};

test('the command line of headscale is taken as it is written', t => {
	const loaded = parseConfig(fileWith('  cli: {command: [ssh, -o, BatchMode=yes, hs, headscale]}'), 'f.yaml');

	t.true(loaded.ok);
	t.deepEqual(loaded.ok ? loaded.config.headscale?.cliCommand : undefined, [
		'ssh',
		'-o',
		'BatchMode=yes',
		'hs',
		'headscale',
	]);
});

test('a key and a command line together are a mistake with its place', t => {
	const mistakes = mistakesOf('  api_key: {env: KEY}\n  cli: {command: [headscale]}');

	t.deepEqual(mistakes, [
		'f.yaml:4:3: headscale.cli: expected either api_key or cli, not both: with a key the command line has no use',
	]);
});

test('a command line that could not be run is a mistake', t => {
	t.regex(mistakesOf('  cli: {command: []}').join(), /headscale\.cli\.command: expected a program and its arguments/);
	t.regex(mistakesOf('  cli: {command: [-c, x]}').join(), /headscale\.cli\.command: expected a program first/);
	t.regex(
		mistakesOf('  cli: {command: ["a\\0b"]}').join(),
		/headscale\.cli\.command\[0\]: expected an argument without/,
	);
	t.regex(
		mistakesOf('  cli: {command: headscale nodes}').join(),
		/headscale\.cli\.command: expected a list such as \[/,
	);
	t.regex(mistakesOf('  cli: {}').join(), /headscale\.cli: expected a command, or the pod that headscale runs in/);
});

test('the pod of headscale is taken, with a command of its own or the usual one', t => {
	const configured = (cli: string) => {
		const loaded = parseConfig(`${fileWith(`  cli: ${cli}`)}\nkubernetes: {}`, 'f.yaml');
		const {cliCommand, cliPod} = (loaded.ok && loaded.config.headscale) || {};
		return {cliCommand, cliPod};
	};

	t.deepEqual(configured('{pod: {namespace: headscale, selector: app=headscale}}'), {
		cliCommand: ['headscale'],
		cliPod: {namespace: 'headscale', selector: 'app=headscale'},
	});
	t.deepEqual(configured('{command: [headscale, -c, /x], pod: {namespace: h, selector: a=b, container: c}}'), {
		cliCommand: ['headscale', '-c', '/x'],
		cliPod: {namespace: 'h', selector: 'a=b', container: 'c'},
	});
});

test('a pod that could not be reached is a mistake', t => {
	const pod = (text: string) => mistakesOf(`  cli: {pod: ${text}}`).join();

	t.regex(pod('{namespace: h, selector: a=b}'), /headscale\.cli\.pod: pods are reached through the Kubernetes API/);
	t.regex(pod('{namespace: ../x, selector: a=b}'), /headscale\.cli\.pod\.namespace: expected a namespace/);
	t.regex(pod('{namespace: h, selector: "a=b&x"}'), /headscale\.cli\.pod\.selector: expected a label selector/);
	t.regex(pod('{namespace: h, selector: a=b, container: X/y}'), /headscale\.cli\.pod\.container: expected the name/);
	t.regex(pod('{namespace: h}'), /headscale\.cli\.pod\.selector: this is missing/);
});
