/** What volumes and environments are made of. */

/** What they read of the API. */
export interface Objects {
	/** Data of a Secret or ConfigMap in the pod's namespace; undefined where there is none. */
	data(kind: 'Secret' | 'ConfigMap', name: string): Record<string, Buffer> | undefined;
	/** A token of the pod's service account, for so long; an hour where nothing is said. */
	token(audience?: string, expirationSeconds?: number): Promise<string>;
}

/** A thing that a container wants and that is not there yet. */
export class NotThere extends Error {
	override readonly name = 'NotThere';
}
