import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {seededRandom} from '../../../scripts/soak/random.ts';
import {findSecrets, plantSecrets} from '../../../scripts/soak/secrets.ts';

test('a planted secret is found plain, in hexadecimal, and in base64 wherever it began', t => {
	const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const secrets = plantSecrets(['one', 'two'], folder, seededRandom(1));
	const value = readFileSync(join(folder, 'secret-one'), 'utf8').trim();
	const texts = [
		`x${value}y`,
		Buffer.from(value).toString('hex'),
		...['', 'u', 'us', 'use', 'user'].map(user => Buffer.from(`${user}:${value}`).toString('base64')),
		...['', 'u', 'us'].map(user => Buffer.from(`${user}:${value} and more behind`).toString('base64')),
	];

	for (const text of texts) t.deepEqual(findSecrets(text, secrets), ['one'], text);
	t.deepEqual(findSecrets('planted, and nothing else', secrets), []);
});
