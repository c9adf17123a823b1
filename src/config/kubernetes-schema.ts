/** The `kubernetes` block of the file, and what it means. */

import {z} from 'zod';
import type {Complain} from './judge.ts';
import type {File} from './schema.ts';
import type {KubernetesConfig} from './types.ts';
import {duration} from './values.ts';

export const namespace = z
	.string()
	.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected a namespace of lower-case letters, digits and -');
const objectName = z
	.string()
	.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'expected a name of lower-case letters, digits, - and .');
export const labelSelector = z
	.string()
	.regex(
		/^[A-Za-z0-9!(][A-Za-z0-9_.,/=!() -]{0,500}$/,
		'expected a label selector such as app=june-gpu-services or tier in (gpu, edge)',
	);

export const kubernetesSchema = z
	.strictObject({
		kubeconfig_file: z.string().min(1).optional().meta({
			description:
				'Path of a kubeconfig, read again when it changes. Without it: the service account of the pod that tailprobe runs in. Nothing else is ever tried.',
		}),
		context: z
			.string()
			.min(1)
			.max(253)
			.optional()
			.meta({description: 'Context of `kubeconfig_file`; default: its current one.'}),
		gpu_pods: z
			.strictObject({
				namespace: namespace.meta({description: 'Their namespace.'}),
				selector: labelSelector.meta({description: 'A label selector, such as `app=june-gpu-services`.'}),
			})
			.optional()
			.meta({description: 'The pods that stand for GPU machines.'}),
		nodes: z
			.union(
				[
					z.strictObject({
						selector: labelSelector.meta({description: 'A label selector, such as `type=virtual-kubelet`.'}),
					}),
					z.strictObject({
						names: z.array(objectName).min(1).max(100).meta({description: 'Names, such as `[vast-gpu-node-python]`.'}),
					}),
				],
				{error: 'expected {selector: …} or {names: […]}'},
			)
			.optional()
			.meta({
				description:
					'The virtual nodes, as `{selector}` or `{names}`. Default: the nodes that the GPU pods are on, so a node without any is not seen.',
			}),
		virtual_kubelet: z
			.strictObject({
				namespace: namespace.meta({description: 'Its namespace, such as `kube-system`.'}),
				deployment: objectName.meta({description: 'Its name, such as `virtual-kubelet-vast`.'}),
			})
			.optional()
			.meta({description: 'The deployment that runs the virtual kubelet.'}),
		leases: z.boolean().default(true).meta({
			description:
				'Reads the lease of each of the nodes in namespace `kube-node-lease` (one GET each per interval). A kubelet that writes none is no fault.',
		}),
		tailnet_exposure: z
			.strictObject({
				namespaces: z.array(namespace).min(1).max(20).meta({
					description: 'Where to look, such as `[tailscale, june-services]`. All pods in them are read.',
				}),
			})
			.optional()
			.meta({
				description:
					'Finds the pods that put services of the cluster on the tailnet: proxies of the tailscale operator, and pods with a tailscale sidecar.',
			}),
		inventory_lease: z
			.strictObject({
				name: objectName.meta({description: 'Name of the Lease. tailprobe makes it where it is not there.'}),
				namespace: namespace.optional().meta({
					description: 'Its namespace. Default: that of the pod, or of the context of `kubeconfig_file`.',
				}),
			})
			.optional()
			.meta({
				description:
					'Of several replicas with the same one, only its holder exports the inventories: what all of them read of headscale, Kubernetes and vast.ai. See kubernetes.md.',
			}),
		interval: duration(2000, 600_000).prefault('15s').meta({
			description:
				'How long a watch lasts before it is renewed, and so how soon it shows that the API server stands still.',
		}),
		timeout: duration(100, 60_000).prefault('5s').meta({description: 'Deadline of each call.'}),
		resync: duration(10_000, 86_400_000)
			.prefault('10m')
			.meta({description: 'How often everything is listed anew, although the watches work.'}),
	})
	.meta({
		description:
			'The Kubernetes API, for GPU pods, virtual nodes and what exposes services to the tailnet. See kubernetes.md.',
	});

type KubernetesBlock = z.output<typeof kubernetesSchema>;

export function normaliseKubernetes(block: KubernetesBlock): KubernetesConfig {
	const {gpu_pods, nodes, virtual_kubelet, tailnet_exposure, inventory_lease, kubeconfig_file, context} = block;
	return {
		...(kubeconfig_file === undefined ? {} : {kubeconfigFile: kubeconfig_file}),
		...(context === undefined ? {} : {context}),
		...(gpu_pods === undefined ? {} : {gpuPods: gpu_pods}),
		...(nodes === undefined ? {} : {nodes}),
		...(virtual_kubelet === undefined ? {} : {virtualKubelet: virtual_kubelet}),
		leases: block.leases,
		exposureNamespaces: [...new Set(tailnet_exposure?.namespaces)],
		...(inventory_lease === undefined ? {} : {inventoryLease: withoutUndefined(inventory_lease)}),
		intervalMs: block.interval,
		timeoutMs: block.timeout,
		resyncMs: block.resync,
	};
}

function withoutUndefined({name, namespace: own}: {name: string; namespace?: string | undefined}) {
	return {name, ...(own === undefined ? {} : {namespace: own})};
}

/** What only shows when keys are held against each other. */
export function judgeKubernetes({kubernetes}: File, complain: Complain): void {
	if (!kubernetes) return;
	if (kubernetes.context !== undefined && kubernetes.kubeconfig_file === undefined)
		complain(['kubernetes', 'context'], 'a context has no effect without kubeconfig_file');
	if (kubernetes.inventory_lease?.namespace === 'kube-node-lease')
		complain(
			['kubernetes', 'inventory_lease', 'namespace'],
			'expected another namespace: this one is for the leases of nodes',
		);
	if (kubernetes.timeout > kubernetes.interval)
		complain(['kubernetes', 'timeout'], 'expected at most the interval: a standstill is to show within one interval');
}
