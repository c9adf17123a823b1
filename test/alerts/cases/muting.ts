/** What mutes what: for each inhibition of the example alerts as the rules make them, without the labels of the scrape. */

import type {Labels} from '../../helpers/alert-matching.ts';

/** One source, and alerts that are not told while it fires. The first target tells of each label of `equal` what it is for. */
export interface Muting {
	title: string;
	source: Labels;
	targets: readonly Labels[];
	/** Labels that source and target have in common besides those of the installation. */
	by?: readonly string[];
	/** Why its source need not fire before its targets are told. */
	afterwards?: string;
}

const alert = (alertname: string, severity: 'critical' | 'warning' | 'info' | 'none', labels: Labels = {}): Labels => ({
	alertname,
	severity,
	...labels,
});

const link = (check: string, type: string, vantage: string, target: string, peer = target): Labels => ({
	check,
	type,
	vantage,
	target,
	peer,
});

const tunnel = (vantage: string, peer: string, scope: 'node' | 'link', path: string): Labels => ({
	...link('tunnel', 'tunnel', vantage, peer),
	scope,
	path,
});

/** Alerts by the name of what happened; also the ingredients of scenes. */
export const fired = {
	watchdog: alert('TailprobeWatchdog', 'none'),
	tailprobeDown: alert('TailprobeDown', 'critical'),
	tailprobeAbsent: alert('TailprobeAbsent', 'critical'),
	replicaDown: alert('TailprobeReplicaDown', 'warning'),
	headscaleDown: alert('HeadscaleDown', 'critical'),
	proxyError: alert('HeadscaleProxyError', 'critical'),
	untrusted: alert('HeadscaleCertificateUntrusted', 'critical'),
	headscaleCertificate: alert('HeadscaleCertificateExpiring', 'warning'),
	headscaleUnhealthy: alert('HeadscaleUnhealthy', 'critical'),
	headscaleApiFailing: alert('HeadscaleApiFailing', 'warning'),
	metricsMissing: alert('HeadscaleMetricsMissing', 'warning'),
	clientsDropped: alert('HeadscaleClientsDropped', 'critical'),
	gpuOffline: alert('HeadscaleNodeOffline', 'warning', {peer: 'gpu-1'}),
	gpuDisagreement: alert('HeadscaleNodeDisagreement', 'warning', {peer: 'gpu-1', kind: 'offline_but_reachable'}),
	apiKeyExpiring: alert('HeadscaleApiKeyExpiring', 'warning'),
	apiKeyExpired: alert('HeadscaleApiKeyExpiring', 'critical'),
	nodeKeyExpiring: alert('NodeKeyExpiring', 'warning', {peer: 'livekit'}),
	relayDown: alert('RelayDown', 'critical', link('derp', 'derp', 'cluster', 'headscale', '')),
	relayTicket: alert('RelayDown', 'warning', link('derp', 'derp', 'cluster', 'headscale', '')),
	relayMapEmpty: alert('RelayMapEmpty', 'warning', {vantage: 'cluster'}),
	controlUnreachable: alert('TailscaledControlUnreachable', 'warning', {vantage: 'cluster'}),
	clientWarning: alert('TailscaledWarning', 'info', {vantage: 'cluster', code: 'not-in-map-poll'}),
	directDown: alert('TunnelDown', 'critical', tunnel('cluster', 'gpu-1', 'node', 'direct')),
	directTicket: alert('TunnelDown', 'warning', {...tunnel('cluster', 'gpu-1', 'node', 'direct'), pool: 'june'}),
	derpDown: alert('TunnelDown', 'critical', tunnel('cluster', 'gpu-1', 'node', 'derp')),
	linkDown: alert('TunnelDown', 'critical', tunnel('cluster', 'gpu-1', 'link', 'direct')),
	linkTicket: alert('TunnelDown', 'warning', {...tunnel('cluster', 'gpu-1', 'link', 'direct'), pool: 'june'}),
	gpuLinkDown: alert('TunnelDown', 'critical', tunnel('gpu-1', 'livekit', 'link', 'direct')),
	tunnelsDown: alert('TunnelsDown', 'critical', {check: 'tunnel', type: 'tunnel', vantage: 'cluster'}),
	ttsDown: alert('ServiceDown', 'critical', link('tts', 'http', 'cluster', 'gpu-1')),
	ttsTicket: alert('ServiceDown', 'warning', {...link('tts', 'http', 'cluster', 'gpu-1'), pool: 'june'}),
	sttTicket: alert('ServiceDown', 'warning', {...link('stt', 'http', 'cluster', 'gpu-1'), pool: 'june'}),
	ttsBurns: alert('ServiceBudgetBurn', 'critical', link('tts', 'http', 'cluster', 'gpu-1')),
	ttsBurnsSlowly: alert('ServiceBudgetBurn', 'warning', link('tts', 'http', 'cluster', 'gpu-1')),
	ttsSlow: alert('ServiceSlow', 'warning', link('tts', 'http', 'cluster', 'gpu-1')),
	ttsCertificate: alert('CertificateExpiring', 'warning', link('tts', 'http', 'cluster', 'gpu-1')),
	ttsCertificateNow: alert('CertificateExpiring', 'critical', link('tts', 'http', 'cluster', 'gpu-1')),
	headscaleTlsDown: alert('ServiceDown', 'critical', link('certificate', 'tls', 'cluster', 'headscale', '')),
	headscaleTlsInvalid: alert('CertificateInvalid', 'critical', link('certificate', 'tls', 'cluster', 'headscale', '')),
	headscaleTlsExpiring: alert('CertificateExpiring', 'warning', link('certificate', 'tls', 'cluster', 'headscale', '')),
	nameMissing: alert('NameNotResolved', 'warning', link('magicdns', 'dns', 'cluster', 'gpu-1')),
	namesDown: alert('MagicDnsDown', 'critical', {check: 'magicdns', type: 'dns', vantage: 'cluster'}),
	clusterGone: alert('VantageGone', 'critical', {vantage: 'cluster'}),
	gpuGone: alert('VantageGone', 'warning', {vantage: 'gpu-1', peer: 'gpu-1'}),
	webhookUnknown: alert('LinkUnknown', 'warning', link('webhook', 'http', 'gpu-1', 'orchestrator')),
	webhookBlind: alert('LinkBlind', 'critical', link('webhook', 'http', 'gpu-1', 'orchestrator')),
	webhookTicket: alert('ServiceDown', 'warning', link('webhook', 'http', 'gpu-1', 'orchestrator')),
	ttsUnknown: alert('LinkUnknown', 'warning', link('tts', 'http', 'cluster', 'gpu-1')),
	ttsBlind: alert('LinkBlind', 'critical', link('tts', 'http', 'cluster', 'gpu-1')),
	gpuUnhealthy: alert('GpuUnhealthy', 'warning', {...link('gpu', 'gpu', 'gpu-1', 'gpu-1'), pool: 'june'}),
	gpuSick: alert('GpuUnhealthy', 'critical', link('gpu', 'gpu', 'gpu-1', 'gpu-1')),
	gpuMissing: alert('GpuMissing', 'warning', {vantage: 'gpu-1', peer: 'gpu-1'}),
	gpuThrottled: alert('GpuThrottled', 'warning', {vantage: 'gpu-1', peer: 'gpu-1', gpu: '0', reason: 'hw_thermal'}),
	poolTooSmall: alert('PoolBelowMinimum', 'critical', {pool: 'june'}),
	statusFailing: alert('TailprobeSourceFailing', 'warning', {source: 'tailscaled-status'}),
	poolUncertain: alert('PoolUncertain', 'warning', {pool: 'june'}),
	vastUnreachable: alert('VastInstanceUnreachable', 'warning', {peer: 'gpu-1', vast_instance: '17'}),
	nodeNotReady: alert('VirtualNodeNotReady', 'critical', {k8s_node: 'vast'}),
	kubeletDown: alert('VirtualKubeletDown', 'critical', {k8s_namespace: 'kube-system', k8s_deployment: 'kubelet'}),
	podPending: alert('GpuPodPending', 'warning', {k8s_namespace: 'june', k8s_pod: 'a', k8s_node: ''}),
	podNotReady: alert('GpuPodNotReady', 'warning', {k8s_namespace: 'june', k8s_pod: 'a', k8s_node: 'vast'}),
	evictionNear: alert('GpuPodEvictionNear', 'critical', {k8s_namespace: 'june', k8s_pod: 'a', k8s_node: 'vast'}),
} satisfies Record<string, Labels>;

const objects = ['gpu', 'vast_instance', 'k8s_namespace', 'k8s_pod', 'k8s_node'];
const sameAlert = ['alertname', 'check', 'vantage', 'target', 'peer', 'scope', ...objects];

/** At least one for each inhibition. */
export const mutings: readonly Muting[] = [
	{
		title: 'a dead tailprobe mutes what it saw last',
		source: fired.tailprobeDown,
		targets: [fired.directDown, fired.replicaDown, fired.headscaleDown, fired.poolTooSmall, fired.podPending],
	},
	{
		title: 'an absent tailprobe mutes what it saw last',
		source: fired.tailprobeAbsent,
		targets: [fired.directDown, fired.headscaleDown, fired.poolTooSmall],
	},
	{
		title: 'a dead tailprobe mutes that it is absent',
		source: fired.tailprobeDown,
		targets: [fired.tailprobeAbsent],
	},
	{
		title: 'the page of an alert mutes its ticket',
		by: sameAlert,
		source: fired.apiKeyExpired,
		targets: [fired.apiKeyExpiring],
	},
	{
		title: 'a burning budget that is a page mutes its ticket',
		afterwards: 'The ticket is about days: it may well go on after the page.',
		by: sameAlert,
		source: fired.ttsBurns,
		targets: [fired.ttsBurnsSlowly],
	},
	{
		title: 'a dead headscale mutes what is read from it',
		source: fired.headscaleDown,
		targets: [
			fired.metricsMissing,
			fired.headscaleUnhealthy,
			fired.headscaleApiFailing,
			fired.clientsDropped,
			fired.gpuOffline,
			fired.nodeKeyExpiring,
			fired.relayMapEmpty,
			fired.controlUnreachable,
			fired.clientWarning,
		],
	},
	{
		title: 'a dead headscale mutes its own relay',
		source: fired.headscaleDown,
		targets: [fired.relayDown, fired.relayTicket],
	},
	{
		title: 'a dead headscale mutes tunnels over its relay',
		source: fired.headscaleDown,
		targets: [fired.derpDown],
	},
	{
		title: 'a dead headscale mutes checks of itself',
		source: fired.headscaleDown,
		targets: [fired.headscaleTlsDown],
	},
	{
		title: 'a headscale behind a broken proxy mutes checks of itself',
		source: fired.proxyError,
		targets: [fired.headscaleTlsDown],
	},
	{
		title: 'a headscale with a bad certificate mutes the check of it',
		by: ['severity'],
		source: fired.untrusted,
		targets: [fired.headscaleTlsInvalid],
	},
	{
		title: 'a headscale whose certificate ends soon mutes the check of it',
		by: ['severity'],
		source: fired.headscaleCertificate,
		targets: [fired.headscaleTlsExpiring],
	},
	{
		title: 'a headscale behind a broken proxy mutes clients that miss it',
		source: fired.proxyError,
		targets: [fired.relayDown, fired.relayTicket, fired.controlUnreachable, fired.clientsDropped, fired.untrusted],
	},
	{
		title: 'a headscale without database mutes the lists that fail with it',
		source: fired.headscaleUnhealthy,
		targets: [fired.headscaleApiFailing, fired.controlUnreachable, fired.gpuOffline],
	},
	{
		title: 'a headscale that lost its clients mutes each of them',
		source: fired.clientsDropped,
		targets: [fired.gpuOffline, fired.gpuDisagreement, fired.controlUnreachable],
	},
	{
		title: 'a relay whose fall is a page mutes tunnels that ran over it',
		by: ['vantage'],
		source: fired.relayDown,
		targets: [fired.derpDown],
	},
	{
		title: 'most tunnels of a vantage down mute each of them',
		by: ['vantage'],
		source: fired.tunnelsDown,
		targets: [fired.directDown, fired.linkDown],
	},
	{
		title: 'a node without tunnel mutes tickets about it',
		by: ['peer'],
		source: fired.directTicket,
		targets: [
			fired.gpuGone,
			fired.ttsTicket,
			fired.sttTicket,
			fired.ttsUnknown,
			fired.nameMissing,
			fired.gpuOffline,
			fired.gpuDisagreement,
			fired.gpuUnhealthy,
			fired.gpuThrottled,
			fired.vastUnreachable,
		],
	},
	{
		title: 'a node without tunnel that is a page mutes pages about it',
		afterwards:
			'The rule itself leaves out what was paged already within its window, so that nothing is left to be told when the fault is healed.',
		by: ['peer'],
		source: fired.directDown,
		targets: [fired.ttsDown, fired.ttsBurns, fired.ttsBlind, fired.gpuSick],
	},
	{
		title: 'a node without tunnel that is a page mutes tickets of others who miss it',
		by: ['peer'],
		source: fired.directDown,
		targets: [{...fired.directTicket, vantage: 'gpu-2'}],
	},
	{
		title: 'a link without tunnel mutes tickets about it',
		by: ['vantage', 'peer'],
		source: fired.linkTicket,
		targets: [fired.ttsTicket, fired.ttsSlow, fired.nameMissing, fired.ttsUnknown],
	},
	{
		title: 'a link without tunnel that is a page mutes pages about it',
		afterwards:
			'The rule itself leaves out what was paged already within its window, so that nothing is left to be told when the fault is healed.',
		by: ['vantage', 'peer'],
		source: fired.linkDown,
		targets: [fired.ttsDown, fired.ttsBurns, fired.ttsBlind],
	},
	{
		title: 'a vantage that is gone mutes that nothing is known from there',
		afterwards: 'What a lost vantage would have found is unknown: services are only muted as it saw them last.',
		by: ['vantage'],
		source: fired.gpuGone,
		targets: [fired.webhookUnknown, fired.webhookTicket, fired.gpuThrottled],
	},
	{
		title: 'a vantage that is gone mutes its tunnels to nodes that others reach',
		by: ['vantage'],
		afterwards: 'What a lost vantage would have found is unknown: only what was told before is muted, and its end.',
		source: fired.gpuGone,
		targets: [fired.gpuLinkDown],
	},
	{
		title: 'a lost local vantage mutes what it saw last',
		by: ['vantage'],
		afterwards: 'What a lost vantage would have found is unknown: only what was told before is muted, and its end.',
		source: fired.clusterGone,
		targets: [fired.directDown, fired.tunnelsDown, fired.namesDown],
	},
	{
		title: 'a lost local vantage mutes services on nodes as it saw them last',
		by: ['vantage'],
		afterwards: 'What a lost vantage would have found is unknown: only what was told before is muted, and its end.',
		source: fired.clusterGone,
		targets: [fired.ttsDown, fired.ttsBurns],
	},
	{
		title: 'a lost local vantage mutes that all others are gone',
		source: fired.clusterGone,
		targets: [fired.gpuGone, fired.webhookUnknown, fired.poolUncertain, fired.gpuOffline],
	},
	{
		title: 'a lost local vantage mutes that its tailscaled cannot be read',
		source: fired.clusterGone,
		targets: [fired.statusFailing],
	},
	{
		title: 'a lost local vantage mutes that links are blind',
		source: fired.clusterGone,
		targets: [fired.webhookBlind, fired.ttsBlind],
	},
	{
		title: 'a pool below its minimum mutes tickets about its machines',
		by: ['pool'],
		source: fired.poolTooSmall,
		targets: [fired.directTicket, fired.ttsTicket, fired.gpuUnhealthy, fired.poolUncertain],
	},
	{
		title: 'a service that is down mutes tickets about it',
		by: ['check', 'vantage', 'target'],
		afterwards: 'A service is slow by runs that were up: it was slow first, or it is slow for what it was before.',
		source: fired.ttsTicket,
		targets: [fired.ttsSlow, fired.ttsBurnsSlowly, fired.ttsCertificate],
	},
	{
		title: 'a service whose fall is a page mutes pages about it',
		afterwards:
			'The rule itself leaves out what was paged already within its window, so that nothing is left to be told when the fault is healed.',
		by: ['check', 'vantage', 'target'],
		source: fired.ttsDown,
		targets: [fired.ttsBurns, fired.ttsCertificateNow],
	},
	{
		title: 'a service whose fall is a page mutes tickets of others who look at it',
		by: ['type', 'target', 'peer'],
		source: fired.ttsDown,
		targets: [{...fired.ttsTicket, vantage: 'gpu-2'}],
	},
	{
		title: 'the page of a service says when its name is the reason',
		by: ['vantage', 'peer'],
		source: fired.ttsDown,
		targets: [fired.nameMissing],
	},
	{
		title: 'a vantage without names mutes each of them',
		by: ['vantage'],
		source: fired.namesDown,
		targets: [fired.nameMissing],
	},
	{
		title: 'a failing check of GPUs mutes the reason for it',
		by: ['vantage'],
		source: fired.gpuUnhealthy,
		targets: [fired.gpuThrottled, fired.gpuMissing],
	},
	{
		title: 'a lost virtual node mutes its kubelet and pods that wait',
		source: fired.nodeNotReady,
		targets: [fired.kubeletDown, fired.podPending],
	},
	{
		title: 'a lost virtual node mutes its pods',
		afterwards: 'An eviction is near three minutes before it comes, which is two minutes after its node was lost.',
		by: ['k8s_node'],
		source: fired.nodeNotReady,
		targets: [fired.evictionNear, fired.podNotReady],
	},
];
