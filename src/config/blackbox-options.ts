/**
 * Every option of a blackbox_exporter 0.28 module, and what becomes of it here. Whether one is taken is asked of our own schema of that
 * probe type (`our-options.ts`), so that an option we learn needs no second line here; what stands here is what no schema tells.
 */

export interface TheirOption {
	/** Dotted, below the block of the prober; items of lists are entered without a mark. */
	key: string;
	/** What it may become, best first, where that is not the same key with the same value. */
	as?: readonly TheirForm[];
	/** What is not quite the same; for the documentation. */
	differs?: string;
	/** What to do where we do not take it. */
	instead?: string;
	/** Values that say the same as leaving it out: no mistake where we do not take it. */
	idle?: readonly unknown[];
	/** Our value for theirs; undefined leaves the option away. */
	value?(value: unknown): unknown;
}

/** `file`: a path of theirs is our `{file: PATH}`. `not`: yes is our no. `text`: only where ours takes a text too. */
export interface TheirForm {
	key: string;
	how?: 'file' | 'not' | 'text';
}

export interface TheirProber {
	/** What their reader fills in, where that is or may be something else than ours. Taken where we have the option. */
	defaults: Readonly<Record<string, unknown>>;
	options: readonly TheirOption[];
	/** What is not quite the same about the whole. */
	differs: readonly string[];
}

const noProxy = 'tailprobe measures the way itself: take it out, or probe the proxy as a target of its own';
const inFile = (key: string) => `secrets never stand in a configuration: put it into a file and name that in ${key}`;
const noSource = 'the vantage decides where packets come from: take it out';
const noCel = 'tailprobe has no CEL: use fail_if_body_not_matches_regexp or fail_if_body_matches_regexp';

const family: readonly TheirOption[] = [
	{
		key: 'preferred_ip_protocol',
		differs: 'Without it a module of such a file prefers `ip6`, as theirs; ours elsewhere prefer `ip4`.',
	},
	{key: 'ip_protocol_fallback'},
];

const tls: readonly TheirOption[] = [
	...['insecure_skip_verify', 'ca_file', 'cert_file', 'key_file', 'server_name'].map(key => ({
		key: `tls_config.${key}`,
	})),
	...['min_version', 'max_version'].map(key => ({
		key: `tls_config.${key}`,
		differs: '`TLS12` and `TLS13`; older versions are not spoken, and naming one is a mistake.',
	})),
	...['ca', 'cert', 'key'].map(key => ({
		key: `tls_config.${key}`,
		as: [{key: `tls_config.${key}`, how: 'text' as const}],
		instead: `put it into a file and name that in ${key}_file`,
	})),
];

const lines: readonly TheirOption[] = [
	{
		key: 'query_response.expect',
		differs: 'Patterns are bounded in their steps, and 256 KiB of a conversation are read.',
	},
	{key: 'query_response.expect_bytes', instead: 'say it as a pattern in expect'},
	{key: 'query_response.send', value: asText, differs: '`!!binary` is taken where it is ASCII.'},
	{key: 'query_response.starttls', idle: [false], instead: 'use tls: true where the port speaks TLS from the start'},
	{
		key: 'query_response.labels',
		instead: 'text of a target becomes no label here: take it out',
		differs:
			'In the facts of a run and in `probe_expect_info` of `/probe`, up to 1000 characters each, never in `/metrics`.',
	},
];

const records = ['answer', 'authority', 'additional'].flatMap((section): TheirOption[] => {
	const rules = `validate_${section}_rrs`;
	return [
		{key: `${rules}.fail_if_matches_regexp`},
		{
			key: `${rules}.fail_if_all_match_regexp`,
			as: [],
			instead:
				'it does the reverse of its name there, and what its name says here: write fail_if_not_matches_regexp for what it does there',
		},
		{key: `${rules}.fail_if_not_matches_regexp`},
		{key: `${rules}.fail_if_none_matches_regexp`},
	];
});

/** By prober. */
export const theirProbers: Readonly<Record<string, TheirProber>> = {
	http: {
		defaults: {preferred_ip_protocol: 'ip6', ip_protocol_fallback: true, follow_redirects: true, enable_http2: true},
		differs: [
			'`User-Agent` is ours where none is set.',
			'A target that no check names gets neither credentials nor bodies nor headers that may be secret, unless `trust_adhoc` says so.',
		],
		options: [
			{key: 'valid_status_codes'},
			{key: 'valid_http_versions', differs: 'No `HTTP/3.0`.'},
			{key: 'method', differs: 'In capitals; one of the seven usual ones.'},
			{
				key: 'headers',
				differs: 'Not sent on to another origin after a redirect. Values must be texts: `"1"`, not `1`.',
			},
			{key: 'http_headers', instead: 'write its values under headers; secrets and files are not taken'},
			{
				key: 'body_size_limit',
				value: size => (size === 0 || size === '0' || size === '0B' ? undefined : size),
				differs: 'Without it, and with `0`, 1 MiB; at most 64 MiB. A larger body is down, there and here.',
			},
			{
				key: 'compression',
				idle: [''],
				instead: 'send Accept-Encoding by headers, and judge the answer by its headers',
				differs:
					'Asked for by `Accept-Encoding` where no header does; theirs asks for nothing by itself, so that most servers do not pack and it fails.',
			},
			{
				key: 'follow_redirects',
				differs:
					'At most ten, and never to where a caller may not reach. `probe_http_redirects` counts those that were followed; theirs also one that was not. Cookies of a run go back to the host that set them and to no other.',
			},
			{key: 'no_follow_redirects', as: [{key: 'follow_redirects', how: 'not'}], differs: 'Turned round.'},
			{key: 'fail_if_ssl'},
			{key: 'fail_if_not_ssl'},
			{key: 'fail_if_body_json_matches_cel', instead: noCel},
			{key: 'fail_if_body_json_not_matches_cel', instead: noCel},
			{
				key: 'fail_if_body_matches_regexp',
				differs: 'Patterns run on what was read of the body, and many long ones on a large body are refused.',
			},
			{key: 'fail_if_body_not_matches_regexp', differs: 'As above.'},
			...['fail_if_header_matches', 'fail_if_header_not_matches'].flatMap(key =>
				['header', 'regexp', 'allow_missing'].map(part => ({key: `${key}.${part}`})),
			),
			...tls,
			{key: 'basic_auth.username', instead: 'send Authorization by headers'},
			{key: 'basic_auth.username_file', instead: 'write the name itself under username'},
			{
				key: 'basic_auth.password',
				as: [{key: 'basic_auth.password', how: 'text'}],
				instead: inFile('password_file'),
			},
			{
				key: 'basic_auth.password_file',
				as: [{key: 'basic_auth.password_file'}, {key: 'basic_auth.password', how: 'file'}],
				instead: 'take it out',
			},
			{key: 'authorization.type'},
			{
				key: 'authorization.credentials',
				as: [{key: 'authorization.credentials', how: 'text'}],
				instead: inFile('credentials_file'),
			},
			{
				key: 'authorization.credentials_file',
				as: [{key: 'authorization.credentials_file'}, {key: 'authorization.credentials', how: 'file'}],
				instead: 'take it out',
			},
			{key: 'bearer_token', as: [{key: 'bearer_token', how: 'text'}], instead: inFile('bearer_token_file')},
			{
				key: 'bearer_token_file',
				as: [
					{key: 'bearer_token_file'},
					{key: 'authorization.credentials_file'},
					{key: 'authorization.credentials', how: 'file'},
				],
				instead: 'take it out',
			},
			{key: 'oauth2', instead: 'let something renew a token in a file, and name that in bearer_token_file'},
			{key: 'proxy_url', idle: [''], instead: noProxy},
			{key: 'no_proxy', idle: [''], instead: noProxy},
			{key: 'proxy_from_environment', idle: [false], instead: noProxy},
			{key: 'proxy_connect_header', instead: noProxy},
			{key: 'skip_resolve_phase_with_proxy', idle: [false], instead: noProxy},
			{key: 'enable_http2', idle: [false], instead: 'only HTTP/1.1 is spoken: take it out'},
			{key: 'enable_http3', idle: [false], instead: 'QUIC is not spoken: take it out'},
			...family,
			{key: 'body'},
			{key: 'body_file', idle: [''], instead: 'write the body itself under body'},
		],
	},
	tcp: {
		defaults: {preferred_ip_protocol: 'ip6', ip_protocol_fallback: true},
		differs: [
			'A target that no check names is only listened to: the conversation ends before the first `send`, unless `trust_adhoc` says otherwise.',
		],
		options: [
			...family,
			{key: 'source_ip_address', idle: [''], instead: noSource},
			...lines,
			{key: 'tls', idle: [false], instead: 'take it out; a TLS port is watched by an http module or by the prober tls'},
			...tls,
		],
	},
	icmp: {
		defaults: {preferred_ip_protocol: 'ip6', ip_protocol_fallback: true, count: 1, payload_size: 28},
		differs: [
			'One ping per run, as theirs; a module of our own configuration sends four and knows loss and jitter.',
			'An answer is waited for at most a second, or half of the time if that is shorter; theirs until the timeout.',
		],
		options: [
			...family,
			{key: 'source_ip_address', idle: [''], instead: noSource},
			{key: 'dont_fragment'},
			{key: 'payload_size', value: size => (size === 0 ? undefined : size)},
			{key: 'ttl', idle: [64], instead: 'it cannot be set here: take it out'},
		],
	},
	dns: {
		defaults: {preferred_ip_protocol: 'ip6', ip_protocol_fallback: true},
		differs: [
			'The target is the server that is asked, as there; a target `dns://SERVER/NAME` of ours also says what for.',
			'A name without dots gets the MagicDNS domain where MagicDNS is asked.',
		],
		options: [
			...family,
			{key: 'source_ip_address', idle: [''], instead: noSource},
			{key: 'transport_protocol', idle: ['udp'], instead: 'questions go by UDP: take it out'},
			{key: 'dns_over_tls', idle: [false], instead: 'take it out; a tcp module watches port 853'},
			...tls,
			{key: 'query_name'},
			{key: 'query_type'},
			{key: 'query_class', idle: ['IN'], instead: 'only IN is asked: take it out'},
			{key: 'recursion_desired', idle: [true], instead: 'recursion is always asked for: take it out'},
			{key: 'valid_rcodes'},
			...records,
		],
	},
};

/** Probers of theirs for which there is nothing here, and what to do. */
export const missingProbers: Readonly<Record<string, string>> = {
	grpc: 'there is no grpc probe: leave the module out of module_files with `only`, and watch the port by tcp',
	unix: 'there is no unix probe: sockets of this machine are never targets; leave the module out with `only`',
	websocket: 'write it into the configuration as a module with the prober ws; leave it out here with `only`',
};

/** Bytes of `!!binary` as a text, where they are one; else as they came, which no option takes. */
function asText(value: unknown): unknown {
	if (!(value instanceof Uint8Array) || value.some(byte => byte > 0x7f)) return value;
	return Buffer.from(value).toString('latin1');
}
