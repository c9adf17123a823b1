import test from 'ava';
import {ResponseReader} from '../../src/net/http1-reader.ts';
import {TargetDownError} from '../../src/util/errors.ts';

const limits = {maxHeadBytes: 4096, maxBodyBytes: 1000};

interface Found {
	status: number;
	statusText: string;
	version: string;
	headers: readonly (readonly [string, string])[];
	body: string;
	bodyBytes: number;
	truncated: boolean;
	interims: number;
}

/** Feeds the answer whole and in pieces of several sizes: all must be understood alike. */
const reads = test.macro((t, answer: string, wanted: Partial<Found>, method?: string) => {
	for (const pieceBytes of [answer.length, 1, 2, 3, 7]) {
		const reader = new ResponseReader(method ?? 'GET', limits);

		const done = feed(reader, answer, pieceBytes);
		if (!done) reader.finish();

		const {status, statusText, version, headers, bodyBytes, truncated, interims} = reader;
		const found: Found = {
			status,
			statusText,
			version,
			headers,
			bodyBytes,
			truncated,
			interims,
			body: reader.body().toString(),
		};
		t.like(found, wanted, `in pieces of ${pieceBytes}`);
	}
});

const refuses = test.macro((t, answer: string, message: RegExp, reason: TargetDownError['reason'] = 'protocol') => {
	for (const pieceBytes of [answer.length, 1, 2, 3, 7]) {
		const reader = new ResponseReader('GET', limits);

		const error = t.throws(
			() => {
				if (!feed(reader, answer, pieceBytes)) reader.finish();
			},
			{instanceOf: TargetDownError, message},
			`in pieces of ${pieceBytes}`,
		);

		t.is(error?.reason, reason);
	}
});

function feed(reader: ResponseReader, answer: string, pieceBytes: number): boolean {
	for (let at = 0; at < answer.length; at += pieceBytes) {
		if (reader.push(Buffer.from(answer.slice(at, at + pieceBytes), 'latin1'))) return true;
	}
	return false;
}

test('a body ends where Content-Length says', reads, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello', {
	status: 200,
	statusText: 'OK',
	version: '1.1',
	headers: [
		['Content-Length', '5'],
		['X-A', 'b'],
	],
	body: 'hello',
	bodyBytes: 5,
	truncated: false,
});
test(
	'bytes behind the answer are passed over',
	reads,
	'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n',
	{
		status: 200,
		body: 'ok',
	},
);
test('without a length the body ends when the connection does', reads, 'HTTP/1.0 200 OK\r\n\r\nhello', {
	version: '1.0',
	body: 'hello',
});
test('a status line may lack the reason', reads, 'HTTP/1.1 406\r\nContent-Length: 0\r\n\r\n', {
	status: 406,
	statusText: '',
});
test(
	'chunks are joined and trailers passed over',
	reads,
	chunked('5;ext=1\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n'),
	{
		body: 'hello 0123456789',
		bodyBytes: 16,
	},
);
test('a chunk may be empty of extension and end of trailers', reads, chunked('0\r\n\r\n'), {body: '', bodyBytes: 0});
test(
	'an answer to HEAD has no body',
	reads,
	'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
	{status: 200, bodyBytes: 0},
	'HEAD',
);
test('204 has no body', reads, 'HTTP/1.1 204 No Content\r\n\r\n', {status: 204, bodyBytes: 0});
test('304 has no body', reads, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', {status: 304, bodyBytes: 0});
test(
	'interim answers are passed over',
	reads,
	'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
	{status: 200, interims: 2, body: 'ok', headers: [['Content-Length', '2']]},
);
test(
	'the same length twice is one length',
	reads,
	'HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok',
	{
		body: 'ok',
	},
);
test(
	'reading stops at the limit of the body',
	reads,
	`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`,
	{truncated: true, bodyBytes: 1000, body: 'x'.repeat(1000)},
);
test('reading stops at the limit in an endless chunk', reads, chunked(`ffffffff\r\n${'x'.repeat(3000)}`), {
	truncated: true,
	bodyBytes: 1000,
});
test('a body of just the limit is whole', reads, `HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1000)}`, {
	truncated: false,
	bodyBytes: 1000,
});

test(
	'another protocol is refused at its first bytes',
	refuses,
	'SSH-2.0-OpenSSH_9.2\r\n',
	/is not HTTP\/1: it begins with "S/,
);
test('a TLS alert is told as such', refuses, '\x15\x03\x01\0\x02\x02\x46', /is TLS; the port wants https/);
test('HTTP/2 frames are refused', refuses, '\0\0\x12\x04\0\0\0\0\0', /is not HTTP\/1/);
test('HTTP/1.2 is refused', refuses, 'HTTP/1.2 200 OK\r\n\r\n', /is not HTTP\/1: it begins with "HTTP\/1\.2/);
test('a status of two digits is refused', refuses, 'HTTP/1.1 20 OK\r\n\r\n', /is not HTTP\/1/);
test('bare line feeds are refused', refuses, 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', /bare line feeds|closed within/);
test('folded headers are refused', refuses, 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', /folded header line/);
test(
	'a blank before the colon is refused',
	refuses,
	'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
	/without a proper name/,
);
test(
	'a header without a colon is refused',
	refuses,
	'HTTP/1.1 200 OK\r\nnothing\r\n\r\n',
	/without a proper name: "nothing"/,
);
test('a control character in a header is refused', refuses, 'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n', /control character/);
test(
	'a length together with chunks is refused',
	refuses,
	'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
	/both Content-Length and Transfer-Encoding/,
);
test(
	'two lengths are refused',
	refuses,
	'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
	/two different/,
);
test(
	'a negative length is refused',
	refuses,
	'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
	/"-1", which is no number/,
);
test(
	'a length of many digits is refused',
	refuses,
	`HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(16)}\r\n\r\n`,
	/no number/,
);
test(
	'another transfer coding is refused',
	refuses,
	'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
	/only chunked/,
);
test(
	'chunks in HTTP/1.0 are refused',
	refuses,
	'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
	/only chunked in HTTP\/1\.1/,
);
test(
	'a switch of protocols nobody asked for is refused',
	refuses,
	'HTTP/1.1 101 Switching\r\n\r\n',
	/status 101, which was not asked/,
);
test(
	'a flood of interim answers is refused',
	refuses,
	'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17),
	/more than 16 interim/,
);
test(
	'headers over the limit are refused',
	refuses,
	`HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(1000)}\r\n`,
	/more than 4096 bytes/,
);
test('one endless header is refused', refuses, `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(5000)}`, /more than 4096 bytes/);
test(
	'very many headers are refused',
	refuses,
	`HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(501)}\r\n`,
	/501 header lines; at most 500/,
);
test('a chunk without a size is refused', refuses, chunked('\r\nhello'), /begins without a size/);
test('a chunk size that is no number is refused', refuses, chunked('5g\r\nhello'), /no hexadecimal number/);
test('a chunk size with a sign is refused', refuses, chunked('-5\r\nhello'), /begins without a size/);
test('a huge chunk size is refused', refuses, chunked('fffffffffffff\r\n'), /more than twelve digits/);
test(
	'a chunk longer than its size is refused',
	refuses,
	chunked('3\r\nhello\r\n0\r\n\r\n'),
	/no line end behind the data/,
);
test('a bare line feed behind a chunk size is refused', refuses, chunked('5\nhello'), /no hexadecimal number/);
test(
	'a control character in a chunk extension is refused',
	refuses,
	chunked('5;\0\r\nhello'),
	/control character in a chunk extension/,
);
test('a folded trailer is refused', refuses, chunked('0\r\n x: y\r\n\r\n'), /folded trailer/);
test('endless trailers are refused', refuses, chunked(`0\r\n${'x: y\r\n'.repeat(4000)}`), /mostly of chunk framing/);
test('endless chunk extensions are refused', refuses, chunked(`1;${'x'.repeat(20_000)}`), /mostly of chunk framing/);
test('an end before any answer is a reset', refuses, '', /closed before any answer/, 'reset');
test(
	'an end within the headers is a reset',
	refuses,
	'HTTP/1.1 200 OK\r\nA: b\r\n',
	/closed within the headers/,
	'reset',
);
test(
	'an end within the body is a reset',
	refuses,
	'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc',
	/3 of 9 bytes came/,
	'reset',
);
test(
	'an end within a chunk is a reset',
	refuses,
	chunked('5\r\nhel'),
	/within the body of the answer, 3 bytes in/,
	'reset',
);

test('only what is wanted of the body is kept, all of it is counted', t => {
	const reader = new ResponseReader('GET', {...limits, maxStoredBytes: 3});

	feed(reader, 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabcdefgh', 20);

	t.is(reader.body().toString(), 'abc');
	t.is(reader.bodyBytes, 8);
});

test('damaged answers are understood or refused, never anything else', t => {
	const whole = chunked('5;ext=1\r\nhello\r\n0\r\nX-T: 1\r\n\r\n').replace(
		'\r\n\r\n',
		'\r\nContent-Type: text/plain\r\n\r\n',
	);
	let seed = 42;
	const below = (limit: number) => {
		seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
		return seed % limit;
	};
	let refused = 0;

	for (let round = 0; round < 5000; round++) {
		const bytes = Buffer.from(whole, 'latin1');
		for (let damage = 0; damage <= below(3); damage++) bytes[below(bytes.length)] = below(256);
		const reader = new ResponseReader('GET', limits);
		try {
			if (!feed(reader, bytes.toString('latin1'), 1 + below(20))) reader.finish();
		} catch (error) {
			refused++;
			if (!(error instanceof TargetDownError)) throw error;
		}
	}

	t.true(refused > 1000);
});

function chunked(body: string): string {
	return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
}
