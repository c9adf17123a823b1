import test from 'ava';
import {isHarmlessHeader, redact} from '../../src/util/redact.ts';

test('only harmless headers are shown, bodies and keys with secret names never', t => {
	const module = {
		prober: 'http',
		http: {
			headers: {Accept: 'a/b', 'X-Auth': 's1', 'Ocp-Apim-Subscription-Key': 's2', Authorization: 's3'},
			body: 's4',
			valid_status_codes: [200],
			api_key: {file: 's5'},
		},
	};

	t.deepEqual(redact(module), {
		prober: 'http',
		http: {
			headers: {
				Accept: 'a/b',
				'X-Auth': '<redacted>',
				'Ocp-Apim-Subscription-Key': '<redacted>',
				Authorization: '<redacted>',
			},
			body: '<redacted>',
			valid_status_codes: [200],
			api_key: '<redacted>',
		},
	});
});

test('values of http_headers, keys and what is sent over a connection are not shown either', t => {
	const module = {
		http: {
			http_headers: {'X-Auth': {values: ['s1']}, Accept: {values: ['a/b']}},
			tls_config: {key: 's2', key_file: '/a/path'},
		},
		tcp: {query_response: [{expect: '^220', send: 's3'}]},
		ws: {subprotocols: ['v4.channel.k8s.io', 's4'], ping: true},
	};

	t.deepEqual(redact(module), {
		http: {
			http_headers: {'X-Auth': '<redacted>', Accept: {values: ['a/b']}},
			tls_config: {key: '<redacted>', key_file: '/a/path'},
		},
		tcp: {query_response: [{expect: '^220', send: '<redacted>'}]},
		ws: {subprotocols: '<redacted>', ping: true},
	});
});

test('a header is harmless by its name, however that is written', t => {
	t.true(isHarmlessHeader('User-Agent'));
	t.false(isHarmlessHeader('X-Anything'));
});
