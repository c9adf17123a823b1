/** Series that rules start from and that the embedded lab never has, with the reason: promtool's cases have them. */

export const neverHere: ReadonlyArray<{series: RegExp; why: string}> = [
	{series: /kubernetes_|k8s_pod|^pod:tailprobe/, why: 'The lab has no Kubernetes.'},
	{series: /instance_without_pod/, why: 'The lab has no Kubernetes, so no pods to match.'},
	{series: /headscale_certificate_/, why: 'The lab speaks plain HTTP with its headscale.'},
	{series: /gpu_(?:ecc_volatile|remapped_rows|retired_pages)/, why: 'The GPUs of the lab have no ECC.'},
	{series: /tailscaled_key_expiry_/, why: 'The key of the own node never expires in the lab.'},
	{series: /tls_certificate_fault|tls_chain_expiry|type="tls"/, why: 'The lab has no check of type tls.'},
	{series: /again\{type="derp".*critical="true"/, why: 'The relay of the lab is a ticket.'},
	{series: /pre-auth-key-expiring/, why: 'No key of the lab is about to expire: they have expired, or have not.'},
	{series: /runs_started:stopped/, why: 'Runs of the lab never stop.'},
	{series: /path="peer_relay"/, why: 'The lab has no peer relay.'},
	{series: /reason="unsupported"/, why: 'Every vantage of the lab can look.'},
	{
		series: /type="(?:dns|gpu)".*critical="(?:true", pool=""|false")/,
		why: 'In the lab no such check is a ticket, or outside of the pool.',
	},
	{series: /expect="unreachable", critical="false"/, why: 'What must not be reached in the lab is a page.'},
	{
		series: /ServiceBudgetBurn|error_budget:(?:fast|slow)_burn/,
		why: 'Faults of the lab are told as down before they burn a budget.',
	},
	{series: /tailprobe_build_info:gone/, why: 'tailprobe itself goes on; see alerts-tailnet.ts.'},
];
