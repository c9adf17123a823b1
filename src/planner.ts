/** Keeps the plan in step with the configuration, the nodes, the pods and the vantages: only a difference moves anything. */

import type {Config} from './config/types.ts';
import {indexPeers, type PeerIndex, type Plan, planChecks} from './engine/plan.ts';
import type {Check} from './engine/types.ts';
import type {TailnetNode} from './inventory/types.ts';
import {listNames} from './util/words.ts';
import {listMembers, type Surroundings} from './vantages/members.ts';
import type {VantageSet} from './vantages/set.ts';

export interface PlannerOptions {
	config(): Config;
	/** undefined: nothing was read yet. */
	nodes(): readonly TailnetNode[] | undefined;
	podsOf: Surroundings['podsOf'];
	vantages(): VantageSet;
	/** Whether this replica looks from remote vantages; another one does where not. */
	looksAfar(): boolean;
	/** Whether all was told that the first plan should wait for. */
	known(): boolean;
	/** Takes the whole list of checks. */
	onPlan(checks: readonly Check[]): void;
}

export interface Planner {
	/** Nodes, pods, vantages or the configuration may have changed. */
	replan(): void;
	/** The first plan waits no longer. */
	hurry(): void;
	planned(): boolean;
	plan(): Plan;
	/** What could not be planned, as sentences. */
	problems(): readonly string[];
	/** Nodes by name and address, as the last plan knew them. */
	peers(): PeerIndex;
	/** Why there is nothing to see from remote vantages, where another replica looks from them. */
	elsewhere(): readonly string[];
	/** The same, where that name is of such a vantage or machine, or of a check that runs from such alone. */
	sayElsewhere(name: string): string | undefined;
	/** The machines that look besides ourselves, each with the node that it is; '' where none is known. */
	remotes(): readonly {name: string; peer: string}[];
}

export function createPlanner(options: PlannerOptions): Planner {
	let plan: Plan = {checks: [], problems: []};
	let planned = false;
	let waitedEnough = false;
	let plannedFor: Config | undefined;
	let plannedWith = '';
	let memberProblems: readonly string[] = [];
	let peers: PeerIndex = new Map();
	/** The node last seen behind each check: a target whose node left headscale's list keeps its label. */
	let lastPeers: ReadonlyMap<string, string> = new Map();
	let lastNodes: readonly TailnetNode[] = [];

	return {
		replan,
		hurry() {
			waitedEnough = true;
			replan();
		},
		planned: () => planned,
		plan: () => plan,
		problems: () => [...plan.problems, ...memberProblems, ...emptyGroups()],
		peers: () => peers,
		elsewhere() {
			const names = options.looksAfar() ? [] : remoteGroups();
			return names.length === 0 ? [] : [`${listNames({count: names.length, names})}: ${anotherLooks}`];
		},
		sayElsewhere(name) {
			if (options.looksAfar()) return undefined;
			const config = options.config();
			const groups = remoteGroups();
			const isGroup = groups.includes(name);
			const isCheck = config.checks.some(
				check => check.name === name && check.from !== undefined && check.from.every(from => groups.includes(from)),
			);
			if (!isGroup && !isCheck && !listAll(config, wantedNodes(config)).members.some(member => member.name === name))
				return undefined;
			return `${isCheck ? `The check ${name} runs from remote vantages` : name}: ${anotherLooks}`;
		},
		remotes,
	};

	function replan(): void {
		const config = options.config();
		const vantages = options.vantages();
		if (!planned && !waitedEnough && !options.known()) return;
		const nodes = wantedNodes(config);
		if (options.looksAfar()) {
			const {members, problems} = listAll(config, nodes);
			memberProblems = problems;
			vantages.update(members);
		} else {
			memberProblems = [];
			vantages.leave();
		}
		// Most reads bring nothing new, and a new list costs both threads some milliseconds.
		const seen = JSON.stringify([
			nodes.map(planRelevant),
			[...vantages.ownAddresses()],
			vantages.planned(),
			vantages.starts(),
		]);
		if (planned && config === plannedFor && seen === plannedWith) return;
		plannedFor = config;
		plannedWith = seen;
		planned = true;
		peers = indexPeers(nodes, config.tailnet.domain);
		plan = planChecks(config, nodes, vantages.ownAddresses(), lastPeers, vantages.planned());
		lastPeers = new Map(plan.checks.map(({key, target}) => [key, target.peer]));
		options.onPlan(plan.checks);
	}

	function listAll(config: Config, nodes: readonly TailnetNode[]): ReturnType<typeof listMembers> {
		const local = config.vantages.find(({type}) => type === 'local');
		const own =
			options
				.vantages()
				.ownAddresses()
				.get(local?.name ?? '') ?? [];
		return listMembers(config, {nodes, own, podsOf: options.podsOf});
	}

	function remoteGroups(): string[] {
		return options.config().vantages.flatMap(({name, type}) => (type === 'remote' ? [name] : []));
	}

	/** By their own addresses, or by their name where they have not told any yet. A member that was a node stays so while its grace lasts. */
	function remotes(): {name: string; peer: string}[] {
		const vantages = options.vantages();
		const groups = options.config().vantages.filter(vantage => vantage.type === 'remote');
		const ofNodes = new Set(groups.filter(({members}) => members.kind === 'nodes').map(({name}) => name));
		const own = vantages.ownAddresses();
		return vantages
			.planned()
			.filter(({name, group}) => name !== group)
			.map(({name, group}) => {
				const [node] = [...(own.get(name) ?? []), name].flatMap(each => peers.get(each) ?? []);
				return {name, peer: node?.name ?? (ofNodes.has(group) ? name : '')};
			});
	}

	/** Groups of which no machine is known: nothing runs from there, and nobody would miss it. */
	function emptyGroups(): string[] {
		if (!planned || !options.looksAfar()) return [];
		const {vantages, checks} = options.config();
		const known = new Set(
			options
				.vantages()
				.planned()
				.map(({group}) => group),
		);
		return vantages.flatMap(vantage => {
			if (vantage.type === 'local' || known.has(vantage.name)) return [];
			const names = checks.filter(({from}) => from?.includes(vantage.name)).map(({name}) => name);
			const why = {
				hosts: 'none is listed',
				pods: 'no pod that its way selects is known',
				nodes: options.nodes() ? 'no node that headscale lists fits' : "headscale's list of nodes was not read yet",
			}[vantage.members.kind];
			const idle = names.length === 0 ? '' : ` Until then nothing of ${names.slice(0, 10).join(', ')} runs from there.`;
			return [`Vantage ${vantage.name} has no machine: ${why}.${idle}`];
		});
	}

	/** After a reload that names another headscale, the nodes of the old one stay, with their history, until its list is read. */
	function wantedNodes(config: Config): readonly TailnetNode[] {
		const listed = options.nodes();
		if (listed || !listsNodes(config)) lastNodes = listed ?? [];
		return lastNodes;
	}
}

const anotherLooks =
	'another replica looks from there, or will: it holds kubernetes.inventory_lease, and an agent serves one daemon. Ask that one.';

/** Whether there is a way to list the nodes of headscale. */
export function listsNodes({headscale}: Config): boolean {
	return headscale !== undefined && (headscale.apiKey ?? headscale.cliCommand) !== undefined;
}

/** What of a node decides about checks: when only other things changed, the plan stands. */
function planRelevant({name, resolvable, addresses, owner, tags, ephemeral}: TailnetNode): unknown[] {
	return [name, resolvable, addresses, owner, tags, ephemeral];
}
