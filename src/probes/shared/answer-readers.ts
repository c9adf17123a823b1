/** Who may read the words of an answer. */

import {isHarmlessHeader} from '../../util/redact.ts';
import {type AuthOptions, hasAuth} from './auth-options.ts';
import type {TlsOptions} from './tls-options.ts';

/**
 * Whether a request with these options carries neither credentials nor a client certificate nor a header that may be secret: otherwise
 * the answer is not for every reader, and may say again what it was sent.
 */
export function isForEveryReader(
	options: AuthOptions & {headers: Record<string, string>; tls_config: TlsOptions},
): boolean {
	if (hasAuth(options) || options.tls_config.cert_file !== undefined) return false;
	return Object.keys(options.headers).every(isHarmlessHeader);
}
