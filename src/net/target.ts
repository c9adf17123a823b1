/** Takes a target as written (URL, `host:port`, host, address) apart without judging it. */

/** The host without brackets, and the port where one is written; undefined when there is no host to be found. */
export function splitTarget(text: string): {host: string; port?: number} | undefined {
	const withoutScheme = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
	const authority = withoutScheme.split(/[/?#]/, 1)[0] ?? '';
	const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(authority);
	if (bracketed) return withPort(bracketed[1] as string, bracketed[2]);
	if (authority.split(':').length > 2) return {host: authority};
	const plain = /^([^:]+)(?::(\d{1,5}))?$/.exec(authority);
	return plain ? withPort(plain[1] as string, plain[2]) : undefined;
}

function withPort(host: string, port: string | undefined): {host: string; port?: number} {
	return port === undefined ? {host} : {host, port: Number(port)};
}
