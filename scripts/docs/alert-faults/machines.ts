/** GPU machines, their pool and what is rented. */

import {livekitServices} from './livekit.ts';
import {type AlertFault, muted, page, ticket} from './types.ts';

const gpu1 = 'june-gpu-00000001';
const gpu2 = 'june-gpu-00000002';

const belowMinimum = page('PoolBelowMinimum', {pool: 'june-gpu'});
/** The agent on a GPU machine is out of reach. */
const agentGone = (machine: string) => [
	ticket('VantageGone', {vantage: machine}),
	muted(ticket('LinkUnknown', {vantage: machine})),
];
/** The tunnel to a GPU machine is down. */
const machineDead = (machine: string) => [
	belowMinimum,
	muted(ticket('TunnelDown', {check: 'tunnel', peer: machine, scope: 'node'})),
	muted(ticket('ServiceDown', {check: 'tts', target: machine})),
	muted(ticket('ServiceDown', {check: 'stt', target: machine})),
	...agentGone(machine).map(muted),
	muted(ticket('VastInstanceUnreachable', {peer: machine})),
];
/** The GPU check of a machine of the pool fails. */
const gpuSick = (machine: string) => [belowMinimum, muted(ticket('GpuUnhealthy', {vantage: machine}))];

export const machineFaults: readonly AlertFault[] = [
	{
		...{id: 'gpu1-tailscaled-ended', lab: 'embedded', broken: ['gpu1-tailscaled-ended']},
		says: 'tailscaled on a machine of the pool ends, and headscale says offline: as if it had left.',
		fires: [belowMinimum, ticket('VastInstanceUnreachable', {peer: gpu1})],
		messages: {page: 1},
		heals: 'it is started',
	},
	{
		...{id: 'gpu1-wireguard-dead', lab: 'embedded', broken: ['gpu1-wireguard-dead']},
		says: 'WireGuard carries nothing to a machine of the pool.',
		fires: machineDead(gpu1),
		messages: {page: 1},
		heals: 'it carries again',
	},
	{
		...{id: 'gpu2-dead-but-online', lab: 'embedded', broken: ['gpu2-dead-but-online']},
		says: 'A machine of the pool freezes; headscale goes on saying online.',
		fires: machineDead(gpu2),
		messages: {page: 1},
		heals: 'it goes on',
	},
	{
		...{id: 'gpu2-gone', lab: 'embedded', broken: ['gpu2-gone']},
		says: 'A machine of the pool leaves the tailnet, and too few are left.',
		fires: [belowMinimum, ticket('VastInstanceUnreachable', {vast_instance: '27700002'})],
		messages: {page: 1},
		heals: 'it joins again',
	},
	{
		...{id: 'gpu1-joined-twice', lab: 'embedded', broken: ['gpu1-joined-twice']},
		says: 'A machine joins anew while its old record is still there: the pool is full all the same.',
		fires: [],
		messages: {},
		heals: 'the old record is deleted',
	},
	{
		...{id: 'gpu1-agent-killed', lab: 'embedded', broken: ['gpu1-agent-killed']},
		says: 'The agent on a GPU machine is killed.',
		fires: [...agentGone(gpu1), ticket('PoolUncertain', {pool: 'june-gpu'})],
		messages: {ticket: 1},
		heals: 'it is started',
	},
	{
		...{id: 'gpu1-tts-hangs', lab: 'embedded', broken: ['gpu1-tts-hangs']},
		says: 'TTS on one machine of the pool accepts and never answers.',
		fires: [belowMinimum, muted(ticket('ServiceDown', {check: 'tts', target: gpu1}))],
		messages: {page: 1},
		heals: 'it answers again',
	},
	{
		...{id: 'gpu1-lost', lab: 'embedded', broken: ['gpu1-lost']},
		says: 'A GPU falls off the bus.',
		fires: gpuSick(gpu1),
		messages: {page: 1},
		heals: 'the machine is started anew',
	},
	{
		...{id: 'gpu1-full', lab: 'embedded', broken: ['gpu1-full']},
		says: 'The memory of a GPU is full.',
		fires: gpuSick(gpu1),
		messages: {page: 1},
		heals: 'it is freed',
	},
	{
		...{id: 'gpu1-hot', lab: 'embedded', broken: ['gpu1-hot']},
		says: 'A GPU is at 93 degrees and throttles itself.',
		fires: [...gpuSick(gpu1), muted(ticket('GpuThrottled', {vantage: gpu1}))],
		messages: {page: 1},
		heals: 'it cools down',
	},
	{
		...{id: 'gpu1-driver-mismatch', lab: 'embedded', broken: ['gpu1-driver-mismatch']},
		says: 'The driver was updated under its libraries: nvidia-smi fails.',
		fires: gpuSick(gpu1),
		messages: {page: 1},
		heals: 'the machine is started anew',
	},
	{
		...{id: 'gpu2-smi-hangs', lab: 'embedded', broken: ['gpu2-smi-hangs']},
		says: 'nvidia-smi hangs.',
		fires: gpuSick(gpu2),
		messages: {page: 1},
		heals: 'it answers again',
	},
	{
		...{id: 'vast-stray', lab: 'embedded', broken: ['vast-stray']},
		says: 'A machine is rented that never joins the tailnet.',
		fires: [ticket('VastInstanceUnreachable')],
		messages: {},
		heals: 'it is given back',
	},
	{
		...{id: 'vast-busy', lab: 'embedded', broken: ['vast-busy']},
		says: 'vast.ai refuses as to one who asks too often.',
		fires: [ticket('TailprobeSourceFailing', {source: 'vast-instances'})],
		messages: {ticket: 1},
		heals: 'it answers again',
	},
	{
		...{id: 'node-frozen-and-service-dead', lab: 'embedded', broken: ['gpu2-dead-but-online', 'livekit-down']},
		says: 'A machine of the pool freezes, and a service elsewhere ends.',
		fires: [...machineDead(gpu2), ...livekitServices],
		messages: {page: 2},
		heals: 'both are mended',
	},
];
