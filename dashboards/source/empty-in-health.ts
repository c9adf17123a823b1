/** Queries that give nothing while all is well: which fault of the lab fills each, or why none does. Tests hold this list against a real Prometheus. */

import type {faults} from '../../src/lab/faults.ts';
import {kubernetesPanels} from './kubernetes.ts';
import {machinesTitle} from './machines.ts';

export interface EmptyInHealth {
	/** The dashboard. */
	uid: string;
	/** Title of the panel. */
	panel: string;
	/** Letter of the query; all queries of the panel where it is absent. */
	refId?: string;
	/** The fault of the lab that fills it. */
	fault?: (typeof faults)[number]['name'];
	/** Why no fault of the lab does. */
	why?: string;
}

const noKubernetes = 'The embedded lab has no Kubernetes; the labs with real servers have.';

export const emptyInHealth: readonly EmptyInHealth[] = [
	// Overview
	{uid: 'tailprobe-overview', panel: 'Alerts that fire', fault: 'gpu2-dead-but-online'},
	{uid: 'tailprobe-overview', panel: 'Links that are down, and since when', fault: 'gpu2-dead-but-online'},
	{uid: 'tailprobe-overview', panel: 'Likely causes', fault: 'gpu2-dead-but-online'},
	{uid: 'tailprobe-overview', panel: 'Links that were not always up', fault: 'gpu2-dead-but-online'},

	// Tunnels
	{uid: 'tailprobe-tunnels', panel: 'Where headscale and the tunnels disagree', fault: 'gpu2-dead-but-online'},
	{uid: 'tailprobe-tunnels', panel: 'Keys of nodes', fault: 'livekit-key-expired'},
	{
		uid: 'tailprobe-tunnels',
		panel: 'Days left',
		refId: 'A',
		why: 'The lab speaks plain HTTP with its headscale, which has no certificate then.',
	},
	{
		uid: 'tailprobe-tunnels',
		panel: 'The own node of each vantage',
		refId: 'D',
		why: 'The key of the own node never expires in the lab.',
	},

	// GPU
	{uid: 'tailprobe-gpu', panel: machinesTitle, refId: 'I', fault: 'gpu2-dead-but-online'},
	...['K', 'L'].map(refId => ({uid: 'tailprobe-gpu', panel: machinesTitle, refId, why: noKubernetes})),
	...['B', 'C', 'D'].map(refId => ({
		...{uid: 'tailprobe-gpu', panel: 'GPUs and what drives them', refId},
		why: 'The GPUs of the lab are GeForce cards, whose memory does not check itself.',
	})),
	...kubernetesPanels.map(panel => ({uid: 'tailprobe-gpu', panel: panel.build().title ?? '', why: noKubernetes})),

	// Services
	{uid: 'tailprobe-services', panel: 'Failed runs by reason, per minute', fault: 'livekit-down'},
	{uid: 'tailprobe-services', panel: 'Failures in the time shown', fault: 'livekit-down'},
	{uid: 'tailprobe-services', panel: 'Certificates', refId: 'B', why: 'The lab has no check of type tls.'},

	// tailprobe itself
	{uid: 'tailprobe-itself', panel: 'Links at which nobody can look', fault: 'gpu1-agent-killed'},
	{uid: 'tailprobe-itself', panel: 'Why runs are unknown, per minute', fault: 'gpu1-agent-killed'},
];
