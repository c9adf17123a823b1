/** headscale, its relay and its keys. */

import {livekitServices} from './livekit.ts';
import {type AlertFault, muted, page, ticket} from './types.ts';

const headscaleGone = [page('HeadscaleDown')];

export const headscaleFaults: readonly AlertFault[] = [
	{
		...{id: 'headscale-frozen', lab: 'embedded', broken: ['headscale-frozen']},
		says: 'headscale accepts and never answers; tunnels live on.',
		fires: headscaleGone,
		messages: {page: 1},
		heals: 'it goes on',
	},
	{
		...{id: 'headscale-stopped', lab: 'embedded', broken: ['headscale-stopped']},
		says: 'headscale is stopped; tunnels live on.',
		fires: [...headscaleGone, muted(ticket('TailscaledControlUnreachable'))],
		messages: {page: 1},
		heals: 'it is started',
	},
	{
		...{id: 'headscale-proxy-error', lab: 'embedded', broken: ['headscale-proxy-error']},
		says: 'The proxy in front of headscale answers 502 instead of it.',
		fires: headscaleGone,
		messages: {page: 1},
		heals: 'the proxy is mended',
	},
	{
		...{id: 'headscale-database-down', lab: 'embedded', broken: ['headscale-database-down']},
		says: "headscale's database does not answer.",
		fires: [page('HeadscaleUnhealthy'), muted(ticket('HeadscalePolicyUnreadable'))],
		messages: {page: 1},
		heals: 'it answers again',
	},
	{
		...{id: 'headscale-api-stuck', lab: 'embedded', broken: ['headscale-api-stuck']},
		says: "headscale's API hangs while its health answers.",
		fires: [ticket('HeadscaleApiFailing')],
		messages: {ticket: 1},
		heals: 'it answers again',
	},
	{
		...{id: 'headscale-drops-clients', lab: 'embedded', broken: ['headscale-drops-clients']},
		says: 'A proxy drops the Upgrade of clients: every node is offline, and every tunnel up.',
		fires: [
			page('HeadscaleClientsDropped'),
			muted(ticket('HeadscaleNodeDisagreement')),
			muted(ticket('TailscaledControlUnreachable')),
		],
		messages: {page: 1},
		heals: 'the proxy lets it through',
	},
	{
		...{id: 'headscale-restart', lab: 'embedded', broken: ['headscale-restart']},
		says: 'headscale restarts; every node is offline for seconds.',
		fires: [],
		messages: {},
		heals: 'it mends itself',
	},
	{
		...{id: 'relay-down', lab: 'embedded', broken: ['relay-down']},
		says: 'The DERP relay and its STUN server do not answer; every tunnel is direct.',
		fires: [ticket('RelayDown', {check: 'derp'}), ticket('RelayDown', {check: 'stun'})],
		messages: {ticket: 1},
		heals: 'it answers again',
	},
	{
		...{id: 'relay-map-empty', lab: 'embedded', broken: ['relay-map-empty']},
		says: 'The map of relays that tailscaled got has none in it.',
		fires: [ticket('RelayMapEmpty', {vantage: 'cluster'})],
		messages: {},
		heals: 'it has one again',
	},
	{
		...{id: 'user-missing', lab: 'embedded', broken: ['user-missing']},
		says: 'A user that must exist is missing in headscale.',
		fires: [ticket('HeadscaleUserMissing')],
		messages: {ticket: 1},
		heals: 'the user is made',
	},
	{
		...{id: 'api-key-expiring', lab: 'embedded', broken: ['api-key-expiring']},
		says: 'The API key of tailprobe expires in two hours.',
		fires: [page('HeadscaleApiKeyExpiring'), muted(ticket('HeadscaleApiKeyExpiring'))],
		messages: {page: 1},
		heals: 'it gets another one',
	},
	{
		...{id: 'gpu-key-expired', lab: 'embedded', broken: ['gpu-key-expired']},
		says: 'The pre-auth key of the GPU machines expires.',
		fires: [ticket('HeadscalePreAuthKeysUnusable')],
		messages: {},
		heals: 'another one is made',
	},
	{
		...{id: 'headscale-frozen-and-service-dead', lab: 'embedded', broken: ['headscale-frozen', 'livekit-down']},
		says: 'headscale hangs, and a service behind a direct tunnel ends.',
		fires: [...headscaleGone, ...livekitServices],
		messages: {page: 2},
		heals: 'both are mended',
	},
];
