/** Of the real tailnet. */

import {type AlertFault, muted, page, ticket} from './types.ts';

export const realFaults: readonly AlertFault[] = [
	{
		...{id: 'real-quiet', lab: 'real', broken: []},
		says: 'headscale restarts, UDP is blocked at a node and one of two replicas of tailprobe ends, all at once, for four minutes.',
		fires: [],
		messages: {},
		heals: 'UDP is let through, the replica started',
	},
	{
		...{id: 'real-headscale-frozen-and-tts', lab: 'real', broken: []},
		says: 'headscale hangs, and behind a direct tunnel TTS is killed.',
		fires: [page('HeadscaleDown'), page('ServiceDown', {check: 'tts'}), muted(ticket('RelayDown'))],
		messages: {page: 2},
		heals: 'headscale goes on, TTS is started',
	},
	{
		...{id: 'real-node-killed', lab: 'real', broken: []},
		says: "A node's tailscaled is killed; when that was told, both replicas of tailprobe end.",
		fires: [
			page('TunnelDown', {peer: 'livekit', scope: 'node'}),
			muted(page('ServiceDown', {check: 'livekit'})),
			page('TailprobeDown'),
		],
		messages: {page: 2},
		unclosed: ['TunnelDown'],
		heals: 'both are started',
	},
];
