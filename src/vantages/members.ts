/** Who looks besides ourselves: the members of the configuration's remote vantages, as they are known now. Pure. */

import type {TailnetNode} from '../inventory/types.ts';

/** One machine that can be a vantage. */
export interface Member {
	/** Label `vantage`. */
	name: string;
	/** The entry of the configuration that it belongs to. */
	group: string;
	/** What is dialled: an address in the tailnet, or a host as configured. Absent where only its pod is known. */
	address?: string;
	/** Its node, where headscale lists it. */
	node?: TailnetNode;
	/** Its pod, where it was found by that. */
	pod?: {namespace: string; name: string; uid: string};
}
