/** Notes: what is worth knowing although nothing fails. The page shows them as they are; the diagnosis says them as evidence. */

import type {PlatformView} from '../inventory/platform-types.ts';
import type {CheckView, SourceView} from '../server/types.ts';
import type {VantageState} from '../vantages/types.ts';

export interface Note {
	/** What it is about: `tunnel june-gpu-1`, `MagicDNS`, `headscale`. */
	about: string;
	/** The vantage that sees it. */
	from?: string;
	/** One sentence or more, to be read below `about`. */
	says: string;
	/** With what `says` begins where nothing stands above it: `headscale's certificate` before `Expires in 2 d`. Absent: it tells by itself. */
	subject?: string;
	/** Advice that is not pressing: it comes last, and the headline does not count it. */
	isMild?: true;
	/** The check whose history shows it. */
	key?: string;
	/** Where on the page there is more. */
	more?: string;
	/** Notes of other checks that come with it. */
	also: readonly CheckNote[];
}

/** What there is to say about one check. */
export interface CheckNote {
	name: string;
	target: string;
	key: string;
	says: string;
}

/** What notes are made of. */
export interface Noted {
	/** Wall clock that ages are counted from. */
	nowMs: number;
	checks: readonly CheckView[];
	vantages: readonly VantageState[];
	sources: readonly SourceView[];
	platform: PlatformView;
}

/** What the note says, to be understood without its heading. */
export function sayAlone({subject, says}: Note): string {
	return subject === undefined ? says : `${subject} ${says.charAt(0).toLowerCase()}${says.slice(1)}`;
}
