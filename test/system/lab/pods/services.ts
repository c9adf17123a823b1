/** What kube-proxy and the cluster's DNS do: addresses of Services lead to the pods behind them that are ready, and their names to these addresses. */

import type {V1Pod, V1Service} from '@kubernetes/client-node';
import {conditionOf} from './status.ts';

/** Where the API server really listens, behind the Service `kubernetes`. */
export interface ApiAddress {
	host: string;
	port: number;
}

/** Rules for iptables that turn a Service's address to a ready pod; with several, each in turn. */
export function routesOf(services: readonly V1Service[], pods: readonly V1Pod[], api: ApiAddress): string[] {
	return services.flatMap(service => {
		const address = service.spec?.clusterIP;
		if (address === undefined || address === 'None' || address === '') return [];
		return (service.spec?.ports ?? []).flatMap(port => {
			const from = `-d ${address}/32 -p tcp --dport ${port.port}`;
			const to = isApi(service)
				? [`${api.host}:${api.port}`]
				: endpointsOf(service, port.targetPort ?? port.port, pods);
			return to.map((place, index) => {
				const turn = to.length - index;
				const share = turn === 1 ? '' : ` -m statistic --mode nth --every ${turn} --packet 0`;
				return `${from}${share} -j DNAT --to-destination ${place}`;
			});
		});
	});
}

/** Names and addresses for the cluster's DNS: a headless Service's name is its ready pods. */
export function namesOf(services: readonly V1Service[], pods: readonly V1Pod[]): Record<string, string[]> {
	return Object.fromEntries(
		services.map(service => {
			const {clusterIP} = service.spec ?? {};
			const own = clusterIP === undefined || clusterIP === 'None' || clusterIP === '';
			const addresses = own ? readyPods(service, pods).flatMap(pod => pod.status?.podIP ?? []) : [clusterIP];
			return [`${service.metadata?.name}.${service.metadata?.namespace}.svc.cluster.local`, addresses];
		}),
	);
}

const isApi = ({metadata}: V1Service) => metadata?.name === 'kubernetes' && metadata.namespace === 'default';

function endpointsOf(service: V1Service, port: number | string, pods: readonly V1Pod[]): string[] {
	return readyPods(service, pods).flatMap(pod => {
		const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].flatMap(one => one.ports ?? []);
		const number = typeof port === 'number' ? port : all.find(({name}) => name === port)?.containerPort;
		return number === undefined ? [] : [`${pod.status?.podIP}:${number}`];
	});
}

function readyPods({metadata, spec}: V1Service, pods: readonly V1Pod[]): V1Pod[] {
	const selector = Object.entries(spec?.selector ?? {});
	if (selector.length === 0) return [];
	return pods.filter(pod => {
		const fits = selector.every(([label, value]) => pod.metadata?.labels?.[label] === value);
		const here = pod.metadata?.namespace === metadata?.namespace && pod.status?.podIP !== undefined;
		return fits && here && (conditionOf(pod, 'Ready') || spec?.publishNotReadyAddresses === true);
	});
}
