/** What is left of the options for a target that nobody configured. */

import {isHarmlessHeader} from '../../util/redact.ts';
import {withoutAuth} from '../shared/auth-options.ts';
import {withoutClientCertificate} from '../shared/tls-options.ts';
import type {HttpOptions} from './options.ts';

/** The options without what may prove who we are: credentials, the client certificate, headers that may be secret, bodies. */
export function harmlessHttp(options: HttpOptions): HttpOptions {
	const {body: _body, body_file: _file, headers, tls_config: tls, ...rest} = withoutAuth(options);
	const kept = Object.entries(headers).filter(([name]) => isHarmlessHeader(name));
	return {...rest, headers: Object.fromEntries(kept), tls_config: withoutClientCertificate(tls)};
}

/** Without its body it is another request: that one may be answered as wanted where this one would not be. */
export function unjudgedHttp({body = '', body_file: file}: HttpOptions): string | undefined {
	return body === '' && file === undefined ? undefined : 'no body was sent';
}
