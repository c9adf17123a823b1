import test from 'ava';
import dnsPacket, {type Answer} from 'dns-packet';
import {answersQuery, encodeQuery, faultOfName, readMessage, recordText} from '../../src/net/dns-message.ts';
import {answerTo, rawAnswer} from '../helpers/dns-answers.ts';

const query = encodeQuery({name: 'livekit.tail.test', type: 1, class: 1}, 0x1234, true);

test('a query is what another implementation understands', t => {
	const decoded = dnsPacket.decode(query);

	t.like(decoded, {
		id: 0x1234,
		type: 'query',
		flag_rd: true,
		questions: [{name: 'livekit.tail.test', type: 'A', class: 'IN'}],
	});
});

test('the root can be asked for, without recursion', t => {
	const decoded = dnsPacket.decode(encodeQuery({name: '.', type: 2, class: 1}, 1, false));

	t.like(decoded, {flag_rd: false, questions: [{name: '.', type: 'NS'}]});
});

const readsAs = test.macro((t, record: Answer, text: string) => {
	const message = readMessage(answerTo(query, [record]));

	t.deepEqual(message.answers.map(recordText), [text]);
});

test('A', readsAs, {type: 'A', name: 'a.test', ttl: 600, data: '100.64.0.7'}, 'a.test.\t600\tIN\tA\t100.64.0.7');
test(
	'AAAA',
	readsAs,
	{type: 'AAAA', name: 'a.test', ttl: 1, data: 'fd7a:115c:a1e0::7'},
	'a.test.\t1\tIN\tAAAA\tfd7a:115c:a1e0::7',
);
test('CNAME', readsAs, {type: 'CNAME', name: 'a.test', ttl: 1, data: 'b.test'}, 'a.test.\t1\tIN\tCNAME\tb.test.');
test('NS of the root', readsAs, {type: 'NS', name: '.', ttl: 1, data: 'b.test'}, '.\t1\tIN\tNS\tb.test.');
test(
	'MX',
	readsAs,
	{type: 'MX', name: 'a.test', ttl: 1, data: {preference: 10, exchange: 'm.test'}},
	'a.test.\t1\tIN\tMX\t10 m.test.',
);
test(
	'TXT with what must be escaped',
	readsAs,
	{type: 'TXT', name: 'a.test', ttl: 1, data: [Buffer.from('say "hi"\\'), Buffer.from([0xff, 0x20])]},
	'a.test.\t1\tIN\tTXT\t"say \\"hi\\"\\\\" "\\255 "',
);
test(
	'SRV',
	readsAs,
	{type: 'SRV', name: 'a.test', ttl: 1, data: {priority: 1, weight: 2, port: 443, target: 's.test'}},
	'a.test.\t1\tIN\tSRV\t1 2 443 s.test.',
);
test(
	'SOA',
	readsAs,
	{
		type: 'SOA',
		name: 'test',
		ttl: 1,
		data: {mname: 'n.test', rname: 'h.test', serial: 2_024_010_101, refresh: 2, retry: 3, expire: 4, minimum: 5},
	},
	'test.\t1\tIN\tSOA\tn.test. h.test. 2024010101 2 3 4 5',
);
test(
	'CAA',
	readsAs,
	{type: 'CAA', name: 'a.test', ttl: 1, data: {flags: 0, tag: 'issue', value: 'ca.test'}},
	'a.test.\t1\tIN\tCAA\t0 issue "ca.test"',
);
test(
	'a type without a form of its own',
	readsAs,
	{type: 'SSHFP', name: 'a.test', ttl: 1, data: {algorithm: 1, hash: 1, fingerprint: 'ab'.repeat(20)}},
	`a.test.\t1\tIN\tSSHFP\t\\# 22 0101${'AB'.repeat(20)}`,
);

test('a name that is pointed to is read, and a dot inside a label is escaped', t => {
	const records = Buffer.concat([
		// The question's name begins at 12; its last label "test" stands at 25.
		record(Buffer.from([0xc0, 12]), 5, Buffer.concat([Buffer.from([3, 0x61, 0x2e, 0x62]), Buffer.from([0xc0, 25])])),
	]);

	const message = readMessage(rawAnswer(query, 1, records));

	t.deepEqual(message.answers.map(recordText), ['livekit.tail.test.\t60\tIN\tCNAME\ta\\.b.test.']);
});

const isMalformed = test.macro((t, count: number, records: Buffer, detail: RegExp) => {
	t.throws(() => readMessage(rawAnswer(query, count, records)), {name: 'TargetDownError', message: detail});
});

test(
	'a name that points to itself',
	isMalformed,
	1,
	record(Buffer.from([0xc0, query.length]), 1, Buffer.alloc(4)),
	/circles/,
);
test('a name that points forwards', isMalformed, 1, record(Buffer.from([0xff, 0xff]), 1, Buffer.alloc(4)), /circles/);
test('a label of an unknown kind', isMalformed, 1, record(Buffer.from([0x80, 0]), 1, Buffer.alloc(4)), /unknown kind/);
test('an end within a record', isMalformed, 1, Buffer.from([0, 0, 1]), /ends within a record/);
test('an end within a name', isMalformed, 1, Buffer.from([9, 0x61]), /ends within a name/);
test('nothing where records were promised', isMalformed, 3, Buffer.alloc(0), /ends within a name/);
test(
	'a record that is longer than the message',
	isMalformed,
	1,
	record(Buffer.from([0]), 1, Buffer.alloc(4)).subarray(0, -1),
	/longer than the message/,
);
test(
	'an A record of three bytes',
	isMalformed,
	1,
	record(Buffer.from([0]), 1, Buffer.alloc(3)),
	/shorter than its type/,
);
test('an A record of five bytes', isMalformed, 1, record(Buffer.from([0]), 1, Buffer.alloc(5)), /longer than its type/);
test(
	'a text that goes beyond its record',
	isMalformed,
	1,
	record(Buffer.from([0]), 16, Buffer.from([9, 1])),
	/shorter than its type/,
);
test('64 KB of records', isMalformed, 4000, Buffer.alloc(60_000), /4000 records; at most 1000/);

test('a chain of pointers through 16 KB does not keep the reader busy', t => {
	const message = pointerChain();

	const startedAt = performance.now();
	t.throws(() => readMessage(message), {message: /circles/});

	t.true(performance.now() - startedAt < 100);
});

test('an answer belongs to its query whatever its capitals', t => {
	const answer = answerTo(query, []);
	const shouting = Buffer.from(answer);
	shouting.write('LIVEKIT', 13, 'latin1');

	t.true(answersQuery(answer, query));
	t.true(answersQuery(shouting, query));
});

const isForeign = test.macro((t, spoil: (answer: Buffer) => Buffer) => {
	t.false(answersQuery(spoil(answerTo(query, [])), query));
});

test('another id', isForeign, answer => answer.fill(7, 0, 2));
test('the query itself', isForeign, () => query);
test('another name', isForeign, answer => answer.fill('z', 13, 14));
test('another type', isForeign, answer => answer.fill(28, query.length - 3, query.length - 2));
test('another operation', isForeign, answer => answer.fill(0xa0, 2, 3));
test('no question, but success', isForeign, answer => answer.fill(0, 4, 6));
test('two questions', isForeign, answer => answer.fill(2, 5, 6));
test('a header and nothing behind it', isForeign, answer => answer.subarray(0, 12));
test('eleven bytes', isForeign, answer => answer.subarray(0, 11));

test('a server that does not understand may leave the question out', t => {
	const bytes = Buffer.from([0x12, 0x34, 0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);

	t.true(answersQuery(bytes, query));
	t.is(readMessage(bytes).rcode, 'FORMERR');
});

test('what cannot be asked for is told', t => {
	t.is(faultOfName('livekit'), undefined);
	t.is(faultOfName('_sip._tcp.test.'), undefined);
	t.is(faultOfName('.'), undefined);
	for (const name of ['', 'a..b', '.a', 'a b', 'a\\b', 'ä.test', `${'a'.repeat(64)}.test`, 'a.'.repeat(130)])
		t.is(typeof faultOfName(name), 'string', name);
	t.throws(() => encodeQuery({name: 'a..b', type: 1, class: 1}, 1, true), {instanceOf: TypeError});
});

function record(name: Buffer, type: number, data: Buffer): Buffer {
	const fixed = Buffer.alloc(10);
	fixed.writeUInt16BE(type, 0);
	fixed.writeUInt16BE(1, 2);
	fixed.writeUInt32BE(60, 4);
	fixed.writeUInt16BE(data.length, 8);
	return Buffer.concat([name, fixed, data]);
}

/** Every name of many records leads through thousands of pointers, each to the one before it. */
function pointerChain(): Buffer {
	const start = query.length + 11;
	const chain = Buffer.alloc(16_000);
	for (let at = 2; at < chain.length; at += 2) chain.writeUInt16BE(0xc000 | (start + at - 2), at);
	const last = Buffer.alloc(2);
	last.writeUInt16BE(0xc000 | (start + chain.length - 2));
	const records = [record(Buffer.from([0]), 10, chain), ...Array.from({length: 900}, () => record(last, 5, last))];
	return rawAnswer(query, records.length, Buffer.concat(records));
}
