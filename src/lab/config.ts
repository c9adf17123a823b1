/** The configuration with which the daemon watches the lab. */

import type {LabFacts} from './messages.ts';
import {domain, prefix, type ServiceKind, services} from './platform.ts';

/**
 * YAML for `serve --config` and for the daemon of `tailprobe lab`. No icmp check: on loopback the kernel answers pings
 * whatever the lab does, so that such checks would lie.
 */
export function describeConfig(facts: LabFacts): string {
	const {orchestrator, auth, livekit, tts, stt} = facts.servicePorts;
	return `# The June platform as the embedded lab plays it, on loopback.
${movedPorts(facts.servicePorts)}
log: { format: text }

headscale:
  url: ${facts.headscaleUrl}
  api_key: { file: ${quote(facts.apiKeyFile)} }
  metrics_url: ${facts.headscaleMetricsUrl}
  expect_users: [ozzu]
  interval: 5s
  timeout: 2s

tailnet:
  domain: ${domain}
  prefixes: [${prefix}]
  dns_server: ${facts.dnsServer}
  overhead_objective: 10ms

vantages:
  - name: cluster
    type: local
    tailscaled: { socket: ${quote(facts.tailscaledSocket)} }
  - name: gpu # each GPU machine looks too, by its agent
    type: remote
    nodes: { name: "june-gpu-*", owner: ozzu }
    grace: 1m
    ways:
      - agent: { port: ${facts.agentPort}, secret: { file: ${quote(facts.agentSecretFile)} } }

modules:
  healthz:
    prober: http
    timeout: 2s
    http: { valid_status_codes: [200] }

  healthz_tls:
    prober: http
    timeout: 2s
    http:
      valid_status_codes: [200]
      tls_config: { ca_file: ${quote(facts.caFile)} }

checks:
  - name: tunnel
    prober: tunnel
    nodes: {} # every node that headscale lists; a vantage never probes itself
    interval: 5s
    timeout: 2s

  - name: orchestrator
    module: healthz
    targets: [{ name: june-orchestrator, target: "http://june-orchestrator:${orchestrator}/healthz" }]
    via: tailnet
    interval: 5s
    histogram: true
    objective: 300ms

  - name: auth
    module: healthz_tls
    targets: [{ name: june-orchestrator, target: "https://june-orchestrator:${auth}/healthz" }]
    via: tailnet
    interval: 5s

  - name: livekit
    module: healthz
    targets: [{ name: livekit, target: "http://livekit:${livekit}/" }]
    via: tailnet
    interval: 5s
    histogram: true
    objective: 100ms

  - name: orchestrator-port
    prober: tcp
    targets: [{ name: june-orchestrator, target: "june-orchestrator:${orchestrator}" }]
    via: tailnet
    interval: 5s
    timeout: 2s

  - name: livekit-signal
    prober: ws
    targets: [{ name: livekit, target: "ws://livekit:${livekit}/rtc" }]
    via: tailnet
    interval: 5s
    timeout: 2s
    ws: { valid_status_codes: [401] } # without a token that is right

  - name: magicdns
    prober: dns
    nodes: {}
    target: "dns://${facts.dnsServer}/{node}"
    interval: 5s
    timeout: 2s
    dns: { expect_addresses: peers }

  - name: derp
    prober: derp
    targets: [{ name: headscale, target: "${facts.derpUrl}" }]
    via: direct
    critical: false # a ticket: direct tunnels live on
    interval: 5s
    timeout: 2s

  - name: stun
    prober: stun
    targets: [{ name: headscale, target: "${facts.stunServer}" }]
    via: direct
    critical: false
    interval: 5s
    timeout: 2s

  - name: tts
    module: healthz
    nodes: { name: "june-gpu-*" }
    target: "http://{node}:${tts}/healthz"
    via: tailnet
    interval: 5s

  - name: stt
    module: healthz
    nodes: { name: "june-gpu-*" }
    target: "http://{node}:${stt}/healthz"
    via: tailnet
    interval: 5s

  - name: exposed # the public address of a GPU machine: nothing may answer there
    module: healthz
    targets: [{ name: june-gpu-00000001, target: "http://127.0.0.1:${facts.publicPort}/healthz" }]
    via: direct
    expect: unreachable
    interval: 5s

  - name: webhook # STT calls it
    module: healthz
    targets: [{ name: june-orchestrator, target: "http://june-orchestrator:${orchestrator}/healthz" }]
    via: tailnet
    from: [gpu]
    critical: false # what one machine lacks is a ticket: the pool pages
    interval: 5s

  - name: audio
    module: healthz
    targets: [{ name: livekit, target: "http://livekit:${livekit}/" }]
    via: tailnet
    from: [gpu]
    critical: false
    interval: 5s

  - name: gpu-tunnel
    prober: tunnel
    nodes: { name: [june-orchestrator, livekit] }
    from: [gpu]
    critical: false
    interval: 5s
    timeout: 2s

  - name: gpu
    prober: gpu
    from: [gpu]
    interval: 10s
    timeout: 3s
    gpu: { max_temperature: 90, max_memory_used: 0.97 }

vast:
  api_key: { file: ${quote(facts.vastKeyFile)} }
  url: ${facts.vastUrl}
  interval: 30s
  join_grace: 1m
  nodes: { name: "june-gpu-*" }

pools:
  - name: june-gpu
    match: { nodes: { name: "june-gpu-*" } }
    min: 2
    checks: [tts, stt]
`;
}

function movedPorts(ports: Record<ServiceKind, number>): string {
	const moved = new Map(services.map(({kind, usualPort}) => [kind, usualPort]));
	return [...moved]
		.filter(([kind, usualPort]) => ports[kind] !== usualPort)
		.map(([kind, usualPort]) => `# ${kind} would be on port ${usualPort}; here it is on ${ports[kind]}.\n`)
		.join('');
}

/** A path as a YAML scalar. */
function quote(path: string): string {
	return JSON.stringify(path);
}
