/** Who belongs to a pool, and who of them is usable. Pure. */

import type {PoolConfig} from '../config/types.ts';
import {matchesGlob, selectNodes} from '../inventory/select.ts';
import type {NodeView} from '../server/types.ts';
import type {JoinedInstance} from '../vast/join.ts';
import type {MemberState, PoolCheck, PoolLook, PoolMember} from './types.ts';

/** Checks by the node that they are about: aimed at it, or run from it. */
export type ChecksByNode = ReadonlyMap<string, readonly PoolCheck[]>;

export function groupByNode(checks: readonly PoolCheck[]): ChecksByNode {
	const groups = new Map<string, PoolCheck[]>();
	for (const view of checks) {
		const {vantage, target} = view.check;
		for (const node of new Set([target.peer, vantage])) {
			if (node === '') continue;
			const group = groups.get(node);
			if (group) group.push(view);
			else groups.set(node, [view]);
		}
	}
	return groups;
}

/** undefined: it is not known who belongs to it. */
export function listMembers(pool: PoolConfig, inputs: PoolLook, checks: ChecksByNode): PoolMember[] | undefined {
	const {nodes, vast} = inputs;
	if (!nodes) return undefined;
	if (pool.match.kind === 'nodes') {
		const instances = new Map(
			vast?.instances.flatMap(({node, instance}) => (node ? [[node.name, instance.id] as const] : [])),
		);
		const byId = new Map(nodes.map(view => [view.node.id, view]));
		const found = selectNodes(
			nodes.map(({node}) => node),
			pool.match.selector,
		);
		return found
			.flatMap(({id}) => byId.get(id) ?? [])
			.map(view => judgeNode(view, pool, inputs, checks, instances.get(view.node.name)));
	}
	if (!vast) return undefined;
	const {labels} = pool.match;
	const byName = new Map(nodes.map(view => [view.node.name, view]));
	return vast.instances
		.filter(({instance}) => labels === undefined || labels.some(glob => matchesGlob(instance.label, glob)))
		.map(joined => {
			const node = joined.node && byName.get(joined.node.name);
			return node ? judgeNode(node, pool, inputs, checks, joined.instance.id) : judgeInstance(joined, inputs);
		});
}

function judgeNode(
	{node, tunnels}: NodeView,
	pool: PoolConfig,
	{localVantages}: PoolLook,
	checks: ChecksByNode,
	instanceId: string | undefined,
): PoolMember {
	const about = checks.get(node.name) ?? [];
	const looks = about.filter(
		({check}) =>
			pool.gpu !== false && check.type === 'gpu' && (check.target.peer === node.name || check.vantage === node.name),
	);
	const gpus = countGpus(looks);
	const verdicts = [
		tunnelFinding(tunnels.filter(({vantage}) => localVantages.has(vantage))),
		...about.filter(view => isService(view, node.name, pool, localVantages)).map(serviceFinding),
		...(pool.gpu === false ? [] : gpuFindings(looks, pool.gpu === true)),
	];
	const worst = verdicts.find(({state}) => state === 'unusable') ?? verdicts.find(({state}) => state === 'unknown');
	return {
		name: node.name,
		nodeId: node.id,
		...(instanceId === undefined ? {} : {instanceId}),
		state: worst?.state ?? 'usable',
		...(worst?.why === undefined ? {} : {why: worst.why}),
		...(looks.length === 0 ? {} : {hasGpuLook: true}),
		...(gpus === undefined ? {} : {gpus}),
	};
}

interface Finding {
	state: MemberState;
	why?: string;
}

/** One way that works is enough: a second local vantage would be another way to the same machine. */
function tunnelFinding(tunnels: NodeView['tunnels']): Finding {
	if (tunnels.some(({verdict}) => verdict === 'up')) return {state: 'usable'};
	if (tunnels.some(({verdict}) => verdict === 'down')) return {state: 'unusable', why: 'The tunnel to it is down.'};
	const why =
		tunnels.length === 0 ? 'No check of type tunnel has looked at it.' : 'Nobody could look at the tunnel to it.';
	return {state: 'unknown', why};
}

function isService(
	{check}: PoolCheck,
	node: string,
	{checks}: PoolConfig,
	localVantages: ReadonlySet<string>,
): boolean {
	if (check.type === 'tunnel' || check.type === 'gpu') return false;
	if (checks) return checks.includes(check.name);
	return check.target.peer === node && localVantages.has(check.vantage);
}

function serviceFinding({check, verdict, ran}: PoolCheck): Finding {
	const what = `${check.name} ${check.target.name} (from ${check.vantage})`;
	if (verdict === 'up') return {state: 'usable'};
	if (verdict === 'down') return {state: 'unusable', why: `The check ${what} is down.`};
	return {
		state: 'unknown',
		why: ran ? `Nobody could look by the check ${what}.` : `The check ${what} has not run yet.`,
	};
}

function gpuFindings(looks: readonly PoolCheck[], isWanted: boolean): Finding[] {
	if (looks.length === 0) return isWanted ? [{state: 'unknown', why: 'No check of type gpu looks at its GPUs.'}] : [];
	return looks.map(({check, verdict, last}) => {
		if (verdict === 'up') return {state: 'usable'};
		if (verdict === 'unknown') return {state: 'unknown', why: 'Nobody could look at its GPUs.'};
		return {
			state: 'unusable',
			why: `The check ${check.name} of its GPUs is down${last?.reason ? ` (${last.reason})` : ''}.`,
		};
	});
}

/** Of several looks at the same machine the largest number counts; while a look finds something wrong, none is known to be sound. */
function countGpus(looks: readonly PoolCheck[]): number | undefined {
	const counts = looks.flatMap(({verdict, last}) =>
		verdict === 'up' ? (last?.reading?.values.gpus_visible ?? []) : [],
	);
	return counts.length === 0 ? undefined : Math.max(...counts);
}

/** An instance whose node is not there, or not found. */
function judgeInstance({instance, reach, paid}: JoinedInstance, {vastIsFresh}: PoolLook): PoolMember {
	const own = {name: `vast-${instance.id}`, instanceId: instance.id};
	if (!vastIsFresh) return {...own, state: 'unknown', why: 'vast.ai has not told anything lately.'};
	if (!paid) return {...own, state: 'unusable', why: `vast.ai says "${instance.status}".`};
	if (reach === 'unknown') return {...own, state: 'unknown', why: 'It is not known which node of the tailnet it is.'};
	return {...own, state: 'unusable', why: absent[reach] ?? 'It is not in the tailnet.'};
}

const absent: Partial<Record<JoinedInstance['reach'], string>> = {
	joining: 'It runs and is not in the tailnet yet.',
	never_joined: 'It runs and never came into the tailnet.',
	left: 'It runs, and its node has left the tailnet.',
};
