/** The labels in `equal` of the example for Alertmanager, on alerts that the rules make of series in which causes and effects fire together. */

import test from 'ava';
import {type Conditions, type Events, inputSeries, keyOf, links, stepSeconds} from '../helpers/alert-world.ts';
import {example, type InhibitRule} from '../helpers/alertmanager.ts';
import {askAfter, hasPromtool} from '../helpers/promtool-queries.ts';

const promtoolTest = hasPromtool ? test : test.skip;
const minute = 60;

const failing = ({failing: failed}: Conditions, pattern: RegExp) => {
	for (const key of links.map(keyOf)) if (pattern.test(key)) failed.add(key);
};

/** Ten minutes each, one after the other, with five minutes between them. */
const faults: ReadonlyArray<(conditions: Conditions, sinceSeconds: number) => void> = [
	conditions => {
		conditions.dead.add('auth');
		conditions.offline.add('auth');
		failing(conditions, /^magicdns.*auth$|^exposed/);
	},
	conditions => {
		for (const gpu of ['gpu-1', 'gpu-2']) {
			conditions.dead.add(gpu);
			failing(conditions, new RegExp(`^magicdns.*${gpu}$`));
		}
		conditions.values.set('tailprobe_headscale_health', 0).set('tailprobe_vantage_control_reachable', 0);
	},
	conditions => {
		conditions.headscaleDown = true;
		failing(conditions, /^(?:tunnel|orchestrator)\/cluster\/orchestrator$/);
	},
	(conditions, since) => {
		if (since < 8 * minute) return failing(conditions, /^tunnel.*auth$/);
		conditions.gone.add('cluster').add('gpu-1').add('gpu-2').add('gpu-3');
	},
	conditions => {
		failing(conditions, /^magicdns|^tts|^livekit/);
		conditions.gone.add('gpu-1');
	},
	conditions => {
		failing(conditions, /^tunnel/);
	},
];

const events: Events = (seconds, conditions) => {
	const [index, since] = [Math.floor(seconds / (15 * minute)), seconds % (15 * minute)];
	if (since >= 5 * minute) faults[index]?.(conditions, since);
	// Before headscale dies these had the relay for their path.
	if (index === 2) conditions.relayed.add('auth').add('gpu-1');
	if (index < 2) conditions.values.set('tailprobe_headscale_certificate_expiry_timestamp_seconds', 86_400);
	// The last one is not mended; tailprobe dies.
	if (index === faults.length) {
		conditions.dead.add('auth');
		if (since >= 3 * minute) conditions.replicasDown.add(0);
	}
};
const minutes = 15 * (faults.length + 1);

const scrape = {
	kept: {cluster: 'berlin', job: 'tailprobe', namespace: 'monitoring', service: 'tailprobe'},
	replicas: [{instance: '10.0.0.1:9753', pod: 'tailprobe-0'}],
};

/** By inhibition, as `nameOf` calls them: the alerts that are muted in this time. Others need what the platform here does not have. */
const wanted: Readonly<Record<string, readonly string[]>> = {
	'TailprobeDown|TailprobeAbsent → TailprobeDown|TailprobeAbsent|TailprobeWatchdog, ': [
		'PoolBelowMinimum',
		'TunnelDown',
		'TunnelsDown',
	],
	'severity="critical" → severity=~"warning|info", alertname check vantage target peer scope gpu vast_instance k8s_namespace k8s_pod k8s_node':
		['HeadscaleCertificateExpiring'],
	'HeadscaleDown → HeadscaleDown Headscale.+|NodeKeyExpiring|RelayMapEmpty|Tail, ': ['TailscaledControlUnreachable'],
	'HeadscaleDown → RelayDown target="headscale", ': ['RelayDown'],
	'HeadscaleDown → TunnelDown path="derp", ': ['TunnelDown'],
	'HeadscaleDown|HeadscaleProxyError → ServiceDown|ServiceBudgetBurn|ServiceSlow target="headscale", ': ['ServiceDown'],
	'HeadscaleUnhealthy → Headscale.+|TailscaledControlUnreachable|TailscaledWarning s, ': [
		'HeadscaleCertificateExpiring',
		'TailscaledControlUnreachable',
	],
	'RelayDown severity="critical" → TunnelDown path="derp", vantage': ['TunnelDown'],
	'TunnelsDown → TunnelDown, vantage': ['TunnelDown'],
	'TunnelDown scope="node" → Service(Down|Slow|BudgetBurn)|Certificate(Expiring|Invalid)|, peer': [
		'HeadscaleNodeOffline',
		'LinkUnknown',
		'NameNotResolved',
		'ServiceDown',
		'VantageGone',
	],
	'TunnelDown severity="critical" scope="link" → Service(Down|BudgetBurn)|Certificate(Expiring|Invalid)|LinkB, vantage peer':
		['ServiceDown'],
	'VantageGone → LinkUnknown|Service(Down|Slow|BudgetBurn)|Certificate(Expiri, vantage': ['LinkUnknown'],
	'VantageGone severity="critical" → TunnelDown|TunnelsDown|MagicDnsDown, vantage': ['TunnelDown'],
	'VantageGone severity="critical" → VantageGone|LinkUnknown|PoolUncertain|TailprobeRunsStopped|H, ': [
		'LinkUnknown',
		'VantageGone',
	],
	'PoolBelowMinimum → severity=~"warning|info", pool': ['NameNotResolved', 'ServiceDown', 'TunnelDown'],
	'ServiceDown severity="critical" → NameNotResolved, vantage peer': ['NameNotResolved'],
	'MagicDnsDown → NameNotResolved, vantage': ['NameNotResolved'],
};

function nameOf({source_matchers, target_matchers, equal}: InhibitRule): string {
	const words = (matchers: readonly string[]) =>
		matchers
			.filter(matcher => !/^monitor|=~"\.\+"/.test(matcher))
			.map(matcher => matcher.replace(/^alertname(?:=|!=|=~|!~)"(.*)"$/, '$1'))
			.join(' ');
	return `${words(source_matchers)} → ${words(target_matchers).slice(0, 60)}, ${equal.slice(3).join(' ')}`;
}

test('what is wanted is of inhibitions that there are', t => {
	const names = example.inhibit_rules.map(nameOf);

	t.deepEqual(
		Object.keys(wanted).filter(name => !names.includes(name)),
		[],
	);
});

promtoolTest('alerts that are made by the rules have the labels by which they are muted', async t => {
	t.timeout(300_000);
	const series = inputSeries(minutes, events, scrape);

	const failure = await askAfter(
		minutes,
		series,
		example.inhibit_rules.map(rule => {
			const {source_matchers, target_matchers, equal} = rule;
			// Missing on both sides would be equal too; these labels are only of some alerts that are a page and a ticket.
			const there = equal.filter(label => !equal.includes('scope') || ['cluster', 'namespace', 'job'].includes(label));
			const firing = ['alertstate="firing"', ...there.map(label => `${label}!=""`)];
			const side = (matchers: readonly string[]) => `ALERTS{${[...firing, ...matchers].join(',')}}`;
			const together = `${side(target_matchers)} and on (${equal.join(',')}) ${side(source_matchers)}`;
			const samples = (wanted[nameOf(rule)] ?? []).map(name => ({labels: `{alertname="${name}"}`, value: 1}));
			return {expr: `group by (alertname) (count_over_time((${together})[${minutes}m:${stepSeconds}s]))`, samples};
		}),
	);

	t.is(failure, '');
});
