/** The failures that a diagnosis must name: what happens, and by which of the causes it may be called. */

export interface Failure {
	id: string;
	/** What happens, one line. */
	says: string;
	/** Ids of causes: any of them names it rightly. */
	causes: readonly [string, ...string[]];
	/** Why no lab here can bring it about: then tests give recorded evidence instead. */
	cannot?: string;
}

export const failures: readonly Failure[] = [
	{id: 'agent-dead', says: 'The agent on a GPU machine is killed.', causes: ['vantage-gone']},
	{id: 'no-exec', says: 'The kubelet of a pod serves no exec.', causes: ['vantage-unsupported']},
	{id: 'own-tailscaled-frozen', says: "The prober's own tailscaled hangs.", causes: ['own-tailscaled-silent']},
	{
		id: 'own-tailscaled-down',
		says: "The prober's own tailscaled is told `tailscale down`.",
		causes: ['own-tailscaled-stopped'],
	},
	{
		id: 'own-signed-out',
		says: "The prober's own node is logged out.",
		causes: ['own-tailscaled-signed-out', 'own-tailscaled-stopped'],
	},
	{id: 'own-network', says: "The prober's own network is cut.", causes: ['own-network-gone']},
	{id: 'starved', says: 'tailprobe itself gets no processor.', causes: ['own-starved']},
	{
		id: 'headscale-frozen',
		says: 'headscale accepts connections and never answers; tunnels live on.',
		causes: ['headscale-frozen'],
	},
	{id: 'headscale-stopped', says: 'headscale is stopped; tunnels live on.', causes: ['headscale-unreachable']},
	{id: 'headscale-database', says: "headscale's database does not answer.", causes: ['headscale-database']},
	{
		id: 'headscale-api-stuck',
		says: "headscale's API hangs while its metrics answer.",
		causes: ['headscale-slow-or-stuck'],
	},
	{
		id: 'headscale-upgrade',
		says: 'A proxy in front of headscale drops the Upgrade of clients.',
		causes: ['headscale-proxy-drops-upgrade'],
	},
	{
		id: 'headscale-restart',
		says: 'headscale restarts; every node is offline for seconds.',
		causes: ['headscale-restarted'],
	},
	{id: 'api-key', says: 'Our API key is about to expire.', causes: ['headscale-api-key-expiring']},
	{id: 'user-missing', says: 'A user that must exist is missing in headscale.', causes: ['headscale-user-missing']},
	{id: 'pre-auth-key', says: 'The pre-auth key of the GPU machines expired.', causes: ['pre-auth-key-expired']},
	{id: 'headscale-certificate', says: "Nobody vouches for headscale's certificate.", causes: ['headscale-certificate']},
	{
		id: 'netmap',
		says: 'The network map is not delivered.',
		causes: ['netmap-not-delivered'],
		cannot: 'needs a defect of headscale',
	},
	{id: 'derp-map', says: 'The map of relays is empty.', causes: ['derp-map-missing']},
	{
		id: 'node-offline-wrongly',
		says: 'headscale lists a node as offline that answers.',
		causes: ['node-listed-offline'],
	},
	{id: 'node-frozen', says: 'A node froze; headscale goes on saying online.', causes: ['node-silent']},
	{id: 'node-off', says: 'The tailscaled of a node ended; headscale says offline.', causes: ['node-offline']},
	{id: 'node-key', says: 'The key of a node expired.', causes: ['node-key-expired']},
	{
		id: 'node-expiry-1970',
		says: "A node's expiry is a date before 2000.",
		causes: ['node-bad-expiry'],
	},
	{
		id: 'node-deleted',
		says: 'An (ephemeral) node is deleted while it lives.',
		causes: ['node-left', 'node-deleted-while-alive', 'vantage-left'],
	},
	{
		id: 'node-duplicate',
		says: 'Two records of one machine, and its name leads to the dead one.',
		causes: ['node-record-duplicated'],
	},
	{id: 'node-hidden', says: 'The policy hides a node from us.', causes: ['node-hidden-by-policy']},
	{
		id: 'instance-lost',
		says: 'An instance is rented and paid for and not in the tailnet.',
		causes: ['instance-never-joined'],
	},
	{
		id: 'instance-stray',
		says: 'An instance is rented and no pod stands for it.',
		causes: ['instance-without-pod'],
	},
	{id: 'pod-pending', says: 'A pod waits for an offer.', causes: ['pod-pending']},
	{id: 'kubelet-down', says: 'The virtual kubelet is down.', causes: ['virtual-kubelet-down', 'node-not-ready']},
	{id: 'node-not-ready', says: 'The virtual node is NotReady: its pods will be evicted.', causes: ['node-not-ready']},
	{id: 'udp-blocked', says: 'UDP is blocked at a node: everything goes by DERP.', causes: ['udp-blocked']},
	{id: 'derp-down', says: 'The relay is down while direct paths live.', causes: ['relay-down']},
	{id: 'wireguard', says: 'The way to a node holds and WireGuard does not.', causes: ['wireguard-dead']},
	{id: 'loss', says: 'A third of the packets to a node gets lost.', causes: ['tunnel-lossy']},
	{id: 'big-packets', says: 'Big packets are lost while pings pass.', causes: ['big-packets-lost']},
	{id: 'magicdns-dead', says: 'MagicDNS does not answer; addresses do.', causes: ['magicdns-dead']},
	{id: 'name-outside', says: 'A name leads outside the tailnet.', causes: ['name-outside-tailnet']},
	{id: 'name-unknown', says: 'A name is not known to MagicDNS.', causes: ['name-unknown', 'node-never-joined']},
	{id: 'service-down', says: 'A service is down while its tunnel is fine.', causes: ['service-refused']},
	{id: 'service-filtered', says: 'A firewall drops the connections to a service.', causes: ['service-filtered']},
	{id: 'service-hangs', says: 'A service accepts and never answers.', causes: ['service-hangs']},
	{id: 'service-500', says: 'A service answers 500.', causes: ['service-wrong-status']},
	{id: 'service-slow', says: 'A service answers slowly.', causes: ['service-slow']},
	{id: 'certificate-expired', says: "A service's certificate expired.", causes: ['certificate-expired']},
	{id: 'certificate-untrusted', says: "Nobody vouches for a service's certificate.", causes: ['certificate-untrusted']},
	{id: 'exposed', says: 'Something answers that must not be reachable.', causes: ['publicly-exposed']},
	{id: 'gpu-lost', says: 'A GPU fell off the bus.', causes: ['gpu-lost']},
	{id: 'gpu-mismatch', says: 'The driver was updated under its libraries.', causes: ['gpu-driver-mismatch']},
	{id: 'gpu-hangs', says: 'nvidia-smi hangs.', causes: ['gpu-smi-hangs']},
	{id: 'gpu-full', says: "A GPU's memory is full.", causes: ['gpu-full']},
	{id: 'gpu-throttled', says: 'A GPU is throttled by its temperature.', causes: ['gpu-throttled']},
	{
		id: 'node-frozen-and-service-dead',
		says: 'Two at once: a node froze, and a service on another machine was killed.',
		causes: ['node-silent'],
	},
	{
		id: 'headscale-frozen-and-service-dead',
		says: 'Two at once: headscale froze, and a service behind a direct tunnel was killed.',
		causes: ['service-refused'],
	},
];
