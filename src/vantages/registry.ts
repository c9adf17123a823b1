/** All kinds of vantages, and all ways of remote ones. */

import type {LocalVantageConfig, PodWayConfig, SshWayConfig, WayConfig} from '../config/types.ts';
import type {PeerIndex} from '../engine/plan.ts';
import type {Outcome} from '../engine/types.ts';
import type {KubernetesSource} from '../kubernetes/source.ts';
import type {TailnetFacts} from '../probes/types.ts';
import {createAgentVantage} from './agent.ts';
import {createFirstOf, type WayStarter} from './first-of.ts';
import {createLocalVantage} from './local.ts';
import type {Member} from './members.ts';
import {createPodTransport} from './pod-transport.ts';
import {createShellVantage} from './shell.ts';
import type {ShellTransport} from './shell-transport.ts';
import {createSshTransport} from './ssh-transport.ts';
import type {Vantage} from './types.ts';

/** What every kind is given besides its own configuration. */
export interface VantageContext {
	tailnet: TailnetFacts;
	/** tailscaled's SOCKS5 proxy of the local vantage, through which we dial into the tailnet in userspace mode. */
	socks5?: string;
	allowLoopback: boolean;
	/** The tailnet's nodes by name and address. */
	peers(): PeerIndex;
	kubernetes(): KubernetesSource | undefined;
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** It is known for the first time what the vantage is like, or its way, condition or addresses changed. */
	onChange(): void;
	/** An error of ours. */
	onBug(text: string): void;
	/** An agent proved that another daemon has taken it over. */
	onTaken?(): void;
	onThreadDeath(why: string, delayMs: number): void;
}

/** Starts the vantage where tailprobe itself runs. */
export function startLocal({name, tailscaledSocket, socks5}: LocalVantageConfig, context: VantageContext): Vantage {
	const {tailnet, allowLoopback, onOutcomes, onChange, onBug, onThreadDeath} = context;
	return createLocalVantage({
		place: {
			vantage: name,
			...(tailscaledSocket === undefined ? {} : {tailscaled: tailscaledSocket}),
			...(socks5 === undefined ? {} : {socks5}),
			tailnet,
			allowLoopback,
		},
		onOutcomes,
		onAddresses: onChange,
		onBug,
		onThreadDeath,
	});
}

/** Starts the vantage of another machine, by whichever of the ways works there. */
export function startRemote(member: Member, ways: readonly WayConfig[], context: VantageContext): Vantage {
	return createFirstOf({
		member,
		ways: ways.map(way => wayStarter(member, way, context)),
		onOutcomes: context.onOutcomes,
		onChange: context.onChange,
	});
}

function wayStarter(member: Member, way: WayConfig, context: VantageContext): WayStarter {
	const {tailnet, socks5, allowLoopback, peers, onBug, onTaken = () => {}} = context;
	const dial = {tailnet, allowLoopback, ...(socks5 === undefined ? {} : {socks5})};
	return {
		type: way.type,
		start(hooks) {
			if (way.type === 'agent') return createAgentVantage({member, way, dial, onBug, onTaken, ...hooks});
			const place = {
				tailnet,
				...(way.tailscaledSocket === undefined ? {} : {tailscaled: way.tailscaledSocket}),
				...(way.socks5 === undefined ? {} : {socks5: way.socks5}),
			};
			return createShellVantage({member, transport: transportOf(member, way, context), place, peers, onBug, ...hooks});
		},
	};
}

function transportOf(member: Member, way: SshWayConfig | PodWayConfig, context: VantageContext): ShellTransport {
	const {socks5, kubernetes} = context;
	return way.type === 'ssh'
		? createSshTransport({member, way, dial: socks5 === undefined ? {} : {socks5}})
		: createPodTransport({member, way, kubernetes});
}
