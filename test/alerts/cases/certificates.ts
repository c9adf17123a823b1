import type {AlertCase} from '../../helpers/alert-cases.ts';
import {
	configured,
	down,
	downLabels,
	type Link,
	member,
	of,
	plainLabels,
	type Series,
} from '../../helpers/alert-links.ts';

const auth: Link = {check: 'certificate', type: 'tls', target: 'auth', peer: 'auth'};
const unwatched: Link = {...auth, critical: false};
const daySeconds = 86_400;

export const certificateCases: readonly AlertCase[] = [...invalidCases(), ...expiringCases()];

function invalidCases(): AlertCase[] {
	const alert = 'CertificateInvalid';
	const description =
		'What auth presents to cluster (check certificate) is no good since 1970-01-01 00:05:00 +0000 UTC. What is wrong with it: expired.';
	return [
		{
			alert,
			title: 'a certificate has expired',
			series: {...down(auth), ...faulty(auth, 'expired')},
			fires: [{labels: downLabels(auth, 'critical'), description}],
			firesAfterSeconds: 75,
			resolvesAfterSeconds: 180,
		},
		{
			alert,
			title: 'a certificate has expired, which need not wake anybody',
			series: {...down(unwatched), ...faulty(unwatched, 'expired')},
			fires: [{labels: downLabels(unwatched, 'warning'), description}],
			firesAfterSeconds: 120,
			resolvesAfterSeconds: 180,
		},
		{
			alert,
			title: 'a certificate ends sooner than its check wants',
			series: {...down(auth), ...faulty(auth, 'ends_soon')},
			fires: [],
		},
	];
}

function expiringCases(): AlertCase[] {
	const alert = 'CertificateExpiring';
	const until = (date: string) =>
		`What auth presents to cluster (check certificate) is good until ${date} 00:00:00 +0000 UTC. After that clients refuse it.`;
	const times = {firesAfterSeconds: 120, resolvesAfterSeconds: 180, vanishedAfterSeconds: 795};
	const warning = plainLabels(auth, 'warning');
	return [
		{
			alert,
			title: 'a certificate has ten days left',
			series: {...configured(auth), ...ends(10)},
			fires: [{labels: warning, description: until('1970-01-11')}],
			...times,
		},
		{
			alert,
			title: 'a certificate has two days left',
			series: {...configured(auth), ...ends(2)},
			fires: [
				{labels: warning, description: until('1970-01-03')},
				{labels: plainLabels(auth, 'critical'), description: until('1970-01-03')},
			],
			...times,
		},
		{
			alert,
			title: 'the certificate of one machine of a pool has two days left',
			series: {...configured(auth), ...ends(2), ...member('auth')},
			fires: [{labels: warning, description: until('1970-01-03')}],
			...times,
		},
		{
			alert,
			title: 'a certificate has two days left, which need not wake anybody',
			series: {...configured(unwatched), ...ends(2)},
			fires: [{labels: warning, description: until('1970-01-03')}],
			...times,
		},
		{
			alert,
			title: 'a certificate beside the trusted chain ends soon',
			series: {...configured(auth), ...ends(2), ...ends(90, 'tailprobe_tls_chain_expiry_timestamp_seconds')},
			fires: [],
		},
		{
			alert,
			title: 'less is left than its check wants',
			series: {
				...down(auth),
				...faulty(auth, 'ends_soon'),
				...ends(20, 'tailprobe_tls_chain_expiry_timestamp_seconds'),
			},
			fires: [{labels: warning, description: until('1970-01-21')}],
			...times,
		},
	];
}

function ends(inDays: number, metric = 'tailprobe_tls_earliest_cert_expiry_timestamp_seconds'): Series {
	return {[of(metric, auth)]: {well: 90 * daySeconds, broken: inDays * daySeconds}};
}

function faulty(link: Link, fault: string): Series {
	return {
		[of('tailprobe_tls_certificate_fault', link, 'fault="none"')]: {well: 1, broken: 0},
		[of('tailprobe_tls_certificate_fault', link, `fault="${fault}"`)]: {well: 0, broken: 1},
	};
}
