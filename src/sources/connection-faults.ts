/** Why a connection to a source failed, from the errors of Node.js and undici. */

/** What a code means, as a clause. */
export const connectionFaults: Readonly<Record<string, string>> = {
	ENOTFOUND: 'its name cannot be resolved',
	EAI_AGAIN: 'its name cannot be resolved, the resolver does not answer',
	ECONNREFUSED: 'nothing listens there',
	EHOSTUNREACH: 'there is no way there',
	ENETUNREACH: 'there is no way there',
	ETIMEDOUT: 'the connection attempt had no answer',
	ECONNRESET: 'the connection was reset',
	EPIPE: 'the connection was closed',
	UND_ERR_SOCKET: 'the connection was closed before the whole answer came',
	UND_ERR_HEADERS_OVERFLOW: 'its answer has too many or too long headers',
};

/** The error that tells: where a name has several addresses there is one for each, and the first stands for all. `code` is '' without one. */
export function tellingFault(error: unknown): {fault: unknown; code: string} {
	const fault: unknown = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
	const code = fault instanceof Error && 'code' in fault && typeof fault.code === 'string' ? fault.code : '';
	return {fault, code};
}
