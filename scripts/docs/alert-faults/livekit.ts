/** What several faults have in common. */

import {muted, page, ticket} from './types.ts';

/** Services of livekit as the cluster and the GPU machines see them. */
export const livekitServices = [
	page('ServiceDown', {check: 'livekit'}),
	page('ServiceDown', {check: 'livekit-signal'}),
	muted(ticket('ServiceDown', {check: 'audio'})),
];
