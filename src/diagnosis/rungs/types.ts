/** How one rung of the ladder is looked at. */

import type {Scene} from '../scene.ts';
import type {Rung, RungName} from '../types.ts';

/** One rung: pure, and asked of one scene at a time. */
export interface RungLook {
	name: RungName;
	/** undefined: this subject has no such rung (no TLS where none is spoken). Pure. */
	look(scene: Scene): Omit<Rung, 'name'> | undefined;
}
