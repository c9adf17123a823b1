/** Everything that can be broken in the lab: one entry each, as data. */

import {type Conditions, soundConditions} from './conditions.ts';
import {nodeNames, rejoinedName, relayRttMs} from './platform.ts';

export interface Fault {
	name: string;
	/** What happens, one line. */
	effect: string;
	/** What tailprobe then shows, one line. */
	see: string;
	/** Mends itself after this time. */
	lastsMs?: number;
	/** `since`: milliseconds since 1970. */
	change(conditions: Conditions, since: number): void;
}

export const faults: readonly Fault[] = [
	{
		name: 'gpu1-derp',
		effect: 'UDP is blocked at june-gpu-00000001: its tunnel goes through the DERP relay.',
		see: `The tunnel stays up, its path becomes derp, round trips and its services take about ${relayRttMs} ms more.`,
		change({nodes}) {
			nodes['june-gpu-00000001'].path = 'derp';
		},
	},
	{
		name: 'gpu1-loss',
		effect: '30 % of the pings to june-gpu-00000001 get lost.',
		see: 'The tunnel shows loss, and a round that loses all of its pings is down.',
		change({nodes}) {
			nodes['june-gpu-00000001'].loss = 0.3;
		},
	},
	{
		name: 'gpu1-tailscaled-ended',
		effect: 'tailscaled on june-gpu-00000001 ended: nothing there can be reached, and headscale says offline.',
		see: 'Its tunnel, TTS and STT are down by timeout; its vantage is gone, its checks unknown, the pool too few.',
		change({nodes}) {
			nodes['june-gpu-00000001'].alive = false;
			nodes['june-gpu-00000001'].online = false;
		},
	},
	{
		name: 'gpu1-wireguard-dead',
		effect: 'WireGuard carries nothing to june-gpu-00000001, although the way to it holds.',
		see: 'Disco answers and TSMP does not: the tunnel is down; its vantage is gone, its checks unknown, the pool too few.',
		change({nodes}) {
			nodes['june-gpu-00000001'].wireguard = false;
		},
	},
	{
		name: 'gpu1-joined-twice',
		effect:
			'june-gpu-00000001 joined anew while its old record was still there: headscale calls it june-gpu-00000001-k4v9zq2m.',
		see: 'What goes by the old name is down, its vantage gone, the pool full all the same; the new name shows up and works.',
		change({nodes, services}) {
			Object.assign(nodes['june-gpu-00000001'], {alive: false, online: false});
			Object.assign(nodes[rejoinedName], {member: true, online: true});
			services['tts1-rejoined'].listens = true;
			services['stt1-rejoined'].listens = true;
		},
	},
	{
		name: 'gpu2-dead-but-online',
		effect: 'june-gpu-00000002 froze: pings and services never answer, headscale goes on saying online.',
		see: 'Its tunnel, TTS and STT are down by timeout, online but unreachable; its vantage is gone, its checks unknown, the pool too few.',
		change({nodes}) {
			nodes['june-gpu-00000002'].alive = false;
		},
	},
	{
		name: 'gpu2-gone',
		effect: 'june-gpu-00000002 left the tailnet, as after a scale-down.',
		see: 'Its checks end with the next node list; its vantage is gone, after its grace no more; the pool has too few.',
		change({nodes, services}) {
			nodes['june-gpu-00000002'].member = false;
			services.tts2.listens = false;
			services.stt2.listens = false;
		},
	},
	{
		name: 'gpu1-tts-hangs',
		effect: 'TTS on june-gpu-00000001 accepts connections and never answers.',
		see: 'The TTS check of that machine is down: timeout, in the processing phase. Tunnel and STT stay up.',
		change({services}) {
			services.tts1.hangs = true;
		},
	},
	{
		name: 'gpu1-exposed',
		effect: 'TTS of june-gpu-00000001 answers on its public address too.',
		see: 'The exposed check is down: expected_unreachable.',
		change(conditions) {
			conditions.isExposed = true;
		},
	},
	{
		name: 'gpu1-agent-killed',
		effect: 'The agent on june-gpu-00000001 was killed.',
		see: 'The vantage june-gpu-00000001 is gone and its checks are unknown; nothing is down.',
		change({agents}) {
			agents['june-gpu-00000001'] = false;
		},
	},
	{
		name: 'gpu1-lost',
		effect: 'The GPU of june-gpu-00000001 fell off the bus.',
		see: 'Its gpu check is down, and its pool has one usable machine less; tunnel and services stay up.',
		change({nodes}) {
			nodes['june-gpu-00000001'].gpus = 'lost';
		},
	},
	{
		name: 'gpu1-full',
		effect: 'The memory of the GPU of june-gpu-00000001 is full.',
		see: 'Its gpu check is down: content, with how full it is; tunnel and services stay up.',
		change({nodes}) {
			nodes['june-gpu-00000001'].gpus = 'full';
		},
	},
	{
		name: 'gpu1-hot',
		effect: 'The GPU of june-gpu-00000001 is at 93 degrees and throttles itself.',
		see: 'Its gpu check is down: content, with how hot it is; tunnel and services stay up.',
		change({nodes}) {
			nodes['june-gpu-00000001'].gpus = 'hot';
		},
	},
	{
		name: 'gpu1-driver-mismatch',
		effect: 'The driver of june-gpu-00000001 was updated under its libraries: nvidia-smi fails with code 18.',
		see: 'Its gpu check is down: status, with what nvidia-smi said.',
		change({nodes}) {
			nodes['june-gpu-00000001'].gpus = 'mismatch';
		},
	},
	{
		name: 'gpu2-smi-hangs',
		effect: 'nvidia-smi on june-gpu-00000002 hangs, as it does when a GPU is sick.',
		see: 'Its gpu check is down: timeout. No second nvidia-smi is started beside the first.',
		change({nodes}) {
			nodes['june-gpu-00000002'].gpus = 'hang';
		},
	},
	{
		name: 'vast-stray',
		effect: 'One more machine is rented at vast.ai, which runs and never joins the tailnet.',
		see: 'Within half a minute an instance that is joining; after its grace the price of what cannot be reached.',
		change({vast}) {
			vast.hasStray = true;
		},
	},
	{
		name: 'vast-busy',
		effect: 'vast.ai refuses as to one who asks too often (429).',
		see: 'The source vast-instances fails and is asked less often; nothing else changes.',
		change({vast}) {
			vast.mood = 'busy';
		},
	},
	{
		name: 'headscale-frozen',
		effect: 'headscale accepts connections and never answers, its metrics neither; tunnels live on.',
		see: 'The headscale sources fail by timeout while every tunnel and service stays up.',
		change(conditions) {
			conditions.headscale = 'frozen';
		},
	},
	{
		name: 'headscale-stopped',
		effect: 'headscale is stopped: nobody listens on its ports. Tunnels live on.',
		see: 'The headscale sources fail at once, refused, while every tunnel and service stays up.',
		change(conditions) {
			conditions.headscale = 'stopped';
		},
	},
	{
		name: 'headscale-api-stuck',
		effect: "headscale's API never answers; its health page and its metrics do, with writes that wait.",
		see: 'The lists of headscale fail by timeout, health and metrics do not; every tunnel and service stays up.',
		change(conditions) {
			conditions.headscale = 'stuck';
		},
	},
	{
		name: 'headscale-database-down',
		effect: "headscale's database does not answer: health says fail, the API 500.",
		see: 'The headscale sources say so, while every tunnel and service stays up.',
		change(conditions) {
			conditions.headscale = 'database-down';
		},
	},
	{
		name: 'headscale-proxy-error',
		effect: 'The proxy in front of headscale answers 502 instead of it.',
		see: 'The headscale sources fail with that status, metrics do not; every tunnel and service stays up.',
		change(conditions) {
			conditions.headscale = 'proxy-error';
		},
	},
	{
		name: 'headscale-drops-clients',
		effect: 'The proxy in front of headscale drops the Upgrade of clients: no node holds its connection.',
		see: 'Health and API answer, and every node is listed as offline; tunnels live on.',
		change({nodes}) {
			for (const name of nodeNames) nodes[name].online = false;
		},
	},
	{
		name: 'user-missing',
		effect: 'The user ozzu, who owns the nodes, is missing in headscale.',
		see: 'A user that is expected is missing, within a minute; nothing is down.',
		change(conditions) {
			conditions.ownerExists = false;
		},
	},
	{
		name: 'relay-down',
		effect: 'The DERP relay and its STUN server do not answer; direct tunnels live on.',
		see: 'The derp and stun checks are down; every tunnel that is direct stays up.',
		change(conditions) {
			conditions.relayAnswers = false;
		},
	},
	{
		name: 'relay-map-empty',
		effect: 'The map of relays that tailscaled got has none in it.',
		see: 'The map of relays of the cluster vantage is empty, within a minute; direct tunnels live on.',
		change(conditions) {
			conditions.relayMapped = false;
		},
	},
	{
		name: 'headscale-restart',
		effect: 'headscale restarts: counters begin anew and every node is offline for 6 s. Mends itself.',
		see: 'A restart is noticed; that nodes are offline is not held against them for a while.',
		lastsMs: 6000,
		change(conditions) {
			conditions.headscale = 'restarted';
			for (const name of nodeNames) conditions.nodes[name].online = false;
		},
	},
	{
		name: 'api-key-expiring',
		effect: 'The API key with which tailprobe reads headscale expires in 2 hours.',
		see: 'The expiry of our own API key in /metrics, within a minute; nothing fails yet.',
		change({keys}, since) {
			keys.apiExpiresAt = since + 7_200_000;
		},
	},
	{
		name: 'gpu-key-expired',
		effect: 'The pre-auth key of the GPU machines expired: no new one can join, those that joined stay.',
		see: 'One usable pre-auth key less in /metrics, within a minute; nothing is down.',
		change({keys}, since) {
			keys.gpuExpiredAt = since;
		},
	},
	{
		name: 'livekit-down',
		effect: "livekit's port is closed.",
		see: 'The livekit checks are down: refused. The tunnel to its node stays up.',
		change({services}) {
			services.livekit.listens = false;
		},
	},
	{
		name: 'livekit-filtered',
		effect: "A firewall drops what comes to livekit's port.",
		see: 'The livekit checks are down: timeout, in the connect phase. The tunnel to its node stays up.',
		change({services}) {
			services.livekit.filtered = true;
		},
	},
	{
		name: 'livekit-slow',
		effect: 'livekit takes 800 ms longer to answer.',
		see: 'The livekit check stays up with 0.8 s in its processing phase, beyond its objective.',
		change({services}) {
			services.livekit.extraMs = 800;
		},
	},
	{
		name: 'livekit-key-expired',
		effect: "livekit's node key expired; headscale goes on saying online.",
		see: 'The tunnel is down with "peer\'s node key has expired", and the livekit check by timeout.',
		change({nodes}, since) {
			nodes.livekit.keyExpiredAt = since;
		},
	},
	{
		name: 'livekit-listed-offline',
		effect: 'headscale lists livekit as offline, which lives and answers.',
		see: 'Offline but reachable: its tunnel and its services stay up.',
		change({nodes}) {
			nodes.livekit.online = false;
		},
	},
	{
		name: 'livekit-bad-expiry',
		effect: 'headscale spoilt the record of livekit: its key expired in 1970.',
		see: 'The tunnel is down with "peer\'s node key has expired", and the livekit checks by timeout.',
		change({nodes}) {
			nodes.livekit.keyExpiredAt = 0;
		},
	},
	{
		name: 'livekit-hidden',
		effect: "headscale's policy hides livekit from everybody: it is no peer of ours.",
		see: 'Its tunnel and its services are down, while headscale lists it as online.',
		change({nodes}) {
			nodes.livekit.visible = false;
		},
	},
	{
		name: 'orchestrator-wrong-answer',
		effect: 'june-orchestrator answers 500.',
		see: 'The orchestrator check is down: status. The tunnel to its node stays up.',
		change({services}) {
			services.orchestrator.status = 500;
		},
	},
	{
		name: 'auth-certificate-expired',
		effect: 'The certificate of auth expired an hour ago.',
		see: 'The auth check is down: tls. The tunnel to its node stays up.',
		change(conditions) {
			conditions.certificate = 'expired';
		},
	},
	{
		name: 'auth-certificate-untrusted',
		effect: 'auth presents a certificate of an authority that nobody knows.',
		see: 'The auth check is down: tls. The tunnel to its node stays up.',
		change(conditions) {
			conditions.certificate = 'untrusted';
		},
	},
	{
		name: 'orchestrator-name-unknown',
		effect: 'MagicDNS does not know the name june-orchestrator any more.',
		see: 'What dials it by its name is down: resolve. Its tunnel, which needs no name, stays up.',
		change({magicDns}) {
			magicDns.unknown = ['june-orchestrator'];
		},
	},
	{
		name: 'name-outside-tailnet',
		effect: 'june-orchestrator resolves to 10.96.0.10, an address outside the tailnet.',
		see: 'The orchestrator check is down: wrong_network. Nothing is sent to that address.',
		change({magicDns}) {
			magicDns.wrongAddress['june-orchestrator'] = '10.96.0.10';
		},
	},
	{
		name: 'magicdns-dead',
		effect: 'MagicDNS does not answer; addresses work as before.',
		see: "Checks stay up after a wait in their resolve phase: tailscaled's list of peers has the addresses too.",
		change({magicDns}) {
			magicDns.answers = false;
		},
	},
	{
		name: 'tailscaled-stopped',
		effect: "The prober's own tailscaled was stopped by `tailscale down`.",
		see: 'The vantage is sick, its tailnet checks are unknown; the GPU vantages are gone, and nobody can tell of the pool.',
		change(conditions) {
			conditions.tailscaled = 'stopped';
			conditions.nodes.prober.online = false;
		},
	},
	{
		name: 'tailscaled-frozen',
		effect: "The prober's own tailscaled accepts and never answers.",
		see: 'The vantage is sick, its tailnet checks are unknown; the GPU vantages are gone, and nobody can tell of the pool.',
		change(conditions) {
			conditions.tailscaled = 'frozen';
		},
	},
	{
		name: 'tailscaled-signed-out',
		effect: "The prober's own node was signed out of the tailnet: its key expired.",
		see: 'The vantage is sick, its tailnet checks are unknown; the GPU vantages are gone, and nobody can tell of the pool.',
		change(conditions, since) {
			conditions.tailscaled = 'signed-out';
			conditions.nodes.prober.keyExpiredAt = since;
		},
	},
];

/** The conditions while these faults are on: name and since when (milliseconds since 1970). */
export function conditionsUnder(active: ReadonlyMap<string, number>): Conditions {
	const conditions = soundConditions();
	for (const fault of faults) {
		const since = active.get(fault.name);
		if (since !== undefined) fault.change(conditions, since);
	}
	return conditions;
}

export function findFault(name: string): Fault | undefined {
	return faults.find(fault => fault.name === name);
}
