/** A question to one DNS server, named by the target: MagicDNS on a node, the resolver of a cluster, or any other. */

import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {classCode, rcodes, typeCode} from '../net/dns-codes.ts';
import type {DnsMessage, DnsQuestion} from '../net/dns-message.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import {fullName} from '../net/resolve.ts';
import type {AddressRule} from '../net/types.ts';
import {oneLine} from '../util/errors.ts';
import {ask} from './dns/ask.ts';
import {addressesOf, judgeAddresses} from './dns/expected.ts';
import {type Fault, judgeMessage} from './dns/judge.ts';
import {isMagicDns, isServiceAddress} from './dns/magic-dns.ts';
import {type DnsOptions, dnsOptions} from './dns/options.ts';
import {type DnsTarget, faultOfDnsTarget, parseDnsTarget} from './dns/target.ts';
import {demandDatagramWay} from './shared/datagram-way.ts';
import {type Findings, failedReading, inMs} from './shared/failed-reading.ts';
import {resolvePhase, ruleFor} from './shared/resolve-phase.ts';
import {tlsContext, withoutClientCertificate} from './shared/tls-options.ts';
import type {Place, Probe} from './types.ts';

export const dns: Probe<DnsOptions> = {
	type: 'dns',
	summary:
		'A question to a DNS server over UDP, TCP or TLS: response code, records, and whether a node has the right address.',
	options: dnsOptions,
	address: 'host_port',
	form: {example: 'dns://100.100.100.100/{node}', faultOf: faultOfDnsTarget},
	vias: ['tailnet', 'direct'],
	durationIsLatency: true,
	metrics: [
		{
			name: 'tailprobe_dns_rcode',
			type: 'gauge',
			help: 'Response code of the last answer (0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED); absent when none came.',
			labels: checkLabels,
			from: {value: 'rcode'},
		},
		{
			name: 'tailprobe_dns_answer_records',
			type: 'gauge',
			help: 'Records in the answer section of the last answer; absent when none came.',
			labels: checkLabels,
			from: {value: 'answer_rrs'},
		},
	],
	harmless: options => ({...options, tls_config: withoutClientCertificate(options.tls_config)}),
	measure,
};

async function measure(target: Target, options: DnsOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const parsed = parseDnsTarget(target.address);
	if (!parsed.ok) return impossible(parsed.detail);
	const asked = questionOf(parsed, options);
	if (!asked) {
		return impossible('There is no name to ask for: set query_name, or write the target as dns://SERVER/NAME.');
	}
	const {host, port = options.dns_over_tls ? 853 : 53} = parsed;
	const findings: Findings = {clock: new PhaseClock(), values: {query_succeeded: 0}, facts: {}};
	const {clock, facts} = findings;
	let what = `DNS ${asked.label} at ${host}`;
	try {
		if (isServiceAddress(host)) await demandDatagramWay(target.via, place, insteadOfMagicDns, signal);
		else if (options.transport_protocol === 'udp') await demandDatagramWay(target.via, place, insteadOfUdp, signal);
		const secure = options.dns_over_tls ? await tlsContext(options.tls_config, place) : undefined;
		const own = target.via === 'tailnet' && isMagicDns(host, port, place);
		const name = own && asked.name !== '.' ? await fullName(asked.name, place, signal) : asked.name;
		what = `DNS ${asked.type} ${name} at ${host}`;
		facts.query = `${asked.type} ${name}`;
		const resolved = await resolvePhase(host, ruleOf(target, host, own, place), options, place, findings, signal);
		const server = {host, resolved, port, via: target.via};
		const message = await ask(server, {...asked.codes, name}, options, secure, place, findings, signal);
		const answeredMs = clock.elapsedMs();
		facts.phase = 'processing';
		note(message, findings);
		const {expect_addresses: wanted} = options;
		const fault =
			judgeMessage(message, options) ??
			(wanted && (await judgeAddresses(addressesOf(message), name.replace(/\.$/, ''), wanted, place, signal)));
		const known = {phases: clock.seconds(), values: findings.values, facts};
		return fault ? {ok: false, ...told(fault, what, message, answeredMs), ...known} : {ok: true, ...known};
	} catch (error) {
		return failedReading(error, what, findings, signal);
	}
}

/** Seen with tailscaled 1.102: its SOCKS5 proxy connects every port of that address to a web server. */
const insteadOfMagicDns =
	'its SOCKS5 proxy does not lead to MagicDNS either. Look from a vantage with a tunnel device; other checks here resolve names by the list of peers';
const insteadOfUdp =
	'ask with transport_protocol: tcp, with tailscaled started with --socks5-server and that address in vantages[].tailscaled.socks5';

function impossible(detail: string): Reading {
	return {ok: false, reason: 'forbidden', detail: oneLine(detail, 300), values: {}, facts: {}};
}

interface Asked {
	name: string;
	type: string;
	codes: Omit<DnsQuestion, 'name'>;
	label: string;
}

function questionOf({uri}: DnsTarget, options: DnsOptions): Asked | undefined {
	const name = uri?.name ?? options.query_name;
	if (name === undefined) return undefined;
	// RFC 4501 asks for A where nothing is said, blackbox_exporter for ANY.
	const type = uri?.type ?? options.query_type ?? (uri ? 'A' : 'ANY');
	const codes = {type: typeCode(type) ?? 255, class: classCode(uri?.class ?? options.query_class) ?? 1};
	return {name, type, codes, label: `${type} ${name}`};
}

/** MagicDNS's own address is no target for anything else, and in the tailnet wherever it is configured to be. */
function ruleOf(target: Target, host: string, own: boolean, place: Place): AddressRule {
	const rule = ruleFor(target, place);
	if (!own) return rule;
	return {...rule, allowMagicDns: true, prefixes: [...rule.prefixes, `${host}/${host.includes(':') ? 128 : 32}`]};
}

function note(message: DnsMessage, {values, facts}: Findings): void {
	const {rcode, answers, authorities, additionals} = message;
	facts.rcode = rcode;
	values.query_succeeded = 1;
	values.rcode = (rcodes as readonly string[]).indexOf(rcode);
	values.answer_rrs = answers.length;
	values.authority_rrs = authorities.length;
	values.additional_rrs = additionals.length;
	const addresses = addressesOf(message);
	if (addresses.length > 0) facts.answer = addresses.slice(0, 8).join(' ');
	const serial = answers.findLast(({type}) => type === 'SOA')?.data.split(' ')[2];
	if (serial !== undefined) values.serial = Number(serial);
}

function told({reason, detail}: Fault, what: string, {rcode}: DnsMessage, afterMs: number) {
	return {reason, detail: oneLine(`${what} answered ${rcode} after ${inMs(afterMs)}${detail}`, 300)};
}
