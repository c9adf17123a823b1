/** What the bench measures, as data: a file of `--json` is a BenchResult. */

/** The probers that are compared. */
export type ProberName = 'tailprobe' | 'blackbox_exporter' | 'cloudprober';

export type Scheme = 'http' | 'https';

/** One request as the record server saw it. Times are milliseconds of the machine's monotonic clock, but for the wall clock. */
export interface ServedRequest {
	/** Path without the query. */
	path: string;
	/** What stood behind `?n=`: the number of the request, where the prober can send one. */
	number?: number;
	acceptedWallMs: number;
	acceptedMs: number;
	/** The request had come whole (over TLS: was decrypted). */
	wholeMs: number;
	/** The answer was handed to the kernel. */
	sentMs: number;
}

/** What a prober reported of one run. */
export interface ReportedRun {
	path: string;
	number?: number;
	/** When the run began, on the wall clock; absent where a number identifies the request. */
	startedWallMs?: number;
	/** The latency that users see in its metrics. */
	reportedMs: number;
	/** The run as a whole, its own work included, where the prober tells that. */
	runMs?: number;
	/** From the request to the first byte of the answer, where the prober tells that. */
	processingMs?: number;
	/** The prober itself says that its times are not true, and shows them in no metric. */
	late?: boolean;
}

/** A few numbers of many. */
export interface Spread {
	p50: number;
	p99: number;
	mean: number;
}

/** Latency of one window; milliseconds. */
export interface LatencyFigures {
	/** Runs that were matched with their request. */
	runs: number;
	/** Runs that the prober marked as spoiled by its own lateness, left out of all that follows. */
	late: number;
	/** From the whole request to the sent answer, as the server recorded it. */
	served: Spread;
	/** As the prober's metrics show it. */
	reported: Spread;
	/** The reported latency above the server's own time for that request. */
	reportedError: Spread;
	/** The whole run above the server's own time for that request. */
	runError?: Spread;
	/** The reported processing above the server's own time for that request. */
	processingError?: Spread;
}

/** One window of one prober. */
export interface WindowFigures {
	seconds: number;
	/** Requests that the server answered in the window. */
	probes: number;
	cpuMsPerProbe: number;
	/** Processors' worth of work that was not the bench's. */
	othersCpu: number;
	residentMb: number;
	anonymousMb: number;
	latency?: LatencyFigures;
}

/** A number of targets over one scheme: the windows of each prober, one a round. */
export interface Comparison {
	scheme: Scheme;
	targets: number;
	intervalMs: number;
	windows: Partial<Record<ProberName, WindowFigures[]>>;
}

/** tailprobe as it runs from its source, where the comparison has it compiled. */
export interface SourceForm {
	targets: number;
	window: WindowFigures;
}

/** Latencies while scrapes of a large /metrics go on. */
export interface ScrapeFigures {
	series: number;
	bytes: number;
	scrapes: number;
	scrapeMs: Spread & {max: number};
	/** Of the same targets, before the scrapes (where it tells latencies without any) and while they went on. */
	before?: LatencyFigures;
	during: LatencyFigures;
	residentMb: number;
	anonymousMb: number;
	/** How late the measuring thread was at worst; tailprobe only. */
	latenessMs?: number;
}

export interface StartUp {
	nodes: number;
	/** Milliseconds from the start of the process to the first 200 of /-/ready, for each start. */
	compiledMs: number[];
	sourceMs: number[];
}

/** Many nodes with several checks each, on one core. */
export interface Scale {
	nodes: number;
	checks: number;
	seconds: number;
	/** Runs that the interval asks for in that time, and those that were counted. */
	wantedRuns: number;
	runs: number;
	/** Of those, by verdict. */
	up: number;
	down: number;
	unknown: number;
	/** Slots that passed without a run. */
	skipped: number;
	lateRuns: number;
	cpuPercent: number;
	cpuMsPerProbe: number;
	residentMb: number;
	anonymousMb: number;
	/** Every sample of /metrics, and those of checks. */
	samples: number;
	series: number;
	bytes: number;
	scrapeMs: number[];
	/** The worst lateness of the measuring thread that a scrape told. */
	latenessMs: number;
}

export interface Machine {
	processor: string;
	processors: number;
	memoryGb: number;
	kernel: string;
	node: string;
}

export interface BenchResult {
	startedAt: string;
	seconds: number;
	form: 'default' | 'quick' | 'short';
	rounds: number;
	versions: Partial<Record<ProberName, string>>;
	machine: Machine;
	comparisons: Comparison[];
	sourceForm?: SourceForm;
	scrapes?: Partial<Record<ProberName, ScrapeFigures>>;
	startUp?: StartUp;
	scale?: Scale;
	/** Sentences: what could not be run, and why. */
	notRun: string[];
}
