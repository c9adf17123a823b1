/** What the bench measures, as data: a file of `--json` is a BenchResult. */

/** The probers that are compared. */
export type ProberName = 'tailprobe' | 'blackbox_exporter' | 'cloudprober';

/** Whose windows stand side by side: tailprobe more than once where it can run in several ways. */
export type Contender = ProberName | 'tailprobe, from source' | 'tailprobe, all processors';

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
	/** Who asked had gone before the answer. */
	gone?: true;
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
	/** The phases together, where the prober tells them. */
	phasesMs?: number;
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

/**
 * Latency of one window; milliseconds. Every run is in it, those too that the prober marked as spoiled by its own lateness. An
 * error is the size of the difference, whichever way, to the time that the server took from the whole request to the answer.
 */
export interface LatencyFigures {
	/** Runs behind the figures. */
	runs: number;
	/** Of those, marked as spoiled. */
	late: number;
	/** As the prober's metrics show it. */
	reported: Spread;
	/** The server's own time; absent, as all errors, where the prober does not tell which request it was. */
	served?: Spread;
	/** The whole run, and without those marked. */
	whole?: Spread;
	wholeWithoutLate?: Spread;
	wholeError?: Spread;
	/** The phases together. */
	phases?: Spread;
	phasesError?: Spread;
	processingError?: Spread;
}

/** One window of one prober. */
export interface WindowFigures {
	seconds: number;
	/** Probes that the interval asks for in the window, requests that arrived, and runs that succeeded. */
	wanted: number;
	asked: number;
	succeeded: number;
	cpuMsPerProbe: number;
	/** Processors' worth of work that was not the bench's. */
	othersCpu: number;
	residentMb: number;
	anonymousMb: number;
	/** How late the record server was, p99, milliseconds. */
	serverDelayMs: number;
	latency?: LatencyFigures;
	/** Why the window, or its latency alone, counts for nothing. */
	thrownFor?: string;
	latencyThrownFor?: string;
}

/** Memory of tailprobe after all rounds. */
export interface Afterwards {
	/** Since its start, its pauses included. */
	minutes: number;
	runs: number;
	residentMb: number;
	anonymousMb: number;
}

/** A number of targets over one scheme: the windows of each prober, one a round. */
export interface Comparison {
	scheme: Scheme;
	targets: number;
	intervalMs: number;
	windows: Partial<Record<Contender, WindowFigures[]>>;
	afterwards?: Afterwards;
}

/** Latencies while scrapes of a large /metrics go on. */
export interface ScrapeFigures {
	series: number;
	bytes: number;
	scrapes: number;
	scrapeMs: Spread & {max: number};
	/** Of the same targets, before the scrapes and while they went on. */
	before: LatencyFigures;
	during: LatencyFigures;
	residentMb: number;
	anonymousMb: number;
	/** How late the measuring thread was at worst. */
	latenessMs: number;
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

/** A daemon with many agents that only play their part. */
export interface DaemonOfAgents {
	seconds: number;
	/** Outcomes that the interval asks for in that time, and those that were counted. */
	wantedRuns: number;
	runs: number;
	/** Of those, by verdict. */
	up: number;
	unknown: number;
	/** Answers of all agents to it. */
	answers: number;
	cpuPercent: number;
	residentMb: number;
	anonymousMb: number;
	/** Every sample of /metrics. */
	samples: number;
}

/** One packed agent at work. */
export interface AgentFigures {
	seconds: number;
	wantedRuns: number;
	up: number;
	down: number;
	unknown: number;
	cpuPercent: number;
	residentMb: number;
	anonymousMb: number;
	/** Milliseconds from the start of the process until it answers, for each start. */
	startMs: number[];
}

export interface Agents {
	agents: number;
	checksEach: number;
	intervalMs: number;
	/** The daemon just ready, before the first agent was heard. */
	before: {residentMb: number; anonymousMb: number};
	daemon: DaemonOfAgents;
	one: AgentFigures;
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
	parts: readonly string[];
	versions: Partial<Record<ProberName, string>>;
	machine: Machine;
	comparisons: Comparison[];
	scrapes?: ScrapeFigures;
	startUp?: StartUp;
	scale?: Scale;
	agents?: Agents;
	/** Sentences: what could not be run, and why. */
	notRun: string[];
}
