/** Types of checks by what they look at, told once for all causes and rungs. Pure. */

/** Programs that answer over TCP: they may need the GPUs of their machine. */
export const serviceTypes: ReadonlySet<string> = new Set(['http', 'http_warm', 'tcp', 'tls', 'ws']);

/** Their runs open a connection to what they look at. */
export const dialledTypes: ReadonlySet<string> = new Set([...serviceTypes, 'derp']);

/** Services of which an answer is computed, so that its time tells of the program. */
export const answeringTypes: ReadonlySet<string> = new Set(['http', 'http_warm', 'ws']);
