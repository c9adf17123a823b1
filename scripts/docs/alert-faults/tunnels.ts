/** Tunnels to nodes of the cluster, and the prober's own tailscaled. */

import {livekitServices} from './livekit.ts';
import {type AlertFault, muted, page, remark, ticket} from './types.ts';

const gpu1 = 'june-gpu-00000001';

const livekitTunnels = [
	page('TunnelDown', {check: 'tunnel', peer: 'livekit', scope: 'node'}),
	muted(ticket('TunnelDown', {check: 'gpu-tunnel', peer: 'livekit', scope: 'node'})),
];
/** The prober's own tailscaled does not serve: whatever stands behind it is not known. */
const ownGone = [
	page('VantageGone', {vantage: 'cluster'}),
	muted(ticket('VantageGone')),
	muted(ticket('LinkUnknown')),
	muted(page('LinkBlind')),
	muted(ticket('PoolUncertain', {pool: 'june-gpu'})),
];
/** It says so itself. */
const ownSays = muted(remark('TailscaledWarning', {vantage: 'cluster'}));

export const tunnelFaults: readonly AlertFault[] = [
	{
		...{id: 'livekit-key-expired', lab: 'embedded', broken: ['livekit-key-expired']},
		says: 'The key of a node expires.',
		fires: [...livekitTunnels, ...livekitServices.map(muted)],
		messages: {page: 1},
		heals: 'the node signs in again',
	},
	{
		...{id: 'livekit-bad-expiry', lab: 'embedded', broken: ['livekit-bad-expiry']},
		says: 'headscale spoils the record of a node: its key expired in 1970.',
		fires: [...livekitTunnels, ...livekitServices.map(muted)],
		messages: {page: 1},
		heals: 'the record is mended',
	},
	{
		...{id: 'livekit-hidden', lab: 'embedded', broken: ['livekit-hidden']},
		says: "headscale's policy hides a node from everybody.",
		fires: [...livekitTunnels, ...livekitServices.map(muted), muted(ticket('NameNotResolved', {target: 'livekit'}))],
		messages: {page: 1},
		heals: 'the policy shows it again',
	},
	{
		...{id: 'livekit-listed-offline', lab: 'embedded', broken: ['livekit-listed-offline']},
		says: 'headscale lists a node as offline that answers.',
		fires: [ticket('HeadscaleNodeDisagreement', {peer: 'livekit'})],
		messages: {},
		heals: 'it is listed as online',
	},
	{
		...{id: 'gpu1-derp', lab: 'embedded', broken: ['gpu1-derp']},
		says: 'UDP is blocked at a machine: its tunnels go through the relay.',
		fires: [
			ticket('TunnelRelayed', {check: 'tunnel', peer: gpu1}),
			ticket('TunnelRelayed', {check: 'gpu-tunnel', vantage: gpu1}),
		],
		messages: {},
		heals: 'UDP is let through',
	},
	{
		...{id: 'gpu1-loss', lab: 'embedded', broken: ['gpu1-loss']},
		says: '30 % of the pings to a machine get lost.',
		fires: [ticket('TunnelLossy', {peer: gpu1})],
		messages: {},
		heals: 'nothing is lost any more',
	},
	{
		...{id: 'tailscaled-stopped', lab: 'embedded', broken: ['tailscaled-stopped']},
		says: "The prober's own tailscaled is told `tailscale down`.",
		fires: [...ownGone, ownSays],
		messages: {page: 1},
		heals: '`tailscale up`',
	},
	{
		...{id: 'tailscaled-frozen', lab: 'embedded', broken: ['tailscaled-frozen']},
		says: "The prober's own tailscaled hangs.",
		fires: [...ownGone, muted(ticket('TailprobeSourceFailing'))],
		messages: {page: 1},
		heals: 'it goes on',
	},
	{
		...{id: 'tailscaled-signed-out', lab: 'embedded', broken: ['tailscaled-signed-out']},
		says: "The prober's own node is signed out.",
		fires: [...ownGone, ownSays],
		messages: {page: 1},
		heals: 'it signs in',
	},
];
