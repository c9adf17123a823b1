import test from 'ava';
import {redact} from '../../src/util/redact.ts';

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
