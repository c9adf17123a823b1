import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {doesAnswer, effectOfRecord, evidenceOfList, listSource, livingTwinOf, sayAgo} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';

export const nodeRecordDuplicated: Cause = {
	id: 'node-record-duplicated',
	rung: 'node',
	title: 'The name leads to an old record of the machine',
	means:
		'The machine joined again while its old record was still there, so headscale gave it another name and another address. Links by the old name lead to the record that nobody is behind. Delete the old record with `headscale nodes delete`, and give the new one its name with `headscale nodes rename`.',
	find(scene) {
		const {peer, nowMs, vantageName, world} = scene;
		const twin = livingTwinOf(scene);
		if (!twin || doesAnswer(scene)) return undefined;
		const {name, createdMs, addresses} = twin.node;
		const isUp = twin.tunnels.some(({verdict}) => verdict === 'up');
		const since = createdMs === undefined ? '' : `, which joined ${sayAgo(createdMs, nowMs)}`;
		const listedMs = listSource(world)?.lastSuccessAt;
		const way = twin.tunnels.find(({verdict}) => verdict === 'up');
		return {
			effect: effectOfRecord(scene),
			confidence: isUp ? 'certain' : 'likely',
			about: `node ${peer}`,
			says: `The machine that ${peer} was is now ${name}${since}. The record ${peer} is offline: nobody is behind it any more.`,
			evidence: [
				evidenceOfList(scene, 'one record for the machine'),
				{
					says: `headscale lists ${name} as online: it calls itself ${twin.node.hostname ?? name} too${addresses[0] === undefined ? '' : `, and has the address ${addresses[0]}`}.`,
					...(listedMs === undefined ? {} : {atMs: listedMs}),
				},
				...(way ? [{says: `The tunnel to ${name} from ${way.vantage} is up.`}] : []),
			],
			next: [
				headscaleCommand(scene, ['nodes', 'list'], `Which of ${peer} and ${name} is the machine that is meant.`),
				tailscaleCommand(
					scene,
					vantageName,
					['ping', '-c', '3', name],
					'Whether the machine answers under its new name.',
				),
			],
		};
	},
};
