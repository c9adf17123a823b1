import {formatSpan} from '../../util/readable.ts';
import {preAuthKeysCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Scene, World} from '../scene.ts';
import {evidenceOfInstance, machineOf, vastCommand} from '../seen/machine-state.ts';
import {doesAnswer, effectOfRecord, evidenceOfList, isUnlisted} from '../seen/node-state.ts';
import type {Cause, Evidence, Finding} from '../types.ts';

export const instanceNeverJoined: Cause = {
	id: 'instance-never-joined',
	rung: 'machine',
	title: 'A rented machine is paid for and not in the tailnet',
	means:
		'The instance runs at vast.ai and costs money, and never came into the tailnet. Mostly its pre-auth key has expired or was used up, its container has no /dev/net/tun and tailscaled was not told to do without, or the login server is wrong. Its log says which. If nobody needs it, destroy it.',
	find(scene) {
		const {world, check} = scene;
		const {instance} = machineOf(scene) ?? {};
		if (!instance || !isUnlisted(scene) || doesAnswer(scene)) return undefined;
		if (instance.reach !== 'never_joined' || !world.machines.instancesAt?.isFresh) return undefined;
		const finding = findNeverJoined(world, instance, scene.nowMs);
		return {
			...finding,
			effect: effectOfRecord(scene),
			evidence: [...finding.evidence, evidenceOfList(scene), ...(check ? [evidenceOf(check)] : [])],
		};
	},
};

type Instance = NonNullable<ReturnType<typeof machineOf>>['instance'] & object;

/** What there is to say of such an instance, also where no link leads to it. */
export function findNeverJoined(world: World, instance: Instance, nowMs: number): Finding {
	const {id, unreachableSince, pricePerHour} = instance;
	const reason = reasonOf(world, instance);
	const since = unreachableSince === undefined ? '' : ` for ${formatSpan(nowMs - unreachableSince)}`;
	const price = pricePerHour === undefined ? '' : ` ($${pricePerHour.toFixed(2)} per hour)`;
	return {
		effect: 'beside',
		confidence: 'certain',
		about: `instance ${id}`,
		says: `Instance ${id} has cost money${since}${price} and is not in the tailnet: ${reason.says}.`,
		evidence: [evidenceOfInstance(world, instance, 'a node in the tailnet'), ...reason.evidence],
		next: [
			vastCommand(
				['logs', id, '--tail', '100'],
				'What tailscaled says there: "auth key expired", "/dev/net/tun", or a login server that is not reached.',
			),
			preAuthKeysCommand({world}, 'Whether the key that it was given can still be used.'),
			vastCommand(['show', 'instance', id], 'Its status, and what its host says of it.'),
		],
	};
}

/** Which of the usual reasons the evidence speaks for. */
function reasonOf({platform: {headscale}}: World, {message = ''}: Instance): {says: string; evidence: Evidence[]} {
	if (/net\/tun|tun device|tuntap/i.test(message))
		return {says: 'its host speaks of a missing TUN device, so that tailscaled cannot start', evidence: []};
	const {preAuthKeys, isControlKeyAnswered} = headscale ?? {};
	if (preAuthKeys?.areInUse && preAuthKeys.usable === 0)
		return {
			says: 'headscale has no pre-auth key that can be used, so that no machine can join',
			evidence: [
				{
					says: `Of the pre-auth keys none can be used: ${preAuthKeys.expired} expired, ${preAuthKeys.usedUp} used up.`,
					wanted: 'a key that can be used',
				},
			],
		};
	if (isControlKeyAnswered === false)
		return {
			says: 'the control server does not answer as one, so that no machine can join',
			evidence: [{says: 'The page /key of the control server is not answered as by a control server.'}],
		};
	if (preAuthKeys !== undefined && preAuthKeys.unreplaced.count > 0)
		return {
			says: 'a reusable pre-auth key expired lately and no other replaces it, which is the likely reason',
			evidence: [
				{
					says: `${preAuthKeys.unreplaced.count} reusable pre-auth keys expired within the last week and are not replaced.`,
				},
			],
		};
	return {says: 'its key may have expired, it may have no TUN device, or a wrong login server', evidence: []};
}

/** Instances that are outside of the tailnet for that reason. */
export function neverJoined({machines}: Pick<Scene['world'], 'machines'>): Instance[] {
	return machines.instancesAt?.isFresh ? machines.instancesOutside.filter(({reach}) => reach === 'never_joined') : [];
}
